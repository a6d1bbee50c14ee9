//! The events of the held request, hub to agent.

use cueline_model::{Attempt, JobId, JobKey, WallTime};
use serde::{Deserialize, Serialize};

use super::offer::JobOffer;
use super::payment::{PaymentOffer, PaymentWish};
use super::sse::{self, Frame};

/// How the answer to the held request is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamMode {
    /// The body never ends; each event is flushed as it comes.
    #[default]
    Stream,
    /// The body ends with the first event after `hello` (or the backlog, or the ping): for paths that
    /// hold an answer back until it is complete.
    Poll,
}

impl StreamMode {
    /// The value of the `mode` query parameter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Poll => "poll",
        }
    }
}

/// First event of every answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Counts this agent's links; a newer one fences an older.
    pub epoch: u64,
    /// The hub's wall clock, ms since 1970: jobs' times are on this clock.
    pub server_time: WallTime,
    /// The ping period granted, seconds.
    pub ping_s: u32,
    /// The hub's version, for people.
    pub hub_version: String,
}

/// The box office would like a job not to be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdraw {
    /// Which job.
    pub job: JobId,
    /// Which attempt at it.
    pub attempt: Attempt,
}

impl Withdraw {
    /// The job and the attempt at it.
    #[must_use]
    pub const fn key(&self) -> JobKey {
        JobKey {
            job: self.job,
            attempt: self.attempt,
        }
    }
}

/// Something the agent is asked to look at or tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// What.
    pub kind: ProbeKind,
}

/// What a [`Probe`] asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeKind {
    /// Send the inventory again.
    Inventory,
}

/// Why the hub ends a held request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ByeReason {
    /// The hub is being restarted.
    Draining,
    /// A newer held request of the same agent has taken over.
    Superseded,
    /// The agent was removed from its site.
    Revoked,
    /// An offered job was not acknowledged in time; it will be offered again.
    Unacknowledged,
    /// Nothing was heard from the agent for the idle time-out.
    Silent,
    /// The agent read too slowly and its outbox is full; what was not read is offered again.
    TooSlow,
}

/// Last event of an answer that the hub ends on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bye {
    /// Why.
    pub reason: ByeReason,
    /// How long to wait before the next attempt; already spread over the fleet.
    pub retry_after_ms: u64,
}

/// One event of the held request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// See [`Hello`].
    Hello(Hello),
    /// Application keep-alive: its number, counted from 1 on each link.
    Ping(u64),
    /// Work.
    Job(Box<JobOffer>),
    /// See [`Withdraw`].
    Withdraw(Withdraw),
    /// See [`Probe`].
    Probe(Probe),
    /// A payment, offered.
    Payment(Box<PaymentOffer>),
    /// See [`PaymentWish`].
    PaymentWish(PaymentWish),
    /// See [`Bye`].
    Bye(Bye),
}

/// An event with the hub's sequence number, which `job` events carry in their `id:` field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framed {
    /// The hub's sequence for this agent, rising.
    pub sequence: Option<u64>,
    /// The event.
    pub event: StreamEvent,
}

/// Why a frame is not an event.
#[derive(Debug, thiserror::Error)]
#[error("the hub's {event:?} event could not be read: {reason}")]
pub struct EventError {
    /// The event's name.
    pub event: String,
    /// What was wrong.
    pub reason: String,
}

impl StreamEvent {
    /// The event's name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Hello(_) => "hello",
            Self::Ping(_) => "ping",
            Self::Job(_) => "job",
            Self::Withdraw(_) => "withdraw",
            Self::Probe(_) => "probe",
            Self::Payment(_) => "payment",
            Self::PaymentWish(_) => "payment_wish",
            Self::Bye(_) => "bye",
        }
    }
}

impl Framed {
    /// An event without a sequence number.
    #[must_use]
    pub const fn plain(event: StreamEvent) -> Self {
        Self {
            sequence: None,
            event,
        }
    }

    /// The event as server-sent event text (WHATWG HTML section 9.2), ending in an empty line.
    #[must_use]
    pub fn encode(&self) -> String {
        let data = match &self.event {
            StreamEvent::Hello(hello) => serde_json::to_string(hello),
            StreamEvent::Ping(number) => serde_json::to_string(number),
            StreamEvent::Job(offer) => serde_json::to_string(offer),
            StreamEvent::Withdraw(withdraw) => serde_json::to_string(withdraw),
            StreamEvent::Probe(probe) => serde_json::to_string(probe),
            StreamEvent::Payment(offer) => serde_json::to_string(offer),
            StreamEvent::PaymentWish(wish) => serde_json::to_string(wish),
            StreamEvent::Bye(bye) => serde_json::to_string(bye),
        }
        .expect("plain data with string keys always becomes JSON");
        sse::encode(self.event.name(), self.sequence, &data)
    }

    /// Reads a frame; `Ok(None)` for an event of a later version, which is passed over.
    ///
    /// # Errors
    /// When the name is known and the data is not of its shape.
    pub fn decode(frame: &Frame) -> Result<Option<Self>, EventError> {
        fn data<'a, T: Deserialize<'a>>(frame: &'a Frame) -> Result<T, EventError> {
            serde_json::from_str(&frame.data).map_err(|error| EventError {
                event: frame.event.clone(),
                reason: error.to_string(),
            })
        }
        let event = match frame.event.as_str() {
            "hello" => StreamEvent::Hello(data(frame)?),
            "ping" => StreamEvent::Ping(data(frame)?),
            "job" => StreamEvent::Job(data(frame)?),
            "withdraw" => StreamEvent::Withdraw(data(frame)?),
            "probe" => StreamEvent::Probe(data(frame)?),
            "payment" => StreamEvent::Payment(data(frame)?),
            "payment_wish" => StreamEvent::PaymentWish(data(frame)?),
            "bye" => StreamEvent::Bye(data(frame)?),
            _ => return Ok(None),
        };
        Ok(Some(Self {
            sequence: frame.id.as_deref().and_then(|id| id.parse().ok()),
            event,
        }))
    }
}
