//! One agent's held request: what is written to it, in which order, and when it is given up.
//!
//! The shell makes an [`AgentLink`] when the request has been admitted and given an epoch, feeds it
//! events with [`AgentLink::handle`], carries out what [`AgentLink::poll_effect`] gives, and calls
//! [`AgentLink::handle_timeout`] when [`AgentLink::poll_timeout`] says. After each of the calls the
//! effects are to be polled until there are none. A newer request of the same agent gets an
//! `AgentLink` of its own with a newer epoch, and the older one is handed [`Event::Superseded`].
//!
//! **Order and completeness.** `seen` is the sequence up to which every queued job of the agent has
//! been offered on this stream or ended before. A job is offered directly only if it is the very next
//! one; anything else makes the link read the backlog from `seen` on, so that a wake-up which is late,
//! doubled or lost costs a read and never an order or a job. As `seen` only rises, an offer is
//! written at most once on a stream.
//!
//! **Limits.** At most [`WINDOW_JOBS_MAX`] offers are unacknowledged, and the agent holds at most
//! [`AGENT_JOBS_MAX`] jobs; what exceeds that stays in the store, so an idle link holds no list at all.

use std::collections::VecDeque;
use std::time::Duration;

use cueline_model::limits::{ACKNOWLEDGE_WITHIN, AGENT_JOBS_MAX, PING_MAX, PING_MIN};
use cueline_model::{JobKey, Mono, PaymentId};
use cueline_wire::cloud::{ByeReason, ProbeKind, StreamMode};

use crate::store::Backlog;

#[cfg(test)]
#[path = "link_tests.rs"]
mod tests;

/// Offers that may be unacknowledged at once.
pub const WINDOW_JOBS_MAX: usize = 32;
/// Silence of the agent for this long means that the link is dead, whatever TCP says.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(150);
/// The ping period of an agent that asks for none.
pub const PING_DEFAULT: Duration = Duration::from_secs(120);

/// The ping period granted to an agent that asks for `asked_s` seconds: within the limits, and always
/// under the idle time-out.
#[must_use]
pub fn granted_ping(asked_s: Option<u32>) -> Duration {
    asked_s
        .map_or(PING_DEFAULT, |s| Duration::from_secs(s.into()))
        .clamp(PING_MIN, PING_MAX)
}

/// What a link is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// From [`crate::JobStore::next_epoch`].
    pub epoch: u64,
    /// The period granted; see [`granted_ping`].
    pub ping: Duration,
    /// How the answer is delivered.
    pub mode: StreamMode,
    /// [`IDLE_TIMEOUT`] unless configured.
    pub idle_timeout: Duration,
    /// [`ACKNOWLEDGE_WITHIN`] unless configured.
    pub acknowledge_within: Duration,
}

impl Opening {
    /// A link with the default time-outs.
    #[must_use]
    pub const fn new(epoch: u64, ping: Duration, mode: StreamMode) -> Self {
        Self {
            epoch,
            ping,
            mode,
            idle_timeout: IDLE_TIMEOUT,
            acknowledge_within: ACKNOWLEDGE_WITHIN,
        }
    }
}

/// Something happened to an agent or its link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The answer to [`Effect::LoadBacklog`].
    Backlog(Backlog),
    /// A job was stored for this agent.
    JobQueued {
        /// Which.
        key: JobKey,
        /// Its place.
        sequence: u64,
    },
    /// A report, inventory or other signed request of the agent arrived.
    Heard,
    /// An entry about this job is stored, so the agent has it. Doing it again changes nothing.
    Acknowledged(JobKey),
    /// This job turned out not to be offered any more; see [`crate::JobStore::mark_offered`].
    NotOffered(JobKey),
    /// This job has ended.
    Settled(JobKey),
    /// The agent has this many jobs that have not ended: the store's count after a change.
    AtAgent(u32),
    /// The box office would like this job not to be printed.
    Withdraw(JobKey),
    /// The agent is to be asked something.
    Probe(ProbeKind),
    /// There may be something to say about these payments.
    Payments {
        /// Which.
        payments: Vec<PaymentId>,
        /// Whether it completes an answer in [`StreamMode::Poll`]: what was said before does not, or an
        /// agent that polls would poll without pause for as long as a wish holds.
        at_once: bool,
    },
    /// What was to be sent does not fit in the outbox: the agent reads too slowly.
    OutboxFull,
    /// The hub is being restarted.
    Drain {
        /// When this agent shall come again, already spread over the fleet.
        retry_after: Duration,
    },
    /// A newer request of the agent has taken over.
    Superseded,
    /// The agent was removed.
    Revoke,
    /// The connection is gone.
    Closed,
}

/// Something to write to the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outgoing {
    /// The first event.
    Hello {
        /// The link's epoch.
        epoch: u64,
        /// The period granted.
        ping: Duration,
    },
    /// Keep-alive, counted from 1.
    Ping(u64),
    /// A job: mark it offered, then load and write it; if it is not to be offered any more, write
    /// nothing and give [`Event::NotOffered`].
    Offer(JobKey),
    /// See [`Event::Withdraw`].
    Withdraw(JobKey),
    /// See [`Event::Probe`].
    Probe(ProbeKind),
    /// A payment: read what is to be said about it now (see [`crate::payment::flow::words`]) and write
    /// that, if anything.
    Payment(PaymentId),
}

