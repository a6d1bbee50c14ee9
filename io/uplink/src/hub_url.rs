//! The hub's address as people type it: `https://host[:port]` and nothing more.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;
use rustls::pki_types::ServerName;

const PORT_DEFAULT: u16 = 443;

/// Where the hub is: `https://host[:port]`, host in lower case, port 443 where none is given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HubUrl {
    host: String,
    port: u16,
}

/// Why a text is not a hub's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HubUrlError {
    /// `http://` was asked for; there is no plaintext fallback.
    #[error("the hub is reached over https only: expected https://host[:port], got `{0}`")]
    NotHttps(String),
    /// The text is no URL, or has no scheme or host.
    #[error("read the hub's address: expected https://host[:port], got `{0}`")]
    NotAnAddress(String),
    /// A user name or password stands before the host.
    #[error("read the hub's address: expected https://host[:port] without a user or password")]
    HasCredentials,
    /// A path or query follows the host.
    #[error(
        "read the hub's address: expected https://host[:port] with nothing after it, got `{0}`"
    )]
    HasPath(String),
    /// The host is neither a DNS name nor an IP address.
    #[error("read the hub's address: `{0}` is neither a host name nor an IP address")]
    BadHost(String),
    /// The port is not a number from 1 to 65535.
    #[error("read the hub's address: expected a port from 1 to 65535, got `{0}`")]
    BadPort(String),
}

impl HubUrl {
    /// The host alone: a lower-case DNS name or an IP address, IPv6 without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `host[:port]` as it stands in the `Host` header and is signed as `@authority`: the port is
    /// left out where it is 443 (RFC 9110 section 4.2.3), IPv6 addresses are in brackets.
    pub fn authority(&self) -> String {
        if self.port == PORT_DEFAULT {
            self.bracketed_host()
        } else {
            self.host_and_port()
        }
    }

    /// `host:port`, always with the port: the target of a `CONNECT` (RFC 9110 section 9.3.6).
    pub fn host_and_port(&self) -> String {
        format!("{}:{}", self.bracketed_host(), self.port)
    }

    /// Whether the host is this machine by name or address.
    pub fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => self.host == "localhost",
        }
    }

    fn bracketed_host(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        }
    }

    /// The name which the hub's certificate must carry.
    pub(crate) fn server_name(&self) -> ServerName<'static> {
        ServerName::try_from(self.host.clone()).expect("checked when the address was parsed")
    }

    pub(crate) fn uri(&self) -> Uri {
        Uri::builder()
            .scheme("https")
            .authority(self.host_and_port())
            .path_and_query("/")
            .build()
            .expect("host and port were checked when the address was parsed")
    }
}

impl FromStr for HubUrl {
    type Err = HubUrlError;

    fn from_str(text: &str) -> Result<Self, HubUrlError> {
        let text = text.trim();
        // Before anything is echoed: a password typed by mistake must not reach a log.
        if text.contains('@') {
            return Err(HubUrlError::HasCredentials);
        }
        let not_an_address = || HubUrlError::NotAnAddress(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(not_an_address)?;
        if scheme.eq_ignore_ascii_case("http") {
            return Err(HubUrlError::NotHttps(text.to_owned()));
        }
        if !scheme.eq_ignore_ascii_case("https") {
            return Err(not_an_address());
        }
        let authority = match rest.find(['/', '?', '#']) {
            None => rest,
            Some(end) if &rest[end..] == "/" => &rest[..end],
            Some(_) => return Err(HubUrlError::HasPath(text.to_owned())),
        };
        if authority.is_empty() {
            return Err(not_an_address());
        }
        let (host, port) = split_host_and_port(authority);
        let port = match port {
            None => PORT_DEFAULT,
            Some(digits) => match digits.parse() {
                Ok(port) if port > 0 => port,
                _ => return Err(HubUrlError::BadPort(digits.to_owned())),
            },
        };
        Ok(Self {
            host: checked_host(host)?,
            port,
        })
    }
}

/// Splits at the last colon, unless it stands inside the brackets of an IPv6 address.
fn split_host_and_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn checked_host(host: &str) -> Result<String, HubUrlError> {
    let bad = || HubUrlError::BadHost(host.to_owned());
    let bare = match host
        .strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'))
    {
        Some(inner) => inner
            .parse::<std::net::Ipv6Addr>()
            .map_err(|_| bad())?
            .to_string(),
        None if host.contains(':') => return Err(bad()),
        None => host.to_ascii_lowercase(),
    };
    ServerName::try_from(bare.as_str()).map_err(|_| bad())?;
    Ok(bare)
}

impl fmt::Display for HubUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}", self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<HubUrl, HubUrlError> {
        text.parse()
    }

    #[test]
    fn host_and_port_are_taken_apart() {
        let hub = parse("https://Hub.Example:8443/").unwrap();
        assert_eq!((hub.host(), hub.port()), ("hub.example", 8443));
        assert_eq!(hub.authority(), "hub.example:8443");
        assert_eq!(hub.to_string(), "https://hub.example:8443");
    }

    #[test]
    fn the_usual_port_is_left_out_of_the_authority_but_not_of_the_connect_target() {
        let hub = parse("https://hub.example").unwrap();
        assert_eq!(hub.authority(), "hub.example");
        assert_eq!(hub.host_and_port(), "hub.example:443");
        assert_eq!(parse("https://hub.example:443").unwrap(), hub);
    }

    #[test]
    fn ip_addresses_of_both_families_are_hosts() {
        let hub = parse("https://[::1]:7443").unwrap();
        assert_eq!((hub.host(), hub.port()), ("::1", 7443));
        assert_eq!(hub.authority(), "[::1]:7443");
        assert_eq!(parse("https://[::1]").unwrap().authority(), "[::1]");
        assert_eq!(parse("https://127.0.0.1:1").unwrap().host(), "127.0.0.1");
    }

    #[test]
    fn this_machine_is_known_by_name_and_address() {
        for here in ["https://localhost", "https://127.0.0.2:1", "https://[::1]"] {
            assert!(parse(here).unwrap().is_loopback(), "{here}");
        }
        assert!(!parse("https://localhost.example").unwrap().is_loopback());
    }

    #[test]
    fn plaintext_is_refused_with_a_clear_sentence() {
        let error = parse("http://hub.example").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the hub is reached over https only: expected https://host[:port], got `http://hub.example`"
        );
    }

    #[test]
    fn everything_else_is_refused_by_its_own_reason() {
        let text = |s: &str| s.to_owned();
        for (input, expected) in [
            (
                "hub.example",
                HubUrlError::NotAnAddress(text("hub.example")),
            ),
            (
                "ftp://hub.example",
                HubUrlError::NotAnAddress(text("ftp://hub.example")),
            ),
            ("https://", HubUrlError::NotAnAddress(text("https://"))),
            ("https://u:secret@hub.example", HubUrlError::HasCredentials),
            (
                "https://hub.example/v1",
                HubUrlError::HasPath(text("https://hub.example/v1")),
            ),
            (
                "https://hub.example?x",
                HubUrlError::HasPath(text("https://hub.example?x")),
            ),
            (
                "https://hub example",
                HubUrlError::BadHost(text("hub example")),
            ),
            ("https://::1", HubUrlError::BadHost(text(":"))),
            ("https://hub.example:0", HubUrlError::BadPort(text("0"))),
            (
                "https://hub.example:65536",
                HubUrlError::BadPort(text("65536")),
            ),
            ("https://hub.example:", HubUrlError::BadPort(text(""))),
        ] {
            assert_eq!(parse(input).unwrap_err(), expected, "{input}");
        }
    }
}
