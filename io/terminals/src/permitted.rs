//! Which addresses a protocol without authentication may be spoken to.
//!
//! Whoever answers there would be believed, and would be told amounts: so it is this computer, or what
//! the settings name.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Addresses with a common beginning: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_bits: u8,
}

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "read the addresses terminals may have: expected an address or a network such as 192.0.2.0/24, got {got:?}"
)]
pub struct NetworkError {
    /// Cut to 80 characters.
    got: String,
}

impl Network {
    fn holds(self, address: IpAddr) -> bool {
        let same = |ours: u128, theirs: u128, width: u32| {
            let bits = u32::from(self.prefix_bits);
            // A shift by the whole width is no shift in Rust; no bit has to be alike then.
            bits == 0 || (ours ^ theirs) >> (width - bits) == 0
        };
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                same(ours.to_bits().into(), theirs.to_bits().into(), 32)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => same(ours.to_bits(), theirs.to_bits(), 128),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let refuse = || NetworkError {
            got: text.chars().take(80).collect(),
        };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| refuse())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            None => width,
            Some(prefix) if prefix.bytes().all(|b| b.is_ascii_digit()) => prefix
                .parse()
                .ok()
                .filter(|bits| *bits <= width)
                .ok_or_else(refuse)?,
            Some(_) => return Err(refuse()),
        };
        Ok(Self {
            address,
            prefix_bits,
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = if self.address.is_ipv4() { 32 } else { 128 };
        match self.prefix_bits {
            bits if bits == width => write!(f, "{}", self.address),
            bits => write!(f, "{}/{bits}", self.address),
        }
    }
}

/// Whether a terminal there may be spoken to.
pub(crate) fn is_permitted(address: IpAddr, permitted: &[Network]) -> bool {
    let address = address.to_canonical();
    address.is_loopback() || permitted.iter().any(|network| network.holds(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_what_is_named_is_permitted_and_nothing_else() {
        let named: Vec<Network> = ["192.0.2.7", "198.51.100.0/25", "2001:db8::/33"]
            .map(|text| text.parse().unwrap())
            .to_vec();
        for (address, permitted) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("192.0.2.7", true),
            ("::ffff:192.0.2.7", true),
            ("192.0.2.8", false),
            ("198.51.100.127", true),
            ("198.51.100.128", false),
            ("2001:db8:7fff::1", true),
            ("2001:db8:8000::1", false),
            ("0.0.0.0", false),
        ] {
            assert_eq!(
                is_permitted(address.parse().unwrap(), &named),
                permitted,
                "{address}"
            );
            assert!(is_permitted(
                address.parse().unwrap(),
                &["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()]
            ));
        }
    }

    #[test]
    fn networks_are_written_as_they_are_read() {
        for text in ["192.0.2.7", "192.0.2.0/24", "::/0", "2001:db8::1"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "terminal",
            "192.0.2.0/33",
            "::/129",
            "192.0.2.0/+1",
            "192.0.2.0/",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
