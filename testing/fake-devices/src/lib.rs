//! Virtual devices, as a library and as programs: printers for ESC/POS, FGL, ZPL and documents over IPP,
//! whose paper is a PNG, and card terminals, whose ledger is a file.

mod control_port;
mod ended;
pub mod printer;
pub mod terminal;

pub use ended::end_requested;
pub use printer::{
    Moment, Place, PlannedFault, PrinterFault, PrinterSettings, SecondHost, Ticket, UnknownFault,
    VirtualPrinter, read_tickets,
};
pub use terminal::{
    LedgerEntry, LedgerKind, Script, TerminalSettings, VirtualTerminal, read_ledger,
};
