//! The hub's decisions as sans-IO state machines: jobs, submissions, links, and the store's contract.
//!
//! Nothing here reads a clock, draws a random number, opens a socket or a file: times are handed in
//! and what is to be done comes back as data. The hub's shell and the simulator run the same code.

pub mod aftermath;
pub mod job;
pub mod link;
pub mod options;
pub mod payment;
pub mod printer_news;
pub mod store;
pub mod submit;
pub mod view;

pub use aftermath::AftermathError;
pub use job::{CancelDecision, NewJob, PrintJob, Recorded};
pub use link::AgentLink;
pub use store::{JobStore, StoreError, SubmitError};
pub use submit::Refusal;
