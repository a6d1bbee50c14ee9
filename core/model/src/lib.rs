//! The vocabulary every part of Cueline shares: ids, times, print jobs, printers, faults and limits.
//!
//! Plain data with its rules: no I/O, no clock, no randomness. Everything else in the workspace
//! depends on this crate and this crate on nothing of ours.

pub mod id;
pub mod limits;
pub mod print;
pub mod printer;
pub mod time;

pub use id::{AgentId, ApiKeyId, IdError, JobId, PairingCodeId, PrinterId, SiteId, TenantId};
pub use print::{
    Attempt, ContentType, Document, Failure, FailureCode, JobKey, JobState, Outcome, Sha256,
    UncertainPolicy,
};
pub use printer::{Fault, FaultCode, Language, PrinterName, Proof};
pub use time::{Mono, Now, WallTime};
