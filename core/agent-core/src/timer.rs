//! Why the agent wants to be woken.

use cueline_model::Mono;

/// What is due at the time that [`crate::Agent::poll_timeout`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimerReason {
    /// The wall and the monotonic clock are to be compared.
    ClockCheck,
    /// The next try at the link.
    NextTry,
    /// A try got no further than connecting.
    ConnectOverdue,
    /// Connected, but the hub's `hello` did not come.
    HelloOverdue,
    /// An answer that should have ended by now (complete answers only) has not.
    AnswerOverdue,
    /// Nothing was heard on the link for the idle time-out.
    LinkSilent,
    /// A job's time is over.
    JobExpiry,
    /// A printer that was not ready is tried again.
    PrinterRetry,
    /// A printer that has nothing to do is looked at.
    PrinterLook,
    /// A document that could not be had is tried again.
    DocumentRetry,
    /// A report that failed is sent again.
    ReportRetry,
    /// A report was never answered.
    ReportOverdue,
    /// The inventory is sent again.
    InventoryRetry,
}

/// A deadline and what it is for.
pub type Timer = (Mono, TimerReason);
