//! How programs on one machine talk: a Unix socket or a Windows named pipe, one JSON object a line.
//!
//! No network port is opened. The operating system says who is at the other end, and decides who may
//! connect at all.

mod address;
mod lines;
mod listener;

pub use address::SocketPath;
pub use lines::{Incoming, LineError, Outgoing};
pub use listener::{Access, Connection, Listener, Peer, SocketError, connect};
