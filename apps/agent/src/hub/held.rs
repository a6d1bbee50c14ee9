//! The held request: one `GET` whose answer brings the hub's events as they happen.

use std::sync::Arc;
use std::time::Duration;

use cueline_agent_core::{Event, LinkEnd, LinkId};
use cueline_model::{Failure, FailureCode, JobKey};
use cueline_uplink::{Connection, RequestError};
use cueline_wire::cloud::sse::{Decoder, Frame};
use cueline_wire::cloud::{Framed, JobOffer, StreamEvent, StreamMode, path};
use http::header::ACCEPT;
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use tokio::sync::mpsc;

use super::answer::{Refusal, one_line, refusal};
use super::client::{Ask, HubClient, wants_fresh_nonce};
use super::offer_check::OfferCheck;

/// The longest problem document read from an answer that is not 200.
const PROBLEM_BYTES_MAX: usize = 64 * 1024;

/// One try at the held request.
pub struct HeldRequest {
    /// Its number; every event names it.
    pub link: LinkId,
    /// The ping period to ask for.
    pub ping: Duration,
    /// How the answer shall come.
    pub mode: StreamMode,
    /// Where the events go; while it is full nothing is read from the connection.
    pub events: mpsc::Sender<Event>,
    /// What jobs are checked against.
    pub offers: Arc<OfferCheck>,
    /// Told the way taken, `direct` or `proxy HOST:PORT`, once connected.
    pub path: Arc<tokio::sync::watch::Sender<String>>,
}

/// The core's task is gone: the program ends.
struct Gone;

/// Why the answer cannot be read on.
struct EndLink(String);

/// Connects, asks, and passes events on until the answer ends; then tells how. Ends without a word
/// when it is dropped or aborted.
pub async fn hold(hub: Arc<HubClient>, held: HeldRequest) {
    let link = held.link;
    if let Ok(end) = held.run(&hub).await {
        held.tell(Event::LinkClosed { link, end }).await.ok();
    }
}

impl HeldRequest {
    async fn run(&self, hub: &HubClient) -> Result<LinkEnd, Gone> {
        let mut connection = match hub.uplink.connect().await {
            Ok(connection) => connection,
            Err(error) => return Ok(no_answer(&error.into())),
        };
        self.path.send_replace(connection.path());
        let link = self.link;
        // The writing itself is the connection's: from here on the hub's answer is waited for.
        self.tell(Event::LinkAsked { link }).await?;
        match self.ask(hub, &mut connection).await {
            Ok(answer) => self.read(answer).await,
            Err(end) => Ok(end),
        }
    }

    /// The 200 answer's head, after a second request where the hub wants a fresh nonce.
    async fn ask(
        &self,
        hub: &HubClient,
        connection: &mut Connection,
    ) -> Result<Response<Incoming>, LinkEnd> {
        let mut ask = Ask::new(Method::GET, path::STREAM);
        // Whole seconds are written without a point, `120`, others as in `22.5`.
        let ping_s = self.ping.as_secs_f64();
        ask.query = format!("ping={ping_s}&mode={}", self.mode.as_str());
        ask.headers
            .push((ACCEPT, HeaderValue::from_static("text/event-stream")));
        let mut asked_again = false;
        loop {
            let request = hub.signed(&ask).map(Full::new);
            let answer = connection
                .send(request)
                .await
                .map_err(|error| no_answer(&error))?;
            hub.keep_nonce(answer.headers());
            if answer.status() == StatusCode::OK {
                return Ok(answer);
            }
            let refused = problem(answer).await;
            if asked_again || !wants_fresh_nonce(&refused) {
                return Err(refused_end(refused));
            }
            asked_again = true;
        }
    }

