//! The ways bytes reach a printer: raw TCP and device files.
//!
//! One [`Device`] is one physical printer, owned by exactly one task:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use cueline_model::Language;
//! use cueline_ports::{Device, DeviceTimeouts, PortAddress};
//! use cueline_printers::Profile;
//!
//! let address: PortAddress = "tcp://192.0.2.7:9100".parse()?;
//! let mut device = Device::new(address, Profile::new(Language::Escpos), DeviceTimeouts::default());
//! device.open().await?; // a fault here: nothing was sent, try again later
//! let proof = device.print(b"ticket\n", |fault| println!("fault now: {fault:?}")).await?;
//! device.close().await;
//! # let _ = proof; Ok(()) }
//! ```

mod address;
mod device;
mod faults;
mod file;
mod proven;
mod tcp;

pub use address::{AddressError, PortAddress};
pub use device::{Device, DeviceTimeouts, Extent, PrintError};
