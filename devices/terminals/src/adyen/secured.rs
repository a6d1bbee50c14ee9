//! How a message is kept from whoever shares the network: encrypted and authenticated under a passphrase
//! (Adyen, "Protect local communications").
//!
//! PBKDF2 with HMAC-SHA1 makes 80 bytes of the passphrase: a key of HMAC-SHA256 over the plain text, a key
//! of AES-256-CBC, and half of its initial vector; the other half comes with each message.

use std::fmt;

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha1::Sha1;
use sha2::Sha256;
use zeroize::Zeroizing;

const SALT: &[u8] = b"AdyenNexoV1Salt";
const ROUNDS: u32 = 4000;
const KEY_BYTES: usize = 32;
const BLOCK_BYTES: usize = 16;
const DERIVED_BYTES: usize = 2 * KEY_BYTES + BLOCK_BYTES;
/// The only version of this way of encrypting.
const CRYPTO_VERSION: u32 = 1;

/// A passphrase that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "read the terminal's passphrase: expected 1 or more ASCII characters, as terminals know no others"
)]
pub struct KeyError;

/// A message that this key does not open. Padding, authentication and form are not told apart: whoever
/// forges messages would learn from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "decrypt the terminal's message: it is not under this key; check the passphrase, the key's identifier and its version"
)]
pub struct Unreadable;

/// The key that a terminal shares with its cash registers.
pub struct SecurityKey {
    identifier: String,
    version: u32,
    derived: Zeroizing<[u8; DERIVED_BYTES]>,
}

/// A message as it travels.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecuredMessage {
    /// The header in the clear. Nothing in it is authenticated: the one inside is.
    pub message_header: Box<RawValue>,
    /// Base64.
    pub nexo_blob: String,
    /// What it takes to open it.
    pub security_trailer: SecurityTrailer,
}

/// What it takes, besides the passphrase, to open a message.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurityTrailer {
    /// 1.
    pub adyen_crypto_version: u32,
    /// Which key.
    pub key_identifier: String,
    /// Which of its versions.
    pub key_version: u32,
    /// Base64 of 16 bytes.
    pub nonce: String,
    /// Base64 of 32 bytes, over the plain text.
    pub hmac: String,
}

impl fmt::Debug for SecurityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecurityKey")
            .field("identifier", &self.identifier)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl SecurityKey {
    /// Derives the keys, which takes some milliseconds.
    ///
    /// # Errors
    /// [`KeyError`] where the passphrase is empty or not ASCII.
    pub fn new(identifier: &str, version: u32, passphrase: &str) -> Result<Self, KeyError> {
        if passphrase.is_empty() || !passphrase.is_ascii() {
            return Err(KeyError);
        }
        let mut derived = Zeroizing::new([0; DERIVED_BYTES]);
        pbkdf2::pbkdf2_hmac::<Sha1>(passphrase.as_bytes(), SALT, ROUNDS, derived.as_mut_slice());
        Ok(Self {
            identifier: identifier.to_owned(),
            version,
            derived,
        })
    }

    /// Encrypts a message. A nonce is never used twice.
    pub fn seal(
        &self,
        header: Box<RawValue>,
        plain: &[u8],
        nonce: [u8; BLOCK_BYTES],
    ) -> SecuredMessage {
        let encryptor =
            cbc::Encryptor::<Aes256>::new(&self.cipher_key().into(), &self.iv(nonce).into());
        SecuredMessage {
            message_header: header,
            nexo_blob: STANDARD.encode(encryptor.encrypt_padded_vec::<Pkcs7>(plain)),
            security_trailer: SecurityTrailer {
                adyen_crypto_version: CRYPTO_VERSION,
                key_identifier: self.identifier.clone(),
                key_version: self.version,
                nonce: STANDARD.encode(nonce),
                hmac: STANDARD.encode(self.mac(plain).finalize().into_bytes()),
            },
        }
    }

    /// Decrypts a message.
    ///
    /// # Errors
    /// [`Unreadable`], whatever is wrong with it.
    pub fn open(&self, message: &SecuredMessage) -> Result<Vec<u8>, Unreadable> {
        let trailer = &message.security_trailer;
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| Unreadable);
        let nonce = decode(&trailer.nonce)?.try_into().map_err(|_| Unreadable)?;
        let hmac = decode(&trailer.hmac)?;
        let blob = decode(&message.nexo_blob)?;
        let decryptor =
            cbc::Decryptor::<Aes256>::new(&self.cipher_key().into(), &self.iv(nonce).into());
        let mut padded = decryptor
            .decrypt_padded_vec::<NoPadding>(&blob)
            .map_err(|_| Unreadable)?;
        // Where the padding is bad the code is computed all the same, over what is there.
        let plain_bytes = unpadded_bytes(&padded);
        let authentic = self
            .mac(&padded[..plain_bytes.unwrap_or(padded.len())])
            .verify_slice(&hmac)
            .is_ok();
        match plain_bytes {
            Some(bytes) if authentic => {
                padded.truncate(bytes);
                Ok(padded)
            }
            _ => Err(Unreadable),
        }
    }

    fn mac(&self, plain: &[u8]) -> Hmac<Sha256> {
        let mut key = [0; 64];
        key[..KEY_BYTES].copy_from_slice(&self.derived[..KEY_BYTES]);
        // HMAC fills a short key with zeros up to its block (RFC 2104), so this is the same key.
        let mut mac = Hmac::<Sha256>::new(&key.into());
        mac.update(plain);
        mac
    }

    fn cipher_key(&self) -> [u8; KEY_BYTES] {
        std::array::from_fn(|index| self.derived[KEY_BYTES + index])
    }

    fn iv(&self, nonce: [u8; BLOCK_BYTES]) -> [u8; BLOCK_BYTES] {
        std::array::from_fn(|index| self.derived[2 * KEY_BYTES + index] ^ nonce[index])
    }
}

