//! Whom to believe over TLS: whom the system believes, or the one certificate that the settings name.
//!
//! Most printers show a certificate they made themselves. Nothing is believed the first time it is seen:
//! the refusal shows the certificate's digest, and whoever set the printer up writes it into its address
//! (`?pin=`), or discovery does when the printer is added.

use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cueline_model::Sha256;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier as PlatformVerifier;

/// Whom one printer's connections believe.
#[derive(Debug)]
pub(crate) struct Trust {
    pin: Option<Sha256>,
    seen: Arc<Mutex<Option<Sha256>>>,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Trust {
    /// The system's trust, or one certificate by the SHA-256 of its DER form.
    pub(crate) fn new(pin: Option<Sha256>) -> Arc<Self> {
        Arc::new(Self {
            pin,
            seen: Arc::default(),
            config: OnceLock::new(),
        })
    }

    /// The digest of the certificate that was last refused.
    pub(crate) fn refused(&self) -> Option<Sha256> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// TLS 1.2 or later.
    pub(crate) fn config(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let platform = match self.pin {
            Some(_) => None,
            None => Some(PlatformVerifier::new(Arc::clone(&provider)).map_err(io::Error::other)?),
        };
        let verifier = Pinned {
            pin: self.pin,
            platform,
            seen: Arc::clone(&self.seen),
            provider: Arc::clone(&provider),
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Arc::clone(self.config.get_or_init(|| Arc::new(config))))
    }
}

#[derive(Debug)]
struct Pinned {
    pin: Option<Sha256>,
    platform: Option<PlatformVerifier>,
    seen: Arc<Mutex<Option<Sha256>>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut digest = [0; 32];
        digest.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, end_entity).as_ref());
        let digest = Sha256(digest);
        let verified = match &self.platform {
            Some(platform) => platform.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ),
            // A printer's name and clock are anybody's guess: the certificate itself is the identity.
            None if self.pin == Some(digest) => Ok(ServerCertVerified::assertion()),
            None => Err(Error::InvalidCertificate(
                CertificateError::ApplicationVerificationFailure,
            )),
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = verified.is_err().then_some(digest);
        verified
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
