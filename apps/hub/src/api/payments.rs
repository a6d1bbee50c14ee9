//! `/v1/payments`: make, look at, wait for, list, cancel, answer, look up, resolve and take back card
//! payments.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cueline_hub_core::payment::Payment;
use cueline_hub_core::payment::check::{REASON_CHARS_MAX, REF_CHARS_MAX, text};
use cueline_hub_core::payment::flow::Created;
use cueline_hub_core::payment::rows::PaymentFilter;
use cueline_model::{PaymentId, PaymentKind, PaymentState, TenantId};
use cueline_wire::api::{
    AnswerRequest, DecisionRequest, Page, Payment as Shown, PaymentRequest, ReturnRequest,
};
use http::header::LOCATION;
use http::{Request, StatusCode};
use serde::Deserialize;

use super::params::{Params, PathId, id, idempotency_key};
use crate::auth::{Caller, ToPay, ToSeePayments};
use crate::body::{self, JSON_BYTES_MAX};
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::{clock, payments};

const WAIT_MAX_S: u32 = 60;

/// `POST /v1/payments`: 201 after the commit, 200 for a repeat under the same Idempotency-Key.
pub async fn create(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToPay>,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let key = idempotency_key(request.headers())?;
    let asked: PaymentRequest = body::json(request, JSON_BYTES_MAX).await?;
    let created = payments::create(&hub, caller.tenant, &asked, key).await?;
    answer_with(&hub, &created).await
}

/// What a payment may be asked for with.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// Answer once the payment has ended or is unknown, or after so many seconds, 60 at most.
    wait: Option<u32>,
    /// With `wait`: answer as soon as its version is higher than this.
    version: Option<u64>,
}

impl Wait {
    fn is_over(&self, payment: &Payment) -> bool {
        let ended = payment.state.is_settled();
        match self.version {
            Some(version) => ended || payment.version > version,
            None => ended || payment.state == PaymentState::Unknown,
        }
    }
}

/// `GET /v1/payments/{id}`.
pub async fn get(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToSeePayments>,
    PathId(payment): PathId,
    Params(asked): Params<Wait>,
) -> Result<Json<Shown>, Refusal> {
    let id = id(&payment, "payment")?;
    let wait = Duration::from_secs(asked.wait.unwrap_or(0).min(WAIT_MAX_S).into());
    let over = |payment: &Payment| asked.is_over(payment);
    let payment = wait_until(&hub, caller.tenant, id, wait, over).await?;
    Ok(Json(payments::shown(&hub, &payment).await?))
}

/// The payment once `over` says so, or as it is when the time is over or the hub stops.
///
/// # Errors
/// 404 `not_found`, and those of the store.
pub async fn wait_until(
    hub: &Hub,
    tenant: TenantId,
    id: PaymentId,
    wait: Duration,
    over: impl Fn(&Payment) -> bool,
) -> Result<Payment, Refusal> {
    let mut until = pin!(tokio::time::sleep(wait));
    let mut draining = hub.draining.subscribe();
    let waiter = hub.payment_waiters.wait_for(id);
    loop {
        // Waiting starts before the state is read, so that nothing slips between the two.
        let mut woken = pin!(waiter.woken());
        woken.as_mut().enable();
        let payment = payments::found(hub, tenant, id).await?;
        if wait.is_zero() || over(&payment) {
            return Ok(payment);
        }
        tokio::select! {
            () = woken => continue,
            () = until.as_mut() => {}
            _ = draining.wait_for(|draining| *draining) => {}
        }
        return payments::found(hub, tenant, id).await;
    }
}

/// Which payments to list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    state: Option<PaymentState>,
    order_ref: Option<String>,
    limit: Option<usize>,
    after: Option<PaymentId>,
}

