//! Answers in nexo's words.

use cueline_hub_core::payment::{Payment, PaymentRefusal};
use cueline_model::{
    CardDetails, Currency, PaymentFailureCode, PaymentKind, PaymentOutcome, PaymentState, Receipt,
    ReceiptCopy,
};
use cueline_wire::Timestamp;
use serde_json::{Value, json};

use super::decimal::major_units;
use super::message::{MessageHeader, TransactionId};

/// What became of something that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// nexo's `ErrorCondition`; `None`: it was done.
    pub error: Option<&'static str>,
    /// For people.
    pub message: String,
}

impl Verdict {
    /// It was not done, and no money moved because of it.
    pub fn failure(error: &'static str, message: impl Into<String>) -> Self {
        Self {
            error: Some(error),
            message: message.into(),
        }
    }

    /// How a payment that has ended did so.
    pub fn of(payment: &Payment) -> Self {
        let aborted = payment.cancel_requested_at.is_some();
        match &payment.outcome {
            Some(PaymentOutcome::Approved { .. }) => Self {
                error: None,
                message: "approved".to_owned(),
            },
            Some(PaymentOutcome::Declined { failure, .. }) => {
                Self::failure("Refusal", &failure.text)
            }
            Some(PaymentOutcome::Failed { failure }) => {
                Self::failure(condition(failure.code), &failure.text)
            }
            Some(PaymentOutcome::Cancelled) if aborted => Self::failure("Aborted", "aborted"),
            Some(PaymentOutcome::Cancelled) => Self::failure("Cancel", "cancelled at the terminal"),
            Some(PaymentOutcome::Expired) => {
                Self::failure("UnavailableDevice", "it was not started in time")
            }
            None => Self::failure("InProgress", format!("it is {}", payment.state)),
        }
    }

    /// Why a payment was not made.
    pub fn refused(refusal: &PaymentRefusal) -> Self {
        let error = match refusal {
            PaymentRefusal::FieldInvalid { .. }
            | PaymentRefusal::AmountInvalid { .. }
            | PaymentRefusal::CardNumber { .. }
            | PaymentRefusal::KeyReused => "MessageFormat",
            PaymentRefusal::UnknownOriginal { .. } => "NotFound",
            PaymentRefusal::TooManyOpen => "Busy",
            PaymentRefusal::AgentRevoked
            | PaymentRefusal::StationOffline { .. }
            | PaymentRefusal::NoStation { .. }
            | PaymentRefusal::NoTerminal { .. } => "UnavailableDevice",
            _ => "NotAllowed",
        };
        Self::failure(error, refusal.to_string())
    }

    /// nexo's `Response`.
    pub fn response(&self) -> Value {
        let additional = format!("message={}", form(&self.message));
        match self.error {
            None => json!({"Result": "Success", "AdditionalResponse": additional}),
            Some(error) => json!({
                "Result": "Failure",
                "ErrorCondition": error,
                "AdditionalResponse": additional,
            }),
        }
    }
}

const fn condition(code: PaymentFailureCode) -> &'static str {
    match code {
        PaymentFailureCode::Busy => "Busy",
        PaymentFailureCode::Declined => "Refusal",
        PaymentFailureCode::TimedOut => "Cancel",
        PaymentFailureCode::Unsupported
        | PaymentFailureCode::Refused
        | PaymentFailureCode::NotPermitted => "NotAllowed",
        PaymentFailureCode::NotProcessed => "Aborted",
        PaymentFailureCode::NoStation
        | PaymentFailureCode::AmbiguousStation
        | PaymentFailureCode::NoTerminal
        | PaymentFailureCode::Unreachable => "UnavailableDevice",
        PaymentFailureCode::BadSignature
        | PaymentFailureCode::OtherTransaction
        | PaymentFailureCode::NotStored => "UnavailableService",
    }
}

