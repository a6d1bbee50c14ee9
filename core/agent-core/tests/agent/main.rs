//! The agent's core, stepped through simulated time.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod clock;
mod documents;
mod drops;
mod held_back;
mod intake;
mod lanes;
mod learned_ping;
mod recovery;
mod reports;
mod schedule;
mod shutdown;
mod silence;
mod storm;
mod tickets;
mod till;
mod watching;
mod withdrawal;
