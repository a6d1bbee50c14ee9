//! USB printers on Linux: the interface is claimed, its kernel driver sent away and called back.

use std::io;
use std::path::Path;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use cueline_model::{Fault, FaultCode};
use nusb::descriptors::{InterfaceDescriptor, TransferType};
use nusb::transfer::{
    Buffer, Bulk, ControlIn, ControlType, Direction, In, Out, Recipient, TransferError,
};
use nusb::{DeviceInfo, Endpoint, Interface};

use super::super::device_id::DeviceId;
use super::super::pause::Pause;
use super::super::{Stream, cannot_open};
use super::{choose, port_status_fault};
use crate::address::UsbDevice;
use crate::faults;

/// The USB class of printers.
const CLASS_PRINTER: u8 = 7;
/// Its only subclass.
const SUBCLASS_PRINTER: u8 = 1;
/// Carries bytes one way.
const UNIDIRECTIONAL: u8 = 1;
/// Carries bytes both ways.
const BIDIRECTIONAL: u8 = 2;
/// Bytes handed over in one transfer; those of one that is under way may be leaving.
const WRITE_BYTES: usize = 16 * 1024;
/// Bytes of one read, a multiple of every packet size.
const READ_BYTES: usize = 4096;
/// How long a printer may take to answer on the control endpoint.
const CONTROL_WITHIN: Duration = Duration::from_millis(500);

/// A printer that is plugged in.
#[derive(Debug, Clone)]
pub(crate) struct Plugged {
    /// What it is addressed by.
    pub(crate) device: UsbDevice,
    /// What it calls itself, by its USB strings.
    pub(crate) name: Option<String>,
    /// Its device id, where the system's driver has asked for it.
    pub(crate) id: DeviceId,
}

/// The printers that are plugged in.
pub(crate) async fn plugged() -> io::Result<Vec<Plugged>> {
    Ok(printers().await?.iter().map(describe).collect())
}

async fn printers() -> io::Result<Vec<DeviceInfo>> {
    let is_printer = |device: &DeviceInfo| {
        device
            .interfaces()
            .any(|interface| interface.class() == CLASS_PRINTER)
    };
    Ok(nusb::list_devices().await?.filter(is_printer).collect())
}

fn describe(info: &DeviceInfo) -> Plugged {
    let shown = |text: Option<&str>| text.map(str::trim).unwrap_or_default().to_owned();
    let (maker, product) = (
        shown(info.manufacturer_string()),
        shown(info.product_string()),
    );
    let name = if product.starts_with(&maker) {
        product
    } else {
        format!("{maker} {product}")
    };
    Plugged {
        device: UsbDevice {
            vendor: info.vendor_id(),
            product: info.product_id(),
            serial: info
                .serial_number()
                .filter(|serial| !serial.is_empty() && !serial.chars().any(char::is_control))
                .map(str::to_owned),
        },
        name: Some(name.trim().to_owned()).filter(|name| !name.is_empty()),
        id: device_id(info.sysfs_path()),
    }
}

/// What the kernel's driver (`usblp`) wrote down of the device when it was plugged in: asking the device
/// itself would mean to take it away from whoever prints on it.
fn device_id(device: &Path) -> DeviceId {
    let interfaces = std::fs::read_dir(device).into_iter().flatten().flatten();
    let mut ids = interfaces
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("ieee1284_id")).ok());
    ids.next()
        .map(|text| DeviceId::parse(&text))
        .unwrap_or_default()
}

/// A claimed printer. Dropped, it goes back to the system's driver.
#[derive(Debug)]
pub(crate) struct Usb {
    out: Endpoint<Bulk, Out>,
    /// Where the printer can answer.
    back: Option<Endpoint<Bulk, In>>,
    /// What came and was not taken yet.
    came: Vec<u8>,
    pause: Pause,
    port_fault: Option<Fault>,
    /// Kept last: the endpoints go first.
    _interface: Interface,
}

