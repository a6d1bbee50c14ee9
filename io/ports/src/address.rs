//! Where a printer is reached, as written in settings.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where a printer is reached. Reads back as written.
///
/// | Written | Means |
/// |---|---|
/// | `tcp://192.0.2.7:9100`, `tcp://printer.local:9100`, `tcp://[2001:db8::7]:9100` | raw TCP |
/// | `file:///dev/usb/lp0`, `file:///var/spool/tickets.bin` | device file or plain file |
/// | `file:///C:\tickets.bin`, `file:///\\.\COM3`, `file:///\\.\LPT1` | the same on Windows |
///
/// Paths stand as they are: no percent-encoding.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PortAddress {
    /// A TCP port that takes bytes as they come, usually 9100.
    Tcp {
        /// Name or number; an IPv6 address without brackets.
        host: String,
        /// Never 0.
        port: u16,
    },
    /// A file or a device that is opened like one.
    File {
        /// Absolute on the system it is meant for.
        path: PathBuf,
    },
}

/// Why a text is not a port's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Neither of the known kinds.
    #[error(
        "a printer's address starts with tcp:// or file://, as in tcp://192.0.2.7:9100 or file:///dev/usb/lp0; got {got:?}"
    )]
    Scheme {
        /// The text that was given, cut to 200 characters.
        got: String,
    },
    /// `tcp://` with no host in it, or with what no host's name contains.
    #[error("expected a host after tcp://, as in tcp://192.0.2.7:9100; got {got:?}")]
    Host {
        /// The text that was given, cut to 200 characters.
        got: String,
    },
    /// `tcp://` without a port from 1 to 65535.
    #[error(
        "expected a port from 1 to 65535 after the host, as in tcp://192.0.2.7:9100 (9100 is the usual one); got {got:?}"
    )]
    Port {
        /// The text that was given, cut to 200 characters.
        got: String,
    },
    /// `file://` without an absolute path.
    #[error(
        "expected an absolute path after file://, as in file:///dev/usb/lp0 or file:///\\\\.\\COM3; got {got:?}"
    )]
    Path {
        /// The text that was given, cut to 200 characters.
        got: String,
    },
}

impl FromStr for PortAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let got = || text.chars().take(200).collect::<String>();
        if let Some(rest) = text.strip_prefix("tcp://") {
            tcp(rest, got)
        } else if let Some(rest) = text.strip_prefix("file://") {
            file(rest).ok_or_else(|| AddressError::Path { got: got() })
        } else {
            Err(AddressError::Scheme { got: got() })
        }
    }
}

fn tcp(rest: &str, got: impl Fn() -> String) -> Result<PortAddress, AddressError> {
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
        Some((host, after)) => (host, after.strip_prefix(':')),
        None => match rest.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        },
    };
    let bracketed = rest.starts_with('[');
    let fits = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '.' | '-' | '_')
            || (bracketed && matches!(c, ':' | '%'))
    };
    if host.is_empty() || !host.chars().all(fits) {
        return Err(AddressError::Host { got: got() });
    }
    match port.and_then(|port| port.parse::<u16>().ok()) {
        Some(port) if port > 0 => Ok(PortAddress::Tcp {
            host: host.to_owned(),
            port,
        }),
        _ => Err(AddressError::Port { got: got() }),
    }
}

fn file(rest: &str) -> Option<PortAddress> {
    let after_slash = rest.strip_prefix('/')?;
    let path = if is_windows_path(after_slash) {
        after_slash
    } else {
        rest
    };
    (path.len() > 1 && !path.contains('\0')).then(|| PortAddress::File {
        path: PathBuf::from(path),
    })
}

/// `C:\…`, `C:/…`, `\\server\…` or `\\.\COM3`.
fn is_windows_path(path: &str) -> bool {
    let bytes = path.as_bytes();
    path.starts_with(r"\\")
        || matches!(bytes, [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic())
}

impl fmt::Display for PortAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Self::File { path } => {
                let slash = if needs_slash(path) { "/" } else { "" };
                write!(f, "file://{slash}{}", path.display())
            }
        }
    }
}

fn needs_slash(path: &Path) -> bool {
    !path.to_string_lossy().starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_as_written() {
        for text in [
            "tcp://192.0.2.7:9100",
            "tcp://printer-1.local:65535",
            "tcp://[2001:db8::7]:9100",
            "file:///dev/usb/lp0",
            "file:///var/spool/with space.bin",
            r"file:///C:\tickets\out.bin",
            r"file:///\\.\COM3",
        ] {
            let address: PortAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert_eq!(address.to_string().parse::<PortAddress>(), Ok(address));
        }
    }

    #[test]
    fn paths_are_what_the_system_opens() {
        for (text, wanted) in [
            ("file:///dev/usb/lp0", "/dev/usb/lp0"),
            (r"file:///C:\out.bin", r"C:\out.bin"),
            ("file:///C:/out.bin", "C:/out.bin"),
            (r"file:///\\.\LPT1", r"\\.\LPT1"),
        ] {
            let wanted = PortAddress::File {
                path: PathBuf::from(wanted),
            };
            assert_eq!(text.parse(), Ok(wanted));
        }
    }

    #[test]
    fn what_is_wrong_is_said_by_kind() {
        let kind = |text: &str| match text.parse::<PortAddress>().unwrap_err() {
            AddressError::Scheme { .. } => "scheme",
            AddressError::Host { .. } => "host",
            AddressError::Port { .. } => "port",
            AddressError::Path { .. } => "path",
        };
        let table = [
            (
                "scheme",
                &["", "192.0.2.7:9100", "usb://x", "TCP://h:1"][..],
            ),
            (
                "host",
                &[
                    "tcp://",
                    "tcp://:9100",
                    "tcp://a b:9100",
                    "tcp://a:b:9100",
                    "tcp://[]:1",
                    "tcp://u@h:1",
                ],
            ),
            (
                "port",
                &[
                    "tcp://h",
                    "tcp://h:",
                    "tcp://h:0",
                    "tcp://h:65536",
                    "tcp://h:-1",
                    "tcp://[::1]",
                    "tcp://[::1]9100",
                ],
            ),
            (
                "path",
                &[
                    "file://",
                    "file:///",
                    "file://host/x",
                    "file://relative",
                    "file:///a\0b",
                ],
            ),
        ];
        for (wanted, texts) in table {
            for text in texts {
                assert_eq!(kind(text), wanted, "{text:?}");
            }
        }
    }
}
