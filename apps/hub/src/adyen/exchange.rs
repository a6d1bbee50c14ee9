//! `POST /v1/merchants/{merchant}/devices/{device}/sync` and `…/async`: one message to a device.
//!
//! A ServiceID names a message of its device for 48 hours. The same request under the same ServiceID makes no second
//! payment: its Idempotency-Key is made of both, and the first one's answer comes again.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use cueline_hub_core::payment::{Payment, PaymentRefusal};
use cueline_model::{Currency, PaymentId, PaymentKind, PaymentState, ReceiptCopy, TenantId};
use cueline_wire::Timestamp;
use cueline_wire::api::PaymentRequest as Asked;
use http::Request;
use serde_json::{Value, json};

use super::caller::Caller;
use super::devices::{self, Device};
use super::fault::Fault;
use super::message::{
    self, AbortRequest, MessageHeader, MessageReference, PaymentRequest, ReversalRequest,
    SaleToPoiRequest, TransactionStatusRequest,
};
use super::reply::{self, Verdict};
use crate::auth::ToPay;
use crate::body::{self, JSON_BYTES_MAX};
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::{api, clock, payments};

/// How long a ServiceID names one message of its device.
const SERVICE_ID_KEPT_MS: i64 = 48 * 3_600 * 1_000;
const SERVICE_ID_CHARS_MAX: usize = 10;
/// The customer stands there: what has not begun by then is not begun any more.
const START_IN_S: u32 = 60;
/// How long a synchronous answer is waited for; Adyen's clients are told to wait 150 s and more.
const ANSWER_WITHIN: Duration = Duration::from_secs(145);
/// How long an approved payment's receipt is waited for before it is answered without one.
const RECEIPT_WITHIN: Duration = Duration::from_secs(3);

/// What becomes of a message.
enum Told {
    /// It was passed on, and there is nothing to say.
    Ok,
    /// An answer.
    Message(Value),
}

impl IntoResponse for Told {
    fn into_response(self) -> Response {
        match self {
            Self::Ok => "ok".into_response(),
            Self::Message(message) => Json(message).into_response(),
        }
    }
}

/// The exchange with one device.
struct Exchange {
    hub: Arc<Hub>,
    tenant: TenantId,
    header: MessageHeader,
    service_id: String,
    device: Device,
    /// Whether the end of a payment is waited for.
    waits: bool,
}

/// `…/sync`: answers with the device's answer.
pub async fn sync(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToPay>,
    Path((_merchant, device)): Path<(String, String)>,
    request: Request<Body>,
) -> Result<Response, Fault> {
    exchange(hub, caller, &device, request, true).await
}

/// `…/async`: answers `ok` at once; what became of it is asked for with a TransactionStatusRequest.
pub async fn asynchronous(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToPay>,
    Path((_merchant, device)): Path<(String, String)>,
    request: Request<Body>,
) -> Result<Response, Fault> {
    exchange(hub, caller, &device, request, false).await
}

async fn exchange(
    hub: Arc<Hub>,
    caller: Caller<ToPay>,
    device_id: &str,
    request: Request<Body>,
    waits: bool,
) -> Result<Response, Fault> {
    let device = devices::found(&hub, caller.tenant, device_id).await?;
    let (parts, body) = request.into_parts();
    let body = body::read(&parts.headers, body, JSON_BYTES_MAX).await?;
    let message = message::parse(&body)?;
    let header = message.message_header.clone();
    let service_id = match checked(&header, device_id) {
        Ok(service_id) => service_id.to_owned(),
        Err(text) => return Ok(rejected(&header, &text).into_response()),
    };
    let exchange = Exchange {
        hub,
        tenant: caller.tenant,
        header,
        service_id,
        device,
        waits,
    };
    Ok(exchange.answer(message).await?.into_response())
}

fn rejected(header: &MessageHeader, text: &str) -> Told {
    Told::Message(reply::reject(header, Timestamp(clock::wall()), text))
}