    async fn read(&self, answer: Response<Incoming>) -> Result<LinkEnd, Gone> {
        let mut body = answer.into_body();
        let mut decoder = Decoder::default();
        loop {
            let data = match body.frame().await {
                None => return Ok(LinkEnd::Ended),
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                Some(Err(error)) => {
                    tracing::debug!(%error, "the held answer broke off");
                    return Ok(LinkEnd::Ended);
                }
            };
            decoder.push(&data);
            loop {
                let read = match decoder.next_frame() {
                    Ok(Some(frame)) => self.event(&frame),
                    Ok(None) => break,
                    Err(error) => Err(EndLink(error.to_string())),
                };
                match read {
                    Ok(Some(event)) => self.tell(event).await?,
                    Ok(None) => {}
                    Err(EndLink(reason)) => {
                        tracing::warn!("end the link: {reason}");
                        return Ok(LinkEnd::Ended);
                    }
                }
            }
        }
    }

    /// What the core is told of a frame; nothing of events that are of a later version.
    fn event(&self, frame: &Frame) -> Result<Option<Event>, EndLink> {
        match Framed::decode(frame) {
            Ok(framed) => Ok(framed.map(|framed| self.checked(framed))),
            Err(error) => self.unreadable(frame, &one_line(&error.to_string())),
        }
    }

    /// An event, once the signature of a job or a payment is looked at.
    fn checked(&self, framed: Framed) -> Event {
        let link = self.link;
        let offer = match &framed.event {
            StreamEvent::Job(offer) => offer,
            StreamEvent::Payment(offer) => {
                return match self.offers.check_payment(offer) {
                    Ok(()) => Event::LinkReceived { link, framed },
                    Err(failure) => Event::PaymentRefused {
                        link,
                        payment: offer.payment,
                        failure,
                    },
                };
            }
            _ => return Event::LinkReceived { link, framed },
        };
        match (self.offers.check(offer), framed.sequence) {
            (Ok(()), _) => Event::LinkReceived { link, framed },
            (Err(failure), Some(sequence)) => Event::OfferRefused {
                link,
                sequence,
                offer: offer.clone(),
                failure,
            },
            (Err(failure), None) => Event::OfferUnreadable {
                link,
                job: offer.key(),
                failure,
            },
        }
    }

    /// An event whose name is known and whose content is not, as a hub of a later version may send.
    /// Ending the link for it would bring the same event again on the next one, and nothing behind it
    /// would ever arrive; only without a readable `hello` there is no link to go on with.
    fn unreadable(&self, frame: &Frame, reason: &str) -> Result<Option<Event>, EndLink> {
        if frame.event == "hello" {
            return Err(EndLink(reason.to_owned()));
        }
        tracing::warn!("pass over: {reason}; install a newer agent");
        let which = (frame.event == "job").then(|| JobOffer::which(&frame.data));
        // One that not even says which job it is comes again with the next link.
        Ok(which
            .flatten()
            .map(|(job, attempt)| Event::OfferUnreadable {
                link: self.link,
                job: JobKey { job, attempt },
                failure: Failure {
                    code: FailureCode::UnsupportedContent,
                    text: format!(
                        "this agent's version ({}) cannot read the job: {reason}; update the agent",
                        env!("CARGO_PKG_VERSION")
                    ),
                },
            }))
    }

    async fn tell(&self, event: Event) -> Result<(), Gone> {
        self.events.send(event).await.map_err(|_| Gone)
    }
}

async fn problem(answer: Response<Incoming>) -> Refusal {
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, PROBLEM_BYTES_MAX).collect().await;
    // A problem that breaks off still has its status.
    let body = body
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    refusal(head.status, &head.headers, &body)
}

fn refused_end(refused: Refusal) -> LinkEnd {
    LinkEnd::Refused {
        status: refused.status,
        code: refused.code,
        text: refused.text,
        retry_after: refused.retry_after,
    }
}

fn no_answer(error: &RequestError) -> LinkEnd {
    LinkEnd::NoAnswer {
        code: error.code().to_owned(),
        text: error.to_string(),
    }
}

#[cfg(test)]
mod tests;
