//! Hub and agent: the held request, reports, registration, inventory, signatures.

pub mod inventory;
pub mod offer;
pub mod payment;
pub mod registration;
pub mod report;
pub mod signature;
pub mod sse;
pub mod stream;

pub use inventory::{Inventory, InventoryReply, PrinterDescription, PrinterHandle};
pub use offer::{JobOffer, PrintWork, Work};
pub use payment::{
    JournalMark, LivePayment, PaymentEntry, PaymentOffer, PaymentReport, PaymentReportReply,
    PaymentStep, PaymentWish, StartReply, StartRequest, StationDescription, TerminalDescription,
    UnmatchedAt, Wish,
};
pub use registration::{RegistrationReply, RegistrationRequest};
pub use report::{Pong, PrinterStatus, Progress, Rejection, Report, ReportEntry, ReportReply};
pub use stream::{
    Bye, ByeReason, Framed, Hello, Probe, ProbeKind, StreamEvent, StreamMode, Withdraw,
};

/// Where the hub serves the link. Every path but [`path::REGISTRATIONS`] takes signed requests only.
pub mod path {
    use cueline_model::{JobId, PaymentId};

    /// `GET`: the held request. Query: `ping` (seconds) and `mode` (`stream` or `poll`).
    pub const STREAM: &str = "/link/v1/stream";
    /// `POST`: a batch of journal entries, answered with what is stored.
    pub const REPORTS: &str = "/link/v1/reports";
    /// `PUT`: what is installed at the till.
    pub const INVENTORY: &str = "/link/v1/inventory";
    /// `POST`: a new agent with its pairing code.
    pub const REGISTRATIONS: &str = "/link/v1/registrations";

    /// `POST`: a batch of the agent's journal entries of payments, answered with what is stored.
    pub const PAYMENTS: &str = "/link/v1/payments";

    /// `POST`: whether a payment may still be started.
    #[must_use]
    pub fn payment_start(payment: PaymentId) -> String {
        format!("/link/v1/payments/{payment}/start")
    }

    /// `GET`: a job's document, ranges allowed (RFC 9110 section 14).
    #[must_use]
    pub fn document(job: JobId) -> String {
        format!("/link/v1/jobs/{job}/document")
    }
}

/// The header in which the hub hands out nonces for the next signature.
pub const NONCE_HEADER: &str = "cueline-nonce";
