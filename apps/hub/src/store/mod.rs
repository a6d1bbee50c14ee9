//! The hub's truth: tenants, keys, agents, printers and jobs in one SQLite database.
//!
//! [`Store`] is the asynchronous handle that everything else holds. A call that changes something
//! returns after its commit has been synced (`writer`); reads go to connections of their own
//! (`reader`). What must be durable is here; what may be forgotten with the process, such as who is
//! online, is not.
//!
//! Whoever wakes links and waiting requests gives a watcher to [`Store::open`]: it is told of every
//! committed change in the order of the commits, so that a wake-up cannot be lost with a request that
//! was dropped half-way.

mod access;
mod bootstrap;
mod conditions;
mod documents;
mod failure;
mod fleet;
mod job_row;
mod jobs;
mod pairing;
mod payment_calls;
mod payments;
mod printer_events;
mod printers;
mod printnode;
mod queue;
mod reader;
mod row;
mod schema;
mod stations;
mod sweep;
mod webhooks;
mod writer;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use cueline_hub_core::StoreError;
use cueline_model::{AgentId, JobKey, JobState, PrinterId, TenantId, TicketCount};
use cueline_wire::api::{Alert, PaymentEvent, PrinterEvent};
use tokio::sync::watch;

pub use access::{ApiKeyRecord, Caller, KeyError, NewApiKey, SiteRecord, TenantRecord};
pub use bootstrap::{BootstrapError, FIRST_KEY_FILE, FirstStart};
pub use documents::DocumentHead;
pub use fleet::{AgentRecord, Sighting};
pub use pairing::{CodeError, NewAgent, NewPairingCode, Registered, RegistrationError};
pub use printers::{InventoryError, PrinterRecord};
pub use printnode::{
    NumberedAccount, NumberedComputer, NumberedJob, NumberedPage, NumberedPrinter, Numbers,
};
pub use queue::OfferedJob;
pub use schema::{OpenError, create_directory};
pub use stations::{StationRecord, TerminalRecord};
pub use sweep::Swept;
pub use webhooks::{DueWebhook, NewWebhook, WebhookError, WebhookEvent, WebhookRecord};

use conditions::Conditions;
use failure::StorageError;
use reader::Readers;
use writer::{Broken, Changes, Writer};

/// A change that has been committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// A job was stored or went a step on.
    Job(JobNotice),
    /// An agent was removed: its link is to be cut.
    AgentRevoked(AgentId),
    /// Something began or ended to be wrong with a tenant's printer.
    Printer(TenantId, PrinterEvent),
    /// A payment was made or changed.
    Payment(PaymentNotice),
    /// A tenant has something to look at.
    Alert(TenantId, Alert),
}

/// What happened to a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentNotice {
    /// Whose.
    pub tenant: TenantId,
    /// Who does it.
    pub agent: AgentId,
    /// Whether there is something to say to that agent.
    pub for_agent: bool,
    /// What it is now.
    pub event: PaymentEvent,
}

/// What happened to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobNotice {
    /// What.
    pub change: JobChange,
    /// Whose job.
    pub tenant: TenantId,
    /// Who prints it.
    pub agent: AgentId,
    /// Which.
    pub key: JobKey,
    /// Its place among its agent's jobs.
    pub sequence: u64,
    /// Its printer.
    pub printer: PrinterId,
    /// Where it stands now.
    pub state: JobState,
    /// How far its tickets came, where the printer tells.
    pub tickets: Option<TicketCount>,
    /// How many jobs its agent has now that have not ended.
    pub at_agent: u32,
}

/// The kinds of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobChange {
    /// It was stored: offer it.
    Queued,
    /// The agent has it, and it went a step on there.
    Progressed,
    /// It has ended.
    Settled,
    /// The agent is to be asked to withdraw it.
    WithdrawAsked,
    /// Somebody said what became of it.
    Resolved,
}

/// The handle to everything stored; cheap to clone. The last one dropped waits for the writer.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    // Dropped in this order: the writer ends before the directory is let go.
    writer: Writer,
    readers: Readers,
    broken: Broken,
    conditions: Conditions,
    _lock: File,
}

impl Store {
    /// Opens the data directory, making what is missing: locks it, checks the database, brings it up
    /// to this version and starts the threads. Blocks for as long as the check takes.
    ///
    /// `watcher` is called on the writer's thread after each commit and must not block.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(
        directory: &Path,
        watcher: impl Fn(Committed) + Send + 'static,
    ) -> Result<Self, OpenError> {
        let lock = schema::lock(directory)?;
        let broken: Broken = Arc::new(watch::Sender::new(None));
        let connection = schema::open_writer(directory)?;
        let conditions = printer_events::conditions(&connection)
            .map_err(|source| OpenError::of(&directory.join(schema::DATABASE_FILE), source))?;
        let readers = Readers::start(directory, Arc::clone(&broken))?;
        let writer = Writer::start(connection, Box::new(watcher), Arc::clone(&broken)).map_err(
            |source| OpenError::Directory {
                directory: directory.to_owned(),
                source,
            },
        )?;
        Ok(Self {
            inner: Arc::new(Inner {
                writer,
                readers,
                broken,
                conditions: Conditions::stored(conditions),
                _lock: lock,
            }),
        })
    }

    /// Waits until the storage can no longer be trusted and says why. The program must then end:
    /// nothing more is acknowledged, and what is true is found at the next start.
    pub async fn failed(&self) -> String {
        let mut broken = self.inner.broken.subscribe();
        let text = broken.wait_for(Option::is_some).await;
        text.ok()
            .and_then(|text| text.clone())
            .unwrap_or_else(|| "the store has ended".to_owned())
    }

    async fn read<R, E, F>(&self, run: F) -> Result<R, E>
    where
        R: Send + 'static,
        E: StorageError,
        F: FnOnce(&rusqlite::Connection) -> Result<R, E> + Send + 'static,
    {
        self.inner.readers.read(run).await
    }

    async fn write<R, E, F>(&self, run: F) -> Result<R, E>
    where
        R: Send + 'static,
        E: StorageError,
        F: FnOnce(&mut Changes<'_>) -> Result<R, E> + Send + 'static,
    {
        self.inner.writer.write(run).await
    }
}

/// What every room needs of the store's errors, for those whose own errors hold one.
pub(crate) type StoreResult<T> = Result<T, StoreError>;
