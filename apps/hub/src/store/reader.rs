//! Readers: a few threads, each with a read-only connection, behind one bounded queue.
//!
//! They see every commit that was answered before they were asked, and never wait for the writer.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use cueline_hub_core::StoreError;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::failure::{self, StorageError};
use super::schema::{self, OpenError};
use super::writer::{Broken, broken_error};

const READERS: usize = 2;
/// Requests that may wait; one more is refused as busy.
const QUEUE_REQUESTS_MAX: usize = 1_024;

type Request = Box<dyn FnOnce(&Connection) + Send>;

/// The way to the readers' threads; dropping it waits for them, so that no file stays open.
pub struct Readers {
    queue: Option<SyncSender<Request>>,
    threads: Vec<thread::JoinHandle<()>>,
    broken: Broken,
}

impl Drop for Readers {
    fn drop(&mut self) {
        drop(self.queue.take());
        for thread in self.threads.drain(..) {
            // A panic of the thread was printed when it happened.
            drop(thread.join());
        }
    }
}

impl Readers {
    /// Starts the threads.
    pub fn start(directory: &Path, broken: Broken) -> Result<Self, OpenError> {
        let (queue, requests) = sync_channel::<Request>(QUEUE_REQUESTS_MAX);
        let requests = Arc::new(Mutex::new(requests));
        let mut threads = Vec::new();
        for number in 1..=READERS {
            let connection = schema::open_reader(directory)?;
            let requests = Arc::clone(&requests);
            let thread = thread::Builder::new()
                .name(format!("store-reader-{number}"))
                .spawn(move || run(&connection, &requests))
                .map_err(|source| OpenError::Directory {
                    directory: directory.to_owned(),
                    source,
                })?;
            threads.push(thread);
        }
        Ok(Self {
            queue: Some(queue),
            threads,
            broken,
        })
    }

    /// Carries out `run`, which sees one state of the database throughout.
    pub async fn read<R, E, F>(&self, run: F) -> Result<R, E>
    where
        R: Send + 'static,
        E: StorageError,
        F: FnOnce(&Connection) -> Result<R, E> + Send + 'static,
    {
        let Some(queue) = self
            .queue
            .as_ref()
            .filter(|_| self.broken.borrow().is_none())
        else {
            return Err(broken_error(&self.broken).into());
        };
        let (reply, answer) = oneshot::channel();
        let request: Request = Box::new(move |connection| {
            // Nobody listens when the one who asked has gone.
            drop(reply.send(in_one_state(connection, run)));
        });
        match queue.try_send(request) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(StoreError::Busy.into()),
            Err(TrySendError::Disconnected(_)) => return Err(broken_error(&self.broken).into()),
        }
        let result = match answer.await {
            Ok(result) => result,
            Err(_) => Err(broken_error(&self.broken).into()),
        };
        if let Err(error) = &result
            && let Some(StoreError::Broken { text }) = error.storage()
        {
            self.broken.send_replace(Some(text.clone()));
        }
        result
    }
}

fn in_one_state<R, E: StorageError>(
    connection: &Connection,
    run: impl FnOnce(&Connection) -> Result<R, E>,
) -> Result<R, E> {
    let transaction = connection.unchecked_transaction().map_err(failure::map)?;
    run(&transaction)
}

fn run(connection: &Connection, requests: &Mutex<Receiver<Request>>) {
    loop {
        let next = requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        match next {
            Ok(request) => request(connection),
            Err(_) => return,
        }
    }
}
