//! The shell around the agent's core: one task feeds it events and does what its effects say.
//!
//! Queues, and what happens at their limits: events wait in a bounded channel, and while it is full
//! the held request is not read; the journal's queue is longer than what the core leaves
//! unconfirmed, and should it fill up the core is not stepped until there is room; each printer's
//! queue holds more than the core asks of one printer at a time.

mod clock;
mod effects;
mod installed;
mod notices;
mod printer;

use cueline_agent_core::{Agent, Config as CoreConfig, Event, PrinterConfig, Recovered};
use cueline_journal::{Journal, Writer, WriterEvent, WriterQueue};
use tokio::sync::mpsc;

use crate::config::Config;
use crate::ending::{Code, Ending};
use effects::Effects;

pub use clock::Clock;
pub use effects::Means;
pub use installed::Installed;

/// Events on their way to the core.
const EVENTS_MAX: usize = 256;
/// Requests on their way to the journal.
const JOURNAL_REQUESTS_MAX: usize = 1024;
/// The writer leaves at most 512 more unanswered, and tells of a full disk in between.
const JOURNAL_EVENTS_MAX: usize = JOURNAL_REQUESTS_MAX + 512 + 16;

/// The core with everything it drives.
pub struct Shell {
    clock: Clock,
    agent: Agent,
    events: mpsc::Receiver<Event>,
    journal_events: mpsc::Receiver<WriterEvent>,
    effects: Effects,
    writer: Writer,
}

/// Where to put events that come from outside the shell.
#[derive(Clone)]
pub struct EventDoor(mpsc::Sender<Event>);

impl EventDoor {
    /// Puts an event before the core; nothing where the core has ended.
    pub async fn put(&self, event: Event) {
        self.0.send(event).await.ok();
    }
}

impl Shell {
    /// Starts the journal's writer and the printers' tasks; the link is opened by [`Shell::run`].
    ///
    /// # Errors
    /// Where the system starts no thread.
    pub fn start(
        config: &Config,
        seed: u64,
        journal: Journal,
        recovered: Recovered,
        means: Means,
    ) -> Result<(Self, EventDoor), Ending> {
        let (events_in, events) = mpsc::channel(EVENTS_MAX);
        let (journal_in, journal_events) = mpsc::channel(JOURNAL_EVENTS_MAX);
        let writer = Writer::start(journal, JOURNAL_REQUESTS_MAX, move |event| {
            // Gone only when the program ends.
            journal_in.blocking_send(event).ok();
        })
        .map_err(|error| {
            Ending::new(Code::Other, format!("start the journal's thread: {error}"))
        })?;
        let clock = Clock::start();
        let core_config = CoreConfig {
            link: config.link.clone(),
            printers: config.printers.iter().map(PrinterConfig::from).collect(),
            path: means.path_at_start(),
            seed,
        };
        let agent = Agent::new(core_config, recovered, clock.now());
        let effects = Effects::start(means, &config.printers, events_in.clone(), writer.queue());
        let shell = Self {
            clock,
            agent,
            events,
            journal_events,
            effects,
            writer,
        };
        Ok((shell, EventDoor(events_in)))
    }

    /// Runs until the core says that all is over.
    ///
    /// # Errors
    /// Where the journal fails, or a task of the shell has a fault of its own.
    pub async fn run(mut self) -> Result<(), Ending> {
        let ended = self.run_until_exit().await;
        // Joins a thread that may be syncing.
        tokio::task::spawn_blocking(move || self.writer.finish())
            .await
            .ok();
        ended
    }

    async fn run_until_exit(&mut self) -> Result<(), Ending> {
        loop {
            while let Some(effect) = self.agent.poll_effect() {
                if self.effects.carry_out(effect).await?.is_break() {
                    return Ok(());
                }
            }
            let event = tokio::select! {
                // What is durable goes first: jobs wait for it.
                biased;
                told = self.journal_events.recv() => journal_event(told)?,
                failed = self.effects.failed_task() => return Err(failed),
                () = self.clock.wait_until(self.agent.poll_timeout().map(|(due, _)| due)) => None,
                event = self.events.recv() => event,
            };
            let now = self.clock.now();
            match event {
                Some(event) => self.agent.handle_event(event, now),
                None => self.agent.handle_timeout(now),
            }
        }
    }
}

/// What the core is to know of it; the rest is for the log.
fn journal_event(told: Option<WriterEvent>) -> Result<Option<Event>, Ending> {
    match told {
        Some(WriterEvent::Appended(batch)) => Ok(Some(Event::Appended { batch })),
        // A job that no longer wants it has ended meanwhile, and the core passes it over.
        Some(WriterEvent::DocumentStored { job, .. }) => Ok(Some(Event::Fetched { job })),
        Some(WriterEvent::DiskFull(error)) => {
            tracing::error!("{error}; no job is accepted or started meanwhile");
            Ok(None)
        }
        Some(WriterEvent::DiskFreed) => {
            tracing::info!("the journal can be written again");
            Ok(None)
        }
        Some(WriterEvent::Failed(error)) => Err(error.into()),
        None => Err(Ending::new(
            Code::JournalFailed,
            "write the journal: its thread has ended; start the agent again",
        )),
    }
}

/// Submits a request, and waits where the queue is full. Nothing where the writer has ended: that is
/// told by its last event.
async fn submit(queue: &WriterQueue, request: cueline_journal::Request) {
    const PAUSE: std::time::Duration = std::time::Duration::from_millis(10);
    let mut request = request;
    while let Err(cueline_journal::Refused::Full(again)) = queue.submit(request) {
        request = again;
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests;
