//! Reads from a presented certificate what an error tells about it. The certificate may be
//! anybody's, so every text taken from it is shortened and stripped of control characters.

use rustls::pki_types::{CertificateDer, UnixTime};
use x509_parser::prelude::{GeneralName, X509Certificate, X509Name};

const TEXT_CHARS_MAX: usize = 120;
const NAMES_MAX: usize = 10;

/// From when until when a certificate is valid, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Start, seconds since 1970.
    pub not_before_s: i64,
    /// End, seconds since 1970.
    pub not_after_s: i64,
}

/// Where a moment lies against a certificate's validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    NotYetValid,
    Valid,
    Expired,
}

impl Validity {
    pub(crate) fn age_at(self, now: UnixTime) -> Age {
        let now_s = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if now_s < self.not_before_s {
            Age::NotYetValid
        } else if now_s > self.not_after_s {
            Age::Expired
        } else {
            Age::Valid
        }
    }
}

/// Runs `read` over the parsed certificate; none where it does not parse.
fn with_parsed<T>(
    der: &CertificateDer<'_>,
    read: impl FnOnce(&X509Certificate<'_>) -> T,
) -> Option<T> {
    x509_parser::parse_x509_certificate(der)
        .ok()
        .map(|(_, certificate)| read(&certificate))
}

pub(crate) fn validity(der: &CertificateDer<'_>) -> Option<Validity> {
    with_parsed(der, |certificate| Validity {
        not_before_s: certificate.validity().not_before.timestamp(),
        not_after_s: certificate.validity().not_after.timestamp(),
    })
}

/// Whether the certificate may sign others (RFC 5280 section 4.2.1.9).
pub(crate) fn is_authority(der: &CertificateDer<'_>) -> bool {
    with_parsed(der, |certificate| certificate.is_ca()).unwrap_or(false)
}

/// Whether subject and issuer are the same.
pub(crate) fn names_itself_as_issuer(der: &CertificateDer<'_>) -> bool {
    with_parsed(der, |certificate| {
        certificate.subject().as_raw() == certificate.issuer().as_raw()
    })
    .unwrap_or(false)
}

/// The issuer for people: common name and organisation, whatever of them there is.
pub(crate) fn issuer(der: &CertificateDer<'_>) -> String {
    with_parsed(der, |certificate| name_for_people(certificate.issuer()))
        .unwrap_or_else(|| "an unreadable certificate".to_owned())
}

fn name_for_people(name: &X509Name<'_>) -> String {
    let common_name = name.iter_common_name().find_map(|part| part.as_str().ok());
    let organisation = name.iter_organization().find_map(|part| part.as_str().ok());
    match (common_name, organisation) {
        (Some(common), Some(org)) if common != org => {
            format!("{} ({})", plain_text(common), plain_text(org))
        }
        (Some(one), _) | (None, Some(one)) => plain_text(one),
        (None, None) => match plain_text(&name.to_string()) {
            empty if empty.is_empty() => "an issuer without a name".to_owned(),
            whole => whole,
        },
    }
}

/// The host names and addresses the certificate is for, `NAMES_MAX` at most.
pub(crate) fn host_names(der: &CertificateDer<'_>) -> Vec<String> {
    with_parsed(der, |certificate| {
        let Ok(Some(extension)) = certificate.subject_alternative_name() else {
            return Vec::new();
        };
        let names = extension
            .value
            .general_names
            .iter()
            .filter_map(|name| match name {
                GeneralName::DNSName(name) => Some(plain_text(name)),
                GeneralName::IPAddress(octets) => ip_text(octets),
                _ => None,
            });
        names.take(NAMES_MAX).collect()
    })
    .unwrap_or_default()
}

fn ip_text(octets: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(octets) {
        return Some(std::net::Ipv4Addr::from(v4).to_string());
    }
    <[u8; 16]>::try_from(octets)
        .ok()
        .map(|v6| std::net::Ipv6Addr::from(v6).to_string())
}

/// Text from the other side, fit to stand in one line of a log.
pub(crate) fn plain_text(text: &str) -> String {
    let mut plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(TEXT_CHARS_MAX)
        .collect();
    if text.chars().nth(TEXT_CHARS_MAX).is_some() {
        plain.push('…');
    }
    plain.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair};

    use super::*;

    fn self_signed(names: &[(DnType, &str)], hosts: &[&str]) -> CertificateDer<'static> {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, value) in names {
            params.distinguished_name.push(kind.clone(), *value);
        }
        params
            .self_signed(&KeyPair::generate().unwrap())
            .unwrap()
            .der()
            .clone()
    }

    #[test]
    fn an_issuer_is_named_by_what_it_has() {
        let common = (DnType::CommonName, "Root 7");
        let org = (DnType::OrganizationName, "Hall & Sons");
        let country = (DnType::CountryName, "GB");
        for (names, expected) in [
            (vec![common.clone(), org.clone()], "Root 7 (Hall & Sons)"),
            (vec![common], "Root 7"),
            (vec![org], "Hall & Sons"),
            (vec![country], "C=GB"),
            (vec![], "an issuer without a name"),
        ] {
            assert_eq!(issuer(&self_signed(&names, &["a.test"])), expected);
        }
        assert_eq!(
            issuer(&CertificateDer::from(vec![1, 2, 3])),
            "an unreadable certificate"
        );
    }

    #[test]
    fn an_issuer_cannot_write_lines_of_its_own() {
        let forged = format!(
            "Evil\r\n2026-01-01 ERROR forged\u{1b}[31m{}",
            "x".repeat(500)
        );
        let named = issuer(&self_signed(&[(DnType::CommonName, &forged)], &["a.test"]));
        assert!(
            named.starts_with("Evil  2026-01-01 ERROR forged [31m"),
            "{named}"
        );
        assert!(!named.chars().any(char::is_control));
        assert_eq!(named.chars().count(), TEXT_CHARS_MAX + 1);
    }

    #[test]
    fn host_names_are_listed_up_to_a_limit() {
        let der = self_signed(&[], &["a.test", "10.0.0.1", "::1"]);
        assert_eq!(host_names(&der), ["a.test", "10.0.0.1", "::1"]);
        let many: Vec<String> = (0..50).map(|number| format!("h{number}.test")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(host_names(&self_signed(&[], &many)).len(), NAMES_MAX);
    }

    #[test]
    fn a_moment_lies_before_within_or_after() {
        let validity = Validity {
            not_before_s: 100,
            not_after_s: 200,
        };
        for (now_s, expected) in [
            (99, Age::NotYetValid),
            (100, Age::Valid),
            (200, Age::Valid),
            (201, Age::Expired),
        ] {
            let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(now_s));
            assert_eq!(validity.age_at(now), expected, "{now_s}");
        }
    }
}
