//! The agent's talk with its hub: signed requests, answers sorted, the held request.

mod answer;
mod client;
mod document;
mod held;
mod offer_check;
mod report;
#[cfg(test)]
pub mod test_hub;

pub use answer::{AskError, decoded, refusal};
pub use client::{Ask, HubClient, sha256};
pub use document::fetch;
pub use held::{HeldRequest, hold};
pub use offer_check::OfferCheck;
pub use report::{platform, send_inventory, send_report};
