//! `cueline pay` and `cueline payments`: taking card payments, and seeing what became of them.

use clap::{Args, Subcommand, ValueEnum};
use cueline_model::{Currency, PaymentId, PaymentState};
use cueline_wire::api::MoneyDecision;

use super::ConnectionArguments;

/// `cueline pay`.
#[derive(Debug, Args)]
pub struct PayArguments {
    /// How much, such as 12.50.
    #[arg(required_unless_present = "void", conflicts_with = "void")]
    pub amount: Option<String>,
    /// The desk: its name, or its id.
    #[arg(long, short, value_name = "STATION", required_unless_present = "void")]
    pub station: Option<String>,
    /// The terminal, where the desk has several: its name, or its id.
    #[arg(long, short, value_name = "TERMINAL")]
    pub terminal: Option<String>,
    /// The amount's currency (ISO 4217).
    #[arg(long, value_name = "CODE", default_value = "EUR")]
    pub currency: Currency,
    /// What is paid, in the box office's own words.
    #[arg(long, value_name = "TEXT")]
    pub order: Option<String>,
    /// Give the money back to a card instead of taking it.
    #[arg(long, conflicts_with = "void")]
    pub refund: bool,
    /// Take this payment back, whole.
    #[arg(long, value_name = "PAYMENT")]
    pub void: Option<PaymentId>,
    /// Not to be started later than this many seconds from now.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub start_in: Option<u32>,
    /// Repeat a call with the same key and it pays once; made up where not given.
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    #[command(flatten)]
    pub connection: ConnectionArguments,
}

/// `cueline payments`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct PaymentsArguments {
    /// What else is to be done.
    #[command(subcommand)]
    pub verb: Option<PaymentVerb>,
    /// Show this payment with all that was seen of it.
    pub payment: Option<PaymentId>,
    /// Only payments in this state, such as approved or unknown.
    #[arg(long, conflicts_with = "payment", value_parser = state)]
    pub state: Option<PaymentState>,
    /// Every attempt at this order.
    #[arg(long, value_name = "TEXT", conflicts_with = "payment")]
    pub order: Option<String>,
    /// At most this many, newest first.
    #[arg(
        long,
        default_value_t = 20,
        conflicts_with = "payment",
        value_parser = clap::value_parser!(u32).range(1..=1000)
    )]
    pub limit: u32,
    #[command(flatten)]
    pub connection: ConnectionArguments,
}

/// What can be done about a payment.
#[derive(Debug, Subcommand)]
pub enum PaymentVerb {
    /// Ask for it to be stopped; its true result decides.
    Cancel {
        /// The payment's id.
        payment: PaymentId,
        #[command(flatten)]
        connection: ConnectionArguments,
    },
    /// Ask the terminal again what became of one that is unknown.
    LookUp {
        /// The payment's id.
        payment: PaymentId,
        #[command(flatten)]
        connection: ConnectionArguments,
    },
    /// Decide what became of one that is unknown, after looking at the terminal's own records.
    Resolve {
        /// The payment's id.
        payment: PaymentId,
        /// What you found.
        finding: MoneyFinding,
        /// Who says so.
        #[arg(long, value_name = "NAME")]
        by: String,
        /// How you know.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        connection: ConnectionArguments,
    },
}

/// What somebody found out about the money, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MoneyFinding {
    /// The card was charged.
    Moved,
    /// It was not.
    NotMoved,
}

impl From<MoneyFinding> for MoneyDecision {
    fn from(finding: MoneyFinding) -> Self {
        match finding {
            MoneyFinding::Moved => Self::Moved,
            MoneyFinding::NotMoved => Self::NotMoved,
        }
    }
}

fn state(text: &str) -> Result<PaymentState, String> {
    PaymentState::ALL
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| {
            let known = PaymentState::ALL.map(PaymentState::as_str).join(", ");
            format!("expected one of: {known}")
        })
}
