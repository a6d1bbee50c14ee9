//! The thread that owns the journal and commits batches in groups.
//!
//! What waits in the queue when a commit begins goes into one transaction; where several wait it
//! stays open for 2 ms more. So a lone ticket waits for nothing, and a rush shares its syncs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel,
};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cueline_agent_core::{BatchId, Record};

use crate::{Journal, JournalError, KeptDocument};
use cueline_model::JobKey;

/// How long a group that has more than one batch stays open for more.
const GROUP_WAIT: Duration = Duration::from_millis(2);
/// Batches in one transaction.
const GROUP_BATCHES_MAX: usize = 256;
/// How long a full disk is left alone before the next try.
const DISK_FULL_PAUSE: Duration = Duration::from_secs(1);
/// Quiet for this long, the journal is tidied.
const IDLE: Duration = Duration::from_secs(2);

/// Something to be done by the journal, in order.
pub enum Request {
    /// Make these durable, then tell [`WriterEvent::Appended`].
    Append {
        /// The core's number for it.
        batch: BatchId,
        /// At least one.
        records: Vec<Record>,
    },
    /// Make a fetched document durable, then tell [`WriterEvent::DocumentStored`].
    StoreDocument {
        /// Whose.
        job: JobKey,
        /// Already checked against what was announced.
        body: Vec<u8>,
    },
    /// Read a document; `None` where it is not here. Not answered where the journal has failed.
    LoadDocument {
        /// Whose.
        job: JobKey,
        /// Takes it, without blocking.
        reply: Box<dyn FnOnce(Option<KeptDocument>) + Send>,
    },
}

/// What the writer tells its owner, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriterEvent {
    /// This batch, and every one before it, is durable.
    Appended(BatchId),
    /// A document was looked after.
    DocumentStored {
        /// Whose.
        job: JobKey,
        /// Whether there is a job that still wants it; then it is durable.
        wanted: bool,
    },
    /// The disk is full: told once, tried again every second, nothing acknowledged meanwhile.
    DiskFull(JournalError),
    /// There is room again, and what had waited is durable.
    DiskFreed,
    /// Nothing more can be made durable; the writer has ended and the program must.
    Failed(JournalError),
}

/// A request that was not taken.
pub enum Refused {
    /// The queue is full; try again when something was acknowledged.
    Full(Request),
    /// The writer has ended.
    Ended,
}

/// Where requests are put. Cheap to clone.
#[derive(Clone)]
pub struct WriterQueue {
    sender: SyncSender<Message>,
}

/// The writer's thread.
pub struct Writer {
    queue: WriterQueue,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

enum Message {
    Request(Request),
    /// Look at the stop flag.
    Wake,
}

/// Why the writer does no more.
enum End {
    /// The program is ending while the disk is full, or every queue is gone.
    Stopped,
    Failed(JournalError),
}

impl From<JournalError> for End {
    fn from(error: JournalError) -> Self {
        Self::Failed(error)
    }
}

impl WriterQueue {
    /// Puts a request at the end of the queue, without waiting.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn submit(&self, request: Request) -> Result<(), Refused> {
        match self.sender.try_send(Message::Request(request)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(Message::Request(request))) => Err(Refused::Full(request)),
            Err(TrySendError::Full(Message::Wake) | TrySendError::Disconnected(_)) => {
                Err(Refused::Ended)
            }
        }
    }
}

impl Writer {
    /// Gives `journal` to a thread of its own. `tell` is called on that thread; at most
    /// `queue_requests_max` and 512 more requests are unanswered at any time.
    ///
    /// # Errors
    /// Where the system starts no thread.
    pub fn start(
        journal: Journal,
        queue_requests_max: usize,
        tell: impl FnMut(WriterEvent) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(queue_requests_max);
        let stop = Arc::new(AtomicBool::new(false));
        let mut work = Work {
            journal,
            receiver,
            waiting: VecDeque::new(),
            stop: Arc::clone(&stop),
            tell,
        };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || work.run())?;
        Ok(Self {
            queue: WriterQueue { sender },
            stop,
            thread,
        })
    }

    /// Where requests are put.
    #[must_use]
    pub fn queue(&self) -> WriterQueue {
        self.queue.clone()
    }

    /// Does what is in the queue, except on a full disk, then closes the journal.
    pub fn finish(self) {
        self.stop.store(true, Ordering::Release);
        // A full queue needs no waking: its writer is at work and looks at the flag by itself.
        drop(self.queue.sender.try_send(Message::Wake));
        drop(self.thread.join());
    }
}

struct Work<T> {
    journal: Journal,
    receiver: Receiver<Message>,
    /// Taken from the channel ahead of their turn.
    waiting: VecDeque<Request>,
    stop: Arc<AtomicBool>,
    tell: T,
}

