//! FGL, the Friendly Ghost Language of Boca's ticket printers.

pub(crate) mod commands;
pub(crate) mod native;
pub(crate) mod session;
pub(crate) mod tickets;
