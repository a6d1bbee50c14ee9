//! The hub's Ed25519 key (RFC 8032): it signs every job and payment, so that an agent obeys its hub and nobody
//! in between.

use std::path::{Path, PathBuf};

use cueline_model::AgentId;
use cueline_wire::Base64Bytes;
use cueline_wire::cloud::{JobOffer, PaymentOffer};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::nonce::Nonces;
use crate::whole_file::{self, Readers};

/// The file in the data directory, PKCS#8 (RFC 5958) DER.
pub const FILE: &str = "hub.key";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum HubKeyError {
    /// The file could not be read or written.
    #[error("cannot read or write the hub's key {}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file holds something else.
    #[error(
        "{} holds no Ed25519 key in PKCS#8: restore it from a backup, because every registered \
         agent obeys that key alone", path.display()
    )]
    Damaged {
        /// Which.
        path: PathBuf,
    },
    /// The system gave no random bytes.
    #[error("the operating system gave no random bytes for the hub's key")]
    Random,
}

/// The key and what is derived from it.
pub struct HubKey {
    pair: Ed25519KeyPair,
    nonce_secret: hmac::Tag,
}

impl HubKey {
    /// Reads the key, or makes it at the first start.
    ///
    /// # Errors
    /// [`HubKeyError`]; a damaged key is never replaced in silence.
    pub fn load_or_make(data: &Path) -> Result<Self, HubKeyError> {
        let path = data.join(FILE);
        let failed = |error| HubKeyError::File {
            path: path.clone(),
            error,
        };
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
                    .map_err(|_| HubKeyError::Random)?;
                whole_file::write(&path, made.as_ref(), Readers::Owner).map_err(failed)?;
                made.as_ref().to_vec()
            }
            Err(error) => return Err(failed(error)),
        };
        let pair = Ed25519KeyPair::from_pkcs8(&bytes)
            .map_err(|_| HubKeyError::Damaged { path: path.clone() })?;
        // Bound to the key, so that agents' nonces stay good over a restart.
        let nonce_secret = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, &bytes),
            b"cueline-nonce-v1",
        );
        Ok(Self { pair, nonce_secret })
    }

    /// The public key, 32 bytes.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// Puts the hub's signature into an offer for `agent`.
    pub fn sign(&self, offer: &mut JobOffer, agent: AgentId) {
        let signature = self.pair.sign(offer.signed_text(agent).as_bytes());
        offer.signature = Base64Bytes(signature.as_ref().to_vec());
    }

    /// The same for a payment's offer.
    pub fn sign_payment(&self, offer: &mut PaymentOffer, agent: AgentId) {
        let signature = self.pair.sign(offer.signed_text(agent).as_bytes());
        offer.signature = Base64Bytes(signature.as_ref().to_vec());
    }

    /// The nonces of this hub.
    #[must_use]
    pub fn nonces(&self) -> Nonces {
        Nonces::new(self.nonce_secret.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_a_damaged_one_is_kept() {
        let data = tempfile::tempdir().unwrap();
        let first = HubKey::load_or_make(data.path()).unwrap();
        let again = HubKey::load_or_make(data.path()).unwrap();
        assert_eq!(first.public(), again.public());
        let nonce = first.nonces().issue(crate::clock::wall());
        assert_eq!(
            again.nonces().judge(&nonce, crate::clock::wall()),
            crate::auth::nonce::NonceVerdict::Good
        );
        std::fs::write(data.path().join(FILE), b"damaged").unwrap();
        assert!(matches!(
            HubKey::load_or_make(data.path()),
            Err(HubKeyError::Damaged { .. })
        ));
        assert_eq!(std::fs::read(data.path().join(FILE)).unwrap(), b"damaged");
    }
}