impl<T: FnMut(WriterEvent)> Work<T> {
    fn run(&mut self) {
        if let Err(End::Failed(error)) = self.work() {
            (self.tell)(WriterEvent::Failed(error));
        }
    }

    fn work(&mut self) -> Result<(), End> {
        loop {
            match self.next()? {
                Request::Append { batch, records } => self.append_group(batch, records)?,
                Request::StoreDocument { job, body } => self.store_document(job, &body)?,
                Request::LoadDocument { job, reply } => reply(self.journal.document(job)?),
            }
        }
    }

    /// The next request. Tidies the journal when nothing comes for a while.
    fn next(&mut self) -> Result<Request, End> {
        if let Some(request) = self.waiting.pop_front() {
            return Ok(request);
        }
        let mut tidied = false;
        loop {
            let received = if self.stopped() {
                self.receiver
                    .try_recv()
                    .map_err(|_| RecvTimeoutError::Disconnected)
            } else if tidied {
                self.receiver.recv().map_err(RecvTimeoutError::from)
            } else {
                self.receiver.recv_timeout(IDLE)
            };
            match received {
                Ok(Message::Request(request)) => return Ok(request),
                Ok(Message::Wake) => {}
                Err(RecvTimeoutError::Timeout) => {
                    self.journal.tidy()?;
                    tidied = true;
                }
                Err(RecvTimeoutError::Disconnected) => return Err(End::Stopped),
            }
        }
    }

    fn append_group(&mut self, batch: BatchId, records: Vec<Record>) -> Result<(), End> {
        let mut group = vec![(batch, records)];
        self.gather(&mut group);
        self.until_there_is_room(|journal| {
            journal.append_all(group.iter().map(|(_, records)| records.as_slice()))
        })?;
        for (batch, _) in group {
            (self.tell)(WriterEvent::Appended(batch));
        }
        Ok(())
    }

    fn gather(&mut self, group: &mut Vec<(BatchId, Vec<Record>)>) {
        let mut deadline = None;
        while group.len() < GROUP_BATCHES_MAX {
            let next = match self.waiting.pop_front() {
                Some(request) => request,
                None => match self.receiver.try_recv() {
                    Ok(Message::Request(request)) => request,
                    Ok(Message::Wake) | Err(TryRecvError::Disconnected) => return,
                    Err(TryRecvError::Empty) if group.len() == 1 => return,
                    Err(TryRecvError::Empty) => {
                        let deadline = *deadline.get_or_insert_with(|| Instant::now() + GROUP_WAIT);
                        let left = deadline.saturating_duration_since(Instant::now());
                        match self.receiver.recv_timeout(left) {
                            Ok(Message::Request(request)) => request,
                            Ok(Message::Wake) | Err(_) => return,
                        }
                    }
                },
            };
            match next {
                Request::Append { batch, records } => group.push((batch, records)),
                other => {
                    self.waiting.push_front(other);
                    return;
                }
            }
        }
    }

    fn store_document(&mut self, job: JobKey, body: &[u8]) -> Result<(), End> {
        let wanted = self.until_there_is_room(|journal| journal.store_document(job, body))?;
        (self.tell)(WriterEvent::DocumentStored { job, wanted });
        Ok(())
    }

    /// Tries until it works or fails for another reason than a full disk.
    fn until_there_is_room<V>(
        &mut self,
        mut attempt: impl FnMut(&mut Journal) -> Result<V, JournalError>,
    ) -> Result<V, End> {
        let mut told = false;
        loop {
            match attempt(&mut self.journal) {
                Ok(value) => {
                    if told {
                        (self.tell)(WriterEvent::DiskFreed);
                    }
                    return Ok(value);
                }
                Err(full @ JournalError::DiskFull { .. }) => {
                    if !told {
                        (self.tell)(WriterEvent::DiskFull(full));
                        told = true;
                    }
                }
                Err(error) => return Err(End::Failed(error)),
            }
            self.wait_for_room()?;
            self.journal.tidy()?;
        }
    }

    /// Waits, and meanwhile serves documents to prints that are durably started already. Takes no
    /// more writes from the queue than one group, so that the queue's limit is still felt.
    fn wait_for_room(&mut self) -> Result<(), End> {
        let deadline = Instant::now() + DISK_FULL_PAUSE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if self.stopped() {
                return Err(End::Stopped);
            }
            if left.is_zero() {
                return Ok(());
            }
            if self.waiting.len() >= GROUP_BATCHES_MAX {
                std::thread::sleep(left.min(Duration::from_millis(50)));
                continue;
            }
            match self.receiver.recv_timeout(left) {
                Ok(Message::Request(Request::LoadDocument { job, reply })) => {
                    reply(self.journal.document(job)?);
                }
                Ok(Message::Request(write)) => self.waiting.push_back(write),
                Ok(Message::Wake) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(End::Stopped),
            }
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}
