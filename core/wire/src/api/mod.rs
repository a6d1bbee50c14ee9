//! The box office and the hub: the JSON of the REST API under `/v1`.
//!
//! Requests refuse unknown fields, so that a misspelt option is an error and not a surprise.

pub mod access;
pub mod alert;
pub mod event;
pub mod fleet;
pub mod payment;
pub mod print_job;
pub mod station;

pub use access::{
    ApiKey, ApiKeyRequest, PairingCode, PairingCodeRequest, Scope, Site, SiteRequest,
};
pub use alert::{Alert, AlertCode, AuditEvent, CloseRequest, Closing};
pub use event::{JobEvent, PaymentEvent, PrinterChange, PrinterEvent};
pub use fleet::{Agent, AgentState, Printer};
pub use payment::{
    AnswerRequest, DecisionRequest, Evidence, MoneyDecision, Payment, PaymentDecision,
    PaymentRequest, ReturnRequest, Supersede, Unknown,
};
pub use print_job::{
    Decision, PrintJob, PrintJobRequest, ReprintRequest, Resolution, ResolveRequest,
    StoredDocument, TimelineEntry, Waiting,
};
pub use station::{Station, StationState, Terminal};

use serde::{Deserialize, Serialize};

/// One page of a list, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// At most as many as were asked for.
    pub data: Vec<T>,
    /// Pass as `after` to get the next page; `None` on the last.
    pub next: Option<String>,
}
