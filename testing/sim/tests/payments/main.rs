//! Payments in simulated time: thousands of seeds, rules broken on purpose, replay.

#![allow(
    clippy::unwrap_used,
    reason = "clippy's exemption for tests does not reach their helper functions"
)]

mod mutations;
mod replay;
mod seeds;
