//! What the payments' core asks its shell to do.

use cueline_model::PaymentId;
use cueline_wire::cloud::{PaymentReport, Rejection};
use cueline_wire::local::ToTray;

use super::event::TrayId;
use super::record::Record;
use crate::event::{BatchId, ReportId};

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Make these durable, all or none, after every earlier batch; then
    /// [`super::Event::Appended`]. Where that is impossible now, as on a full disk, it is not tried
    /// again: [`super::Event::NotAppended`].
    Append {
        /// This batch's number.
        batch: BatchId,
        /// At least one.
        records: Vec<Record>,
    },
    /// Tell the hub.
    SendReport {
        /// This report's number.
        report: ReportId,
        /// What.
        body: PaymentReport,
    },
    /// Ask the hub whether a payment may still be started.
    AskStart {
        /// Which.
        payment: PaymentId,
    },
    /// Tell a tray; nothing where it is gone.
    Tell {
        /// Which.
        tray: TrayId,
        /// What.
        word: Box<ToTray>,
    },
    /// The desks that are here are no longer those the hub was told of.
    StationsChanged,
    /// The hub will never store an entry; it is let go.
    ReportRejected(Rejection),
    /// Another machine speaks in this agent's name, so this one does no payments any more.
    Fenced,
}