/// A text in a form field (WHATWG URL, application/x-www-form-urlencoded).
fn form(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// A message to the sale system that answers another.
pub fn answer(header: &MessageHeader, name: &str, body: Value) -> Value {
    let header = MessageHeader {
        message_type: "Response".to_owned(),
        ..header.clone()
    };
    let mut message = json!({"MessageHeader": header});
    message[name] = body;
    json!({"SaleToPOIResponse": message})
}

/// The event by which Adyen says that a message reached no device or that no answer came: what became of a
/// payment is then to be asked with a TransactionStatusRequest.
pub fn reject(header: &MessageHeader, at: Timestamp, text: &str) -> Value {
    let header = MessageHeader {
        message_class: "Event".to_owned(),
        message_category: "Event".to_owned(),
        message_type: "Notification".to_owned(),
        service_id: None,
        ..header.clone()
    };
    json!({"SaleToPOIRequest": {
        "MessageHeader": header,
        "EventNotification": {
            "TimeStamp": at,
            "EventToNotify": "Reject",
            "EventDetails": format!("message={}", form(text)),
        },
    }})
}

/// The name of a payment at this end, with which it is reversed.
fn poi_data(payment: &Payment) -> Value {
    let at = payment.settled_at.unwrap_or(payment.created_at);
    json!({"POITransactionID": {
        "TransactionID": payment.id,
        "TimeStamp": Timestamp(at),
    }})
}

/// A payment that has ended as a `PaymentResponse`.
pub fn payment(payment: &Payment, sale: Option<&TransactionId>) -> Value {
    let own = TransactionId {
        transaction_id: payment.order_ref.clone().unwrap_or_default(),
        time_stamp: Some(Timestamp(payment.created_at).to_string()),
    };
    let mut response = json!({
        "Response": Verdict::of(payment).response(),
        "SaleData": {"SaleTransactionID": sale.unwrap_or(&own)},
        "POIData": poi_data(payment),
        "PaymentReceipt": receipts(&payment.receipts),
    });
    let kind = match payment.kind {
        PaymentKind::Refund => "Refund",
        PaymentKind::Sale | PaymentKind::Void => "Normal",
    };
    match &payment.outcome {
        Some(PaymentOutcome::Approved { amount_minor, card }) => {
            let amount = (*amount_minor, payment.currency);
            response["PaymentResult"] = result(kind, card, Some(amount));
        }
        Some(PaymentOutcome::Declined { card, .. }) => {
            response["PaymentResult"] = result(kind, card, None);
        }
        _ => {}
    }
    response
}

/// A payment that takes another back, and has ended, as a `ReversalResponse`.
pub fn reversal(payment: &Payment, original: &TransactionId) -> Value {
    let mut response = json!({
        "Response": Verdict::of(payment).response(),
        "POIData": poi_data(payment),
        "OriginalPOITransaction": {"POITransactionID": original},
        "PaymentReceipt": receipts(&payment.receipts),
    });
    if payment.state == PaymentState::Approved {
        response["ReversedAmount"] = json!(major_units(payment.amount_minor, payment.currency));
    }
    response
}

fn result(kind: &str, card: &CardDetails, amount: Option<(i64, Currency)>) -> Value {
    let mut data = json!({});
    if let Some(scheme) = &card.scheme {
        data["PaymentBrand"] = json!(scheme);
    }
    if let Some(last4) = &card.last4 {
        data["MaskedPan"] = json!(format!("************{last4}"));
    }
    if let Some(mode) = card.entry_mode.as_deref().map(entry_mode) {
        data["EntryMode"] = json!([mode]);
    }
    let mut result = json!({
        "PaymentType": kind,
        "PaymentInstrumentData": {"PaymentInstrumentType": "Card", "CardData": data},
    });
    if let Some((amount_minor, currency)) = amount {
        result["AmountsResp"] = json!({
            "Currency": currency,
            "AuthorizedAmount": major_units(amount_minor, currency),
        });
    }
    if let Some(code) = &card.auth_code {
        result["PaymentAcquirerData"] = json!({"ApprovalCode": code});
    }
    result
}

fn entry_mode(mode: &str) -> &'static str {
    match mode {
        "chip" => "ICC",
        "contactless" => "Tapped",
        "magstripe" => "MagStripe",
        "manual" => "Keyed",
        _ => "File",
    }
}

fn receipts(receipts: &[Receipt]) -> Vec<Value> {
    let receipts = receipts.iter().map(|receipt| {
        let lines = receipt.lines.iter();
        let lines: Vec<_> = lines
            .map(|line| json!({"Text": line, "EndOfLineFlag": true}))
            .collect();
        json!({
            "DocumentQualifier": match receipt.copy {
                ReceiptCopy::Customer => "CustomerReceipt",
                ReceiptCopy::Merchant => "CashierReceipt",
            },
            "RequiredSignatureFlag": receipt.signature,
            "OutputContent": {"OutputFormat": "Text", "OutputText": lines},
        })
    });
    receipts.collect()
}
