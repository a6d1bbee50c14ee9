//! The one writer: a thread that gathers requests and commits them together.
//!
//! A request is answered only after the commit that holds it has been synced. While one commit is on
//! its way to the disk the next requests gather, so throughput is the disk's sync rate times the
//! batch. Each request runs in a savepoint of its own: one that fails does not hurt the others.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use cueline_hub_core::StoreError;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{oneshot, watch};

use super::Committed;
use super::failure::{self, StorageError};

/// Requests that may wait; one more is refused as busy.
const QUEUE_REQUESTS_MAX: usize = 1_024;
/// Requests in one commit.
const BATCH_REQUESTS_MAX: usize = 256;
/// How long a batch waits for the requests that are likely to come.
const GATHER_MAX: Duration = Duration::from_millis(2);

/// Called on the writer's thread after each commit, in the order of the commits.
pub type Watcher = Box<dyn Fn(Committed) + Send>;
/// Why the storage cannot be trusted any more, once it cannot.
pub type Broken = Arc<watch::Sender<Option<String>>>;

/// What a request that changes something is given.
pub struct Changes<'a> {
    /// The transaction, or rather this request's savepoint in it.
    pub connection: &'a Connection,
    /// What to tell the watcher once this is durable.
    pub committed: &'a mut Vec<Committed>,
}

/// A request with its answer's address, its types put out of sight.
trait Request: Send {
    /// Carries it out and keeps the result; says whether it may stay in the transaction, and the
    /// store's error if there was one.
    fn run(&mut self, changes: &mut Changes<'_>) -> Result<(), Option<StoreError>>;
    /// Gives the result if the commit succeeded, otherwise why it did not.
    fn answer(self: Box<Self>, commit: Result<(), StoreError>);
}

struct Typed<R, E, F> {
    run: Option<F>,
    result: Option<Result<R, E>>,
    reply: oneshot::Sender<Result<R, E>>,
}

impl<R, E, F> Request for Typed<R, E, F>
where
    R: Send,
    E: StorageError,
    F: FnOnce(&mut Changes<'_>) -> Result<R, E> + Send,
{
    fn run(&mut self, changes: &mut Changes<'_>) -> Result<(), Option<StoreError>> {
        let Some(run) = self.run.take() else {
            return Ok(());
        };
        let result = run(changes);
        let verdict = match &result {
            Ok(_) => Ok(()),
            Err(error) => Err(error.storage().cloned()),
        };
        self.result = Some(result);
        verdict
    }

    fn answer(self: Box<Self>, commit: Result<(), StoreError>) {
        let result = match (commit, self.result) {
            (Ok(()), Some(result)) => result,
            (Err(error), _) => Err(error.into()),
            // Not run at all: dropping the address says so.
            (Ok(()), None) => return,
        };
        // Nobody listens when the one who asked has gone; what was asked is done nevertheless.
        drop(self.reply.send(result));
    }
}

/// The way to the writer's thread; dropping it waits for what was asked to be written.
pub struct Writer {
    queue: Option<SyncSender<Box<dyn Request>>>,
    thread: Option<thread::JoinHandle<()>>,
    broken: Broken,
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed when it happened.
            drop(thread.join());
        }
    }
}

impl Writer {
    /// Starts the thread.
    pub fn start(
        connection: Connection,
        watcher: Watcher,
        broken: Broken,
    ) -> std::io::Result<Self> {
        let (queue, requests) = sync_channel(QUEUE_REQUESTS_MAX);
        let on_failure = Arc::clone(&broken);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(connection, &requests, &watcher, &on_failure))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
            broken,
        })
    }

    /// Carries out `run` and waits for its commit. It is carried out even if the future is dropped
    /// once it has been polled.
    pub async fn write<R, E, F>(&self, run: F) -> Result<R, E>
    where
        R: Send + 'static,
        E: StorageError,
        F: FnOnce(&mut Changes<'_>) -> Result<R, E> + Send + 'static,
    {
        let Some(queue) = self
            .queue
            .as_ref()
            .filter(|_| self.broken.borrow().is_none())
        else {
            return Err(broken_error(&self.broken).into());
        };
        let (reply, answer) = oneshot::channel();
        let request = Typed {
            run: Some(run),
            result: None,
            reply,
        };
        match queue.try_send(Box::new(request)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(StoreError::Busy.into()),
            Err(TrySendError::Disconnected(_)) => return Err(broken_error(&self.broken).into()),
        }
        match answer.await {
            Ok(result) => result,
            Err(_) => Err(broken_error(&self.broken).into()),
        }
    }
}

/// The error of every call after the storage broke. A thread that panicked has not said so: whoever
/// misses it does, or the hub would refuse everything and never be started anew.
pub fn broken_error(broken: &Broken) -> StoreError {
    broken.send_if_modified(|told| {
        let new = told.is_none();
        told.get_or_insert_with(|| "one of its threads panicked, see the log".to_owned());
        new
    });
    StoreError::Broken {
        text: broken.borrow().clone().unwrap_or_default(),
    }
}

/// Until the last sender is gone, or the storage breaks.
fn run(
    mut connection: Connection,
    requests: &Receiver<Box<dyn Request>>,
    watcher: &Watcher,
    broken: &Broken,
) {
    let mut expected = 1;
    while let Ok(first) = requests.recv() {
        let mut batch = gather(first, requests, expected);
        expected = batch.len();
        let mut committed = Vec::new();
        let outcome = commit(&mut connection, &mut batch, &mut committed);
        if let Err(StoreError::Broken { text }) = &outcome {
            tracing::error!(error = %text, "the database failed; nothing more is stored");
            broken.send_replace(Some(text.clone()));
            // The batch and all that waits are answered by being dropped.
            return;
        }
        if outcome.is_ok() {
            committed.into_iter().for_each(watcher);
        }
        for request in batch {
            request.answer(outcome.clone());
        }
    }
}

/// Takes what is there, and waits a little where the last batch shows that more is likely to come: a
/// lone request is not kept waiting.
fn gather(
    first: Box<dyn Request>,
    requests: &Receiver<Box<dyn Request>>,
    expected: usize,
) -> Vec<Box<dyn Request>> {
    let mut batch = vec![first];
    let until = Instant::now() + GATHER_MAX;
    while batch.len() < BATCH_REQUESTS_MAX {
        let wait = if batch.len() < expected {
            until.saturating_duration_since(Instant::now())
        } else {
            Duration::ZERO
        };
        match requests.recv_timeout(wait) {
            Ok(request) => batch.push(request),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    batch
}

fn commit(
    connection: &mut Connection,
    batch: &mut [Box<dyn Request>],
    committed: &mut Vec<Committed>,
) -> Result<(), StoreError> {
    let mut transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failure::map::<StoreError>)?;
    for request in batch {
        let savepoint = transaction
            .savepoint()
            .map_err(failure::map::<StoreError>)?;
        let told_before = committed.len();
        let verdict = request.run(&mut Changes {
            connection: &savepoint,
            committed,
        });
        match verdict {
            Ok(()) => savepoint.commit().map_err(failure::map::<StoreError>)?,
            Err(Some(error @ StoreError::Broken { .. })) => return Err(error),
            Err(error) => {
                // Some errors, a full disk among them, make SQLite roll everything back by itself.
                if savepoint.is_autocommit() {
                    return Err(error.unwrap_or(StoreError::Busy));
                }
                committed.truncate(told_before);
                drop(savepoint);
            }
        }
    }
    transaction.commit().map_err(failure::map::<StoreError>)
}
