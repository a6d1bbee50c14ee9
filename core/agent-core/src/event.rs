//! What can happen to an agent.

use std::time::Duration;

use cueline_model::{
    Failure, Fault, JobKey, PaymentFailure, PaymentId, PrinterName, Proof, TicketCount,
};
use cueline_wire::cloud::{Framed, JobOffer, ReportReply};

use crate::record::Proven;

/// One try at the held request; events of an older one are passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// One batch of records on its way to the disk; batches are appended in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub u64);

/// One report on its way to the hub; at most one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportId(pub u64);

/// One use of a printer, from opening it to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrinterOp(pub u64);

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Connected, and the held request has been written.
    LinkAsked {
        /// Which try.
        link: LinkId,
    },
    /// The hub sent an event; a job's signature was found good.
    LinkReceived {
        /// On which try.
        link: LinkId,
        /// What.
        framed: Framed,
    },
    /// The hub offered a job that must not be done.
    OfferRefused {
        /// On which try.
        link: LinkId,
        /// The hub's sequence number.
        sequence: u64,
        /// The offer.
        offer: Box<JobOffer>,
        /// Why not.
        failure: Failure,
    },
    /// The hub offered a job of which no more can be used than which one it is, such as one of a
    /// later version.
    OfferUnreadable {
        /// On which try.
        link: LinkId,
        /// Which job.
        job: JobKey,
        /// Why it cannot be done.
        failure: Failure,
    },
    /// The hub offered a payment that must not be done.
    PaymentRefused {
        /// On which try.
        link: LinkId,
        /// Which payment.
        payment: PaymentId,
        /// Why not.
        failure: PaymentFailure,
    },
    /// A try is over.
    LinkClosed {
        /// Which.
        link: LinkId,
        /// How it ended.
        end: LinkEnd,
    },
    /// A batch of records is durable.
    Appended {
        /// Which.
        batch: BatchId,
    },
    /// The hub answered a report.
    ReportAnswered {
        /// Which.
        report: ReportId,
        /// What it stored.
        reply: ReportReply,
    },
    /// A report did not arrive, or its answer was lost.
    ReportFailed {
        /// Which.
        report: ReportId,
        /// How long the hub asked to wait.
        retry_after: Option<Duration>,
    },
    /// The inventory is at the hub.
    InventoryStored,
    /// The inventory did not arrive.
    InventoryFailed,
    /// What is installed here, or what it can do, is no longer what the hub was told.
    InventoryChanged,
    /// A job's document is complete and durable at the agent.
    Fetched {
        /// Whose.
        job: JobKey,
    },
    /// A job's document could not be had.
    FetchFailed {
        /// Whose.
        job: JobKey,
        /// Why.
        error: FetchError,
    },
    /// A printer is open and ready; nothing has been sent.
    PrinterReady {
        /// Which use.
        op: PrinterOp,
        /// Which printer.
        printer: PrinterName,
        /// What will soon keep it from printing.
        warning: Option<Fault>,
    },
    /// A printer could not be opened or is not ready; nothing has been sent and it is closed.
    PrinterNotReady {
        /// Which use.
        op: PrinterOp,
        /// Which printer.
        printer: PrinterName,
        /// What is wrong.
        fault: Fault,
        /// What else will soon keep it from printing.
        warning: Option<Fault>,
    },
    /// A printer that is printing said that something is wrong, or no longer is.
    PrinterCondition {
        /// Which use.
        op: PrinterOp,
        /// Which printer.
        printer: PrinterName,
        /// What is wrong now.
        fault: Option<Fault>,
        /// What will soon keep it from printing.
        warning: Option<Fault>,
    },
    /// A printer that is printing has proven more tickets.
    PrintProgress {
        /// Which use.
        op: PrinterOp,
        /// Which printer.
        printer: PrinterName,
        /// So many of the whole job; those that this print left out as proven are counted.
        proven: Proven,
    },
    /// A print is over and the printer closed.
    PrintEnded {
        /// Which use.
        op: PrinterOp,
        /// Which printer.
        printer: PrinterName,
        /// How it ended.
        end: PrintEnd,
    },
    /// Try the link at once: the network changed, the machine woke, or a person asked.
    Reconnect,
    /// Finish what is being printed, start nothing more, then [`crate::Effect::Exit`].
    Shutdown,
}

/// How a try at the held request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEnd {
    /// There was no answer to the request: not connected, or broken before the answer's head.
    NoAnswer {
        /// The stable code of what was wrong, such as `refused` or `tls_intercepted`.
        code: String,
        /// For people.
        text: String,
    },
    /// The hub (or a proxy in its place) answered with another status than 200.
    Refused {
        /// The status.
        status: u16,
        /// The problem's code, or `http_STATUS`.
        code: String,
        /// For people.
        text: String,
        /// Its `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// The answer ended: complete, cut off, or unreadable.
    Ended,
}

/// How a print ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrintEnd {
    /// It came as far as the proof says.
    Done(Proof),
    /// Not one byte can have reached the device.
    NothingSent(Fault),
    /// It may be on paper, wholly or in part.
    InDoubt {
        /// What went wrong.
        fault: Fault,
        /// Which tickets of the whole job are where, as far as this print knows.
        tickets: Option<TicketCount>,
    },
    /// The document cannot be printed here; nothing was sent.
    Unprintable(Failure),
}

/// Why a document could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchError {
    /// Worth another try later.
    Later {
        /// For people.
        text: String,
    },
    /// The hub does not have it, or it is not what was announced.
    Never(Failure),
}
