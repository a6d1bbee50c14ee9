//! What can happen to payments.

use cueline_model::{PaymentFailure, PaymentId, StationName, WallTime};
use cueline_wire::cloud::{
    PaymentOffer, PaymentReportReply, PaymentWish, StartReply, TerminalDescription,
};
use cueline_wire::local::ToAgent;

use crate::event::{BatchId, ReportId};

/// One connection of a tray, numbered by the shell and never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrayId(pub u64);

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A link is up.
    Greeted {
        /// The hub's clock.
        server_time: WallTime,
    },
    /// The hub offered a payment; its signature was found good.
    Offered(Box<PaymentOffer>),
    /// The hub offered a payment that must not be done.
    Refused {
        /// Which.
        payment: PaymentId,
        /// Why.
        failure: PaymentFailure,
    },
    /// The box office or a person wishes something.
    Wished(PaymentWish),
    /// A batch of records is durable.
    Appended {
        /// Which.
        batch: BatchId,
    },
    /// A batch of records was not stored and never will be.
    NotAppended {
        /// Which.
        batch: BatchId,
    },
    /// The hub answered a report.
    ReportAnswered {
        /// Which.
        report: ReportId,
        /// What it stored.
        reply: PaymentReportReply,
    },
    /// A report did not arrive, or its answer was lost, or the hub refused it.
    ReportFailed {
        /// Which.
        report: ReportId,
        /// The hub's code, where it refused.
        code: Option<String>,
    },
    /// The hub answered whether a payment may be started.
    StartAnswered {
        /// Which.
        payment: PaymentId,
        /// What it said.
        reply: StartReply,
    },
    /// The hub could not be asked, or its answer was lost.
    StartUnanswered {
        /// Which.
        payment: PaymentId,
    },
    /// A tray has said who it is.
    TrayHere {
        /// Its connection.
        tray: TrayId,
        /// Its desk.
        station: StationName,
        /// Who is logged in, by the operating system's word.
        user: String,
        /// Its terminals.
        terminals: Vec<TerminalDescription>,
    },
    /// A tray's connection is over.
    TrayGone {
        /// Which.
        tray: TrayId,
    },
    /// A tray that is here said something.
    TraySaid {
        /// Which.
        tray: TrayId,
        /// What.
        said: ToAgent,
    },
}
