//! What an operator opens beside the public internet: hosts by name, addresses, networks.

use std::net::IpAddr;
use std::str::FromStr;

use super::address;

/// Hosts and networks of the operator's own that may be fetched from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Allow {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Host(String),
    Network(IpAddr, u8),
}

/// Why a text is neither a host nor a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a host like files.example, an address or a network like 10.1.0.0/16, got {got:?}"
)]
pub struct AllowError {
    /// The text that was given.
    pub got: String,
}

impl Allow {
    /// From the entries of the configuration.
    ///
    /// # Errors
    /// [`AllowError`] for the first that cannot be read.
    pub fn new(entries: &[String]) -> Result<Self, AllowError> {
        let entries = entries.iter().map(|text| text.parse());
        Ok(Self {
            entries: entries.collect::<Result<_, _>>()?,
        })
    }

    /// Whether the host is opened by its name, whatever its addresses.
    #[must_use]
    pub fn has_host(&self, host: &str) -> bool {
        let host = plain(host);
        let named = |entry: &Entry| matches!(entry, Entry::Host(name) if *name == host);
        self.entries.iter().any(named)
    }

    /// Whether the address is opened.
    #[must_use]
    pub fn has_address(&self, address: IpAddr) -> bool {
        self.entries.iter().any(|entry| match entry {
            Entry::Network(network, bits) => address::contains(*network, *bits, address),
            Entry::Host(_) => false,
        })
    }
}

/// As names are compared: in small letters and without the dot that ends a full one.
fn plain(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

impl FromStr for Entry {
    type Err = AllowError;

    fn from_str(text: &str) -> Result<Self, AllowError> {
        let refuse = || AllowError {
            got: text.to_owned(),
        };
        if let Ok(address) = text.parse::<IpAddr>() {
            let bits = if address.is_ipv4() { 32 } else { 128 };
            return Ok(Self::Network(address, bits));
        }
        if let Some((network, bits)) = text.split_once('/') {
            let network: IpAddr = network.parse().map_err(|_| refuse())?;
            let longest = if network.is_ipv4() { 32 } else { 128 };
            let bits = bits.parse().ok().filter(|bits| *bits <= longest);
            return Ok(Self::Network(network, bits.ok_or_else(refuse)?));
        }
        let is_name = !text.is_empty()
            && text.len() <= 253
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        if is_name {
            Ok(Self::Host(plain(text)))
        } else {
            Err(refuse())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(entries: &[&str]) -> Result<Allow, AllowError> {
        let entries: Vec<String> = entries.iter().map(|text| (*text).to_owned()).collect();
        Allow::new(&entries)
    }

    #[test]
    fn hosts_addresses_and_networks_are_told_apart() {
        let allow = allow(&["Files.Example.", "10.1.0.0/16", "::1"]).unwrap();
        assert!(allow.has_host("files.example") && allow.has_host("FILES.example."));
        assert!(!allow.has_host("other.files.example") && !allow.has_host("10.1.0.1"));
        assert!(allow.has_address("10.1.255.255".parse().unwrap()));
        assert!(!allow.has_address("10.2.0.0".parse().unwrap()));
        assert!(allow.has_address("::1".parse().unwrap()));
        assert!(!allow.has_address("::2".parse().unwrap()));
        assert!(!Allow::default().has_address("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for text in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "a b",
            "http://a",
            "*",
        ] {
            assert!(allow(&[text]).is_err(), "{text:?} was taken");
        }
    }
}
