//! The hub's clock as known here, and what the two local clocks say about sleep.

use std::time::Duration;

use cueline_model::{Mono, Now, WallTime};

/// A clock offset is journalled again when it has moved by more than this.
const OFFSET_CHANGE_MS: i64 = 1_000;

/// Keeps the hub's time between two greetings and notices when this machine's clocks part.
#[derive(Debug)]
pub(crate) struct Clock {
    last: Now,
    gap: Duration,
    /// Hub's wall clock minus this machine's, as in the journal.
    journalled_offset_ms: Option<i64>,
    /// Hub's wall clock minus this machine's, in force.
    offset_ms: i64,
    /// The newest greeting: the hub's time, and when it was heard.
    greeting: Option<(WallTime, Mono)>,
    /// The clocks have parted since the newest greeting, or there was none since the program's start:
    /// the hub's time as it was known before, and when that was.
    in_doubt_since: Option<(WallTime, Mono)>,
}

impl Clock {
    /// `known`: a time that the hub's clock had reached when the program last ran.
    pub(crate) fn new(
        now: Now,
        gap: Duration,
        recovered_offset_ms: Option<i64>,
        known: Option<WallTime>,
    ) -> Self {
        Self {
            last: now,
            gap,
            journalled_offset_ms: recovered_offset_ms,
            offset_ms: recovered_offset_ms.unwrap_or(0),
            greeting: None,
            in_doubt_since: known.map(|known| (known, now.mono)),
        }
    }

    /// Takes both clocks; gives by how many ms the wall clock has left the monotonic one behind since
    /// the last time, where that is more than a gap: the machine slept, or its clock was set.
    pub(crate) fn advance(&mut self, now: Now) -> Option<i64> {
        let known_before = self.hub_now();
        let before = std::mem::replace(&mut self.last, now);
        let mono_ms = i64::try_from(now.mono.since(before.mono).as_millis()).unwrap_or(i64::MAX);
        let gap_ms = now.wall.ms_since(before.wall).saturating_sub(mono_ms);
        let parted = u128::from(gap_ms.unsigned_abs()) > self.gap.as_millis();
        if parted {
            self.in_doubt_since
                .get_or_insert((known_before, before.mono));
        }
        parted.then_some(gap_ms)
    }

    pub(crate) fn now(&self) -> Now {
        self.last
    }

    /// The hub's time: the later of what its last greeting and this machine's wall clock say, since
    /// one of the two stands still in sleep and the other may be set.
    pub(crate) fn hub_now(&self) -> WallTime {
        let by_wall = self.last.wall.shifted_ms(self.offset_ms);
        self.greeting.map_or(by_wall, |(server_time, heard)| {
            by_wall.max(server_time + self.last.mono.since(heard))
        })
    }

    /// The hub's time as it certainly is by now. After a start or a gap and until the next greeting
    /// that may be less than [`Clock::hub_now`]: the machine may have been off or asleep, but its clock
    /// may also have been set, and then no job's time is over for that.
    pub(crate) fn hub_at_least(&self) -> WallTime {
        let hub_now = self.hub_now();
        self.in_doubt_since.map_or(hub_now, |(known, since)| {
            hub_now.min(known + self.last.mono.since(since))
        })
    }

    /// Whether the hub has said its time since the program's start.
    pub(crate) fn is_greeted(&self) -> bool {
        self.greeting.is_some()
    }

    /// Takes the hub's time; gives the offset where it is to be journalled.
    pub(crate) fn greeted(&mut self, server_time: WallTime) -> Option<i64> {
        self.greeting = Some((server_time, self.last.mono));
        self.in_doubt_since = None;
        self.offset_ms = server_time.ms_since(self.last.wall);
        let moved = self.journalled_offset_ms.is_none_or(|journalled| {
            self.offset_ms.saturating_sub(journalled).unsigned_abs()
                > OFFSET_CHANGE_MS.unsigned_abs()
        });
        moved.then(|| {
            self.journalled_offset_ms = Some(self.offset_ms);
            self.offset_ms
        })
    }
}
