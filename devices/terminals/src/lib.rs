//! Card terminals: what they are asked and what they say, as bytes and back. Opens nothing.
//!
//! A [`Driver`] is a sans-IO conversation with one terminal: its owner opens connections, carries
//! bytes, keeps time, and makes durable what the driver brings before it says [`Command::Stored`].
//! Every driver passes the contract suite in `tests/contract`.

pub mod adyen;
pub mod caisse_ap;
pub mod command;
pub mod driver;
pub mod repeat;
pub mod zvt;

pub use command::Command;
pub use driver::{Driver, Event, Input, Output};
pub use zvt::{Zvt, ZvtSettings};
