//! The payments' core, stepped through simulated time.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod cancelling;
mod offers;
mod recovery;
mod reports;
mod running;
mod starting;
mod storing;
mod till;
mod unknown;
