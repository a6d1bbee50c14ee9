//! What agent and tray say to each other over the local socket: one JSON object a line.
//!
//! A line is at most [`LINE_BYTES_MAX`] long. The tray speaks first, with [`ToAgent::Hello`]. Words of
//! a later version are passed over by both.

use cueline_model::{
    Answer, Baseline, Finding, PaymentFailure, PaymentId, PaymentOrder, ProgressNote, Prompt,
    Receipt, Settlement, StationName, TerminalName, UnmatchedTransaction,
};
use serde::{Deserialize, Serialize};

use crate::cloud::TerminalDescription;

/// The longest line, its line feed included.
pub const LINE_BYTES_MAX: usize = 256 * 1024;

/// From the tray to the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum ToAgent {
    /// Who this is.
    Hello {
        /// The tray's version, for people.
        tray_version: String,
        /// The desk.
        station: StationName,
        /// Its terminals.
        terminals: Vec<TerminalDescription>,
    },
    /// What a terminal said about a payment.
    Terminal {
        /// Which payment.
        payment: PaymentId,
        /// What.
        #[serde(flatten)]
        word: TerminalWord,
    },
    /// A terminal did something that nobody asked for.
    Unmatched {
        /// Which terminal.
        terminal: TerminalName,
        /// What it did.
        transaction: UnmatchedTransaction,
    },
    /// The clerk wishes the payment stopped.
    Cancel {
        /// Which payment.
        payment: PaymentId,
    },
    /// The clerk wishes an unknown payment looked up again.
    LookUpAgain {
        /// Which payment.
        payment: PaymentId,
    },
}

/// What a terminal said about a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "snake_case")]
pub enum TerminalWord {
    /// Connected, registered and idle.
    Ready {
        /// Its last transaction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        baseline: Option<Baseline>,
    },
    /// It cannot be used now; nothing was begun.
    NotReady {
        /// Why.
        failure: PaymentFailure,
    },
    /// What it is doing.
    Progress {
        /// What.
        note: ProgressNote,
    },
    /// It asks the clerk.
    Prompt {
        /// What.
        prompt: Prompt,
    },
    /// It no longer waits for an answer.
    PromptOver {
        /// The prompt's number.
        prompt: u32,
    },
    /// How it ended; acknowledged to the terminal once the agent says [`ToTray::Stored`].
    Result {
        /// How.
        settlement: Box<Settlement>,
    },
    /// A receipt that came after the result.
    Receipt {
        /// The receipt.
        receipt: Receipt,
    },
    /// The terminal is idle again.
    Finished,
    /// It did not happen, and demonstrably no money moved.
    NotMoved {
        /// Why.
        failure: PaymentFailure,
    },
    /// Nobody knows what became of it.
    Unknown {
        /// What went wrong, for people.
        text: String,
    },
    /// The answer to a look-up.
    LookedUp {
        /// What was found.
        #[serde(flatten)]
        finding: Finding,
    },
}

/// From the agent to the tray.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum ToTray {
    /// The answer to [`ToAgent::Hello`].
    Welcome {
        /// The agent's version, for people.
        agent_version: String,
    },
    /// The tray is not taken, and why; the connection ends.
    Refused {
        /// Why, for people.
        reason: String,
    },
    /// Get a terminal ready for this payment and say what its last transaction was. The clerk is
    /// shown the payment from now on.
    Prepare {
        /// Which payment.
        payment: PaymentId,
        /// What it is.
        order: PaymentOrder,
    },
    /// Its start is durable: ask the terminal, once.
    Begin {
        /// Which payment.
        payment: PaymentId,
    },
    /// Ask the terminal what became of it.
    LookUp {
        /// Which payment.
        payment: PaymentId,
        /// What it was.
        order: PaymentOrder,
        /// What the terminal's last transaction was before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        baseline: Option<Baseline>,
    },
    /// Ask the terminal to stop it.
    Cancel {
        /// Which payment.
        payment: PaymentId,
    },
    /// Give the terminal the clerk's answer, typed at the box office.
    Answer {
        /// Which payment.
        payment: PaymentId,
        /// The prompt's number.
        prompt: u32,
        /// The answer.
        answer: Answer,
    },
    /// Its result is durable: acknowledge it to the terminal.
    Stored {
        /// Which payment.
        payment: PaymentId,
    },
    /// Its result cannot be made durable: the terminal is to take it back.
    NotStored {
        /// Which payment.
        payment: PaymentId,
    },
    /// It is over, or no longer this tray's. `settlement` is for the clerk's screen.
    Over {
        /// Which payment.
        payment: PaymentId,
        /// How it ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settlement: Option<Box<Settlement>>,
    },
    /// Nobody knows what became of it: what the clerk is shown.
    Unknown {
        /// Which payment.
        payment: PaymentId,
        /// What went wrong, for people.
        text: String,
    },
}
