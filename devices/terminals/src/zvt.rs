//! ZVT: the till's interface of card terminals in Germany and its neighbours, over TCP, port 20007.
//!
//! Specification: PA00P015, "ECR-Interface / ZVT-Protocol". The till asks with one packet; from the
//! terminal's acknowledgement on the terminal speaks and the till acknowledges each packet, until
//! `06 0F` (completion) or `06 1E` (abort) gives the word back. Traps:
//!
//! - `06 0F` does not mean approved: the result code (field 27) in `04 0F` decides.
//! - `06 01` carries no reference of the till's: whether a payment was done is told by numbers that
//!   the terminal counts itself, noted before.
//! - The acknowledgement of `04 0F` says that the goods may be given out. It is held back until the
//!   result is durable; `84 xx` in its place makes the terminal take the payment back.
//! - There is no authentication: its owner connects to addresses it was told to trust.

pub mod apdu;
pub mod bcd;
pub mod charset;
pub mod driver;
pub mod fields;
pub mod receipts;
pub mod requests;
pub mod status;
pub mod texts;
pub mod tlv;

pub use driver::{Zvt, ZvtSettings};
