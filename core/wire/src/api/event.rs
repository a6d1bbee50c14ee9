//! What happens, as it happens: the events of `GET /v1/events`, and a printer's own.

use cueline_model::{
    Attempt, Certainty, FaultCode, JobId, JobState, PaymentId, PaymentState, PrinterId, TicketCount,
};
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The event's name (`event:`) of a [`JobEvent`].
pub const PRINT_JOB: &str = "print_job";
/// The event's name of a [`PrinterEvent`].
pub const PRINTER: &str = "printer";
/// The event's name of a [`PaymentEvent`].
pub const PAYMENT: &str = "payment";
/// The event's name of an [`super::Alert`].
pub const ALERT: &str = "alert";
/// The event's name where events were missed: what is shown has to be asked for anew. Its data is `{}`.
pub const RESET: &str = "reset";

/// A print job was made or went a step on. Ask for the job to see more of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEvent {
    /// Which.
    pub job: JobId,
    /// Where it is to be printed.
    pub printer: PrinterId,
    /// Which attempt, from 1.
    pub attempt: Attempt,
    /// Where it stands.
    pub state: JobState,
    /// How far its tickets came, where the printer tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tickets: Option<TicketCount>,
}

/// A payment was made or changed. Ask for the payment to see more of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentEvent {
    /// Which.
    pub payment: PaymentId,
    /// The box office's own name for what is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_ref: Option<String>,
    /// Where it stands.
    pub state: PaymentState,
    /// What is known about the money.
    pub certainty: Certainty,
    /// Rises with every change.
    pub version: u64,
}

/// Something began or ended to be wrong with a printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrinterEvent {
    /// Rising with time; pass as `after` to see those before it.
    pub id: u64,
    /// Which printer.
    pub printer: PrinterId,
    /// What happened.
    pub what: PrinterChange,
    /// What is wrong, or was.
    pub code: FaultCode,
    /// The same as a sentence for the clerk.
    pub text: String,
    /// When, on the hub's clock as the agent knows it.
    pub at: Timestamp,
}

/// What can happen to a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrinterChange {
    /// It cannot print from now on.
    FaultBegan,
    /// That is over.
    FaultEnded,
    /// It will soon be unable to print.
    WarningBegan,
    /// That is over.
    WarningEnded,
}

impl PrinterChange {
    /// The word used on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FaultBegan => "fault_began",
            Self::FaultEnded => "fault_ended",
            Self::WarningBegan => "warning_began",
            Self::WarningEnded => "warning_ended",
        }
    }
}
