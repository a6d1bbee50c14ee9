//! What is plugged into this computer: USB printers, serial ports.

use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use super::Found;
use crate::stream::usb;
use crate::{PortAddress, SerialLine};

/// USB printers, by what they call themselves.
pub(super) async fn usb(within: Duration) -> Vec<Found> {
    let listed = match timeout(within, usb::plugged()).await {
        Ok(Ok(listed)) => listed,
        Ok(Err(error)) => {
            tracing::debug!("cannot list USB devices: {error}");
            Vec::new()
        }
        Err(_) => Vec::new(),
    };
    listed
        .into_iter()
        .map(|plugged| {
            let address = PortAddress::Usb {
                device: Some(plugged.device),
            };
            let name = plugged
                .id
                .name()
                .or(plugged.name.clone())
                .unwrap_or_else(|| address.to_string());
            let reported = format!("{name} {}", plugged.name.unwrap_or_default());
            Found::new(name, address, &reported, plugged.id.language())
        })
        .collect()
}

/// Serial ports; what is at their other end is not known before something is sent.
pub(super) fn serial() -> Vec<Found> {
    let ports = serial2_tokio::SerialPort::available_ports().unwrap_or_default();
    ports
        .into_iter()
        .filter(|port| is_there(port))
        .map(|port| {
            let port = port.display().to_string();
            let address = PortAddress::Serial {
                port: port.clone(),
                line: SerialLine::default(),
            };
            Found {
                name: format!("Serial port {port}"),
                address,
                language: None,
                model: None,
            }
        })
        .collect()
}

/// Linux keeps device files for ports that no machine has; their type is 0, "unknown".
fn is_there(port: &Path) -> bool {
    let Some(name) = port.file_name() else {
        return false;
    };
    let kind = Path::new("/sys/class/tty").join(name).join("type");
    std::fs::read_to_string(kind).map_or(true, |kind| kind.trim() != "0")
}
