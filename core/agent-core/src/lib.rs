//! The agent's decisions, as a sans-IO state machine.
//!
//! One [`Event`] in, any number of [`Effect`]s out; the shell in `apps/agent` owns sockets, files and
//! clocks and does what the effects say. Durability is an effect that must be confirmed: nothing is
//! acknowledged and nothing printed before the [`Event::Appended`] of the record that it rests on.
//!
//! Order of calls: after [`Agent::new`] and each `handle_*`, drain `poll_effect` until it gives `None`,
//! then sleep until `poll_timeout` or the next event.

mod agent;
mod chance;
mod clock;
pub mod config;
mod documents;
pub mod effect;
pub mod event;
mod intake;
mod inventory;
mod jobs;
pub mod journal_image;
mod lanes;
mod link;
pub mod payments;
pub mod record;
mod recovery;
mod reports;
mod tickets;
pub mod timer;
mod turn;

pub use agent::Agent;
pub use config::{Config, LinkTimings, PrinterConfig};
pub use effect::{Effect, Notice, PaymentNews};
pub use event::{BatchId, Event, FetchError, LinkEnd, LinkId, PrintEnd, PrinterOp, ReportId};
pub use journal_image::JournalImage;
pub use record::{Job, Phase, Proven, Record, Recovered, RecoveredJob};
pub use timer::{Timer, TimerReason};
