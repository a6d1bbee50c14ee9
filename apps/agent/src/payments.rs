//! The shell around the payments' core: one task feeds it events and does what its effects say.
//!
//! Its journal is written in this task: nothing is to happen before the disk has answered, and a
//! payment or two a minute do not need more. Trays come in over the local socket, each with a task
//! of its own and bounded queues both ways; a tray that does not read is let go.

mod ask_hub;
mod trays;

use std::collections::BTreeMap;
use std::sync::Arc;

use cueline_agent_core::PaymentNews;
use cueline_agent_core::payments::{Effect, Event, Payments, Recovered, TrayId};
use cueline_journal::{JournalError, PaymentJournal};
use cueline_local_socket::Listener;
use cueline_wire::local::ToTray;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::ending::{Code, Ending};
use crate::hub::HubClient;
use crate::shell::{Clock, EventDoor, Installed};
use trays::Reception;

/// Events on their way to the core.
const EVENTS_MAX: usize = 256;
/// Words on their way to one tray.
const WORDS_MAX: usize = 64;

/// Where the print core's shell puts what the link brought for payments.
pub type NewsDoor = mpsc::Sender<Event>;

/// What the payments' shell works with.
pub struct Means {
    /// Signed requests to the hub.
    pub hub: Arc<HubClient>,
    /// Where trays come in.
    pub listener: Listener,
    /// Told which desks are there.
    pub installed: Arc<Installed>,
    /// Told that they changed.
    pub door: EventDoor,
}

/// The payments' core with everything it drives.
pub struct PaymentShell {
    clock: Clock,
    core: Payments,
    journal: PaymentJournal,
    means: Means,
    events: mpsc::Receiver<Event>,
    events_in: mpsc::Sender<Event>,
    trays: BTreeMap<TrayId, mpsc::Sender<Box<ToTray>>>,
    next_tray: u64,
    tasks: JoinSet<()>,
}

/// The two ends of the way for news.
pub fn news() -> (NewsDoor, mpsc::Receiver<Event>) {
    mpsc::channel(EVENTS_MAX)
}

/// What the link brought, as the payments' core takes it.
pub fn event_of(news: PaymentNews) -> Event {
    match news {
        PaymentNews::Greeted { server_time } => Event::Greeted { server_time },
        PaymentNews::Offered(offer) => Event::Offered(offer),
        PaymentNews::Refused { payment, failure } => Event::Refused { payment, failure },
        PaymentNews::Wished(wish) => Event::Wished(wish),
    }
}

impl PaymentShell {
    /// Ready to run on an opened journal.
    pub fn new(
        (journal, recovered): (PaymentJournal, Recovered),
        means: Means,
        (events_in, events): (NewsDoor, mpsc::Receiver<Event>),
    ) -> Self {
        let clock = Clock::start();
        Self {
            core: Payments::new(recovered, clock.now()),
            clock,
            journal,
            means,
            events,
            events_in,
            trays: BTreeMap::new(),
            next_tray: 0,
            tasks: JoinSet::new(),
        }
    }

    /// Runs for ever.
    ///
    /// # Errors
    /// Where the journal fails in a way after which nothing is known of the disk.
    pub async fn run(mut self) -> Ending {
        loop {
            while let Some(effect) = self.core.poll_effect() {
                if let Err(error) = self.carry_out(effect) {
                    return error.into();
                }
            }
            let event = tokio::select! {
                event = self.events.recv() => event,
                connection = self.means.listener.accept() => {
                    match connection {
                        Ok(connection) => self.receive(connection),
                        Err(error) => {
                            tracing::warn!("{error}");
                            // Where no connection can be taken at all, this must not spin.
                            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                        }
                    }
                    continue;
                }
                Some(ended) = self.tasks.join_next() => {
                    if let Err(error) = ended && error.is_panic() {
                        let text = format!("a task of the agent failed: {error}; start the agent again");
                        return Ending::new(Code::Other, text);
                    }
                    continue;
                }
                () = self.clock.wait_until(self.core.poll_timeout()) => None,
            };
            let now = self.clock.now();
            match event {
                Some(event) => {
                    if let Event::TrayGone { tray } = event {
                        self.trays.remove(&tray);
                    }
                    self.core.handle_event(event, now);
                }
                None => self.core.handle_timeout(now),
            }
        }
    }

    fn receive(&mut self, connection: cueline_local_socket::Connection) {
        let tray = TrayId(self.next_tray);
        self.next_tray += 1;
        let (words_in, words) = mpsc::channel(WORDS_MAX);
        self.trays.insert(tray, words_in);
        let reception = Reception {
            tray,
            connection,
            words,
            events: self.events_in.clone(),
        };
        self.tasks.spawn(reception.run());
    }

    fn carry_out(&mut self, effect: Effect) -> Result<(), JournalError> {
        match effect {
            Effect::Append { batch, records } => {
                let appended = tokio::task::block_in_place(|| self.journal.append(&records));
                let event = match appended {
                    Ok(()) => Event::Appended { batch },
                    Err(error @ JournalError::DiskFull { .. }) => {
                        tracing::error!("{error}; a payment's step was not stored");
                        Event::NotAppended { batch }
                    }
                    Err(error) => return Err(error),
                };
                self.core.handle_event(event, self.clock.now());
            }
            Effect::SendReport { report, body } => {
                let hub = Arc::clone(&self.means.hub);
                self.ask(async move { ask_hub::report(&hub, report, &body).await });
            }
            Effect::AskStart { payment } => {
                let (hub, mark) = (Arc::clone(&self.means.hub), self.core.mark().clone());
                self.ask(async move { ask_hub::start(&hub, payment, mark).await });
            }
            Effect::Tell { tray, word } => {
                let told = self.trays.get(&tray).map(|words| words.try_send(word));
                if matches!(told, Some(Err(mpsc::error::TrySendError::Full(_)))) {
                    tracing::warn!("a tray does not read what it is told; it is let go");
                    // Its task sees the closed queue and ends the connection.
                    self.trays.remove(&tray);
                }
            }
            Effect::StationsChanged => {
                self.means.installed.stations_are(self.core.stations());
                // Not waited for here: the print core may be waiting for room in this one's queue.
                let door = self.means.door.clone();
                self.tasks.spawn(async move {
                    door.put(cueline_agent_core::Event::InventoryChanged).await;
                });
            }
            Effect::ReportRejected(rejection) => tracing::warn!(
                code = rejection.code,
                "the hub will not store entry {} of a payment: {}",
                rejection.seq,
                rejection.text
            ),
            Effect::Fenced => tracing::error!(
                "another machine takes part as this agent, so this one does no payments any more; \
                 was it copied or restored? register it anew"
            ),
        }
        Ok(())
    }

    fn ask(&mut self, question: impl Future<Output = Event> + Send + 'static) {
        let events = self.events_in.clone();
        self.tasks.spawn(async move {
            events.send(question.await).await.ok();
        });
    }
}