/// How many bytes stand before the padding (PKCS #7, RFC 5652 section 6.3).
fn unpadded_bytes(padded: &[u8]) -> Option<usize> {
    let padding = usize::from(*padded.last()?);
    if !(1..=BLOCK_BYTES).contains(&padding) {
        return None;
    }
    let bytes = padded.len().checked_sub(padding)?;
    let all_alike = padded[bytes..].iter().fold(0, |difference, byte| {
        difference | (usize::from(*byte) ^ padding)
    }) == 0;
    all_alike.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(passphrase: &str) -> SecurityKey {
        SecurityKey::new("till", 3, passphrase).unwrap()
    }

    fn header() -> Box<RawValue> {
        RawValue::from_string("{}".to_owned()).unwrap()
    }

    /// The first byte of Base64 text changed into another one.
    fn changed(text: &str, at: usize) -> String {
        let mut bytes = STANDARD.decode(text).unwrap();
        let at = at % bytes.len();
        bytes[at] ^= 1;
        STANDARD.encode(bytes)
    }

    #[test]
    fn a_key_does_not_show_what_it_is_made_of() {
        let shown = format!("{:?}", key("correct horse"));
        assert_eq!(
            shown,
            "SecurityKey { identifier: \"till\", version: 3, .. }"
        );
        assert_eq!(SecurityKey::new("till", 3, "").unwrap_err(), KeyError);
        assert_eq!(SecurityKey::new("till", 3, "pässe").unwrap_err(), KeyError);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn what_was_sealed_opens_and_what_was_changed_does_not(
            plain in prop::collection::vec(any::<u8>(), 0..200),
            nonce: [u8; 16],
            at: usize,
        ) {
            let key = key("correct horse");
            let sealed = || key.seal(header(), &plain, nonce);
            prop_assert_eq!(key.open(&sealed()), Ok(plain.clone()));
            prop_assert_eq!(self::key("another").open(&sealed()), Err(Unreadable));
            let mut bad = sealed();
            bad.nexo_blob = changed(&bad.nexo_blob, at);
            prop_assert_eq!(key.open(&bad), Err(Unreadable));
            let mut bad = sealed();
            bad.security_trailer.nonce = changed(&bad.security_trailer.nonce, at);
            prop_assert_eq!(key.open(&bad), Err(Unreadable));
            let mut bad = sealed();
            bad.security_trailer.hmac = changed(&bad.security_trailer.hmac, at);
            prop_assert_eq!(key.open(&bad), Err(Unreadable));
        }
    }

    #[test]
    fn every_broken_form_is_the_same_error() {
        let key = key("correct horse");
        let sealed = || key.seal(header(), b"{}", [7; 16]);
        let broken: [fn(&mut SecuredMessage); 6] = [
            |message| message.nexo_blob.clear(),
            |message| message.nexo_blob = STANDARD.encode([0; 15]),
            |message| message.nexo_blob = "?".to_owned(),
            |message| message.security_trailer.nonce = STANDARD.encode([0; 15]),
            |message| message.security_trailer.hmac = String::new(),
            |message| message.security_trailer.hmac = STANDARD.encode([0; 31]),
        ];
        for break_it in broken {
            let mut message = sealed();
            break_it(&mut message);
            assert_eq!(key.open(&message), Err(Unreadable));
        }
    }
}
