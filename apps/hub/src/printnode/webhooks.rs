//! PrintNode's webhooks: the steps of jobs, told to a URL of the box office's.
//!
//! A step is stored for each webhook in the commit that makes it, and told until the receiver has said
//! that it has it, in order, after pauses that grow, for a day. So it may be told twice and is never
//! lost in between; its `uid` is the same each time. The receiver says so as PrintNode wants it, with
//! `X-PrintNode-Webhook-Status: OK`. It is reached under the same rules as what is fetched.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use cueline_model::TenantId;
use cueline_wire::Timestamp;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::task::{self, JoinSet};

use super::account::Caller;
use super::fault::Fault;
use super::{Facade, states};
use crate::auth::ToManage;
use crate::body::{self, JSON_BYTES_MAX};
use crate::clock;
use crate::fetch::{FetchError, Fetcher, Target};
use crate::hub::Hub;
use crate::store::{DueWebhook, NewWebhook, WebhookError, WebhookRecord};

const SECRET_HEADER: &str = "x-printnode-webhook-secret";
const STATUS_HEADER: &str = "x-printnode-webhook-status";
const SECRET_CHARS_MAX: usize = 255;
/// The one kind of event there is here.
const JOB_STATE: &str = "print job state";
const COMPUTER_STATE: &str = "computer state";
/// Webhooks written to at once.
const DELIVERIES_MAX: usize = 16;
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a webhook is to be.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    url: Option<String>,
    secret: Option<String>,
    messages: Option<Vec<String>>,
    enabled: Option<bool>,
    #[serde(rename = "webhookId")]
    webhook_id: Option<u32>,
}

/// A webhook as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    webhook_id: u32,
    url: String,
    secret: String,
    messages: Vec<String>,
    enabled: bool,
    counts: Counts,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    received_events: u64,
    dropped_events: u64,
    successful_requests: u64,
    failed_requests: u64,
}

impl From<WebhookRecord> for Webhook {
    fn from(record: WebhookRecord) -> Self {
        Self {
            webhook_id: record.number,
            url: record.url,
            secret: record.secret,
            messages: record.messages,
            enabled: record.enabled,
            counts: Counts {
                received_events: record.received,
                dropped_events: record.dropped,
                successful_requests: record.succeeded,
                failed_requests: record.failed,
            },
        }
    }
}

type Facades = State<Arc<Facade>>;

/// `GET /webhooks` and `GET /webhook`.
pub async fn list(
    State(facade): Facades,
    caller: Caller<ToManage>,
) -> Result<Json<Vec<Webhook>>, Fault> {
    let found = facade.hub.store.webhooks(caller.tenant).await?;
    Ok(Json(found.into_iter().map(Webhook::from).collect()))
}

/// `POST /webhook`: 201 with the one that was made, in a list.
pub async fn create(
    State(facade): Facades,
    caller: Caller<ToManage>,
    request: Request<Body>,
) -> Result<(StatusCode, Json<[Webhook; 1]>), Fault> {
    let asked = read(request).await?;
    let new = NewWebhook {
        url: asked
            .url
            .ok_or_else(|| Fault::bad_request("url: expected where events are to be sent"))?,
        secret: asked.secret.unwrap_or_default(),
        messages: asked.messages.unwrap_or_else(|| vec!["*".to_owned()]),
        enabled: asked.enabled.unwrap_or(true),
    };
    check(&new)?;
    let made = facade
        .hub
        .store
        .add_webhook(caller.tenant, new, clock::wall());
    let made = made.await.map_err(|error| match error {
        WebhookError::Store(error) => error.into(),
        WebhookError::TooMany => Fault::new(StatusCode::CONFLICT, error.to_string()),
    })?;
    Ok((StatusCode::CREATED, Json([made.into()])))
}

/// `PATCH /webhook/{id}`: what is not given stays.
pub async fn change(
    State(facade): Facades,
    caller: Caller<ToManage>,
    Path(number): Path<String>,
    request: Request<Body>,
) -> Result<Json<[Webhook; 1]>, Fault> {
    let number = number.parse().map_err(|_| no_such())?;
    change_to(&facade, caller.tenant, number, read(request).await?).await
}

/// `PATCH /webhook`, which one being said in the body.
pub async fn change_named(
    State(facade): Facades,
    caller: Caller<ToManage>,
    request: Request<Body>,
) -> Result<Json<[Webhook; 1]>, Fault> {
    let asked = read(request).await?;
    let number = asked
        .webhook_id
        .ok_or_else(|| Fault::bad_request("webhookId: expected a webhook's number"))?;
    change_to(&facade, caller.tenant, number, asked).await
}

async fn change_to(
    facade: &Facade,
    tenant: TenantId,
    number: u32,
    asked: Asked,
) -> Result<Json<[Webhook; 1]>, Fault> {
    let store = &facade.hub.store;
    let found = store.webhooks(tenant).await?.into_iter();
    let before = found.into_iter().find(|webhook| webhook.number == number);
    let before = before.ok_or_else(no_such)?;
    let new = NewWebhook {
        url: asked.url.unwrap_or(before.url),
        secret: asked.secret.unwrap_or(before.secret),
        messages: asked.messages.unwrap_or(before.messages),
        enabled: asked.enabled.unwrap_or(before.enabled),
    };
    check(&new)?;
    let changed = store.change_webhook(tenant, number, new).await?;
    Ok(Json([changed.ok_or_else(no_such)?.into()]))
}