/// Something to do, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Write to the stream.
    Send(Outgoing),
    /// Read the backlog and answer with [`Event::Backlog`]; if that cannot be done, close the
    /// connection.
    LoadBacklog {
        /// Only jobs with a sequence over this.
        after: u64,
        /// At most this many.
        limit: usize,
    },
    /// End the answer after everything that was to be sent. The link is over.
    Close(End),
}

/// How the hub ends an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With a `bye`.
    Bye {
        /// Why.
        reason: ByeReason,
        /// When to come again.
        retry_after: Duration,
    },
    /// Complete, as [`StreamMode::Poll`] wants it; no `bye`.
    Complete,
}

/// What a deadline is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// A ping is due.
    Ping,
    /// The agent has been silent for too long.
    Silent,
    /// An offer has been left unacknowledged for too long.
    Unacknowledged,
}

/// The state of one held request.
#[derive(Debug)]
pub struct AgentLink {
    opening: Opening,
    over: bool,
    pings: u64,
    /// When anything was last written.
    sent_at: Mono,
    pinged_at: Mono,
    heard_at: Mono,
    /// See the module's head.
    seen: u64,
    loading: bool,
    /// The store said that it has more after `seen`, or was not asked yet.
    more: bool,
    /// The newest sequence that a wake-up told of.
    announced: u64,
    /// Told to be withdrawn while `loading`: the backlog on its way may not know of it yet.
    withdrawn_meanwhile: Vec<JobKey>,
    at_agent: usize,
    /// Offered on this stream and not acknowledged, in order.
    unacknowledged: Vec<JobKey>,
    /// When the first of them became the first: an agent that works through a window over a slow
    /// line is not one that leaves jobs lying.
    first_since: Mono,
    effects: VecDeque<Effect>,
}

impl AgentLink {
    /// A link that has just been admitted: says hello and asks for the backlog.
    #[must_use]
    pub fn open(opening: Opening, now: Mono) -> Self {
        let hello = Outgoing::Hello {
            epoch: opening.epoch,
            ping: opening.ping,
        };
        let mut link = Self {
            opening,
            over: false,
            pings: 0,
            sent_at: now,
            pinged_at: now,
            heard_at: now,
            seen: 0,
            loading: false,
            more: true,
            announced: 0,
            withdrawn_meanwhile: Vec::new(),
            at_agent: 0,
            unacknowledged: Vec::new(),
            first_since: now,
            effects: VecDeque::new(),
        };
        link.effects.push_back(Effect::Send(hello));
        link.load_if_room();
        link
    }

