//! The vocabulary every part of Cueline shares: ids, times, print jobs, printers, faults and limits.
//!
//! Plain data with its rules: no I/O, no clock, no randomness. Everything else in the workspace
//! depends on this crate and this crate on nothing of ours.

pub mod id;
pub mod limits;
pub mod options;
pub mod pages;
pub mod print;
pub mod printer;
pub mod time;

pub use id::{AgentId, ApiKeyId, IdError, JobId, PairingCodeId, PrinterId, SiteId, TenantId};
pub use options::{
    Cut, Duplex, Fit, OnUnsupported, OptionError, OptionName, PrintOptions, Rotation, Unsupported,
};
pub use pages::PageRanges;
pub use print::{
    Attempt, ContentType, Document, Failure, FailureCode, JobKey, JobState, Outcome, Sha256,
    TicketCount, UncertainPolicy,
};
pub use printer::{Capabilities, Fault, FaultCode, Language, Paper, PrinterName, Proof};
pub use time::{Mono, Now, WallTime};
