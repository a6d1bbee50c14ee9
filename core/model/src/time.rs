//! The two clocks, as plain numbers that shells read and cores are handed.
//!
//! Waiting is measured on the monotonic clock; what people and other machines are told is on the
//! wall clock, which may be wrong or jump. A core never reads either.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Milliseconds on a clock that never goes back, counted from an origin only its process knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mono(pub u64);

impl Mono {
    /// The time from `earlier` to `self`; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Mono {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(self.0.saturating_add(whole_ms(time)))
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z on a wall clock (Unix time, no leap seconds).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct WallTime(pub i64);

impl WallTime {
    /// `self - earlier` in milliseconds, negative when `earlier` is later.
    #[must_use]
    pub fn ms_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This time moved by a signed number of milliseconds.
    #[must_use]
    pub fn shifted_ms(self, offset_ms: i64) -> Self {
        Self(self.0.saturating_add(offset_ms))
    }
}

impl Add<Duration> for WallTime {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(whole_ms(time)).unwrap_or(i64::MAX)),
        )
    }
}

impl Sub<Duration> for WallTime {
    type Output = Self;

    fn sub(self, time: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(whole_ms(time)).unwrap_or(i64::MAX)),
        )
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms since 1970", self.0)
    }
}

/// Both clocks, read at one moment by a shell and handed to a core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// For waiting.
    pub mono: Mono,
    /// For telling.
    pub wall: WallTime,
}

fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