    /// The link's epoch.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.opening.epoch
    }

    /// Whether it is over; nothing will come of it any more.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.over
    }

    /// The next thing to do.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        let effect = self.effects.pop_front();
        if self.effects.is_empty() {
            // A hub holds very many links that are idle nearly always.
            self.effects = VecDeque::new();
        }
        effect
    }

    /// The next deadline and what it is for; `None` once the link is over.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Mono, Deadline)> {
        if self.over {
            return None;
        }
        let silent = (self.heard_at + self.opening.idle_timeout, Deadline::Silent);
        let ping = (self.ping_due(), Deadline::Ping);
        let unacknowledged = self
            .acknowledgement_due()
            .map(|due| (due, Deadline::Unacknowledged));
        [Some(silent), unacknowledged, Some(ping)]
            .into_iter()
            .flatten()
            .min_by_key(|(due, _)| *due)
    }

    /// Does what is due at `now`; nothing if nothing is.
    pub fn handle_timeout(&mut self, now: Mono) {
        while let Some((due, deadline)) = self.poll_timeout()
            && due <= now
        {
            match deadline {
                Deadline::Silent => self.bye(ByeReason::Silent, Duration::ZERO),
                Deadline::Unacknowledged => self.bye(ByeReason::Unacknowledged, Duration::ZERO),
                Deadline::Ping => {
                    self.pings += 1;
                    self.pinged_at = now;
                    self.send(Outgoing::Ping(self.pings), now);
                    self.complete_poll();
                }
            }
        }
    }

    /// Takes an event; those after the link's end are passed over.
    pub fn handle(&mut self, event: Event, now: Mono) {
        if self.over {
            return;
        }
        let effects_before = self.effects.len();
        match event {
            Event::Backlog(backlog) => self.backlog(backlog, now),
            Event::JobQueued { key, sequence } => self.job_queued(key, sequence, now),
            Event::Heard => self.heard_at = now,
            Event::Acknowledged(key) | Event::NotOffered(key) | Event::Settled(key) => {
                self.no_longer_unacknowledged(key, now);
            }
            Event::AtAgent(count) => self.set_at_agent(count),
            Event::Withdraw(key) => {
                if self.loading {
                    self.withdrawn_meanwhile.push(key);
                }
                self.send(Outgoing::Withdraw(key), now);
            }
            Event::Probe(kind) => self.send(Outgoing::Probe(kind), now),
            Event::Payments { payments, at_once } => {
                for payment in payments {
                    self.send(Outgoing::Payment(payment), now);
                }
                if !at_once {
                    return;
                }
            }
            Event::OutboxFull => self.bye(ByeReason::TooSlow, Duration::ZERO),
            Event::Drain { retry_after } => self.bye(ByeReason::Draining, retry_after),
            Event::Superseded => self.bye(ByeReason::Superseded, Duration::ZERO),
            Event::Revoke => self.bye(ByeReason::Revoked, Duration::ZERO),
            Event::Closed => {
                self.effects.clear();
                self.end();
            }
        }
        if self.over {
            return;
        }
        if self.effects.len() > effects_before {
            self.complete_poll();
        }
        self.load_if_room();
    }

    fn backlog(&mut self, backlog: Backlog, now: Mono) {
        self.loading = false;
        self.set_at_agent(backlog.at_agent);
        for key in backlog.withdrawals {
            self.send(Outgoing::Withdraw(key), now);
        }
        // An agent passes over the withdrawal of a job that it does not have, so it has to hear of
        // it after the offer.
        let withdrawn = std::mem::take(&mut self.withdrawn_meanwhile);
        for job in backlog.jobs {
            if job.sequence > self.seen {
                self.offer(job.key, job.sequence, now);
                if job.withdraw || withdrawn.contains(&job.key) {
                    self.send(Outgoing::Withdraw(job.key), now);
                }
            }
        }
        self.seen = self.seen.max(backlog.through);
        self.more = backlog.more;
    }

    fn job_queued(&mut self, key: JobKey, sequence: u64, now: Mono) {
        self.announced = self.announced.max(sequence);
        let next = sequence == self.seen + 1 && !self.loading && !self.more;
        if next && self.room() > 0 {
            self.offer(key, sequence, now);
        }
    }

    fn offer(&mut self, key: JobKey, sequence: u64, now: Mono) {
        self.seen = sequence;
        if self.unacknowledged.is_empty() {
            self.first_since = now;
        }
        self.unacknowledged.push(key);
        self.send(Outgoing::Offer(key), now);
    }

    fn no_longer_unacknowledged(&mut self, key: JobKey, now: Mono) {
        let Some(at) = self.unacknowledged.iter().position(|k| *k == key) else {
            return;
        };
        self.unacknowledged.remove(at);
        if at == 0 {
            self.first_since = now;
        }
        if self.unacknowledged.is_empty() {
            self.unacknowledged = Vec::new();
        }
    }

    fn set_at_agent(&mut self, count: u32) {
        self.at_agent = usize::try_from(count).unwrap_or(usize::MAX);
    }

    /// How many more jobs may be offered now.
    fn room(&self) -> usize {
        let unacknowledged = self.unacknowledged.len();
        let window = WINDOW_JOBS_MAX.saturating_sub(unacknowledged);
        window.min(AGENT_JOBS_MAX.saturating_sub(self.at_agent.saturating_add(unacknowledged)))
    }

    fn load_if_room(&mut self) {
        // Half a window at a time, so that a long backlog is not read job by job.
        let room = self.room();
        let worth_it = room > 0 && self.unacknowledged.len() <= WINDOW_JOBS_MAX / 2;
        let behind = self.more || self.announced > self.seen;
        if behind && worth_it && !self.loading && !self.over {
            self.loading = true;
            self.effects.push_back(Effect::LoadBacklog {
                after: self.seen,
                limit: room,
            });
        }
    }

    /// A ping is due after `ping` of silence downwards, and also where other events keep the stream
    /// busy but nothing has made the agent speak: otherwise it would seem dead.
    fn ping_due(&self) -> Mono {
        let asked_at = self.heard_at.max(self.pinged_at);
        self.sent_at.min(asked_at) + self.opening.ping
    }

    fn acknowledgement_due(&self) -> Option<Mono> {
        let waits = !self.unacknowledged.is_empty();
        waits.then(|| self.first_since + self.opening.acknowledge_within)
    }

    fn send(&mut self, outgoing: Outgoing, now: Mono) {
        self.sent_at = now;
        self.effects.push_back(Effect::Send(outgoing));
    }

    fn bye(&mut self, reason: ByeReason, retry_after: Duration) {
        // A removed agent must not be sent the jobs that were still to be written; any other is offered
        // them on its next link.
        self.effects.retain(|effect| {
            !matches!(
                effect,
                Effect::Send(Outgoing::Offer(_) | Outgoing::Payment(_))
                    | Effect::LoadBacklog { .. }
            )
        });
        self.end();
        let end = End::Bye {
            reason,
            retry_after,
        };
        self.effects.push_back(Effect::Close(end));
    }

    /// In poll mode everything sent after the hello completes the answer.
    fn complete_poll(&mut self) {
        if self.opening.mode == StreamMode::Poll {
            self.end();
            self.effects.push_back(Effect::Close(End::Complete));
        }
    }

    fn end(&mut self) {
        self.over = true;
        self.unacknowledged = Vec::new();
    }
}
