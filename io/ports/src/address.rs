//! Where a printer is reached, as written in settings.

mod parse;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use cueline_model::Sha256;

/// Where a printer is reached. Reads back as written, with what was left out filled in.
///
/// | Written | Means |
/// |---|---|
/// | `tcp://192.0.2.7:9100`, `tcp://printer.local:9100`, `tcp://[2001:db8::7]:9100` | raw TCP |
/// | `serial:///dev/ttyUSB0?baud=9600&flow=rtscts`, `serial://COM3?baud=19200` | serial line; `flow` is `none`, `rtscts` or `xonxoff`, `parity` is `none`, `even` or `odd` |
/// | `usb://04b8:0e15`, `usb://04b8:0e15/X5TR001`, `usb://` | USB printer class by vendor, product and serial number, or the only printer there is |
/// | `file:///dev/usb/lp0`, `file:///var/spool/tickets.bin` | device file or plain file |
/// | `file:///C:\tickets.bin`, `file:///\\.\LPT1` | the same on Windows |
/// | `ipp://192.0.2.7/ipp/print`, `ipps://printer.local:631/ipp/print` | a driverless printer, or a queue of a print server, by IPP; `ipps` with TLS, and `?pin=` and the SHA-256 of a certificate that nobody else vouches for |
/// | `spool://Box office` | a queue of this system: CUPS, or the Windows spooler |
///
/// Paths, serial numbers and queue names stand as they are: no percent-encoding (but an IPP path is
/// sent as written).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PortAddress {
    /// A TCP port that takes bytes as they come, usually 9100.
    Tcp {
        /// Name or number; an IPv6 address without brackets.
        host: String,
        /// Never 0.
        port: u16,
    },
    /// A serial line.
    Serial {
        /// `/dev/ttyUSB0` or `COM3`.
        port: String,
        /// How the line is set.
        line: SerialLine,
    },
    /// A printer on the USB.
    Usb {
        /// Which; the only one if not given.
        device: Option<UsbDevice>,
    },
    /// A file or a device that is opened like one.
    File {
        /// Absolute on the system it is meant for.
        path: PathBuf,
    },
    /// A printer or queue that speaks the Internet Printing Protocol (RFC 8011).
    Ipp {
        /// `ipps`: with TLS.
        tls: bool,
        /// Name or number; an IPv6 address without brackets.
        host: String,
        /// Never 0; 631 if not written.
        port: u16,
        /// From the first slash on, as it is sent.
        path: String,
        /// The one certificate that is believed, by the SHA-256 of its DER form: for a printer that shows
        /// one it made itself.
        pin: Option<Sha256>,
    },
    /// A queue of the system's own spooler.
    Spool {
        /// Its name.
        queue: String,
    },
}

/// How a serial line is set; always 8 data bits and 1 stop bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SerialLine {
    /// Bits a second; 9600 if not written.
    pub baud: u32,
    /// Who says that the printer can take no more.
    pub flow: Flow,
    /// The parity bit.
    pub parity: Parity,
}

impl SerialLine {
    /// How long a byte is on the line: a start bit, eight of data, a parity bit where there is one, a
    /// stop bit.
    pub(crate) fn time_a_byte(self) -> Duration {
        let bits = if self.parity == Parity::None { 10 } else { 11 };
        Duration::from_secs(bits) / self.baud.max(1)
    }
}

impl Default for SerialLine {
    fn default() -> Self {
        Self {
            baud: 9600,
            flow: Flow::None,
            parity: Parity::None,
        }
    }
}

/// Who says that a serial printer can take no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flow {
    /// Nobody but the printer's language.
    None,
    /// Two wires, RTS and CTS.
    RtsCts,
    /// The bytes 11 and 13, watched for by the system.
    XonXoff,
}

/// The parity bit of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Parity {
    /// None.
    None,
    /// Even.
    Even,
    /// Odd.
    Odd,
}

/// One USB device.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UsbDevice {
    /// Its maker.
    pub vendor: u16,
    /// Its model.
    pub product: u16,
    /// Its serial number, where two of a model are plugged in.
    pub serial: Option<String>,
}

