//! Whom to believe that it is the hub: the machine's own authorities, given roots, or one pinned
//! certificate by its fingerprint.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ring::digest;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The authorities which the hub's certificate must come from. Chain, host name and time are
/// checked with each of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trust {
    /// Those this machine trusts.
    #[default]
    Platform,
    /// These alone. One that is the hub's own certificate is accepted as it stands.
    Roots(Vec<CertificateDer<'static>>),
    /// The certificate with this fingerprint alone: an authority which the hub sends with its
    /// chain, or the hub's own certificate.
    Fingerprint(Fingerprint),
}

/// SHA-256 over a certificate's DER form. Text form: `sha256:` and 32 upper-case hex pairs
/// with colons between; read with or without prefix and colons, in either case.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// Why a text is no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "read a certificate's fingerprint: expected sha256: and 64 hex digits (colons between pairs \
     are fine), got `{0}`"
)]
pub struct FingerprintError(String);

/// Why there is nothing to check the hub's certificate against.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file of roots cannot be read.
    #[error("read the hub's root certificates from {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The text is not PEM.
    #[error("read the hub's root certificates: the text is not PEM ({cause})")]
    NotPem {
        /// What is wrong with it.
        cause: String,
    },
    /// PEM without a certificate in it, or no root at all.
    #[error(
        "read the hub's root certificates: expected at least one BEGIN CERTIFICATE block, found none"
    )]
    NoCertificate,
    /// A block is not an X.509 certificate.
    #[error("read the hub's root certificates: certificate {number} is damaged ({cause})")]
    Damaged {
        /// Counted from 1, as in the file.
        number: usize,
        /// What is wrong with it.
        cause: String,
    },
    /// The machine's own authorities cannot be used.
    #[error(
        "load this machine's trusted authorities: {cause}; install the system's CA certificates, \
         or name the hub's own root"
    )]
    Platform {
        /// What the platform said.
        cause: String,
    },
}

impl Trust {
    /// The roots in a PEM text; blocks other than certificates are passed over.
    ///
    /// # Errors
    /// [`TrustError::NotPem`], [`TrustError::NoCertificate`] or [`TrustError::Damaged`].
    pub fn from_pem(text: &str) -> Result<Self, TrustError> {
        let roots = CertificateDer::pem_slice_iter(text.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| TrustError::NotPem {
                cause: error.to_string(),
            })?;
        check_roots(&roots)?;
        Ok(Self::Roots(roots))
    }

    /// The roots in a PEM file.
    ///
    /// # Errors
    /// [`TrustError::Unreadable`], and those of [`Trust::from_pem`].
    pub fn from_pem_file(path: &Path) -> Result<Self, TrustError> {
        let text = std::fs::read_to_string(path).map_err(|source| TrustError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::from_pem(&text)
    }

    /// Whether only authorities named for this hub are believed, not the machine's own.
    pub fn is_pinned(&self) -> bool {
        !matches!(self, Self::Platform)
    }
}

/// # Errors
/// [`TrustError::NoCertificate`] or [`TrustError::Damaged`].
pub(crate) fn check_roots(roots: &[CertificateDer<'_>]) -> Result<(), TrustError> {
    if roots.is_empty() {
        return Err(TrustError::NoCertificate);
    }
    for (index, root) in roots.iter().enumerate() {
        x509_parser::parse_x509_certificate(root).map_err(|error| TrustError::Damaged {
            number: index + 1,
            cause: error.to_string(),
        })?;
    }
    Ok(())
}

impl Fingerprint {
    /// The fingerprint of a certificate.
    pub fn of(certificate: &CertificateDer<'_>) -> Self {
        let digest = digest::digest(&digest::SHA256, certificate);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        Self(bytes)
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let error = || FingerprintError(text.chars().take(120).collect());
        let trimmed = text.trim();
        let digits = match trimmed.get(..7) {
            Some(prefix) if prefix.eq_ignore_ascii_case("sha256:") => &trimmed[7..],
            _ => trimmed,
        };
        let digits: Vec<u8> = digits.bytes().filter(|byte| *byte != b':').collect();
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() {
            return Err(error());
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let high = hex_value(pair[0]).ok_or_else(error)?;
            let low = hex_value(pair[1]).ok_or_else(error)?;
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let before = if index == 0 { "sha256:" } else { ":" };
            write!(f, "{before}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate_pem() -> String {
        rcgen::generate_simple_self_signed(["hub.example".to_owned()])
            .unwrap()
            .cert
            .pem()
    }

    #[test]
    fn a_fingerprint_is_read_in_each_usual_form() {
        let expected = Fingerprint(std::array::from_fn(|index| 0xa0 + index as u8));
        let shown = expected.to_string();
        assert!(shown.starts_with("sha256:A0:A1:A2"), "{shown}");
        assert_eq!(shown.len(), "sha256:".len() + 32 * 3 - 1);
        for form in [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace("sha256:", "SHA256:"),
            shown.replace("sha256:", "").replace(':', ""),
            format!(" {shown}\n"),
        ] {
            assert_eq!(form.parse(), Ok(expected), "{form}");
        }
    }

    #[test]
    fn other_texts_are_no_fingerprint() {
        let good = Fingerprint([7; 32]).to_string();
        for bad in [
            "",
            "sha256:",
            &good[..good.len() - 1],
            &good.replace("07", "0g"),
            &format!("{good}:07"),
        ] {
            let error = bad.parse::<Fingerprint>().unwrap_err();
            assert!(error.to_string().contains(bad), "{error}");
        }
        assert!("sha1:é".parse::<Fingerprint>().is_err());
    }

    #[test]
    fn roots_come_from_text_and_file() {
        let pem = certificate_pem() + &certificate_pem();
        let trust = Trust::from_pem(&pem).unwrap();
        assert!(matches!(&trust, Trust::Roots(roots) if roots.len() == 2));

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        std::fs::write(&path, &pem).unwrap();
        assert_eq!(Trust::from_pem_file(&path).unwrap(), trust);

        let missing = Trust::from_pem_file(&folder.path().join("none.pem")).unwrap_err();
        assert!(missing.to_string().contains("none.pem"), "{missing}");
    }

    #[test]
    fn bad_roots_are_told_apart() {
        assert!(matches!(
            Trust::from_pem("hello"),
            Err(TrustError::NoCertificate)
        ));
        let cut = certificate_pem().replace("-----END CERTIFICATE-----", "");
        assert!(matches!(
            Trust::from_pem(&cut),
            Err(TrustError::NotPem { .. })
        ));
        let second_damaged =
            certificate_pem() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(
            Trust::from_pem(&second_damaged),
            Err(TrustError::Damaged { number: 2, .. })
        ));
    }
}
