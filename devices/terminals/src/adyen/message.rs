//! The messages of nexo 3.0 as Adyen's terminals speak it, as far as they are asked and read here.

use cueline_model::card_number::holds_card_number;
use cueline_model::{Currency, WallTime};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

const PROTOCOL_VERSION: &str = "3.0";
/// The longest reference of a transaction that is kept.
const REFERENCE_BYTES_MAX: usize = 128;

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Category {
    Payment,
    Reversal,
    TransactionStatus,
    Abort,
    Diagnosis,
    #[serde(other)]
    Other,
}

/// Whom a message is between, and which it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Header {
    protocol_version: String,
    message_class: String,
    pub(super) message_category: Category,
    message_type: String,
    #[serde(rename = "SaleID")]
    sale_id: String,
    #[serde(rename = "ServiceID", default)]
    pub(super) service_id: String,
    #[serde(rename = "POIID")]
    poi_id: String,
}

/// Who asks whom.
#[derive(Debug, Clone)]
pub(super) struct Parties {
    pub(super) sale_id: String,
    pub(super) poi_id: String,
}

impl Parties {
    pub(super) fn header(&self, category: Category, service_id: String) -> Header {
        Header {
            protocol_version: PROTOCOL_VERSION.to_owned(),
            message_class: "Service".to_owned(),
            message_category: category,
            message_type: "Request".to_owned(),
            sale_id: self.sale_id.clone(),
            service_id,
            poi_id: self.poi_id.clone(),
        }
    }
}

/// Something asked of the terminal.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Request {
    pub(super) message_header: Header,
    #[serde(flatten)]
    pub(super) body: RequestBody,
}

