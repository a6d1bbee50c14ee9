//! What a status information means for a payment. Pure.

use cueline_model::{
    Baseline, CardDetails, Finding, Original, PaymentFailure, PaymentFailureCode, PaymentKind,
    PaymentOrder, PaymentOutcome, Settlement, Stage,
};

use crate::zvt::status::{StatusInformation, receipt_text, trace_text};
use crate::zvt::texts;

/// Receipt numbers have four digits and begin again.
const RECEIPTS: u32 = 10_000;

/// Which transaction it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers {
    trace: Option<u32>,
    receipt: Option<u32>,
}

impl Numbers {
    pub(super) const fn of(status: &StatusInformation) -> Self {
        Self {
            trace: status.trace_no,
            receipt: status.receipt_no,
        }
    }
}

/// The last transaction's numbers; nothing where it has none.
pub(super) fn baseline(last: &StatusInformation) -> Option<Baseline> {
    (last.receipt_no.is_some() || last.trace_no.is_some()).then(|| Baseline {
        receipt_no: last.receipt_no.map(receipt_text),
        terminal_txn_ref: last.trace_no.map(trace_text),
    })
}

/// How a payment ended for which a status information came; nothing where it does not say.
pub(super) fn outcome(order: &PaymentOrder, status: &StatusInformation) -> Option<PaymentOutcome> {
    match status.result_code? {
        0 => approved(order, status),
        texts::ABORTED => Some(PaymentOutcome::Cancelled),
        code => Some(PaymentOutcome::Declined {
            failure: declined(code),
            card: status.card_details(),
        }),
    }
}

/// A decline by its code.
pub(super) fn declined(code: u8) -> PaymentFailure {
    PaymentFailure {
        stage: Stage::Terminal,
        code: PaymentFailureCode::Declined,
        retryable: true,
        text: texts::error(code),
    }
}

fn approved(order: &PaymentOrder, status: &StatusInformation) -> Option<PaymentOutcome> {
    let ours = order.currency.numeric();
    if status.currency.is_some_and(|currency| currency != ours) {
        return None;
    }
    let card = status.card_details();
    if let (PaymentKind::Void, Some(original)) = (order.kind, &order.original) {
        return took_back(original, status, card);
    }
    Some(PaymentOutcome::Approved {
        amount_minor: status.amount_minor.unwrap_or(order.amount_minor),
        card,
    })
}

/// A terminal may take back its last transaction, whichever was named.
fn took_back(
    original: &Original,
    status: &StatusInformation,
    card: CardDetails,
) -> Option<PaymentOutcome> {
    let amount = status.amount_minor;
    let trace = status.original_trace_no.map(trace_text);
    let known = original.terminal_txn_ref.as_deref();
    let other_amount = amount.is_some_and(|amount| amount != original.amount_minor);
    let other_trace = trace.as_deref().zip(known).is_some_and(|(trace, known)| {
        trace.trim_start_matches('0') != known.trim_start_matches('0')
    });
    if other_amount || other_trace {
        let which = trace.unwrap_or_else(|| "unknown".to_owned());
        return Some(PaymentOutcome::Failed {
            failure: PaymentFailure {
                stage: Stage::Terminal,
                code: PaymentFailureCode::OtherTransaction,
                retryable: false,
                text: format!(
                    "the terminal took back another transaction: expected trace {} over {} minor units, \
                     got trace {which} over {}; check the terminal's receipts and put that one right by hand",
                    known.unwrap_or("unknown"),
                    original.amount_minor,
                    amount.map_or_else(|| "unknown".to_owned(), |amount| amount.to_string()),
                ),
            },
        });
    }
    // Nothing to compare: it may have been any.
    let amount_minor = amount?;
    Some(PaymentOutcome::Approved { amount_minor, card })
}

/// What the last transaction says about a payment in doubt. It counts only where it is the very next
/// after the one noted before, over the right amount: with one between, a sale keyed by hand cannot
/// be told from ours.
pub(super) fn look_up(
    order: &PaymentOrder,
    baseline: Option<&Baseline>,
    last: Option<&StatusInformation>,
) -> Finding {
    let Some(last) = last else {
        return cannot_tell("the terminal does not say what its last transaction was".to_owned());
    };
    let shown = shown(order, last);
    let Some(before) = baseline.and_then(Known::of) else {
        return cannot_tell(format!(
            "nothing was noted before the payment, so {shown} may be an older one"
        ));
    };
    match before.distance(last) {
        None | Some(0) => cannot_tell(format!(
            "the terminal's last transaction is still {shown}, from before the payment"
        )),
        Some(1) if is_over(order, last) => match outcome(order, last) {
            Some(outcome) => Finding::Found {
                settlement: Box::new(Settlement {
                    outcome,
                    receipts: Vec::new(),
                }),
            },
            None => cannot_tell(format!("the terminal does not say how {shown} ended")),
        },
        Some(1) => cannot_tell(format!(
            "the terminal's last transaction is another: {shown}"
        )),
        Some(_) => cannot_tell(format!(
            "the terminal did other transactions since; its last is {shown}"
        )),
    }
}

fn cannot_tell(text: String) -> Finding {
    Finding::CannotTell { text }
}

/// Whether it is over the payment's amount and of its kind, as far as it says.
fn is_over(order: &PaymentOrder, last: &StatusInformation) -> bool {
    let takes_back = last.original_trace_no.is_some();
    // What was not approved need not name an amount.
    let not_done = last.result_code != Some(0) && last.amount_minor.is_none();
    // A reversal of another is told as such, not passed over.
    let any_amount = not_done || order.kind == PaymentKind::Void;
    (any_amount || last.amount_minor == Some(order.amount_minor))
        && (!takes_back || order.kind == PaymentKind::Void)
        && last
            .currency
            .is_none_or(|currency| currency == order.currency.numeric())
}

/// The numbers noted before a payment.
struct Known {
    trace: Option<u32>,
    receipt: Option<u32>,
}

impl Known {
    fn of(baseline: &Baseline) -> Option<Self> {
        let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
        let known = Self {
            trace: number(&baseline.terminal_txn_ref),
            receipt: number(&baseline.receipt_no),
        };
        (known.trace.is_some() || known.receipt.is_some()).then_some(known)
    }

    /// How many transactions later it was; nothing where that cannot be told. Trace numbers count
    /// other things too, so they only say whether it is the same.
    fn distance(&self, last: &StatusInformation) -> Option<u32> {
        if self.trace.is_some() && self.trace == last.trace_no {
            return Some(0);
        }
        match (self.receipt, last.receipt_no) {
            (Some(before), Some(now)) => Some((now + RECEIPTS - before % RECEIPTS) % RECEIPTS),
            _ => match (self.trace, last.trace_no) {
                (Some(before), Some(now)) if now == before + 1 => Some(1),
                (Some(_), Some(_)) => Some(2),
                _ => None,
            },
        }
    }
}

fn shown(order: &PaymentOrder, status: &StatusInformation) -> String {
    let number = |number: Option<u32>| number.map_or_else(|| "?".to_owned(), receipt_text);
    let amount = status.amount_minor.map_or_else(
        || "no amount".to_owned(),
        |minor| order.currency.amount(minor),
    );
    format!("receipt {} ({amount})", number(status.receipt_no))
}
