//! nexo 3.0 messages (SaleToPOI) as Adyen's Cloud device API carries them, as far as they are read here. Fields that
//! are not named are passed over. Every number is a text: see [`super::decimal`].

use http::StatusCode;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::decimal::numbers_as_texts;
use super::fault::Fault;

/// The body of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Envelope {
    #[serde(rename = "SaleToPOIRequest")]
    pub request: SaleToPoiRequest,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SaleToPoiRequest {
    pub message_header: MessageHeader,
    pub payment_request: Option<PaymentRequest>,
    pub abort_request: Option<AbortRequest>,
    pub transaction_status_request: Option<TransactionStatusRequest>,
    pub reversal_request: Option<ReversalRequest>,
}

/// Who speaks to which device, and about what.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MessageHeader {
    #[serde(
        rename = "ProtocolVersion",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub protocol_version: Option<String>,
    #[serde(rename = "MessageClass")]
    pub message_class: String,
    #[serde(rename = "MessageCategory")]
    pub message_category: String,
    #[serde(rename = "MessageType")]
    pub message_type: String,
    #[serde(rename = "ServiceID", default, skip_serializing_if = "Option::is_none")]
    pub service_id: Option<String>,
    #[serde(rename = "SaleID")]
    pub sale_id: String,
    #[serde(rename = "POIID")]
    pub poi_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaymentRequest {
    pub sale_data: SaleData,
    pub payment_transaction: PaymentTransaction,
    pub payment_data: Option<PaymentData>,
}

#[derive(Debug, Deserialize)]
pub struct SaleData {
    #[serde(rename = "SaleTransactionID")]
    pub sale_transaction_id: TransactionId,
}

/// A transaction's name at one of the ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TransactionId {
    #[serde(rename = "TransactionID")]
    pub transaction_id: String,
    #[serde(rename = "TimeStamp", default, skip_serializing_if = "Option::is_none")]
    pub time_stamp: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaymentTransaction {
    pub amounts_req: AmountsReq,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AmountsReq {
    pub currency: String,
    pub requested_amount: String,
    pub cash_back_amount: Option<String>,
    pub tip_amount: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaymentData {
    pub payment_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AbortRequest {
    pub message_reference: MessageReference,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TransactionStatusRequest {
    pub message_reference: Option<MessageReference>,
}

/// An earlier message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MessageReference {
    #[serde(
        rename = "MessageCategory",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub message_category: Option<String>,
    #[serde(rename = "ServiceID", default, skip_serializing_if = "Option::is_none")]
    pub service_id: Option<String>,
    #[serde(rename = "SaleID", default, skip_serializing_if = "Option::is_none")]
    pub sale_id: Option<String>,
    #[serde(rename = "POIID", default, skip_serializing_if = "Option::is_none")]
    pub poi_id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct ReversalRequest {
    #[serde(rename = "OriginalPOITransaction")]
    pub original: OriginalTransaction,
    #[serde(rename = "ReversedAmount")]
    pub reversed_amount: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct OriginalTransaction {
    #[serde(rename = "POITransactionID")]
    pub id: Option<TransactionId>,
}

/// Reads a request's body.
///
/// # Errors
/// 400 for what is not JSON, 422 for what is no message.
pub fn parse(body: &[u8]) -> Result<SaleToPoiRequest, Fault> {
    let json: Result<IgnoredAny, _> = serde_json::from_slice(body);
    if let Err(error) = json {
        let text = format!("the body is not JSON: {error}");
        return Err(Fault::new(StatusCode::BAD_REQUEST, text));
    }
    let envelope: Result<Envelope, _> = serde_json::from_slice(&numbers_as_texts(body));
    envelope.map(|envelope| envelope.request).map_err(|error| {
        let text = format!("the body is no SaleToPOIRequest of nexo 3.0: {error}");
        Fault::new(StatusCode::UNPROCESSABLE_ENTITY, text)
    })
}