#[derive(Debug, Serialize)]
pub(super) enum RequestBody {
    #[serde(rename = "PaymentRequest")]
    Payment(PaymentRequest),
    #[serde(rename = "ReversalRequest")]
    Reversal(ReversalRequest),
    #[serde(rename = "TransactionStatusRequest", rename_all = "PascalCase")]
    TransactionStatus {
        receipt_reprint_flag: bool,
        document_qualifier: [&'static str; 2],
        message_reference: MessageReference,
    },
    #[serde(rename = "AbortRequest", rename_all = "PascalCase")]
    Abort {
        abort_reason: &'static str,
        message_reference: MessageReference,
    },
    #[serde(rename = "DiagnosisRequest", rename_all = "PascalCase")]
    Diagnosis { host_diagnosis_flag: bool },
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PaymentRequest {
    sale_data: SaleData,
    payment_transaction: PaymentTransaction,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_data: Option<PaymentData>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SaleData {
    #[serde(rename = "SaleTransactionID")]
    sale_transaction_id: TransactionId,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PaymentTransaction {
    amounts_req: AmountsReq,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AmountsReq {
    currency: Currency,
    requested_amount: Box<RawValue>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PaymentData {
    payment_type: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReversalRequest {
    #[serde(rename = "OriginalPOITransaction")]
    original: OriginalTransaction,
    reversal_reason: &'static str,
    sale_data: SaleData,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OriginalTransaction {
    #[serde(rename = "POITransactionID")]
    pub(super) poi_transaction_id: Option<TransactionId>,
}

/// A transaction as one side knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TransactionId {
    #[serde(rename = "TransactionID")]
    pub(super) transaction_id: String,
    #[serde(default)]
    pub(super) time_stamp: String,
}

impl TransactionId {
    pub(super) fn of_sale(reference: &str, now: WallTime) -> Self {
        Self {
            transaction_id: reference.to_owned(),
            time_stamp: time_stamp(now),
        }
    }

    /// As one text, since a void has to name both. The id holds a long number that one time in ten looks
    /// like a card's, and would be masked on its way: then it is broken up with `~`.
    pub(super) fn reference(&self) -> Option<String> {
        let reference = format!("{}@{}", self.transaction_id, self.time_stamp);
        if reference.contains('~') || reference.len() > REFERENCE_BYTES_MAX {
            return None;
        }
        if !holds_card_number(&reference) {
            return Some(reference);
        }
        let mut broken_up = String::new();
        for (index, c) in reference.chars().enumerate() {
            if index % 8 == 0 && index > 0 {
                broken_up.push('~');
            }
            broken_up.push(c);
        }
        Some(broken_up)
    }

    pub(super) fn from_reference(reference: &str, now: WallTime) -> Self {
        let reference = reference.replace('~', "");
        let (transaction_id, time_stamp) = match reference.rsplit_once('@') {
            Some((id, time)) => (id.to_owned(), time.to_owned()),
            None => (reference, time_stamp(now)),
        };
        Self {
            transaction_id,
            time_stamp,
        }
    }
}

/// ISO 8601, in UTC.
fn time_stamp(now: WallTime) -> String {
    jiff::Timestamp::from_millisecond(now.0)
        .unwrap_or_default()
        .to_string()
}

/// Which request is meant.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MessageReference {
    pub(super) message_category: Category,
    #[serde(rename = "SaleID")]
    pub(super) sale_id: String,
    #[serde(rename = "ServiceID")]
    pub(super) service_id: String,
}

/// A payment, or with `refund` the other way round.
pub(super) fn payment(
    amount_minor: i64,
    currency: Currency,
    refund: bool,
    sale: TransactionId,
) -> Option<RequestBody> {
    Some(RequestBody::Payment(PaymentRequest {
        sale_data: SaleData {
            sale_transaction_id: sale,
        },
        payment_transaction: PaymentTransaction {
            amounts_req: AmountsReq {
                currency,
                requested_amount: RawValue::from_string(currency.to_decimal(amount_minor)).ok()?,
            },
        },
        payment_data: refund.then_some(PaymentData {
            payment_type: "Refund",
        }),
    }))
}

/// The whole of one earlier payment, back.
pub(super) fn reversal(original: TransactionId, sale: TransactionId) -> RequestBody {
    RequestBody::Reversal(ReversalRequest {
        original: OriginalTransaction {
            poi_transaction_id: Some(original),
        },
        reversal_reason: "MerchantCancel",
        sale_data: SaleData {
            sale_transaction_id: sale,
        },
    })
}

/// What the terminal says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Reply {
    pub(super) message_header: Header,
    pub(super) payment_response: Option<TransactionResponse>,
    pub(super) reversal_response: Option<TransactionResponse>,
    pub(super) transaction_status_response: Option<StatusResponse>,
    pub(super) diagnosis_response: Option<DiagnosisResponse>,
}

/// A payment's or a reversal's.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TransactionResponse {
    pub(super) response: Response,
    #[serde(rename = "POIData")]
    pub(super) poi_data: Option<OriginalTransaction>,
    pub(super) payment_result: Option<PaymentResult>,
    #[serde(rename = "OriginalPOITransaction")]
    pub(super) original: Option<OriginalTransaction>,
    pub(super) reversed_amount: Option<Box<RawValue>>,
    #[serde(default)]
    pub(super) payment_receipt: Vec<PaymentReceipt>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Response {
    pub(super) result: String,
    pub(super) error_condition: Option<String>,
    pub(super) additional_response: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PaymentResult {
    pub(super) amounts_resp: Option<AmountsResp>,
    pub(super) payment_instrument_data: Option<Instrument>,
    pub(super) payment_acquirer_data: Option<Acquirer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AmountsResp {
    pub(super) authorized_amount: Option<Box<RawValue>>,
    pub(super) currency: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Instrument {
    pub(super) card_data: Option<Card>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Card {
    pub(super) masked_pan: Option<String>,
    pub(super) payment_brand: Option<String>,
    #[serde(default)]
    pub(super) entry_mode: Vec<String>,
}

impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Card").finish_non_exhaustive()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Acquirer {
    pub(super) approval_code: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PaymentReceipt {
    pub(super) document_qualifier: String,
    #[serde(default)]
    pub(super) required_signature_flag: bool,
    pub(super) output_content: OutputContent,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OutputContent {
    #[serde(default)]
    pub(super) output_text: Vec<OutputText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OutputText {
    pub(super) text: Option<String>,
    pub(super) end_of_line_flag: Option<bool>,
}

impl std::fmt::Debug for OutputText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutputText").finish_non_exhaustive()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StatusResponse {
    pub(super) response: Response,
    pub(super) repeated_message_response: Option<Repeated>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Repeated {
    pub(super) message_header: Header,
    pub(super) repeated_response_message_body: RepeatedBody,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RepeatedBody {
    pub(super) payment_response: Option<TransactionResponse>,
    pub(super) reversal_response: Option<TransactionResponse>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DiagnosisResponse {
    pub(super) response: Response,
    #[serde(rename = "POIStatus")]
    pub(super) poi_status: Option<PoiStatus>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PoiStatus {
    pub(super) global_status: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_transaction_and_time_and_never_looks_like_a_card() {
        for id in [
            "BV0q001643892070000.VK9DRSLLRCQ2WN82",
            "BV0q4111111111111111.X",
        ] {
            let id = TransactionId {
                transaction_id: id.to_owned(),
                time_stamp: "2022-02-03T12:41:29.000Z".to_owned(),
            };
            let reference = id.reference().unwrap();
            assert!(!holds_card_number(&reference), "{reference}");
            assert_eq!(TransactionId::from_reference(&reference, WallTime(0)), id);
        }
        let bare = TransactionId::from_reference("A.B", WallTime(0));
        assert_eq!(bare.transaction_id, "A.B");
        assert_eq!(bare.time_stamp, "1970-01-01T00:00:00Z");
    }

    #[test]
    fn amounts_are_written_digit_by_digit() {
        let sale = TransactionId::of_sale("S1", WallTime(0));
        let request = payment(10_000_000_000_000_029, Currency::EUR, true, sale).unwrap();
        let text = serde_json::to_string(&request).unwrap();
        assert!(
            text.contains(r#""RequestedAmount":100000000000000.29"#),
            "{text}"
        );
        assert!(text.contains(r#""PaymentType":"Refund""#), "{text}");
    }
}
