//! Virtual devices, as a library and as programs: printers for ESC/POS, FGL, ZPL and documents over IPP,
//! whose paper is a PNG.

pub mod printer;

pub use printer::{
    Moment, Place, PlannedFault, PrinterFault, PrinterSettings, SecondHost, Ticket, UnknownFault,
    VirtualPrinter, read_tickets,
};
