//! Every limit in one place, so that each has one value and one name.

use std::time::Duration;

/// A job's body up to this many bytes travels inside its event; a longer one is fetched.
pub const INLINE_BODY_BYTES_MAX: u64 = 64 * 1024;
/// The longest document the hub takes.
pub const DOCUMENT_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// The longest ticket document (JSON, pictures in it included).
pub const TICKET_BYTES_MAX: u64 = 1024 * 1024;
/// Copies of one document in one job.
pub const COPIES_MAX: u16 = 100;
/// Jobs that wait at the hub for one agent; one more is refused with 429.
pub const QUEUED_JOBS_PER_AGENT_MAX: u32 = 10_000;
/// Jobs an agent holds at once; the hub offers no more until some are settled.
pub const AGENT_JOBS_MAX: usize = 1_000;
/// Settled jobs an agent remembers so that a late second delivery is known for what it is.
pub const AGENT_SETTLED_MEMORY_MAX: usize = 10_000;
/// Entries in one report of an agent.
pub const REPORT_ENTRIES_MAX: usize = 200;
/// Printers of one agent.
pub const PRINTERS_PER_AGENT_MAX: usize = 64;
/// Desks of one agent whose trays are there at once.
pub const STATIONS_PER_AGENT_MAX: usize = 32;
/// Terminals of one station.
pub const TERMINALS_PER_STATION_MAX: usize = 8;
/// Payments of one agent that have not ended; one more is refused with 429.
pub const OPEN_PAYMENTS_PER_AGENT_MAX: usize = 256;
/// The largest amount of one payment, minor units: what twelve digits hold, as terminals take them.
pub const PAYMENT_AMOUNT_MINOR_MAX: i64 = 999_999_999_999;
/// Attempts at one order; one more is refused.
pub const ATTEMPTS_PER_ORDER_MAX: usize = 100;
/// How far ahead a payment's latest start may lie.
pub const PAYMENT_START_IN_MAX: Duration = Duration::from_secs(3_600);
/// A payment's latest start where none is given, from its making on.
pub const PAYMENT_START_IN_DEFAULT: Duration = Duration::from_secs(120);
/// Times a policy may reprint one attempt by itself before it is held for a person.
pub const REPRINTS_MAX: u32 = 3;

/// The shortest ping period an agent may ask for.
pub const PING_MIN: Duration = Duration::from_secs(5);
/// The longest ping period an agent may ask for; always under the idle time-out.
pub const PING_MAX: Duration = Duration::from_secs(140);
/// How long the agent may leave an offered job unacknowledged before the hub closes the stream.
pub const ACKNOWLEDGE_WITHIN: Duration = Duration::from_secs(10);