/// The ServiceID of a header that is as it should be.
fn checked<'a>(header: &'a MessageHeader, device_id: &str) -> Result<&'a str, String> {
    if header.poi_id != device_id {
        return Err(format!(
            "POIID: expected the device of the address, {device_id}, got {}",
            header.poi_id
        ));
    }
    if header.message_type != "Request" || header.message_class != "Service" {
        return Err("expected MessageClass Service and MessageType Request".to_owned());
    }
    is_service_id(header.service_id.as_deref()).ok_or_else(|| {
        "ServiceID: expected 1 to 10 letters and digits, its own for each message of 48 hours"
            .to_owned()
    })
}

fn is_service_id(id: Option<&str>) -> Option<&str> {
    id.filter(|id| {
        (1..=SERVICE_ID_CHARS_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

impl Exchange {
    async fn answer(&self, message: SaleToPoiRequest) -> Result<Told, Fault> {
        match (self.header.message_category.as_str(), message) {
            (
                "Payment",
                SaleToPoiRequest {
                    payment_request: Some(asked),
                    ..
                },
            ) => self.pay(&asked).await,
            (
                "Reversal",
                SaleToPoiRequest {
                    reversal_request: Some(asked),
                    ..
                },
            ) => self.reverse(&asked).await,
            (
                "Abort",
                SaleToPoiRequest {
                    abort_request: Some(asked),
                    ..
                },
            ) => self.abort(&asked).await,
            (
                "TransactionStatus",
                SaleToPoiRequest {
                    transaction_status_request: Some(asked),
                    ..
                },
            ) => self.status(&asked).await,
            (category @ ("Payment" | "Reversal" | "Abort" | "TransactionStatus"), _) => {
                Ok(self.reject(&format!("the {category}Request is missing")))
            }
            (category, _) => Ok(self.reject(&format!(
                "{category} is not done here: Payment, Reversal, Abort and TransactionStatus are"
            ))),
        }
    }

    fn reject(&self, text: &str) -> Told {
        rejected(&self.header, text)
    }

    fn message(&self, name: &str, body: Value) -> Told {
        Told::Message(reply::answer(&self.header, name, body))
    }

    async fn pay(&self, asked: &PaymentRequest) -> Result<Told, Fault> {
        let sale = &asked.sale_data.sale_transaction_id;
        let refuse = |verdict: &Verdict| {
            let body = json!({
                "Response": verdict.response(),
                "SaleData": {"SaleTransactionID": sale},
            });
            Ok(self.message("PaymentResponse", body))
        };
        let request = match self.request(asked) {
            Ok(request) => request,
            Err(verdict) => return refuse(&verdict),
        };
        let name = "PaymentResponse";
        match self.make(&request).await? {
            Err(verdict) => refuse(&verdict),
            Ok(payment) => {
                self.ended(payment, |payment| {
                    (name, reply::payment(payment, Some(sale)))
                })
                .await
            }
        }
    }

    /// What is asked for, in the words of `/v1`.
    fn request(&self, asked: &PaymentRequest) -> Result<Asked, Verdict> {
        let amounts = &asked.payment_transaction.amounts_req;
        let kind = match asked
            .payment_data
            .as_ref()
            .and_then(|d| d.payment_type.as_deref())
        {
            None | Some("Normal") => PaymentKind::Sale,
            Some("Refund") => PaymentKind::Refund,
            Some(other) => {
                let text = format!("PaymentType {other} is not done here; Normal and Refund are");
                return Err(Verdict::failure("NotAllowed", text));
            }
        };
        if amounts.cash_back_amount.is_some() || amounts.tip_amount.is_some() {
            let text = "CashBackAmount and TipAmount are not done here; ask for one amount";
            return Err(Verdict::failure("NotAllowed", text));
        }
        let currency: Currency = amounts
            .currency
            .parse()
            .map_err(|error| Verdict::failure("MessageFormat", format!("Currency: {error}")))?;
        Ok(Asked {
            kind,
            amount_minor: Some(exact(&amounts.requested_amount, currency)?),
            currency: Some(currency),
            order_ref: Some(asked.sale_data.sale_transaction_id.transaction_id.clone()),
            ..self.bare()
        })
    }

    /// A request for this device's terminal with nothing else in it.
    fn bare(&self) -> Asked {
        Asked {
            kind: PaymentKind::Sale,
            amount_minor: None,
            currency: None,
            station: Some(self.device.station.id.to_string()),
            terminal: Some(self.device.terminal.id.to_string()),
            original: None,
            order_ref: None,
            attempt_no: None,
            clerk_ref: Some(self.header.sale_id.clone()),
            start_by: None,
            start_in_s: Some(START_IN_S),
            supersede: None,
        }
    }

    /// Makes the payment of this message, or finds it made.
    async fn make(&self, asked: &Asked) -> Result<Result<Payment, Verdict>, Fault> {
        let (key, made) = self.latest(&self.service_id).await?;
        if made.is_none() && !self.device.online {
            let text = format!("terminal {} is not there now", self.device.terminal.name);
            return Ok(Err(Verdict::failure("UnavailableDevice", text)));
        }
        match payments::create(&self.hub, self.tenant, asked, Some(key)).await {
            Ok(created) => Ok(Ok(created.payment)),
            Err(PaymentRefusal::Store(error)) => Err(error.into()),
            Err(refusal) => Ok(Err(Verdict::refused(&refusal))),
        }
    }

    /// The answer about a payment once it has ended; that it is in the air where it does not, so that the sale
    /// system asks for its status.
    async fn ended(
        &self,
        payment: Payment,
        show: impl Fn(&Payment) -> (&'static str, Value),
    ) -> Result<Told, Fault> {
        if !self.waits {
            return Ok(Told::Ok);
        }
        // An unknown that only a person can decide takes longer than anybody waits.
        let over = |payment: &Payment| {
            let unknown = payment.unknown.as_ref();
            payment.state.is_settled() || unknown.is_some_and(|unknown| !unknown.asking)
        };
        let payment =
            api::wait_until(&self.hub, self.tenant, payment.id, ANSWER_WITHIN, over).await?;
        if !payment.state.is_settled() {
            return Ok(self.reject("Did not receive a response from the POI."));
        }
        // Many terminals print after they have said how it ended.
        let printed = |payment: &Payment| {
            let mut copies = payment.receipts.iter().map(|receipt| receipt.copy);
            payment.state != PaymentState::Approved
                || copies.any(|copy| copy == ReceiptCopy::Customer)
        };
        let payment =
            api::wait_until(&self.hub, self.tenant, payment.id, RECEIPT_WITHIN, printed).await?;
        let (name, body) = show(&payment);
        Ok(self.message(name, body))
    }

    async fn reverse(&self, asked: &ReversalRequest) -> Result<Told, Fault> {
        let refuse = |error, text: String| {
            let response = Verdict::failure(error, text).response();
            Ok(self.message("ReversalResponse", json!({"Response": response})))
        };
        let Some(named) = &asked.original.id else {
            return refuse("MessageFormat", "POITransactionID is needed".to_owned());
        };
        let id: Option<PaymentId> = named.transaction_id.parse().ok();
        let original = match id {
            Some(id) => self.hub.store.payment(self.tenant, id).await?,
            None => None,
        };
        let Some(original) = original else {
            let text = format!("there is no transaction {}", named.transaction_id);
            return refuse("NotFound", text);
        };
        let whole = original.as_original().map(|original| original.amount_minor);
        let part = match &asked.reversed_amount {
            None => None,
            Some(text) => match exact(text, original.currency) {
                Ok(amount) => Some(amount).filter(|amount| Some(*amount) != whole),
                Err(verdict) => return refuse("MessageFormat", verdict.message),
            },
        };
        let request = Asked {
            kind: match part {
                Some(_) => PaymentKind::Refund,
                None => PaymentKind::Void,
            },
            amount_minor: part,
            original: Some(original.id),
            ..self.bare()
        };
        match self.make(&request).await? {
            Err(verdict) => refuse(verdict.error.unwrap_or("NotAllowed"), verdict.message),
            Ok(payment) => {
                let show =
                    |payment: &Payment| ("ReversalResponse", reply::reversal(payment, named));
                self.ended(payment, show).await
            }
        }
    }

    async fn abort(&self, asked: &AbortRequest) -> Result<Told, Fault> {
        let Some(payment) = self.referred(&asked.message_reference).await? else {
            return Ok(self.reject("there is no such message to abort"));
        };
        let cancelled = self
            .hub
            .store
            .cancel_payment(self.tenant, payment.id, clock::wall());
        match cancelled.await {
            Ok(_) => Ok(Told::Ok),
            Err(PaymentRefusal::Store(error)) => Err(error.into()),
            Err(refusal) => Ok(self.reject(&refusal.to_string())),
        }
    }

    async fn status(&self, asked: &TransactionStatusRequest) -> Result<Told, Fault> {
        if !self.waits {
            return Ok(self.reject("ask for a transaction's status at …/sync"));
        }
        let name = "TransactionStatusResponse";
        let Some(reference) = &asked.message_reference else {
            let verdict = Verdict::failure("MessageFormat", "MessageReference is needed");
            return Ok(self.message(name, json!({"Response": verdict.response()})));
        };
        let mut body = json!({"MessageReference": reference});
        let verdict = match self.referred(reference).await? {
            None => Verdict::failure("NotFound", "there is no such message"),
            Some(payment) if !payment.state.is_settled() => Verdict::of(&payment),
            Some(payment) => {
                body["RepeatedMessageResponse"] = self.repeated(reference, &payment);
                Verdict {
                    error: None,
                    message: "found".to_owned(),
                }
            }
        };
        body["Response"] = verdict.response();
        Ok(self.message(name, body))
    }

    /// The answer that the message of `payment` had, or would have had.
    fn repeated(&self, reference: &MessageReference, payment: &Payment) -> Value {
        let (category, name, body) = match (payment.kind, &payment.original) {
            (PaymentKind::Sale, _) | (PaymentKind::Refund, None) => {
                ("Payment", "PaymentResponse", reply::payment(payment, None))
            }
            (_, original) => {
                let named = message::TransactionId {
                    transaction_id: original
                        .as_ref()
                        .map_or_else(String::new, |original| original.payment.to_string()),
                    time_stamp: None,
                };
                let body = reply::reversal(payment, &named);
                ("Reversal", "ReversalResponse", body)
            }
        };
        let header = MessageHeader {
            message_category: category.to_owned(),
            message_type: "Response".to_owned(),
            service_id: reference.service_id.clone(),
            sale_id: payment.clerk_ref.clone().unwrap_or_default(),
            ..self.header.clone()
        };
        let mut answer = json!({});
        answer[name] = body;
        json!({"MessageHeader": header, "RepeatedResponseMessageBody": answer})
    }

    /// The payment that an earlier message to this device made.
    async fn referred(&self, to: &MessageReference) -> Result<Option<Payment>, Fault> {
        let Some(service_id) = is_service_id(to.service_id.as_deref()) else {
            return Ok(None);
        };
        let (_, payment) = self.latest(service_id).await?;
        Ok(payment.filter(|payment| {
            let same_sale = to.sale_id.is_none() || to.sale_id == payment.clerk_ref;
            let same_device = to
                .poi_id
                .as_ref()
                .is_none_or(|id| *id == self.header.poi_id);
            let same_kind = match to.message_category.as_deref() {
                None => true,
                Some("Reversal") => payment.original.is_some(),
                Some("Payment") => payment.original.is_none(),
                Some(_) => false,
            };
            same_sale && same_device && same_kind
        }))
    }

    /// The Idempotency-Key that a ServiceID stands for now, and the payment made under it in the last 48 hours.
    async fn latest(&self, service_id: &str) -> Result<(String, Option<Payment>), Fault> {
        let terminal = self.device.terminal.id;
        let since = clock::wall().shifted_ms(-SERVICE_ID_KEPT_MS);
        for turn in 1_u32.. {
            let key = format!("nexo {terminal} {service_id} {turn}");
            let made = self.hub.store.payment_of_key(self.tenant, key.clone());
            match made.await? {
                Some(payment) if payment.created_at < since => {}
                made => return Ok((key, made)),
            }
        }
        Err(Refusal::not_found("message").into())
    }
}

fn exact(text: &str, currency: Currency) -> Result<i64, Verdict> {
    let amount_minor = currency.from_decimal(text).ok();
    amount_minor.filter(|minor| *minor >= 0).ok_or_else(|| {
        Verdict::failure(
            "MessageFormat",
            format!(
                "expected an amount, not negative and with at most {} decimals, got {}",
                currency.exponent(),
                text.chars().take(30).collect::<String>()
            ),
        )
    })
}
