//! ZPL, the language of Zebra's label printers.

pub(crate) mod commands;
pub(crate) mod native;
pub(crate) mod session;
mod status;
pub(crate) mod tickets;
