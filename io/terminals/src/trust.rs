//! Whom to believe over TLS that it is the terminal: one certificate by its digest, or those of a root.
//!
//! Nothing is believed the first time it is seen: the refusal shows the certificate's digest, and whoever
//! set the terminal up compares it and writes it into the address (`?pin=`). No public authority vouches
//! for terminals, so the system's own trust is not asked.

use std::io;
use std::sync::Arc;

use cueline_model::Sha256;
use cueline_trust::{Judge, Presented, Refused, client_config, provider};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, Error, RootCertStore};

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
    refused: Refused,
}

impl Trust {
    pub(crate) fn new(pin: Option<Sha256>) -> Self {
        Self {
            pin,
            root: None,
            refused: Refused::default(),
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
        self.refused.last()
    }

    /// TLS 1.2 or later.
    pub(crate) fn config(&self) -> io::Result<Arc<ClientConfig>> {
        let provider = provider();
        let judge = Terminal {
            trust: self.clone(),
            provider: Arc::clone(&provider),
        };
        let config = client_config(provider, judge).map_err(io::Error::other)?;
        Ok(Arc::new(config))
    }
}

#[derive(Debug)]
struct Terminal {
    trust: Trust,
    provider: Arc<CryptoProvider>,
}

impl Judge for Terminal {
    fn judge(&self, presented: &Presented<'_>) -> Result<(), Error> {
        let digest = presented.digest();
        let verdict = match (self.trust.pin, &self.trust.root) {
            // A terminal's name and clock are anybody's guess: the certificate itself is the identity.
            (Some(pin), _) if pin == digest => Ok(()),
            (None, Some(root)) => self.verify_chain(root, presented),
            _ => Err(Error::InvalidCertificate(
                CertificateError::ApplicationVerificationFailure,
            )),
        };
        self.trust.refused.note(digest, &verdict);
        verdict
    }
}

impl Terminal {
    fn verify_chain(&self, root: &TerminalRoot, presented: &Presented<'_>) -> Result<(), Error> {
        let parsed = ParsedCertificate::try_from(presented.end_entity)?;
        verify_server_cert_signed_by_trust_anchor(
            &parsed,
            &root.0,
            presented.intermediates,
            presented.now,
            self.provider.signature_verification_algorithms.all,
        )?;
        // A terminal is reached by an address that its certificate does not know.
        match verify_server_name(&parsed, presented.server_name) {
            Err(_) if is_a_terminal(presented.end_entity) => Ok(()),
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