/// `GET /v1/payments`, newest first; with `order_ref` every attempt at that order.
pub async fn list(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToSeePayments>,
    Params(asked): Params<ListQuery>,
) -> Result<Json<Page<Shown>>, Refusal> {
    let filter = PaymentFilter {
        state: asked.state,
        order_ref: asked.order_ref,
        after: asked.after,
    };
    let limit = super::params::limit(asked.limit)?;
    let mut found = hub.store.payments(caller.tenant, filter, limit + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let mut data = Vec::with_capacity(found.len());
    for payment in &found {
        data.push(payments::shown(&hub, payment).await?);
    }
    let next = found.last().filter(|_| more);
    let next = next.map(|payment| payment.id.to_string());
    Ok(Json(Page { data, next }))
}

/// `POST /v1/payments/{id}/cancel`: 200 with the payment as it is then. One that may be at the terminal is asked to
/// stop there, and its true result awaited; 409 `too_late` where it has ended otherwise.
pub async fn cancel(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToPay>,
    PathId(payment): PathId,
) -> Result<Json<Shown>, Refusal> {
    let id = id(&payment, "payment")?;
    let changed = hub.store.cancel_payment(caller.tenant, id, clock::wall());
    show(&hub, changed.await?).await
}

/// `POST /v1/payments/{id}/void`: takes a whole sale back; 201 with the payment that does it.
pub async fn void(
    state: State<Arc<Hub>>,
    caller: Caller<ToPay>,
    payment: PathId,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    take_back(PaymentKind::Void, &state, &caller, &payment, request).await
}

/// `POST /v1/payments/{id}/refund`: gives money of a sale back; 201 with the payment that does it.
pub async fn refund(
    state: State<Arc<Hub>>,
    caller: Caller<ToPay>,
    payment: PathId,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    take_back(PaymentKind::Refund, &state, &caller, &payment, request).await
}

async fn take_back(
    kind: PaymentKind,
    hub: &Hub,
    caller: &Caller<ToPay>,
    PathId(original): &PathId,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let original = id(original, "payment")?;
    // Whoever may not see the payment is not told what is wrong with the request about it.
    payments::found(hub, caller.tenant, original).await?;
    let key = idempotency_key(request.headers())?;
    let asked: ReturnRequest = body::json(request, JSON_BYTES_MAX).await?;
    let asked = PaymentRequest {
        kind,
        amount_minor: asked.amount_minor,
        currency: None,
        station: asked.station,
        terminal: asked.terminal,
        original: Some(original),
        order_ref: None,
        attempt_no: None,
        clerk_ref: asked.clerk_ref,
        start_by: asked.start_by,
        start_in_s: asked.start_in_s,
        supersede: None,
    };
    let created = payments::create(hub, caller.tenant, &asked, key).await?;
    answer_with(hub, &created).await
}

/// `POST /v1/payments/{id}/answer`: the clerk's answer to the prompt that is shown; 409 `no_prompt` where the
/// terminal has moved on.
pub async fn answer(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToPay>,
    PathId(payment): PathId,
    request: Request<Body>,
) -> Result<Json<Shown>, Refusal> {
    let id = id(&payment, "payment")?;
    payments::found(&hub, caller.tenant, id).await?;
    let asked: AnswerRequest = body::json(request, JSON_BYTES_MAX).await?;
    let answer = (asked.prompt, asked.answer);
    let changed = hub
        .store
        .answer_payment(caller.tenant, id, answer, clock::wall());
    show(&hub, changed.await?).await
}

/// `POST /v1/payments/{id}/look-up`: asks the terminal again what became of an unknown payment.
pub async fn look_up(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToPay>,
    PathId(payment): PathId,
) -> Result<Json<Shown>, Refusal> {
    let id = id(&payment, "payment")?;
    let changed = hub.store.look_up_payment(caller.tenant, id, clock::wall());
    show(&hub, changed.await?).await
}

/// `POST /v1/payments/{id}/resolve`: a person's decision about an unknown payment, kept in the audit. One that
/// was started can be decided too while its agent is not there to tell.
pub async fn resolve(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToPay>,
    PathId(payment): PathId,
    request: Request<Body>,
) -> Result<Json<Shown>, Refusal> {
    let id = id(&payment, "payment")?;
    let before = payments::found(&hub, caller.tenant, id).await?;
    let asked: DecisionRequest = body::json(request, JSON_BYTES_MAX).await?;
    let asked = DecisionRequest {
        decision: asked.decision,
        by: text("by", &asked.by, REF_CHARS_MAX)?,
        reason: text("reason", &asked.reason, REASON_CHARS_MAX)?,
    };
    let agent_lost = !payments::surroundings(&hub, &before).await?.agent_online;
    let now = clock::wall();
    let changed = hub
        .store
        .resolve_payment(caller.tenant, id, asked, agent_lost, now);
    show(&hub, changed.await?).await
}

async fn show(hub: &Hub, changed: Option<Payment>) -> Result<Json<Shown>, Refusal> {
    let payment = changed.ok_or_else(payments::unknown)?;
    Ok(Json(payments::shown(hub, &payment).await?))
}

/// A payment that was made, or made before.
async fn answer_with(hub: &Hub, created: &Created) -> Result<Response, Refusal> {
    let status = if created.repeat {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let payment = &created.payment;
    let location = [(LOCATION, format!("/v1/payments/{}", payment.id))];
    let shown = payments::shown(hub, payment).await?;
    Ok((status, location, Json(shown)).into_response())
}
