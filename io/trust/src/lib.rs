//! Whom to believe over TLS, where it is not simply whom the system believes.
//!
//! A [`Judge`] looks at what a server shows; what every verifier has to do besides is here. Who judges by a
//! certificate's digest keeps the last one that was refused in a [`Refused`], so that a person can compare it
//! with the device's own and write it into the settings.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use cueline_model::Sha256;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

/// Decides whether a server is who it is to be.
pub trait Judge: fmt::Debug + Send + Sync {
    /// Looks at what a server shows.
    ///
    /// # Errors
    /// What a handshake is to fail with.
    fn judge(&self, presented: &Presented<'_>) -> Result<(), Error>;
}

/// What a server showed, and when and for whom it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// Its own certificate.
    pub end_entity: &'a CertificateDer<'a>,
    /// Those it sent with it.
    pub intermediates: &'a [CertificateDer<'a>],
    /// Whom the connection was meant for.
    pub server_name: &'a ServerName<'a>,
    /// Empty where it sent none.
    pub ocsp_response: &'a [u8],
    /// The wall clock.
    pub now: UnixTime,
}

impl Presented<'_> {
    /// The SHA-256 of the server's own certificate, as DER.
    #[must_use]
    pub fn digest(&self) -> Sha256 {
        let mut digest = [0; 32];
        let of_der = ring::digest::digest(&ring::digest::SHA256, self.end_entity);
        digest.copy_from_slice(of_der.as_ref());
        Sha256(digest)
    }

    /// What another verifier says of it.
    ///
    /// # Errors
    /// That verifier's.
    pub fn verify_with(&self, verifier: &dyn ServerCertVerifier) -> Result<(), Error> {
        verifier
            .verify_server_cert(
                self.end_entity,
                self.intermediates,
                self.server_name,
                self.ocsp_response,
                self.now,
            )
            .map(drop)
    }
}

/// The provider of cryptography of every connection.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// TLS 1.2 or later, no certificate of ours, and the judge's word.
///
/// # Errors
/// Where the provider has no cipher suites for these versions.
pub fn client_config(
    provider: Arc<CryptoProvider>,
    judge: impl Judge + 'static,
) -> Result<ClientConfig, Error> {
    let verifier = Verifier {
        judge,
        provider: Arc::clone(&provider),
    };
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// The digest of the certificate that was refused last; shared by its clones.
#[derive(Debug, Clone, Default)]
pub struct Refused(Arc<Mutex<Option<Sha256>>>);

impl Refused {
    /// The digest; none where the last one was believed.
    #[must_use]
    pub fn last(&self) -> Option<Sha256> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what became of a certificate.
    pub fn note(&self, digest: Sha256, verdict: &Result<(), Error>) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = verdict.is_err().then_some(digest);
    }
}

#[derive(Debug)]
struct Verifier<J> {
    judge: J,
    provider: Arc<CryptoProvider>,
}

impl<J: Judge> ServerCertVerifier for Verifier<J> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let presented = Presented {
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        };
        self.judge
            .judge(&presented)
            .map(|()| ServerCertVerified::assertion())
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