/// `DELETE /webhook/{id}`: the webhooks that are left.
pub async fn remove(
    State(facade): Facades,
    caller: Caller<ToManage>,
    Path(number): Path<String>,
) -> Result<Json<Vec<Webhook>>, Fault> {
    let store = &facade.hub.store;
    let number = number.parse().map_err(|_| no_such())?;
    if !store.remove_webhook(caller.tenant, number).await? {
        return Err(no_such());
    }
    let left = store.webhooks(caller.tenant).await?;
    Ok(Json(left.into_iter().map(Webhook::from).collect()))
}

fn no_such() -> Fault {
    Fault::new(
        StatusCode::NOT_FOUND,
        "there is no such webhook; list them with GET /webhooks",
    )
}

async fn read(request: Request<Body>) -> Result<Asked, Fault> {
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, JSON_BYTES_MAX).await?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Fault::bad_request(format!("the body is not a webhook: {error}")))
}

fn check(new: &NewWebhook) -> Result<(), Fault> {
    Target::parse(&new.url).map_err(|error| Fault::bad_request(format!("url: {error}")))?;
    let plain = new.secret.len() <= SECRET_CHARS_MAX && HeaderValue::from_str(&new.secret).is_ok();
    if !plain {
        return Err(Fault::bad_request(format!(
            "secret: expected at most {SECRET_CHARS_MAX} plain characters"
        )));
    }
    let known = ["*", JOB_STATE, COMPUTER_STATE];
    let all_known = new
        .messages
        .iter()
        .all(|message| known.contains(&message.as_str()));
    if new.messages.is_empty() || !all_known {
        return Err(Fault::bad_request(format!(
            "messages: expected [\"*\"] or [\"{JOB_STATE}\"]"
        )));
    }
    if new.messages.iter().all(|message| message == COMPUTER_STATE) {
        return Err(Fault::not_offered(
            "this hub tells webhooks of print jobs alone, not of computers",
        ));
    }
    Ok(())
}

/// Tells webhooks what there is to tell, until the hub stops.
pub async fn deliver(facade: Arc<Facade>) {
    // Ends with this task: what was not noted as told is told again.
    let mut deliveries = JoinSet::new();
    let mut busy: HashMap<task::Id, u32> = HashMap::new();
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        while let Some(ended) = deliveries.try_join_next_with_id() {
            let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
            busy.remove(&id);
        }
        let room = DELIVERIES_MAX.saturating_sub(busy.len());
        let now_busy = busy.values().copied().collect();
        let due = facade.hub.store.due_webhooks(now_busy, room, clock::wall());
        let due = due.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "webhooks could not be looked up; tried again");
            Vec::new()
        });
        for webhook in due {
            let number = webhook.number;
            let facade = facade.clone();
            let told = deliveries.spawn(async move {
                tell(&facade.hub, &facade.fetcher, webhook).await;
            });
            busy.insert(told.id(), number);
        }
    }
}

async fn tell(hub: &Hub, fetcher: &Fetcher, webhook: DueWebhook) {
    let number = webhook.number;
    let Some(last) = webhook.events.last().map(|event| event.number) else {
        return;
    };
    let noted = match request(fetcher, &webhook).await {
        Ok(()) => hub.store.webhook_delivered(number, last).await,
        Err(cause) => {
            tracing::info!(webhook = number, %cause, "a webhook was not reached; tried again later");
            hub.store.webhook_failed(number, clock::wall()).await
        }
    };
    if let Err(error) = noted {
        tracing::warn!(webhook = number, %error, "what became of a webhook's events was not stored");
    }
}

async fn request(fetcher: &Fetcher, webhook: &DueWebhook) -> Result<(), String> {
    let body = serde_json::to_vec(&events(webhook)).map_err(|error| error.to_string())?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut secret = HeaderValue::from_str(&webhook.secret).map_err(|error| error.to_string())?;
    secret.set_sensitive(true);
    headers.insert(SECRET_HEADER, secret);
    let sent = fetcher.post(&webhook.url, headers, body).await;
    let (status, answer) = sent.map_err(|error: FetchError| error.to_string())?;
    if !status.is_success() {
        return Err(format!("it answered {status}"));
    }
    let said = answer.get(STATUS_HEADER).map(HeaderValue::as_bytes);
    if said.is_some_and(|said| said.eq_ignore_ascii_case(b"ok")) {
        Ok(())
    } else {
        Err(format!("it answered {status} without {STATUS_HEADER}: OK"))
    }
}

fn events(webhook: &DueWebhook) -> Vec<serde_json::Value> {
    let told = webhook.events.iter().map(|event| {
        json!({
            "type": JOB_STATE,
            "accountId": webhook.account,
            "controllingAccountId": webhook.account,
            "createdAt": Timestamp(event.at),
            "data": {
                "uid": format!("{}-{}", webhook.number, event.number),
                "printJobId": event.job.number,
                "state": states::word(event.state),
                "message": states::message(&event.job.job, event.state),
            },
        })
    });
    told.collect()
}
