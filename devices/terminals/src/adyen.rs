//! Adyen's Terminal API, local: nexo 3.0 messages in JSON, encrypted, one HTTPS post each.
//!
//! The terminal answers a payment's post when the payment is over; there is no word of it before. What was
//! asked for is known to the terminal by a ServiceID, which [`Adyen`] chooses when it prepares: it is the
//! `terminal_txn_ref` of the baseline, so that whoever keeps the baseline can ask, after any crash, what
//! became of exactly that request.

mod driver;
mod message;
mod outcome;
mod receipt;
mod secured;
mod service_id;

pub use driver::{Adyen, Settings};
pub use secured::{KeyError, SecuredMessage, SecurityKey, SecurityTrailer, Unreadable};