/// Why a text is not a port's address. `got` is the text that was given, cut to 200 characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// None of the known kinds.
    #[error(
        "a printer's address starts with tcp://, serial://, usb://, file://, ipp://, ipps:// or \
         spool://, as in tcp://192.0.2.7:9100 or usb://; got {got:?}"
    )]
    Scheme {
        /// The text.
        got: String,
    },
    /// No host, or what no host's name contains.
    #[error("expected a host after {scheme}://, as in {scheme}://192.0.2.7{example}; got {got:?}")]
    Host {
        /// The kind of address.
        scheme: &'static str,
        /// How such an address goes on.
        example: &'static str,
        /// The text.
        got: String,
    },
    /// Without a port from 1 to 65535.
    #[error(
        "expected a port from 1 to 65535 after the host, as in {scheme}://192.0.2.7{example}; got {got:?}"
    )]
    Port {
        /// The kind of address.
        scheme: &'static str,
        /// How such an address goes on.
        example: &'static str,
        /// The text.
        got: String,
    },
    /// `file://` without an absolute path, or an IPP path with what no URI's path contains.
    #[error("expected {expected}; got {got:?}")]
    Path {
        /// What would have been right.
        expected: &'static str,
        /// The text.
        got: String,
    },
    /// `serial://` without a port, or with a setting that is none.
    #[error(
        "expected {expected}, as in serial:///dev/ttyUSB0?baud=9600&flow=rtscts or \
         serial://COM3?baud=19200; got {got:?}"
    )]
    Serial {
        /// What would have been right.
        expected: &'static str,
        /// The text.
        got: String,
    },
    /// `usb://` with what is neither nothing nor a device.
    #[error(
        "expected nothing after usb:// (the only printer) or VENDOR:PRODUCT in hexadecimal, as in \
         usb://04b8:0e15 or usb://04b8:0e15/SERIAL; got {got:?}"
    )]
    Usb {
        /// The text.
        got: String,
    },
    /// `spool://` without the name of a queue.
    #[error(
        "expected the name of a queue after spool://, 1 to 220 printable characters, as in \
         spool://Box office; got {got:?}"
    )]
    Queue {
        /// The text.
        got: String,
    },
}

impl FromStr for PortAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        parse::address(text)
    }
}

impl fmt::Display for PortAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } => write!(f, "tcp://{}:{port}", Host(host)),
            Self::Serial { port, line } => {
                write!(f, "serial://{port}?baud={}&flow={}", line.baud, line.flow)?;
                match line.parity {
                    Parity::None => Ok(()),
                    Parity::Even => f.write_str("&parity=even"),
                    Parity::Odd => f.write_str("&parity=odd"),
                }
            }
            Self::Usb { device: None } => f.write_str("usb://"),
            Self::Usb {
                device: Some(device),
            } => write!(f, "usb://{device}"),
            Self::File { path } => {
                let slash = if needs_slash(path) { "/" } else { "" };
                write!(f, "file://{slash}{}", path.display())
            }
            Self::Ipp {
                tls,
                host,
                port,
                path,
                pin,
            } => {
                let scheme = if *tls { "ipps" } else { "ipp" };
                match port {
                    631 => write!(f, "{scheme}://{}{path}", Host(host))?,
                    _ => write!(f, "{scheme}://{}:{port}{path}", Host(host))?,
                }
                match pin {
                    Some(pin) => write!(f, "?pin={pin}"),
                    None => Ok(()),
                }
            }
            Self::Spool { queue } => write!(f, "spool://{queue}"),
        }
    }
}

impl fmt::Display for UsbDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vendor, self.product)?;
        match &self.serial {
            Some(serial) => write!(f, "/{serial}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::RtsCts => "rtscts",
            Self::XonXoff => "xonxoff",
        })
    }
}

/// A host as it stands in a URI: IPv6 addresses in brackets.
pub(crate) struct Host<'a>(pub &'a str);

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.contains(':') {
            write!(f, "[{}]", self.0)
        } else {
            f.write_str(self.0)
        }
    }
}

fn needs_slash(path: &Path) -> bool {
    !path.to_string_lossy().starts_with('/')
}

#[cfg(test)]
mod tests;
