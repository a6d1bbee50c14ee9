//! The certificate the hub shows, issued by its own authority and renewed at start.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use jiff::ToSpan as _;
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::authority::Authority;
use super::{Served, TlsError, file_error, read_text};
use crate::whole_file::{self, Readers};

const FILE: &str = "hub.pem";
const DAYS: i32 = 365;
const RENEW_BELOW_DAYS: i64 = 30;
/// Tills whose clock is behind shall not take a fresh certificate for one of the future.
const BACKDATED_DAYS: i32 = 30;

/// The names to be certified: the machine's own and those configured.
pub(super) fn names(configured: &[String]) -> BTreeSet<String> {
    ["localhost", "127.0.0.1", "::1"]
        .into_iter()
        .map(str::to_owned)
        .chain(crate::machine::host_name())
        .chain(configured.iter().cloned())
        .map(|name| match name.parse::<IpAddr>() {
            Ok(address) => address.to_string(),
            Err(_) => name.to_ascii_lowercase(),
        })
        .collect()
}

/// Loads the certificate where it is good for a while yet and of the right names, else makes one.
pub(super) fn load_or_make(
    directory: &Path,
    authority: &Authority,
    names: &BTreeSet<String>,
) -> Result<Served, TlsError> {
    let path = directory.join(FILE);
    if let Some(served) = still_good(&path, authority, names) {
        return Ok(served);
    }
    let pair = KeyPair::generate()?;
    let certificate = params(names)?.signed_by(&pair, &authority.issuer)?;
    let text = format!("{}{}", certificate.pem(), pair.serialize_pem());
    whole_file::write(&path, text.as_bytes(), Readers::Owner)
        .map_err(|error| file_error("write", &path, error))?;
    tracing::info!(names = ?names, days = DAYS, "made a new certificate");
    parse(&text, authority).ok_or_else(|| TlsError::Content {
        path,
        expected: "the certificate just made",
        reason: "it does not read back".to_owned(),
        advice: "check the disk",
    })
}

fn still_good(path: &Path, authority: &Authority, names: &BTreeSet<String>) -> Option<Served> {
    let served = parse(&read_text(path).ok()?, authority)?;
    let (_, leaf) = X509Certificate::from_der(&served.chain[0]).ok()?;
    let (_, issuer) = X509Certificate::from_der(&authority.der).ok()?;
    let left_s = leaf.validity().not_after.timestamp() - jiff::Timestamp::now().as_second();
    // Issued by this very authority, not by one of another data directory.
    leaf.verify_signature(Some(issuer.public_key())).ok()?;
    let fits = certified(&leaf) == *names && left_s > RENEW_BELOW_DAYS * 86_400;
    fits.then_some(served)
}

/// The chain includes the authority, so that a client may pin it by its fingerprint.
fn parse(text: &str, authority: &Authority) -> Option<Served> {
    let leaf = CertificateDer::from_pem_slice(text.as_bytes()).ok()?;
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).ok()?;
    Some(Served {
        chain: vec![leaf, authority.der.clone()],
        key,
    })
}

fn certified(leaf: &X509Certificate<'_>) -> BTreeSet<String> {
    let Ok(Some(names)) = leaf.subject_alternative_name() else {
        return BTreeSet::new();
    };
    names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => match bytes.len() {
                4 => <[u8; 4]>::try_from(*bytes)
                    .ok()
                    .map(|b| IpAddr::from(b).to_string()),
                _ => <[u8; 16]>::try_from(*bytes)
                    .ok()
                    .map(|b| IpAddr::from(b).to_string()),
            },
            _ => None,
        })
        .collect()
}

fn params(names: &BTreeSet<String>) -> Result<CertificateParams, TlsError> {
    let mut params = CertificateParams::new(names.iter().cloned().collect::<Vec<_>>())?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "Cueline hub");
    params.distinguished_name = name;
    params.use_authority_key_identifier_extension = true;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    set_validity(&mut params, DAYS);
    Ok(params)
}

/// From a month ago until so many days from now.
pub(super) fn set_validity(params: &mut CertificateParams, days: i32) {
    let today = jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    let moved = |days: i32| {
        let date = today.saturating_add(days.days());
        rcgen::date_time_ymd(
            i32::from(date.year()),
            date.month().unsigned_abs(),
            date.day().unsigned_abs(),
        )
    };
    params.not_before = moved(-BACKDATED_DAYS);
    params.not_after = moved(days);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::authority;

    fn served(directory: &Path, names: &[&str]) -> (Authority, Served) {
        let authority = authority::load_or_make(directory).unwrap();
        let names = super::names(&names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>());
        let served = load_or_make(directory, &authority, &names).unwrap();
        (authority, served)
    }

    #[test]
    fn the_certificate_lasts_and_is_made_anew_for_other_names() {
        let directory = tempfile::tempdir().unwrap();
        let (first_authority, first) = served(directory.path(), &["Hub.Example"]);
        let (authority, again) = served(directory.path(), &["hub.example"]);
        assert_eq!(first.chain, again.chain);
        assert_eq!(first.chain[1], authority.der);
        let (_, other) = served(directory.path(), &["hub.example", "10.0.0.7"]);
        assert_ne!(first.chain[0], other.chain[0]);
        assert_eq!(first_authority.fingerprint(), authority.fingerprint());

        let (_, leaf) = X509Certificate::from_der(&other.chain[0]).unwrap();
        let names = certified(&leaf);
        for name in ["localhost", "127.0.0.1", "::1", "hub.example", "10.0.0.7"] {
            assert!(names.contains(name), "{name} in {names:?}");
        }
    }

    #[test]
    fn a_certificate_of_another_authority_is_not_served() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (_, foreign) = served(there.path(), &[]);
        served(here.path(), &[]);
        std::fs::copy(there.path().join(FILE), here.path().join(FILE)).unwrap();
        let (_, own) = served(here.path(), &[]);
        assert_ne!(own.chain[0], foreign.chain[0]);
    }

    #[test]
    fn a_damaged_authority_is_reported_and_never_made_anew() {
        let directory = tempfile::tempdir().unwrap();
        served(directory.path(), &[]);
        std::fs::write(directory.path().join("ca.key"), "nonsense").unwrap();
        let error = authority::load_or_make(directory.path())
            .map(|_| ())
            .unwrap_err();
        assert!(error.to_string().contains("restore"), "{error}");
    }
}
