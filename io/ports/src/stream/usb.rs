//! The USB printer class (USB-IF, "Universal Serial Bus Device Class Definition for Printing Devices",
//! version 1.1): which interface it is, what its port status and its device id mean; and the two sides.
//!
//! Linux talks to the interface itself and gives it back to the system's printer driver afterwards.
//! Windows opens the device file of that driver (`usbprint`), so that no driver has to be exchanged.

#[cfg(target_os = "linux")]
#[path = "usb/linux.rs"]
mod side;
#[cfg(windows)]
#[path = "usb/windows.rs"]
mod side;

use cueline_model::{Fault, FaultCode};

pub(super) use side::open;
pub(crate) use side::plugged;

use crate::address::UsbDevice;

/// Whether a device is the one that an address means.
fn is_meant(address: Option<&UsbDevice>, plugged: &UsbDevice) -> bool {
    address.is_none_or(|wanted| {
        (wanted.vendor, wanted.product) == (plugged.vendor, plugged.product)
            && (wanted.serial.is_none() || wanted.serial == plugged.serial)
    })
}

/// Which of the devices that are plugged in an address means.
fn choose<'a>(
    address: Option<&UsbDevice>,
    peer: &str,
    plugged: impl Iterator<Item = &'a UsbDevice>,
) -> Result<usize, Fault> {
    let found: Vec<(usize, &UsbDevice)> = plugged
        .enumerate()
        .filter(|(_, device)| is_meant(address, device))
        .collect();
    match found.as_slice() {
        [(index, _)] => Ok(*index),
        [] => Err(Fault::new(
            FaultCode::Unreachable,
            format!(
                "The ticket printer {peer} is not plugged in: check that it is switched on and its \
                 USB cable is in."
            ),
        )),
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|(_, device)| format!("usb://{device}"))
                .collect();
            Err(Fault::new(
                FaultCode::PortError,
                format!(
                    "More than one printer fits {peer}: write in the settings which one is meant ({}).",
                    names.join(", ")
                ),
            ))
        }
    }
}

/// What a port status (GET_PORT_STATUS, section 4.2.2) says is wrong. Printers that do not know it say
/// 18 hexadecimal: no error, selected, paper there.
fn port_status_fault(status: u8) -> Option<Fault> {
    const NOT_ERROR: u8 = 0x08;
    const SELECTED: u8 = 0x10;
    const PAPER_EMPTY: u8 = 0x20;
    if status & PAPER_EMPTY != 0 {
        Some(Fault::new(
            FaultCode::PaperOut,
            "The ticket printer is out of paper: put in a new roll; printing goes on by itself.",
        ))
    } else if status & SELECTED == 0 {
        Some(Fault::new(
            FaultCode::Offline,
            "The ticket printer is off line: press its feed or on-line button, or switch it off and \
             on again.",
        ))
    } else if status & NOT_ERROR == 0 {
        Some(Fault::new(
            FaultCode::DeviceError,
            "The ticket printer reports an error: look at its lamps or display, close its cover, or \
             switch it off and on again.",
        ))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(text: &str) -> UsbDevice {
        match format!("usb://{text}").parse() {
            Ok(crate::PortAddress::Usb {
                device: Some(device),
            }) => device,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn one_device_is_chosen_and_nothing_is_guessed() {
        let plugged = [
            device("04b8:0e15/A1"),
            device("04b8:0e15/A2"),
            device("0a5f:0166"),
        ];
        let chosen = |address: &str| {
            let address = (!address.is_empty()).then(|| device(address));
            choose(address.as_ref(), "usb://", plugged.iter()).map_err(|fault| fault.code)
        };
        assert_eq!(chosen("0a5f:0166"), Ok(2));
        assert_eq!(chosen("04b8:0e15/A2"), Ok(1));
        assert_eq!(chosen("04b8:0e15"), Err(FaultCode::PortError));
        assert_eq!(chosen(""), Err(FaultCode::PortError));
        assert_eq!(chosen("04b8:0e15/A3"), Err(FaultCode::Unreachable));
        assert_eq!(choose(None, "usb://", plugged[2..].iter()), Ok(0));
    }

    #[test]
    fn port_status_is_read_as_the_class_defines_it() {
        let code = |status| port_status_fault(status).map(|fault| fault.code);
        assert_eq!(code(0x18), None);
        assert_eq!(code(0x38), Some(FaultCode::PaperOut));
        assert_eq!(code(0x08), Some(FaultCode::Offline));
        assert_eq!(code(0x10), Some(FaultCode::DeviceError));
    }
}
