//! ESC/POS, the language of receipt printers.

pub(crate) mod commands;
mod demux;
mod faults;
pub(crate) mod session;
pub(crate) mod tickets;
