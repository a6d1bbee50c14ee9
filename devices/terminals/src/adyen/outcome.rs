//! From what the terminal says of a transaction to how it ended.

use cueline_model::card_number::mask_card_numbers;
use cueline_model::{
    CardDetails, PaymentFailure, PaymentFailureCode, PaymentKind, PaymentOrder, PaymentOutcome,
    Settlement, Stage, WallTime,
};

use super::message::{Response, TransactionId, TransactionResponse};
use super::receipt::{field, receipts};

/// How a transaction ended, as far as the terminal's words tell.
pub(super) enum Ending {
    /// So.
    Settled(Box<Settlement>),
    /// It was refused before it began.
    NotBegun(PaymentFailure),
    /// The words make no sense, and money may have moved.
    Unclear(String),
}

pub(super) fn ending(order: &PaymentOrder, said: &TransactionResponse) -> Ending {
    let outcome = match said.response.result.as_str() {
        "Success" | "Partial" if order.kind == PaymentKind::Void => voided(order, said),
        "Success" | "Partial" => approved(order, said),
        "Failure" => match refused(&said.response) {
            Ok(failure) => return Ending::NotBegun(failure),
            Err(Failed::Cancelled) => Ok(PaymentOutcome::Cancelled),
            Err(Failed::Declined(failure)) => Ok(PaymentOutcome::Declined {
                failure,
                card: card(said),
            }),
        },
        other => Err(format!("the result is {:?}", shortened(other))),
    };
    match outcome {
        Ok(outcome) => Ending::Settled(Box::new(Settlement {
            outcome,
            receipts: receipts(&said.payment_receipt),
        })),
        Err(cause) => Ending::Unclear(format!("read what the terminal says: {cause}")),
    }
}

fn approved(order: &PaymentOrder, said: &TransactionResponse) -> Result<PaymentOutcome, String> {
    let amounts = said
        .payment_result
        .as_ref()
        .and_then(|result| result.amounts_resp.as_ref())
        .ok_or("it approves without an amount")?;
    if let Some(currency) = &amounts.currency
        && currency != order.currency.code()
    {
        return Err(format!(
            "expected an amount in {}, got one in {:?}",
            order.currency,
            shortened(currency)
        ));
    }
    let amount = amounts
        .authorized_amount
        .as_ref()
        .ok_or("it approves without an amount")?;
    Ok(PaymentOutcome::Approved {
        amount_minor: order
            .currency
            .from_decimal(amount.get())
            .map_err(|error| error.to_string())?,
        card: card(said),
    })
}

/// A void that came back for another transaction must not pass for the one that was asked for.
fn voided(order: &PaymentOrder, said: &TransactionResponse) -> Result<PaymentOutcome, String> {
    let original = order.original.as_ref().ok_or("no void was asked for")?;
    let amount_minor = match &said.reversed_amount {
        Some(amount) => order
            .currency
            .from_decimal(amount.get())
            .map_err(|error| error.to_string())?,
        None => original.amount_minor,
    };
    let named = said
        .original
        .as_ref()
        .and_then(|original| original.poi_transaction_id.as_ref());
    let asked = original.terminal_txn_ref.as_deref().unwrap_or_default();
    let asked = TransactionId::from_reference(asked, WallTime::default()).transaction_id;
    if amount_minor != original.amount_minor
        || named.is_some_and(|named| named.transaction_id != asked)
    {
        let other = named.map_or("", |named| named.transaction_id.as_str());
        return Ok(PaymentOutcome::Failed {
            failure: failure(
                PaymentFailureCode::OtherTransaction,
                false,
                format!(
                    "the terminal took back {} of transaction {}, but was asked for {} of {}: compare its \
                     journal with the receipts",
                    order.currency.amount(amount_minor),
                    shortened(other),
                    order.currency.amount(original.amount_minor),
                    shortened(&asked)
                ),
            ),
        });
    }
    Ok(PaymentOutcome::Approved {
        amount_minor,
        card: card(said),
    })
}

/// A transaction that began and moved no money.
enum Failed {
    Cancelled,
    Declined(PaymentFailure),
}

