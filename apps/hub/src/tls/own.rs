//! A certificate the operator brought.

use std::path::Path;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{Served, TlsError, read_text};
use crate::config::CertificateFiles;

/// The chain with its key, and the roots' PEM text.
pub(super) fn load(files: &CertificateFiles) -> Result<(Served, Option<String>), TlsError> {
    let chain = certificates(&files.chain)?;
    let key =
        PrivateKeyDer::from_pem_slice(read_text(&files.key)?.as_bytes()).map_err(|error| {
            TlsError::Content {
                path: files.key.clone(),
                expected: "a private key in PEM",
                reason: error.to_string(),
                advice: "give the key of the certificate, not encrypted",
            }
        })?;
    let roots_pem = match &files.roots {
        Some(path) => {
            certificates(path)?;
            Some(read_text(path)?)
        }
        None => None,
    };
    Ok((Served { chain, key }, roots_pem))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let refuse = |reason: String| TlsError::Content {
        path: path.to_owned(),
        expected: "certificates in PEM",
        reason,
        advice: "give the chain as the authority issued it, the hub's own certificate first",
    };
    let found: Vec<_> = CertificateDer::pem_slice_iter(read_text(path)?.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| refuse(error.to_string()))?;
    if found.is_empty() {
        return Err(refuse("it holds none".to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_none_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["hub.example".to_owned()]).unwrap();
        let (chain, key) = (
            directory.path().join("c.pem"),
            directory.path().join("k.pem"),
        );
        std::fs::write(&chain, made.cert.pem()).unwrap();
        std::fs::write(&key, made.cert.pem()).unwrap();
        let files = CertificateFiles {
            chain: chain.clone(),
            key: key.clone(),
            roots: None,
        };
        let error = load(&files).map(|_| ()).unwrap_err().to_string();
        assert!(
            error.contains("k.pem") && error.contains("private key"),
            "{error}"
        );

        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let (served, roots) = load(&files).unwrap();
        assert_eq!((served.chain.len(), roots), (1, None));
        assert!(super::super::server_config(served).is_ok());

        std::fs::write(&key, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
        let (served, _) = load(&files).unwrap();
        assert!(
            super::super::server_config(served).is_err(),
            "another certificate's key"
        );
    }
}
