//! Where a card terminal is reached, as settings name it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use cueline_model::Sha256;

use crate::permitted::Network;
use crate::trust::{TerminalRoot, Trust};

/// The longest text that is read as an address.
const TEXT_BYTES_MAX: usize = 1024;
const SCHEMES: &str = "tcp://host:port, or https://host:port/nexo";

/// Where a terminal is.
///
/// | Text | Protocols |
/// |---|---|
/// | `tcp://192.0.2.7:20007`, `tcp://[2001:db8::7]:8888` | ZVT and Caisse-AP. They know no authentication, so only this computer's own addresses are connected to and those of [`TerminalAddress::permit`]. |
/// | `https://192.0.2.7:8443/nexo?pin=<64 hexadecimal digits>` | Adyen's Terminal API. `pin` is the SHA-256 of the terminal's certificate; without it the certificate must come from the root of [`TerminalAddress::believe`]. |
#[derive(Debug, Clone)]
pub struct TerminalAddress {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) way: Way,
}

#[derive(Debug, Clone)]
pub(crate) enum Way {
    Tcp { permitted: Vec<Network> },
    Https { path: String, trust: Arc<Trust> },
}

/// Why a text is no terminal's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read a terminal's address: expected {expected}, got {got:?}")]
pub struct AddressError {
    expected: &'static str,
    /// Cut to 200 characters.
    got: String,
}

impl TerminalAddress {
    /// Also lets a terminal be connected to that is in one of these networks. Of no effect on `https`,
    /// where the certificate says who it is.
    #[must_use]
    pub fn permit(mut self, networks: impl IntoIterator<Item = Network>) -> Self {
        if let Way::Tcp { permitted } = &mut self.way {
            permitted.extend(networks);
        }
        self
    }

    /// Also believes certificates of this root, for `https` without a pin.
    #[must_use]
    pub fn believe(mut self, root: TerminalRoot) -> Self {
        if let Way::Https { trust, .. } = &mut self.way {
            *trust = Arc::new(trust.with_root(root));
        }
        self
    }

    /// The host and port, as people read them.
    #[must_use]
    pub fn host_and_port(&self) -> String {
        let (host, port) = (&self.host, self.port);
        if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        }
    }
}

impl FromStr for TerminalAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        parse(text).map_err(|expected| AddressError {
            expected,
            got: text.chars().take(200).collect(),
        })
    }
}

impl fmt::Display for TerminalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.host_and_port();
        match &self.way {
            Way::Tcp { .. } => write!(f, "tcp://{at}"),
            Way::Https { path, trust } => {
                write!(f, "https://{at}{path}")?;
                match trust.pin() {
                    Some(pin) => write!(f, "?pin={pin}"),
                    None => Ok(()),
                }
            }
        }
    }
}

fn parse(text: &str) -> Result<TerminalAddress, &'static str> {
    if text.len() > TEXT_BYTES_MAX {
        return Err("at most 1,024 bytes");
    }
    let (scheme, rest) = text.split_once("://").ok_or(SCHEMES)?;
    match scheme {
        "tcp" => {
            let rest = rest.strip_suffix('/').unwrap_or(rest);
            let (host, port) = host_and_port(rest)?;
            let permitted = Vec::new();
            Ok(TerminalAddress {
                host,
                port,
                way: Way::Tcp { permitted },
            })
        }
        "https" => {
            let (authority, path) = match rest.find('/') {
                Some(slash) => rest.split_at(slash),
                None => return Err("a path after the port, usually /nexo"),
            };
            let (host, port) = host_and_port(authority)?;
            let (path, pin) = match path.split_once("?pin=") {
                None => (path, None),
                Some((path, pin)) => (path, Some(pin)),
            };
            let pin = pin
                .map(str::parse::<Sha256>)
                .transpose()
                .map_err(|_| "64 lower-case hexadecimal digits after ?pin=")?;
            let in_a_path = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}?#".contains(c);
            if !path.chars().all(in_a_path) {
                return Err("a path of letters, digits and %xx, and after it nothing but ?pin=");
            }
            Ok(TerminalAddress {
                host,
                port,
                way: Way::Https {
                    path: path.to_owned(),
                    trust: Arc::new(Trust::new(pin)),
                },
            })
        }
        _ => Err(SCHEMES),
    }
}

fn host_and_port(authority: &str) -> Result<(String, u16), &'static str> {
    const EXPECTED: &str = "a host and a port, as in 192.0.2.7:20007 or [2001:db8::7]:20007";
    let bracketed = authority.strip_prefix('[');
    let (host, port) = match bracketed {
        Some(rest) => rest.split_once("]:"),
        None => authority.rsplit_once(':'),
    }
    .ok_or(EXPECTED)?;
    let fits = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '.' | '-' | '_')
            || (bracketed.is_some() && matches!(c, ':' | '%'))
    };
    if host.is_empty() || !host.chars().all(fits) || !port.bytes().all(|b| b.is_ascii_digit()) {
        return Err(EXPECTED);
    }
    match port.parse() {
        Ok(port) if port > 0 => Ok((host.to_owned(), port)),
        _ => Err("a port from 1 to 65535"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_they_are_read() {
        for text in [
            "tcp://127.0.0.1:20007",
            "tcp://[::1]:8888",
            "tcp://terminal-1.local:20007",
            "https://192.0.2.7:8443/nexo",
            "https://192.0.2.7:8443/nexo?pin=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ] {
            assert_eq!(text.parse::<TerminalAddress>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_refused_with_what_was_expected() {
        for (text, expected) in [
            ("", "tcp://host:port"),
            ("192.0.2.7:20007", "tcp://host:port"),
            ("http://192.0.2.7:8443/nexo", "tcp://host:port"),
            ("tcp://192.0.2.7", "a host and a port"),
            ("tcp://:20007", "a host and a port"),
            ("tcp://a b:20007", "a host and a port"),
            ("tcp://::1:20007", "a host and a port"),
            ("tcp://h:+1", "a host and a port"),
            ("tcp://h:0", "a port from 1"),
            ("tcp://h:65536", "a port from 1"),
            ("tcp://h:1/x", "a host and a port"),
            ("https://h:8443", "a path"),
            ("https://h:8443/nexo?pin=12", "64 lower-case"),
            ("https://h:8443/nexo?x", "a path of letters"),
            ("https://user@h:8443/nexo", "a host and a port"),
        ] {
            let error = text.parse::<TerminalAddress>().unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(error.contains(text), "{text}: {error}");
        }
        let long = format!("tcp://{}:1", "x".repeat(TEXT_BYTES_MAX));
        assert!(long.parse::<TerminalAddress>().is_err());
    }
}
