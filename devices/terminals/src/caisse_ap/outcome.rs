//! From the terminal's answer to how it ended.

use cueline_model::card_number::mask_card_numbers;
use cueline_model::{
    CardDetails, PaymentFailure, PaymentFailureCode, PaymentKind, PaymentOrder, PaymentOutcome,
    Settlement, Stage,
};

use super::field::{Message, Tag};

/// How it ended, as far as the answer tells.
pub(super) enum Ending {
    /// So.
    Settled(Box<Settlement>),
    /// It was refused before it began.
    NotBegun(PaymentFailure),
    /// The answer makes no sense, and money may have moved.
    Unclear(String),
}

/// What is done, as the tag CD says it.
pub(super) const fn action(kind: PaymentKind) -> &'static str {
    match kind {
        PaymentKind::Sale => "0",
        PaymentKind::Refund => "1",
        PaymentKind::Void => "2",
    }
}

pub(super) fn ending(order: &PaymentOrder, asked: &Message, said: &Message) -> Ending {
    let outcome = match said.get(Tag::STATUS) {
        Some("10") => match done(order, asked, said) {
            Ok(outcome) => outcome,
            Err(cause) => return Ending::Unclear(cause),
        },
        Some("01") => match not_done(said.get(Tag::REASON).unwrap_or_default()) {
            Ok(failure) => return Ending::NotBegun(failure),
            Err(Failed::Cancelled) => PaymentOutcome::Cancelled,
            Err(Failed::Declined(failure)) => PaymentOutcome::Declined {
                failure,
                card: card(said),
            },
        },
        _ => {
            return Ending::Unclear(
                "read the terminal's answer: expected the status 10 or 01, got another".to_owned(),
            );
        }
    };
    Ending::Settled(Box::new(Settlement {
        outcome,
        receipts: Vec::new(),
    }))
}

fn done(order: &PaymentOrder, asked: &Message, said: &Message) -> Result<PaymentOutcome, String> {
    for tag in [Tag::REGISTER, Tag::ACTION, Tag::CURRENCY] {
        if said.get(tag) != asked.get(tag) {
            return Err(format!(
                "read the terminal's answer: expected {tag} as it was asked, got another"
            ));
        }
    }
    let amount_minor = said
        .get(Tag::AMOUNT)
        .filter(|digits| digits.len() <= 12)
        .and_then(|digits| digits.parse::<u64>().ok())
        .and_then(|amount| i64::try_from(amount).ok())
        .ok_or("read the terminal's answer: expected an amount, got none")?;
    if order.kind == PaymentKind::Void && amount_minor != order.amount_minor {
        return Ok(PaymentOutcome::Failed {
            failure: failure(
                PaymentFailureCode::OtherTransaction,
                false,
                &format!(
                    "the terminal took back {}, but was asked for {}: compare its journal with the receipts",
                    order.currency.amount(amount_minor),
                    order.currency.amount(order.amount_minor)
                ),
            ),
        });
    }
    Ok(PaymentOutcome::Approved {
        amount_minor,
        card: card(said),
    })
}

/// What began and moved no money.
enum Failed {
    Cancelled,
    Declined(PaymentFailure),
}

/// By the tag AF; `Ok` where the terminal did not even begin.
fn not_done(reason: &str) -> Result<PaymentFailure, Failed> {
    use PaymentFailureCode::{Busy, Declined, Refused, TimedOut, Unsupported};
    let declined = |code, retryable, text| Err(Failed::Declined(failure(code, retryable, text)));
    match reason {
        // Without a reason the terminal could not take it: it is at something else, or not in front.
        "" => Ok(failure(Busy, true, "the terminal is busy")),
        "02" => declined(Declined, true, "declined: the issuer wants to be called"),
        "04" => declined(Declined, true, "declined"),
        "05" => declined(Declined, false, "declined: the card is not allowed"),
        "06" | "11" => Err(Failed::Cancelled),
        "07" => declined(Declined, true, "the terminal could not complete it"),
        "08" => declined(TimedOut, true, "the customer's time ran out"),
        "09" => Ok(failure(
            Refused,
            false,
            "the terminal does not understand the request",
        )),
        "10" => Ok(failure(
            Refused,
            true,
            "the terminal offers no such application",
        )),
        "12" => Ok(failure(
            Unsupported,
            false,
            "the terminal does not know this kind of payment",
        )),
        "13" => Ok(failure(
            Unsupported,
            false,
            "the terminal does not take this currency",
        )),
        _ => declined(Declined, true, "the terminal says that it was not done"),
    }
}

fn failure(code: PaymentFailureCode, retryable: bool, text: &str) -> PaymentFailure {
    PaymentFailure {
        stage: Stage::Terminal,
        code,
        retryable,
        text: text.to_owned(),
    }
}

fn card(said: &Message) -> CardDetails {
    CardDetails {
        auth_code: said.get(Tag::AUTHORISATION).map(mask_card_numbers),
        terminal_txn_ref: None,
        receipt_no: None,
        last4: said.get(Tag::MASKED_PAN).and_then(last4),
        scheme: said.get(Tag::CARD_KIND).and_then(scheme),
        entry_mode: said.get(Tag::ENTRY_MODE).and_then(entry_mode),
    }
}

fn last4(masked: &str) -> Option<String> {
    let last = masked.get(masked.len().checked_sub(4)?..)?;
    last.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| last.to_owned())
}

fn scheme(kind: &str) -> Option<String> {
    let scheme = match kind.trim_start_matches('0') {
        "1" | "B" => "CB",
        "2" | "D" => "American Express",
        "6" => "Diners",
        "9" => "JCB",
        "C" => "cheque",
        "U" => "UnionPay",
        _ => return None,
    };
    Some(scheme.to_owned())
}

fn entry_mode(mode: &str) -> Option<String> {
    let mode = match mode {
        "1" => "chip",
        "2" => "contactless",
        "3" => "magstripe",
        "4" => "manual",
        _ => return None,
    };
    Some(mode.to_owned())
}
