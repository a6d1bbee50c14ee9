//! The conversation with one terminal: bytes in, events out.

use cueline_model::{
    Baseline, Finding, Mono, PaymentFailure, ProgressNote, Prompt, Receipt, Settlement,
    UnmatchedTransaction,
};

use crate::command::Command;

/// What happened on the way to the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input<'a> {
    /// The connection that [`Output::Connect`] asked for is open.
    Connected,
    /// It could not be opened; nothing was sent.
    ConnectFailed {
        /// What failed, for people.
        text: String,
    },
    /// The terminal sent bytes.
    Bytes(&'a [u8]),
    /// The connection broke or was closed by the terminal.
    Closed,
    /// The answer to an [`Output::Post`], with HTTP status 2xx.
    Reply {
        /// Which.
        exchange: u64,
        /// The answer's body.
        body: &'a [u8],
    },
    /// An [`Output::Post`] was not answered, or not with 2xx.
    NoReply {
        /// Which.
        exchange: u64,
        /// Whether any byte of it may have reached the terminal.
        may_have_arrived: bool,
        /// What failed, for people.
        text: String,
    },
    /// The time that [`Driver::poll_timeout`] gave has come.
    Timeout,
}

/// What the owner is to do on the way to the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Open the connection; not asked of one that is open.
    Connect,
    /// Write these bytes to the open connection.
    Write(Vec<u8>),
    /// Close the connection.
    Close,
    /// For protocols over HTTPS: post this body, once, however it goes.
    Post {
        /// Counted from 1; the answer comes with it.
        exchange: u64,
        /// The body.
        body: Vec<u8>,
    },
}

/// What the terminal says. Texts and receipts carry no card number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It is connected, registered and idle.
    Ready {
        /// Its last transaction.
        baseline: Option<Baseline>,
    },
    /// It cannot be used now; nothing was begun.
    NotReady(PaymentFailure),
    /// What it is doing.
    Progress(ProgressNote),
    /// It asks the clerk.
    Prompt(Prompt),
    /// It no longer waits for an answer to this prompt.
    PromptOver {
        /// The prompt's number.
        prompt: u32,
    },
    /// It says how the payment ended. It is acknowledged to the terminal only after
    /// [`Command::Stored`]. Receipts that come later follow as [`Event::Receipt`].
    Result(Box<Settlement>),
    /// A receipt that came after the result, or one that is to be signed before there is one.
    Receipt(Receipt),
    /// The terminal is done with what was begun and idle again.
    Finished,
    /// What was begun did not happen, and demonstrably no money moved.
    NotMoved(PaymentFailure),
    /// Nobody knows what became of what was begun; look it up. After a [`Event::Result`] it means that
    /// the terminal went back on an approval: the result as it was told may not stand.
    Unknown {
        /// What went wrong, for people.
        text: String,
    },
    /// The answer to a look-up.
    LookedUp(Finding),
    /// The terminal did something that nobody here asked for, such as a sale keyed by hand.
    Unmatched(UnmatchedTransaction),
}

/// A conversation with one terminal.
///
/// After each call of [`Driver::command`] and [`Driver::handle`], drain [`Driver::poll_output`], then
/// [`Driver::poll_event`], then ask [`Driver::poll_timeout`].
pub trait Driver: Send {
    /// Asks something of the terminal.
    fn command(&mut self, command: Command, now: Mono);

    /// Takes what happened on the way to the terminal.
    fn handle(&mut self, input: Input<'_>, now: Mono);

    /// The next thing to do, in order.
    fn poll_output(&mut self) -> Option<Output>;

    /// The next thing the terminal said, in order.
    fn poll_event(&mut self) -> Option<Event>;

    /// When to give [`Input::Timeout`].
    fn poll_timeout(&self) -> Option<Mono>;
}
