//! What the terminal says, as JSON.

use cueline_model::{Currency, ReceiptCopy};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::terminal::ledger::{LedgerEntry, LedgerKind};
use crate::terminal::receipt;

pub(super) fn diagnosis(busy: bool) -> Value {
    json!({
        "Response": { "Result": "Success" },
        "POIStatus": {
            "GlobalStatus": if busy { "Busy" } else { "OK" },
            "CommunicationOKFlag": true,
        },
    })
}

pub(super) fn failure(condition: &str, message: &str) -> Value {
    json!({ "Response": {
        "Result": "Failure",
        "ErrorCondition": condition,
        "AdditionalResponse": format!("message={}", form_text(message)),
    }})
}

pub(super) fn is_reversal(entry: &LedgerEntry) -> bool {
    entry.kind == LedgerKind::Reversed
}

/// A transaction's number says which receipt it is on.
fn transaction_id(entry: &LedgerEntry) -> Value {
    json!({
        "TransactionID": format!("VT{:06}.{:04}", entry.trace_no, entry.receipt_no),
        "TimeStamp": entry.at,
    })
}

/// The receipt that a transaction's number names.
pub(super) fn receipt_no(transaction_id: &str) -> Option<u32> {
    let (trace, receipt) = transaction_id.split_once('.')?;
    trace.starts_with("VT").then(|| receipt.parse().ok())?
}

/// A transaction that was done.
pub(super) fn done(
    entry: &LedgerEntry,
    ledger: &[LedgerEntry],
    signature: bool,
    leak: bool,
) -> Value {
    if is_reversal(entry) {
        let original = ledger
            .iter()
            .find(|sale| Some(sale.trace_no) == entry.original_trace_no);
        return json!({
            "Response": { "Result": "Success" },
            "POIData": { "POITransactionID": transaction_id(entry) },
            "OriginalPOITransaction": { "POITransactionID": original.map(transaction_id) },
            "ReversedAmount": decimal(entry),
            "PaymentReceipt": receipts(entry, signature, leak),
        });
    }
    json!({
        "Response": { "Result": "Success" },
        "POIData": { "POITransactionID": transaction_id(entry) },
        "PaymentReceipt": receipts(entry, signature, leak),
        "PaymentResult": {
            "PaymentType": if entry.kind == LedgerKind::Refunded { "Refund" } else { "Normal" },
            "OnlineFlag": true,
            "AmountsResp": { "AuthorizedAmount": decimal(entry), "Currency": entry.currency },
            "PaymentAcquirerData": { "ApprovalCode": entry.auth_code },
            "PaymentInstrumentData": { "PaymentInstrumentType": "Card", "CardData": {
                "MaskedPan": receipt::hidden_card_number(),
                "PaymentBrand": "visa",
                "EntryMode": ["ICC"],
            }},
        },
    })
}

pub(super) fn declined(entry: &LedgerEntry, leak: bool) -> Value {
    json!({
        "Response": {
            "Result": "Failure",
            "ErrorCondition": "Refusal",
            "AdditionalResponse": "message=Declined&refusalReason=210%20Not%20enough%20balance",
        },
        "PaymentReceipt": receipts(entry, false, leak),
    })
}

/// The amount as a JSON number. Below 15 digits, which no ledger here reaches, a number of `serde_json`
/// keeps each of them.
fn decimal(entry: &LedgerEntry) -> Value {
    let currency: Option<Currency> = entry.currency.parse().ok();
    currency
        .and_then(|currency| RawValue::from_string(currency.to_decimal(entry.amount_minor)).ok())
        .and_then(|number| serde_json::from_str(number.get()).ok())
        .unwrap_or_default()
}

fn receipts(entry: &LedgerEntry, signature: bool, leak: bool) -> Value {
    let receipt = |copy| {
        let texts: Vec<Value> = receipt::lines(entry, copy, signature, leak)
            .iter()
            .map(|line| json!({ "EndOfLineFlag": true, "Text": format!("key=line&name={}", form_text(line)) }))
            .collect();
        json!({
            "DocumentQualifier": match copy {
                ReceiptCopy::Customer => "CustomerReceipt",
                ReceiptCopy::Merchant => "CashierReceipt",
            },
            "RequiredSignatureFlag": signature && copy == ReceiptCopy::Merchant,
            "OutputContent": { "OutputFormat": "Text", "OutputText": texts },
        })
    };
    json!([
        receipt(ReceiptCopy::Merchant),
        receipt(ReceiptCopy::Customer)
    ])
}

/// As a value of a form.
fn form_text(text: &str) -> String {
    text.bytes().fold(String::new(), |mut form, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'*' => {
                form.push(char::from(byte));
            }
            other => form.push_str(&format!("%{other:02X}")),
        }
        form
    })
}
