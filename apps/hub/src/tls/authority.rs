//! The hub's own authority, made once: agents pin it at registration.

use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::{TlsError, file_error, leaf, read_text};
use crate::fingerprint;
use crate::whole_file::{self, Readers};

/// The certificate's file in the `tls` directory.
pub(super) const CERTIFICATE: &str = "ca.pem";
const KEY: &str = "ca.key";
const DAYS: i32 = 3_650;

/// The authority with all it needs to issue.
pub(super) struct Authority {
    pub(super) pem: String,
    pub(super) der: CertificateDer<'static>,
    pub(super) issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// The certificate's fingerprint.
    pub(super) fn fingerprint(&self) -> String {
        fingerprint::of(&self.der)
    }
}

/// Loads the authority, or makes it where neither certificate nor key is there yet.
pub(super) fn load_or_make(directory: &Path) -> Result<Authority, TlsError> {
    let (certificate, key) = (directory.join(CERTIFICATE), directory.join(KEY));
    // The key comes first: interrupted between the two, it has signed nothing yet that anybody
    // pinned. A certificate without its key is a loss, and reported.
    if !certificate.exists() {
        if !key.exists() {
            let pair = KeyPair::generate()?;
            whole_file::write(&key, pair.serialize_pem().as_bytes(), Readers::Owner)
                .map_err(|error| file_error("write", &key, error))?;
        }
        let made = params().self_signed(&read_key(&key)?)?;
        whole_file::write(&certificate, made.pem().as_bytes(), Readers::All)
            .map_err(|error| file_error("write", &certificate, error))?;
    }
    let pem = read_text(&certificate)?;
    let der = CertificateDer::from_pem_slice(pem.as_bytes())
        .map_err(|error| damaged(&certificate, error.to_string()))?;
    let pair = read_key(&key)?;
    let issuer = Issuer::from_ca_cert_der(&der, pair)?;
    Ok(Authority { pem, der, issuer })
}

fn read_key(path: &Path) -> Result<KeyPair, TlsError> {
    KeyPair::from_pem(&read_text(path)?).map_err(|error| damaged(path, error.to_string()))
}

fn damaged(path: &Path, reason: String) -> TlsError {
    TlsError::Content {
        path: path.to_owned(),
        expected: "the hub's own authority",
        reason,
        advice: "restore the tls directory from a backup: agents have pinned this authority",
    }
}

fn params() -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "Cueline hub, local authority");
    params.distinguished_name = name;
    // Signs the hub's own certificate and nothing that could sign further.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    leaf::set_validity(&mut params, DAYS);
    params
}