/// Why the terminal did not do it; `Ok` where it did not even begin (Adyen, "Handle responses").
fn refused(response: &Response) -> Result<PaymentFailure, Failed> {
    use PaymentFailureCode::{Busy, Declined, Refused, TimedOut, Unsupported};
    let condition = response.error_condition.as_deref().unwrap_or_default();
    let text = |what: &str| match reason(response) {
        Some(reason) => format!("{what}: {reason}"),
        None => what.to_owned(),
    };
    match condition {
        "Aborted" | "Cancel" if reason(response).is_some_and(|reason| is_time_out(&reason)) => Err(
            Failed::Declined(failure(TimedOut, true, text("the customer's time ran out"))),
        ),
        "Aborted" | "Cancel" => Err(Failed::Cancelled),
        "Busy" | "InProgress" => Ok(failure(Busy, true, text("the terminal is busy"))),
        "DeviceOut" | "LoggedOut" | "UnavailableDevice" | "UnavailableService" => Ok(failure(
            Refused,
            true,
            text("the terminal is out of service"),
        )),
        "MessageFormat" => Ok(failure(
            Refused,
            false,
            text("the terminal does not understand the request"),
        )),
        "NotAllowed" => Ok(failure(
            Unsupported,
            false,
            text("the terminal is not set up for this"),
        )),
        "UnreachableHost" => Err(Failed::Declined(failure(
            Declined,
            true,
            text("the terminal has no connection to Adyen"),
        ))),
        "NotFound" => Err(Failed::Declined(failure(
            Declined,
            false,
            text("the terminal does not know the transaction"),
        ))),
        _ => Err(Failed::Declined(failure(Declined, true, text("declined")))),
    }
}

fn is_time_out(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    reason.contains("did not present") || reason.contains("timeout") || reason.contains("timed out")
}

pub(super) fn failure(code: PaymentFailureCode, retryable: bool, text: String) -> PaymentFailure {
    PaymentFailure {
        stage: Stage::Terminal,
        code,
        retryable,
        text,
    }
}

/// What `AdditionalResponse` tells people, where it is a form.
pub(super) fn reason(response: &Response) -> Option<String> {
    let form = response.additional_response.as_deref()?;
    ["refusalReason", "message", "errors"]
        .into_iter()
        .find_map(|name| field(form, name))
        .map(|reason| shortened(&reason))
}

/// Text of the terminal's as it may be kept: short, on one line, without a card number.
pub(super) fn shortened(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect();
    mask_card_numbers(&line)
}

fn card(said: &TransactionResponse) -> CardDetails {
    let result = said.payment_result.as_ref();
    let card = result
        .and_then(|result| result.payment_instrument_data.as_ref())
        .and_then(|instrument| instrument.card_data.as_ref());
    CardDetails {
        auth_code: result
            .and_then(|result| result.payment_acquirer_data.as_ref())
            .and_then(|acquirer| acquirer.approval_code.as_deref())
            .map(shortened),
        terminal_txn_ref: said
            .poi_data
            .as_ref()
            .and_then(|data| data.poi_transaction_id.as_ref())
            .and_then(TransactionId::reference),
        receipt_no: None,
        last4: card
            .and_then(|card| card.masked_pan.as_deref())
            .and_then(last4),
        scheme: card
            .and_then(|card| card.payment_brand.as_deref())
            .map(shortened),
        entry_mode: card
            .and_then(|card| card.entry_mode.first())
            .map(|mode| entry_mode(mode)),
    }
}

/// The last four of a masked number such as `541333 **** 9999`.
fn last4(masked: &str) -> Option<String> {
    let at = masked.len().checked_sub(4)?;
    masked
        .get(at..)
        .filter(|last| last.bytes().all(|b| b.is_ascii_digit()))
        .map(str::to_owned)
}

fn entry_mode(mode: &str) -> String {
    match mode {
        "ICC" | "SynchronousICC" => "chip",
        "Tapped" | "Contactless" => "contactless",
        "MagStripe" => "magstripe",
        "Keyed" | "Manual" | "File" => "manual",
        other => return shortened(other),
    }
    .to_owned()
}
