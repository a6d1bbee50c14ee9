//! Virtual devices, as a library and as programs: an ESC/POS printer whose paper is a PNG.

pub mod printer;

pub use printer::{
    PrinterFault, PrinterSettings, Ticket, UnknownFault, VirtualPrinter, read_tickets,
};
