//! The ways a driver's bytes reach a card terminal.
//!
//! [`converse`] is one terminal's task: it opens what the [`Driver`](cueline_terminals::Driver) asks for,
//! carries bytes both ways, keeps time, and tells exactly what may have arrived. Which terminal, and
//! whom to believe that it is it, is its [`TerminalAddress`].

mod address;
mod converse;
mod permitted;
mod post;
mod stream;
mod trust;

pub use address::{AddressError, TerminalAddress};
pub use converse::converse;
pub use permitted::{Network, NetworkError};
pub use trust::{RootError, TerminalRoot};
