//! The terminal's certificate: made by itself, once, and kept in its directory.

use std::io;
use std::path::Path;
use std::sync::Arc;

use cueline_model::Sha256;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// As its till may be told to trust it: the certificate itself as PEM.
pub(crate) const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "certificate-key.pem";

/// What the terminal shows, and its digest.
pub(crate) struct Shown {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) pin: Sha256,
}

/// The certificate in a directory; made for this terminal if it is not there.
pub(crate) fn open(directory: &Path, poi_id: &str) -> io::Result<Shown> {
    std::fs::create_dir_all(directory)?;
    let (certificate, key) = (directory.join(CERTIFICATE), directory.join(KEY));
    if !certificate.exists() {
        let mut parameters = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()])
            .map_err(io::Error::other)?;
        parameters.distinguished_name.push(
            rcgen::DnType::CommonName,
            format!("{poi_id}.test.terminal.adyen.com"),
        );
        let made = rcgen::KeyPair::generate().map_err(io::Error::other)?;
        let signed = parameters.self_signed(&made).map_err(io::Error::other)?;
        std::fs::write(&key, made.serialize_pem())?;
        std::fs::write(&certificate, signed.pem())?;
    }
    let certificate = CertificateDer::from_pem_file(certificate).map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(io::Error::other)?;
    let mut pin = [0; 32];
    pin.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, &certificate).as_ref());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(vec![certificate], key)
        })
        .map_err(io::Error::other)?;
    Ok(Shown {
        config: Arc::new(config),
        pin: Sha256(pin),
    })
}
