//! What the agent's core asks its shell to do.

use std::time::Duration;

use cueline_model::{
    Document, JobKey, PaymentFailure, PaymentId, PrintOptions, PrinterName, WallTime,
};
use cueline_wire::cloud::{PaymentOffer, PaymentWish, Rejection, Report, StreamMode};

use crate::event::{BatchId, LinkId, PrinterOp, ReportId};
use crate::record::{Proven, Record};

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Open the held request; every step of it comes back with this number.
    Connect {
        /// This try's number.
        link: LinkId,
        /// The ping period to ask for.
        ping: Duration,
        /// How the answer shall come.
        mode: StreamMode,
    },
    /// Drop the held request; no event of it is expected any more.
    Disconnect {
        /// Which try.
        link: LinkId,
    },
    /// Make these durable, all or none, after every earlier batch; then [`crate::Event::Appended`].
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
        body: Report,
    },
    /// Tell the hub what is installed here.
    SendInventory,
    /// Get a job's document, which did not come with it, and make it durable.
    Fetch {
        /// Whose.
        job: JobKey,
        /// What it must turn out to be.
        document: Document,
    },
    /// Open a printer and ask whether it is ready; send nothing of any job.
    OpenPrinter {
        /// This use's number.
        op: PrinterOp,
        /// Which.
        printer: PrinterName,
    },
    /// Print on the open printer, then close it.
    Print {
        /// The use that opened it.
        op: PrinterOp,
        /// Which.
        printer: PrinterName,
        /// Whose document.
        job: JobKey,
        /// How often.
        copies: u16,
        /// Whether to head it DUPLICATE.
        duplicate: bool,
        /// How it is wanted.
        options: PrintOptions,
        /// What an earlier print of it has proven. It is left out, if the document still makes as many
        /// tickets; otherwise nothing is.
        proven: Option<Proven>,
    },
    /// Drop what is being printed: nobody wants it any more and its printer does not get on. How it
    /// ended comes as [`crate::Event::PrintEnded`].
    StopPrint {
        /// The use that prints.
        op: PrinterOp,
        /// Which.
        printer: PrinterName,
    },
    /// Close the printer again without printing. At a shutdown this may come while it is still being
    /// opened; then it is closed as soon as it is open.
    ReleasePrinter {
        /// The use that opened it.
        op: PrinterOp,
        /// Which.
        printer: PrinterName,
    },
    /// Hand this to the payments' core.
    Payments(PaymentNews),
    /// Something a person may want to see; for the log now and the tray later.
    Notice(Notice),
    /// All that was started is over and journalled: end the program.
    Exit,
}

/// What the link brought for the payments' core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentNews {
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
}

/// Something a person may want to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The link is up.
    LinkUp {
        /// Its epoch.
        epoch: u64,
        /// The ping period granted.
        ping: Duration,
    },
    /// The link is down, or a try at it failed.
    LinkDown {
        /// Why, with a stable code first.
        code: String,
        /// For people.
        text: String,
        /// How long until the next try.
        next_try_in: Duration,
    },
    /// Something between here and the hub closes idle connections.
    PingLearned {
        /// After about how long.
        idle_age: Duration,
        /// What is asked for from now on.
        ping: Duration,
    },
    /// Something between here and the hub holds answers back until they are complete.
    AnswersHeldBack,
    /// Answers stream again.
    AnswersStream,
    /// The machine slept, or its clock was set.
    ClockGap {
        /// Wall clock minus monotonic clock, ms.
        gap_ms: i64,
    },
    /// The hub will never store an entry; it is let go.
    ReportRejected(Rejection),
    /// An offer was left unacknowledged because this agent holds as many jobs as it may.
    Full,
}
