//! Whom to believe over TLS that it is the terminal: one certificate by its digest, or those of a root.
//!
//! Nothing is believed the first time it is seen: the refusal shows the certificate's digest, and whoever
//! set the terminal up compares it and writes it into the address (`?pin=`). No public authority vouches
//! for terminals, so the system's own trust is not asked.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use cueline_model::Sha256;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// What Adyen's terminals are called in their certificates (Adyen, "Protect local communications").
const TERMINAL_DOMAIN: &str = ".terminal.adyen.com";

/// The authority that terminals' certificates come from, as its PEM file names it.
#[derive(Debug, Clone)]
pub struct TerminalRoot(Arc<RootCertStore>);

/// Why a text holds no authority.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the terminals' root certificate: expected a BEGIN CERTIFICATE block: {cause}")]
pub struct RootError {
    cause: String,
}

impl TerminalRoot {
    /// The certificates of a PEM text.
    ///
    /// # Errors
    /// Where it is no PEM, or holds no certificate that can be a root.
    pub fn from_pem(text: &str) -> Result<Self, RootError> {
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
            let certificate = certificate.map_err(|error| RootError {
                cause: error.to_string(),
            })?;
            store.add(certificate).map_err(|error| RootError {
                cause: error.to_string(),
            })?;
        }
        if store.is_empty() {
            return Err(RootError {
                cause: "found none".to_owned(),
            });
        }
        Ok(Self(Arc::new(store)))
    }
}

/// Whom one terminal's connections believe.
#[derive(Debug, Clone)]
pub(crate) struct Trust {
    pin: Option<Sha256>,
    root: Option<TerminalRoot>,
    refused: Arc<Mutex<Option<Sha256>>>,
}

impl Trust {
    pub(crate) fn new(pin: Option<Sha256>) -> Self {
        Self {
            pin,
            root: None,
            refused: Arc::default(),
        }
    }

    pub(crate) fn with_root(&self, root: TerminalRoot) -> Self {
        Self {
            root: Some(root),
            ..self.clone()
        }
    }

    pub(crate) fn pin(&self) -> Option<Sha256> {
        self.pin
    }

    /// The digest of the certificate that was last refused.
    pub(crate) fn refused(&self) -> Option<Sha256> {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// TLS 1.2 or later.
    pub(crate) fn config(&self) -> io::Result<Arc<ClientConfig>> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier {
            trust: self.clone(),
            provider: Arc::clone(&provider),
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}

#[derive(Debug)]
struct Verifier {
    trust: Trust,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn verify_chain(
        &self,
        root: &TerminalRoot,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        let parsed = ParsedCertificate::try_from(end_entity)?;
        verify_server_cert_signed_by_trust_anchor(
            &parsed,
            &root.0,
            intermediates,
            now,
            self.provider.signature_verification_algorithms.all,
        )?;
        // A terminal is reached by an address that its certificate does not know.
        match verify_server_name(&parsed, server_name) {
            Err(_) if is_a_terminal(end_entity) => Ok(()),
            verified => verified,
        }
    }
}

/// Whether the certificate's subject is one of Adyen's terminals.
fn is_a_terminal(certificate: &CertificateDer<'_>) -> bool {
    let Ok((_, certificate)) = x509_parser::parse_x509_certificate(certificate) else {
        return false;
    };
    certificate
        .subject()
        .iter_common_name()
        .filter_map(|name| name.as_str().ok())
        .any(|name| name.to_ascii_lowercase().ends_with(TERMINAL_DOMAIN))
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut digest = [0; 32];
        digest.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, end_entity).as_ref());
        let digest = Sha256(digest);
        let verified = match (self.trust.pin, &self.trust.root) {
            // A terminal's name and clock are anybody's guess: the certificate itself is the identity.
            (Some(pin), _) if pin == digest => Ok(()),
            (None, Some(root)) => {
                self.verify_chain(root, end_entity, intermediates, server_name, now)
            }
            _ => Err(Error::InvalidCertificate(
                CertificateError::ApplicationVerificationFailure,
            )),
        };
        let mut refused = self
            .trust
            .refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *refused = verified.is_err().then_some(digest);
        verified.map(|()| ServerCertVerified::assertion())
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
