//! The ways a printer is reached: byte streams with a way back (TCP, serial, USB, device files), and what
//! takes whole jobs (plain files, IPP printers and queues, the Windows spooler).
//!
//! One [`Device`] is one physical printer, owned by exactly one task:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use cueline_model::Language;
//! use cueline_ports::{Device, DeviceTimeouts, PortAddress};
//! use cueline_printers::{Print, Profile, Tickets};
//!
//! let address: PortAddress = "tcp://192.0.2.7:9100".parse()?;
//! let mut device = Device::new(address, Profile::new(Language::Escpos), DeviceTimeouts::default());
//! device.open().await?; // a fault here: nothing was sent, try again later
//! let mut tickets = Tickets::default();
//! tickets.push(b"ticket\n");
//! let proof = device.print(&Print::Tickets(tickets), |event| println!("{event:?}")).await?;
//! device.close().await;
//! # let _ = proof; Ok(()) }
//! ```

mod address;
mod device;
pub mod discovery;
mod faults;
mod print;
mod snmp;
mod spool;
mod stream;
#[cfg(windows)]
mod windows_calls;

pub use address::{AddressError, Flow, Parity, PortAddress, SerialLine, UsbDevice};
pub use device::{Device, DeviceTimeouts, Extent, PrintError, PrintEvent, SoFar};
