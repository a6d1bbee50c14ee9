//! What a terminal can be asked by its owner.

use cueline_model::{Answer, Baseline, PaymentOrder};

/// Something to ask of a terminal. One at a time: the next after the events that end the one before,
/// but for [`Command::Cancel`], [`Command::Answer`], [`Command::Stored`] and [`Command::NotStored`],
/// which belong to a [`Command::Begin`] under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Connect, register, and read what its last transaction was. Ends with
    /// [`crate::Event::Ready`] or [`crate::Event::NotReady`]; may be repeated.
    Prepare,
    /// Do the payment. Given once for each payment, after [`crate::Event::Ready`], when its start is
    /// durable; a driver never sends it twice. Ends with [`crate::Event::Result`] and
    /// [`crate::Event::Finished`], or [`crate::Event::NotMoved`], or [`crate::Event::Unknown`].
    Begin(PaymentOrder),
    /// Ask what became of a payment that was begun, here or before a crash. Ends with
    /// [`crate::Event::LookedUp`]; may be repeated.
    LookUp {
        /// What was asked for.
        order: PaymentOrder,
        /// What the terminal's last transaction was before.
        baseline: Option<Baseline>,
    },
    /// Ask it to stop. What becomes of the payment is still told as of [`Command::Begin`].
    Cancel,
    /// The clerk's answer to a prompt; one that the terminal no longer waits for is passed over.
    Answer {
        /// The prompt's number.
        prompt: u32,
        /// The answer.
        answer: Answer,
    },
    /// The result is durable: acknowledge it to the terminal.
    Stored,
    /// The result cannot be made durable: give the protocol's negative acknowledgement, so that the
    /// terminal takes the payment back. Ends with [`crate::Event::NotMoved`] or
    /// [`crate::Event::Unknown`].
    NotStored,
    /// End of day: close the terminal's batch. Ends with [`crate::Event::Finished`] or
    /// [`crate::Event::NotReady`].
    EndOfDay,
}
