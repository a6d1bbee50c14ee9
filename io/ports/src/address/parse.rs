//! From the text of settings to an address.

use std::path::PathBuf;

use super::{AddressError, Flow, Parity, PortAddress, SerialLine, UsbDevice};

/// The longest queue name: what Windows takes; CUPS takes less.
const QUEUE_CHARS_MAX: usize = 220;
/// The port of IPP (RFC 8010, section 4.1).
const IPP_PORT: u16 = 631;
/// What driverless printers are reached at (PWG 5100.14).
const IPP_PATH: &str = "/ipp/print";

pub(super) fn address(text: &str) -> Result<PortAddress, AddressError> {
    let got = || text.chars().take(200).collect::<String>();
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(AddressError::Scheme { got: got() });
    };
    match scheme {
        "tcp" => tcp(rest, &got),
        "serial" => serial(rest, &got),
        "usb" => usb(rest).ok_or_else(|| AddressError::Usb { got: got() }),
        "file" => file(rest).ok_or_else(|| AddressError::Path {
            expected: "an absolute path after file://, as in file:///dev/usb/lp0 or file:///\\\\.\\LPT1",
            got: got(),
        }),
        "ipp" => ipp("ipp", rest, &got),
        "ipps" => ipp("ipps", rest, &got),
        "spool" => spool(rest).ok_or_else(|| AddressError::Queue { got: got() }),
        _ => Err(AddressError::Scheme { got: got() }),
    }
}

fn tcp(rest: &str, got: &impl Fn() -> String) -> Result<PortAddress, AddressError> {
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (scheme, example) = ("tcp", ":9100 (9100 is the usual one)");
    match host_and_port(rest) {
        None => Err(AddressError::Host {
            scheme,
            example: ":9100",
            got: got(),
        }),
        Some((host, Some(port))) if port > 0 => Ok(PortAddress::Tcp { host, port }),
        Some(_) => Err(AddressError::Port {
            scheme,
            example,
            got: got(),
        }),
    }
}

fn ipp(
    scheme: &'static str,
    rest: &str,
    got: &impl Fn() -> String,
) -> Result<PortAddress, AddressError> {
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    let example = "/ipp/print";
    let Some((host, port)) = host_and_port(authority) else {
        return Err(AddressError::Host {
            scheme,
            example,
            got: got(),
        });
    };
    let after_host = authority.rsplit(']').next().unwrap_or(authority);
    let port = match port {
        Some(port) if port > 0 => port,
        None if !after_host.contains(':') => IPP_PORT,
        _ => {
            return Err(AddressError::Port {
                scheme,
                example: ":631/ipp/print",
                got: got(),
            });
        }
    };
    let (path, pin) = match path.split_once("?pin=") {
        None => (path, None),
        Some((path, pin)) => match pin.parse() {
            Ok(pin) if scheme == "ipps" => (path, Some(pin)),
            _ => {
                return Err(AddressError::Path {
                    expected: "64 lower-case hexadecimal digits after ?pin=, and that with ipps:// only",
                    got: got(),
                });
            }
        },
    };
    let in_a_path = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}?#".contains(c);
    if !path.chars().all(in_a_path) {
        return Err(AddressError::Path {
            expected: "a path of letters, digits and %xx after the host, as in ipp://192.0.2.7/ipp/print",
            got: got(),
        });
    }
    Ok(PortAddress::Ipp {
        tls: scheme == "ipps",
        host,
        port,
        path: match path {
            "" | "/" => IPP_PATH.to_owned(),
            path => path.to_owned(),
        },
        pin,
    })
}

/// The host and, where there is a colon with digits after it, the port; `None` for a host that is none.
fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((host, after)) => (host, after.strip_prefix(':')),
        None => match authority.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let bracketed = authority.starts_with('[');
    let fits = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '.' | '-' | '_')
            || (bracketed && matches!(c, ':' | '%'))
    };
    if host.is_empty() || !host.chars().all(fits) {
        return None;
    }
    let junk_after_bracket = bracketed && port.is_none() && !authority.ends_with(']');
    let port = port.filter(|_| !junk_after_bracket);
    Some((
        host.to_owned(),
        port.filter(|port| port.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|port| port.parse().ok()),
    ))
}

fn serial(rest: &str, got: &impl Fn() -> String) -> Result<PortAddress, AddressError> {
    let refuse = |expected| AddressError::Serial {
        expected,
        got: got(),
    };
    let (port, settings) = rest.split_once('?').unwrap_or((rest, ""));
    let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_port = match port.strip_prefix('/') {
        Some(path) => !path.is_empty() && !path.chars().any(char::is_control),
        None => !port.is_empty() && is_name(port),
    };
    if !is_port {
        return Err(refuse("a serial port after serial://"));
    }
    let mut line = SerialLine::default();
    for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
        match setting.split_once('=') {
            Some(("baud", baud)) => {
                line.baud = baud
                    .parse()
                    .ok()
                    .filter(|baud| (50..=4_000_000).contains(baud))
                    .ok_or_else(|| refuse("baud from 50 to 4000000"))?;
            }
            Some(("flow", "none")) => line.flow = Flow::None,
            Some(("flow", "rtscts")) => line.flow = Flow::RtsCts,
            Some(("flow", "xonxoff")) => line.flow = Flow::XonXoff,
            Some(("flow", _)) => return Err(refuse("flow none, rtscts or xonxoff")),
            Some(("parity", "none")) => line.parity = Parity::None,
            Some(("parity", "even")) => line.parity = Parity::Even,
            Some(("parity", "odd")) => line.parity = Parity::Odd,
            Some(("parity", _)) => return Err(refuse("parity none, even or odd")),
            _ => return Err(refuse("the settings baud, flow and parity only")),
        }
    }
    Ok(PortAddress::Serial {
        port: port.to_owned(),
        line,
    })
}

fn usb(rest: &str) -> Option<PortAddress> {
    if rest.is_empty() {
        return Some(PortAddress::Usb { device: None });
    }
    let (ids, serial) = match rest.split_once('/') {
        Some((ids, serial)) => (ids, Some(serial)),
        None => (rest, None),
    };
    let (vendor, product) = ids.split_once(':')?;
    let id = |digits: &str| {
        let all_digits = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        u16::from_str_radix(digits, 16).ok().filter(|_| all_digits)
    };
    let serial = match serial {
        None | Some("") => None,
        Some(serial) if serial.len() <= 126 && !serial.chars().any(char::is_control) => {
            Some(serial.to_owned())
        }
        Some(_) => return None,
    };
    Some(PortAddress::Usb {
        device: Some(UsbDevice {
            vendor: id(vendor)?,
            product: id(product)?,
            serial,
        }),
    })
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

fn spool(rest: &str) -> Option<PortAddress> {
    let fits = (1..=QUEUE_CHARS_MAX).contains(&rest.chars().count())
        && !rest.chars().any(char::is_control);
    fits.then(|| PortAddress::Spool {
        queue: rest.to_owned(),
    })
}
