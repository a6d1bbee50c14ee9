//! The vocabulary every part of Cueline shares: ids, times, print jobs, printers, payments, faults and limits.
//!
//! Plain data with its rules: no I/O, no clock, no randomness. Everything else in the workspace
//! depends on this crate and this crate on nothing of ours.

pub mod card_number;
pub mod currency;
pub mod decimal;
pub mod id;
pub mod limits;
pub mod options;
pub mod pages;
pub mod payment;
pub mod print;
pub mod printer;
pub mod station;
pub mod time;

pub use currency::{Currency, CurrencyError};
pub use decimal::DecimalError;
pub use id::{
    AgentId, ApiKeyId, IdError, JobId, PairingCodeId, PaymentId, PrinterId, SiteId, StationId,
    TenantId, TerminalId,
};
pub use options::{
    Cut, Duplex, Fit, OnUnsupported, OptionError, OptionName, PrintOptions, Rotation, Unsupported,
};
pub use pages::PageRanges;
pub use payment::{
    Answer, Baseline, CardDetails, Certainty, Finding, Original, PaymentFailure,
    PaymentFailureCode, PaymentKind, PaymentOrder, PaymentOutcome, PaymentState, ProgressNote,
    Prompt, PromptKind, Receipt, ReceiptCopy, Resolver, Settlement, Stage, UnmatchedTransaction,
};
pub use print::{
    Attempt, ContentType, Document, Failure, FailureCode, JobKey, JobState, Outcome, Sha256,
    TicketCount, UncertainPolicy,
};
pub use printer::{Capabilities, Fault, FaultCode, Language, Paper, PrinterName, Proof};
pub use station::{NameError, StationName, TerminalName, TerminalProtocol};
pub use time::{Mono, Now, WallTime};
