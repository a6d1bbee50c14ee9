//! Caisse-AP over IP, as French terminals speak it: one question and one answer over TCP (port 8888), in
//! fields of ASCII. Its tags are those that the terminals' makers and users publish.
//!
//! It has no reference of ours, no acknowledgement and no look-up. So a lost answer leaves a payment
//! unknown until a person has decided.

mod driver;
mod field;
mod outcome;

pub use driver::{CaisseAp, Settings, SettingsError};
pub use field::{FieldError, Message, Tag};
