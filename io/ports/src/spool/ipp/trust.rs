//! Whom to believe over TLS: whom the system believes, or the one certificate that the settings name.
//!
//! Most printers show a certificate they made themselves. Nothing is believed the first time it is seen:
//! the refusal shows the certificate's digest, and whoever set the printer up writes it into its address
//! (`?pin=`), or discovery does when the printer is added.

use std::io;
use std::sync::{Arc, OnceLock};

use cueline_model::Sha256;
use cueline_trust::{Judge, Presented, Refused, client_config, provider};
use rustls::{CertificateError, ClientConfig, Error};
use rustls_platform_verifier::Verifier as PlatformVerifier;

/// Whom one printer's connections believe.
#[derive(Debug)]
pub(crate) struct Trust {
    pin: Option<Sha256>,
    refused: Refused,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Trust {
    /// The system's trust, or one certificate by the SHA-256 of its DER form.
    pub(crate) fn new(pin: Option<Sha256>) -> Arc<Self> {
        Arc::new(Self {
            pin,
            refused: Refused::default(),
            config: OnceLock::new(),
        })
    }

    /// The digest of the certificate that was last refused.
    pub(crate) fn refused(&self) -> Option<Sha256> {
        self.refused.last()
    }

    /// TLS 1.2 or later.
    pub(crate) fn config(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let provider = provider();
        let platform = match self.pin {
            Some(_) => None,
            None => Some(PlatformVerifier::new(Arc::clone(&provider)).map_err(io::Error::other)?),
        };
        let judge = Pinned {
            pin: self.pin,
            platform,
            refused: self.refused.clone(),
        };
        let config = client_config(provider, judge).map_err(io::Error::other)?;
        Ok(Arc::clone(self.config.get_or_init(|| Arc::new(config))))
    }
}

#[derive(Debug)]
struct Pinned {
    pin: Option<Sha256>,
    platform: Option<PlatformVerifier>,
    refused: Refused,
}

impl Judge for Pinned {
    fn judge(&self, presented: &Presented<'_>) -> Result<(), Error> {
        let digest = presented.digest();
        let verdict = match &self.platform {
            Some(platform) => presented.verify_with(platform),
            // A printer's name and clock are anybody's guess: the certificate itself is the identity.
            None if self.pin == Some(digest) => Ok(()),
            None => Err(Error::InvalidCertificate(
                CertificateError::ApplicationVerificationFailure,
            )),
        };
        self.refused.note(digest, &verdict);
        verdict
    }
}
