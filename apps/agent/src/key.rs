//! The agent's own key: made here, kept here, never sent.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cueline_uplink::Fingerprint;
use ring::digest;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

/// An Ed25519 key pair (RFC 8032). Never shown, not even in debug output.
#[derive(Clone)]
pub struct AgentKey {
    pair: Arc<Ed25519KeyPair>,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("read the agent's key {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not an Ed25519 key.
    #[error(
        "read the agent's key {}: expected an Ed25519 key in PKCS #8 ({cause}); register again with --replace",
        path.display()
    )]
    NotAKey {
        /// The file.
        path: PathBuf,
        /// What the library said.
        cause: String,
    },
    /// The system gave no random bytes.
    #[error("make the agent's key: the system gave no random bytes")]
    NoChance,
}

impl AgentKey {
    /// A new key and its PKCS #8 form (RFC 5958), which is what the file holds.
    ///
    /// # Errors
    /// [`KeyError::NoChance`].
    pub fn generate() -> Result<(Self, Vec<u8>), KeyError> {
        let document =
            Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| KeyError::NoChance)?;
        let bytes = document.as_ref().to_vec();
        let pair = Ed25519KeyPair::from_pkcs8(&bytes).map_err(|_| KeyError::NoChance)?;
        Ok((
            Self {
                pair: Arc::new(pair),
            },
            bytes,
        ))
    }

    /// The key in a file.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`] or [`KeyError::NotAKey`].
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let bytes = std::fs::read(path).map_err(|source| KeyError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let pair = Ed25519KeyPair::from_pkcs8(&bytes).map_err(|error| KeyError::NotAKey {
            path: path.to_owned(),
            cause: error.to_string(),
        })?;
        Ok(Self {
            pair: Arc::new(pair),
        })
    }

    /// The public half, 32 bytes.
    pub fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// SHA-256 of the public half, for two people to compare on two screens.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, self.public()).as_ref());
        Fingerprint(bytes)
    }

    /// The signature of `message`, 64 bytes.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}