/// Claims the printer that an address means.
pub(crate) async fn open(address: Option<&UsbDevice>, peer: &str) -> Result<Usb, Fault> {
    let failed = |error: nusb::Error| match error.kind() {
        nusb::ErrorKind::Busy => faults::in_use(peer),
        _ => cannot_open(peer, &error.into()),
    };
    let found = printers()
        .await
        .map_err(|error| cannot_open(peer, &error))?;
    let devices: Vec<UsbDevice> = found.iter().map(|info| describe(info).device).collect();
    let index = choose(address, peer, devices.iter())?;
    let device = found[index].open().await.map_err(failed)?;
    let configuration = device
        .active_configuration()
        .map_err(|error| cannot_open(peer, &io::Error::other(error)))?;
    let wanted = configuration
        .interface_alt_settings()
        .filter_map(|interface| Choice::of(&interface))
        .max_by_key(|choice| choice.back.is_some())
        .ok_or_else(|| {
            Fault::new(
                FaultCode::PortError,
                format!("The printer {peer} has no interface that takes print data: it cannot be used over USB."),
            )
        })?;
    let interface = device
        .detach_and_claim_interface(wanted.number)
        .await
        .map_err(failed)?;
    interface
        .set_alt_setting(wanted.alternate)
        .await
        .map_err(failed)?;
    let port_fault = port_status(&interface).await.and_then(port_status_fault);
    Ok(Usb {
        out: interface.endpoint(wanted.out).map_err(failed)?,
        back: wanted
            .back
            .map(|address| interface.endpoint(address))
            .transpose()
            .map_err(failed)?,
        came: Vec::new(),
        pause: Pause::default(),
        port_fault,
        _interface: interface,
    })
}

/// An interface that takes print data, and its endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Choice {
    number: u8,
    alternate: u8,
    out: u8,
    back: Option<u8>,
}

impl Choice {
    fn of(interface: &InterfaceDescriptor<'_>) -> Option<Self> {
        let is_printer =
            (interface.class(), interface.subclass()) == (CLASS_PRINTER, SUBCLASS_PRINTER);
        if !is_printer || !matches!(interface.protocol(), UNIDIRECTIONAL | BIDIRECTIONAL) {
            return None;
        }
        let bulk = |direction| {
            interface
                .endpoints()
                .find(|end| {
                    end.transfer_type() == TransferType::Bulk && end.direction() == direction
                })
                .map(|end| end.address())
        };
        Some(Self {
            number: interface.interface_number(),
            alternate: interface.alternate_setting(),
            out: bulk(Direction::Out)?,
            back: bulk(Direction::In).filter(|_| interface.protocol() == BIDIRECTIONAL),
        })
    }
}

/// GET_PORT_STATUS (section 4.2.2). Many printers do not answer.
async fn port_status(interface: &Interface) -> Option<u8> {
    let question = ControlIn {
        control_type: ControlType::Class,
        recipient: Recipient::Interface,
        request: 1,
        value: 0,
        index: u16::from(interface.interface_number()),
        length: 1,
    };
    let answer = interface.control_in(question, CONTROL_WITHIN).await;
    answer.ok()?.first().copied()
}

impl Stream for Usb {
    fn poll_read(&mut self, context: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let Some(back) = &mut self.back else {
            return Poll::Pending;
        };
        while self.came.is_empty() {
            ready!(self.pause.poll(context));
            if back.pending() == 0 {
                back.submit(Buffer::new(READ_BYTES));
            }
            let done = ready!(back.poll_next_complete(context));
            done.status.map_err(to_error)?;
            self.came.extend_from_slice(&done.buffer[..done.actual_len]);
            if self.came.is_empty() {
                self.pause.begin();
            }
        }
        let count = self.came.len().min(into.len());
        into[..count].copy_from_slice(&self.came[..count]);
        self.came.drain(..count);
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.out.pending() == 0 {
            let piece = &bytes[..bytes.len().min(WRITE_BYTES)];
            self.out.submit(piece.to_vec().into());
        }
        let done = ready!(self.out.poll_next_complete(context));
        match done.status {
            Ok(()) => Poll::Ready(Ok(done.actual_len)),
            // What arrived before it failed is counted; the next write tells of the failure.
            Err(_) if done.actual_len > 0 => Poll::Ready(Ok(done.actual_len)),
            Err(error) => Poll::Ready(Err(to_error(error))),
        }
    }

    fn writes_late(&self) -> bool {
        true
    }

    fn is_writing(&self) -> bool {
        self.out.pending() > 0
    }

    fn poll_end(&mut self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A transfer is accepted only once the printer has taken it.
        Poll::Ready(Ok(()))
    }

    fn hears(&self) -> bool {
        self.back.is_some()
    }

    fn port_fault(&self) -> Option<Fault> {
        self.port_fault.clone()
    }

    fn abandon(&mut self) {
        self.out.cancel_all();
    }
}

fn to_error(error: TransferError) -> io::Error {
    match error {
        TransferError::Disconnected => io::ErrorKind::UnexpectedEof.into(),
        error => error.into(),
    }
}
