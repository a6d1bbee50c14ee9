//! `GET /v1/events`: what happens to the tenant's jobs and printers, as server-sent events.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cueline_wire::api::event::RESET;
use cueline_wire::cloud::sse;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use hyper::body::Frame;
use tokio::sync::mpsc;

use crate::auth::{Caller, ToRead, key_opens};
use crate::events::{READERS_MAX, Reader, TooSlow};
use crate::hub::Hub;
use crate::refusal::Refusal;

const LAST_EVENT_ID: &str = "last-event-id";
/// A comment after so much silence, so that nothing in between takes the line for dead; and as often it
/// is asked whether the key still opens this.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(10);
const KEEP_ALIVE: &str = ": keep-alive\n\n";
/// Texts on their way to one connection; whoever takes none of them is behind before long.
const WAITING_TEXTS_MAX: usize = 4;
const TOO_MANY_RETRY_AFTER_S: u32 = 15;

/// `GET /v1/events`. With `Last-Event-ID` it goes on after that event; where it cannot, the first event
/// is `reset`. The stream ends when the hub stops, the key is revoked, or the reader is too slow.
pub async fn stream(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToRead>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let last = last_event_id(&headers)?;
    let reader = hub.events.listen(caller.tenant, last).ok_or_else(|| {
        Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_streams",
            format!("{READERS_MAX} streams of this tenant are open already; close one"),
        )
        .retry_after(TOO_MANY_RETRY_AFTER_S)
    })?;
    let (texts, body) = mpsc::channel(WAITING_TEXTS_MAX);
    tokio::spawn(tell(hub, headers, reader, texts));
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        // Asks proxies that hold answers back not to.
        (http::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::new(Texts(body))).into_response())
}

/// What a stream waits for.
enum Happening {
    Events,
    Silence,
    End,
}

/// Events until somebody has enough.
async fn tell(hub: Arc<Hub>, headers: HeaderMap, mut reader: Reader, texts: mpsc::Sender<String>) {
    let mut draining = hub.draining.subscribe();
    let mut next = greeting(&reader);
    while texts.send(next).await.is_ok() {
        let happening = tokio::select! {
            () = reader.ready() => Happening::Events,
            () = tokio::time::sleep(KEEP_ALIVE_EVERY) => Happening::Silence,
            _ = draining.wait_for(|draining| *draining) => Happening::End,
            () = texts.closed() => Happening::End,
        };
        next = match happening {
            Happening::Events => match reader.take() {
                Ok(told) => told
                    .iter()
                    .map(|told| sse::encode(told.name, Some(told.number), &told.data))
                    .collect(),
                Err(TooSlow) => return,
            },
            Happening::Silence => match key_opens::<ToRead>(&hub, &headers).await {
                Ok(true) => KEEP_ALIVE.to_owned(),
                Ok(false) | Err(_) => return,
            },
            Happening::End => return,
        };
    }
}

/// The first of the answer: it says that the line stands, and where it begins.
fn greeting(reader: &Reader) -> String {
    if reader.missed() {
        return sse::encode(RESET, Some(reader.position()), "{}");
    }
    // An id with no data is no event, but is kept by the client (WHATWG HTML section 9.2.6).
    format!(": events\nid: {}\n\n", reader.position())
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let Some(value) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let number = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok());
    number.map(Some).ok_or_else(|| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "last_event_id_invalid",
            "Last-Event-ID: expected the id of an event of this stream, a number",
        )
    })
}

struct Texts(mpsc::Receiver<String>);

impl HttpBody for Texts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let text = self.0.poll_recv(context);
        text.map(|text| text.map(|text| Ok(Frame::data(text.into()))))
    }
}
