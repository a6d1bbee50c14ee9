//! The agent's durable memory: one SQLite file, synced before anything is acknowledged.
//!
//! [`Journal::open`] gives back what was known before the last end, orderly or not;
//! [`Journal::append`] makes a batch of records durable, all or none. A [`Writer`] owns the journal
//! on a thread of its own and commits batches in groups. A damaged file is never recreated in
//! silence: it stays where it is, or is set aside when the caller says so. Payments have a file of their
//! own, [`PaymentJournal`]: there is no thread between it and its owner, because a terminal waits for
//! the word whether a result was stored, and a full disk is an answer.

mod directory_lock;
mod error;
mod journal;
mod payments;
mod recovery;
mod schema;
mod set_aside;
mod tables;
mod writer;

pub use directory_lock::DirectoryLock;
pub use error::JournalError;
pub use journal::{Journal, KeptDocument, OnDamage, Opened};
pub use payments::PaymentJournal;
pub use set_aside::set_aside;
pub use writer::{Refused, Request, Writer, WriterEvent, WriterQueue};
