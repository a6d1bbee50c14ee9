//! What every room of the hub shares: the store, the keys, and who waits for what.

use std::sync::Arc;

use cueline_hub_core::StoreError;
use cueline_hub_core::link::Event;
use cueline_hub_core::submit::store_problem;
use cueline_model::{AgentId, JobId, PaymentId, WallTime};
use cueline_wire::Problem;
use http::StatusCode;
use tokio::sync::{Semaphore, watch};

use crate::auth::HubKey;
use crate::auth::nonce::Nonces;
use crate::clock;
use crate::config::LinkTimings;
use crate::events::Events;
use crate::link::{Guesses, Registry, Sightings};
use crate::pictures::Pictures;
use crate::refusal::Refusal;
use crate::store::{Committed, JobChange, JobNotice, Store};
use crate::waiters::Waiters;

/// Documents on their way to agents at once, KiB: each is whole in memory meanwhile.
const DOWNLOADS_KIB_MAX: usize = 256 * 1024;
/// Large request bodies taken in at once, for the same reason.
const UPLOADS_MAX: usize = 8;

/// The hub.
pub struct Hub {
    /// What is true.
    pub store: Store,
    /// Signs jobs.
    pub key: HubKey,
    /// For agents' signatures.
    pub nonces: Nonces,
    /// Who holds a link.
    pub registry: Arc<Registry>,
    /// Who waits for a job.
    pub waiters: Arc<Waiters<JobId>>,
    /// Who waits for a payment.
    pub payment_waiters: Arc<Waiters<PaymentId>>,
    /// What happens, for those who listen.
    pub events: Arc<Events>,
    /// Wrong pairing codes of late.
    pub guesses: Guesses,
    /// When agents were last heard.
    pub sightings: Sightings,
    /// What agents are granted.
    pub timings: LinkTimings,
    /// The roots that agents shall pin, PEM; `None`: the platform's.
    pub roots_pem: Option<String>,
    /// True once the hub is stopping.
    pub draining: watch::Sender<bool>,
    /// See [`DOWNLOADS_KIB_MAX`].
    pub downloads: Arc<Semaphore>,
    /// See [`UPLOADS_MAX`].
    pub uploads: Semaphore,
    /// Makes pictures of jobs.
    pub pictures: Pictures,
}

impl Hub {
    /// A hub over its store and keys. `told` are those whom the store's watcher tells.
    #[must_use]
    pub fn new(
        store: Store,
        key: HubKey,
        told: Told,
        timings: LinkTimings,
        roots_pem: Option<String>,
        pictures: Pictures,
    ) -> Self {
        Self {
            store,
            nonces: key.nonces(),
            key,
            registry: told.registry,
            waiters: told.waiters,
            payment_waiters: told.payment_waiters,
            events: told.events,
            guesses: Guesses::default(),
            sightings: Sightings::default(),
            timings,
            roots_pem,
            draining: watch::Sender::new(false),
            downloads: Arc::new(Semaphore::new(DOWNLOADS_KIB_MAX)),
            uploads: Semaphore::new(UPLOADS_MAX),
            pictures,
        }
    }

    /// A nonce for an agent's next signature.
    #[must_use]
    pub fn fresh_nonce(&self) -> String {
        self.nonces.issue(clock::wall())
    }

    /// Whether the agent holds a link: the machine ends a link on which nothing is heard.
    #[must_use]
    pub fn is_online(&self, agent: AgentId) -> bool {
        self.registry.get(agent).is_some()
    }

    /// Whether the hub is stopping.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }
}

/// Those whom a committed change may concern.
#[derive(Clone)]
pub struct Told {
    /// Agents' links.
    pub registry: Arc<Registry>,
    /// Requests that wait for a job.
    pub waiters: Arc<Waiters<JobId>>,
    /// Requests that wait for a payment.
    pub payment_waiters: Arc<Waiters<PaymentId>>,
    /// Those who listen to all that happens.
    pub events: Arc<Events>,
}

impl Told {
    /// Nobody yet.
    #[must_use]
    pub fn nobody(now: WallTime) -> Self {
        Self {
            registry: Arc::default(),
            waiters: Arc::default(),
            payment_waiters: Arc::default(),
            events: Arc::new(Events::starting(now)),
        }
    }

    /// Tells those whom a committed change concerns; the store's writer calls it and must not wait.
    pub fn tell(&self, committed: &Committed) {
        match committed {
            Committed::Job(notice) => {
                self.registry.tell_all(notice.agent, link_events(notice));
                if notice.change == JobChange::Settled {
                    self.waiters.wake(notice.key.job);
                }
                self.events.job(notice);
            }
            Committed::AgentRevoked(agent) => self.registry.tell_all(*agent, [Event::Revoke]),
            Committed::Printer(tenant, event) => self.events.printer(*tenant, event),
            Committed::Payment(notice) => {
                if notice.for_agent {
                    let payments = vec![notice.event.payment];
                    let event = Event::Payments {
                        payments,
                        at_once: true,
                    };
                    self.registry.tell_all(notice.agent, [event]);
                }
                self.payment_waiters.wake(notice.event.payment);
                self.events.payment(notice.tenant, &notice.event);
            }
            Committed::Alert(tenant, alert) => self.events.alert(*tenant, alert),
        }
    }
}

fn link_events(notice: &JobNotice) -> Vec<Event> {
    let key = notice.key;
    let event = match notice.change {
        JobChange::Queued => Event::JobQueued {
            key,
            sequence: notice.sequence,
        },
        JobChange::Progressed => Event::Acknowledged(key),
        JobChange::Settled => Event::Settled(key),
        JobChange::WithdrawAsked => Event::Withdraw(key),
        // Of no concern to the agent.
        JobChange::Resolved => return Vec::new(),
    };
    vec![event, Event::AtAgent(notice.at_agent)]
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        if !matches!(error, StoreError::Busy) {
            tracing::error!(%error, "a request failed in the store");
        }
        // What is wrong inside is for the log alone.
        let shown = match &error {
            StoreError::Internal { .. } => store_problem(&StoreError::Internal {
                text: "an error of its own, see its log".to_owned(),
            }),
            other => store_problem(other),
        };
        Self::from(shown)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let status = StatusCode::from_u16(problem.status);
        let refusal = Self::new(
            status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            &problem.code,
            problem.detail,
        );
        match problem.retry_after_s {
            Some(seconds) => refusal.retry_after(seconds),
            None => refusal,
        }
    }
}
