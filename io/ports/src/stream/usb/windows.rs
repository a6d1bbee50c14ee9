//! USB printers on Windows: the device files of the system's own driver, `usbprint`.
//!
//! The driver registers each under one interface class; the names carry vendor, product and serial
//! number: `##?#USB#VID_04B8&PID_0E15#X5TR001#{28d78fad-5a12-11d1-ae5b-0000f803a8c2}`.

use std::io;
use std::path::Path;

use cueline_model::Fault;
use windows_registry::LOCAL_MACHINE;

use super::super::cannot_open;
use super::super::device_id::DeviceId;
use super::super::overlapped::Overlapped;
use super::choose;
use crate::address::UsbDevice;

/// GUID_DEVINTERFACE_USBPRINT.
const CLASS: &str = "{28d78fad-5a12-11d1-ae5b-0000f803a8c2}";
const CLASSES: &str = r"SYSTEM\CurrentControlSet\Control\DeviceClasses";

/// A printer that is plugged in.
#[derive(Debug, Clone)]
pub(crate) struct Plugged {
    /// What it is addressed by.
    pub(crate) device: UsbDevice,
    /// What it calls itself; the driver's list does not say.
    pub(crate) name: Option<String>,
    /// Its device id; the driver's list does not have it.
    pub(crate) id: DeviceId,
    path: String,
}

/// The printers that are plugged in.
pub(crate) async fn plugged() -> io::Result<Vec<Plugged>> {
    let Ok(class) = LOCAL_MACHINE.open(format!(r"{CLASSES}\{CLASS}")) else {
        // No USB printer was ever plugged in.
        return Ok(Vec::new());
    };
    let names = class.keys().map_err(io::Error::other)?;
    Ok(names
        .filter(|name| {
            // Those that are unplugged stay in the list, not linked.
            class
                .open(format!(r"{name}\#\Control"))
                .and_then(|control| control.get_u32("Linked"))
                .is_ok_and(|linked| linked == 1)
        })
        .filter_map(|name| parse(&name))
        .collect())
}

/// Reads a name of the driver's list.
fn parse(name: &str) -> Option<Plugged> {
    let path = format!(r"\\?\{}", name.strip_prefix("##?#")?);
    let mut parts = name.strip_prefix("##?#")?.split('#');
    let (bus, ids, serial) = (parts.next()?, parts.next()?, parts.next()?);
    if !bus.eq_ignore_ascii_case("usb") {
        return None;
    }
    let id = |key: &str| {
        ids.split('&')
            .find_map(|part| {
                part.to_ascii_uppercase()
                    .strip_prefix(key)
                    .map(str::to_owned)
            })
            .and_then(|digits| u16::from_str_radix(&digits, 16).ok())
    };
    Some(Plugged {
        device: UsbDevice {
            vendor: id("VID_")?,
            product: id("PID_")?,
            // Windows makes one up, with `&` in it, where the device has none.
            serial: Some(serial.to_owned()).filter(|serial| !serial.contains('&')),
        },
        name: None,
        id: DeviceId::default(),
        path,
    })
}

/// Opens the printer that an address means.
pub(crate) async fn open(address: Option<&UsbDevice>, peer: &str) -> Result<Overlapped, Fault> {
    let found = plugged().await.map_err(|error| cannot_open(peer, &error))?;
    let index = choose(address, peer, found.iter().map(|plugged| &plugged.device))?;
    Overlapped::open(Path::new(&found[index].path)).map_err(|error| cannot_open(peer, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_drivers_list_are_read() {
        let name = format!("##?#USB#VID_04B8&PID_0E15#X5TR001#{CLASS}");
        let plugged = parse(&name).unwrap();
        assert_eq!(plugged.device.to_string(), "04b8:0e15/X5TR001");
        assert_eq!(
            plugged.path,
            format!(r"\\?\USB#VID_04B8&PID_0E15#X5TR001#{CLASS}")
        );
        let made_up = format!("##?#USB#VID_0a5f&PID_0166&MI_00#7&1a2b&0&0000#{CLASS}");
        assert_eq!(parse(&made_up).unwrap().device.to_string(), "0a5f:0166");
        assert!(parse("##?#LPTENUM#x#y").is_none());
    }
}
