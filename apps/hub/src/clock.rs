//! The hub's clocks, read here and handed to the cores.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cueline_model::{Mono, Now, WallTime};
use jiff::fmt::rfc2822::DateTimePrinter;

static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Both clocks.
#[must_use]
pub fn now() -> Now {
    Now {
        mono: mono(),
        wall: wall(),
    }
}

/// The wall clock.
#[must_use]
pub fn wall() -> WallTime {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    WallTime(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The wall clock as HTTP writes it, such as `Fri, 01 May 2026 19:30:00 GMT` (RFC 9110 section 5.6.7).
#[must_use]
pub fn http_date() -> String {
    let now = jiff::Timestamp::from_millisecond(wall().0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let printed = DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
    printed.expect("a year of four digits can be written")
}

/// The monotonic clock, counted from the first time it was read.
#[must_use]
pub fn mono() -> Mono {
    Mono(u64::try_from(ORIGIN.elapsed().as_millis()).unwrap_or(u64::MAX))
}

/// The moment on tokio's clock that `mono` names, or now where that is past.
#[must_use]
pub fn instant(mono: Mono) -> tokio::time::Instant {
    tokio::time::Instant::from_std(*ORIGIN + Duration::from_millis(mono.0))
}
