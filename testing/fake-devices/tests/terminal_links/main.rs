//! Adyen's and Caisse-AP's drivers pay at the virtual terminal over real connections, and its ledger is the
//! judge of what they say.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod adyen;
mod caisse_ap;
mod counter;
