//! A till's two clocks: one that stands still in sleep and begins anew with the machine, one that is
//! set by people.

use cueline_model::{Mono, Now, WallTime};

/// A till's clocks.
#[derive(Debug)]
pub struct TillClock {
    /// True time at which the monotonic clock was at zero, sleep counted.
    began_ms: u64,
    wall_ahead_ms: i64,
    /// What the core can know of the hub's time in this life: by the journal, or by a greeting.
    known: Known,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    ahead_ms: i64,
    greeting: Option<(WallTime, Mono)>,
}

impl TillClock {
    /// Clocks of a machine that is `wall_ahead_ms` ahead of the hub.
    #[must_use]
    pub const fn new(wall_ahead_ms: i64) -> Self {
        Self {
            began_ms: 0,
            wall_ahead_ms,
            known: Known {
                ahead_ms: 0,
                greeting: None,
            },
        }
    }

    /// Both clocks.
    #[must_use]
    pub fn read(&self, true_ms: u64, true_wall: WallTime) -> Now {
        Now {
            mono: Mono(true_ms.saturating_sub(self.began_ms)),
            wall: true_wall.shifted_ms(self.wall_ahead_ms),
        }
    }

    /// The true time at which the monotonic clock shows `mono`, if the machine stays awake.
    #[must_use]
    pub const fn true_ms(&self, mono: Mono) -> u64 {
        mono.0.saturating_add(self.began_ms)
    }

    /// The program starts, on a machine that has been up for a moment, and finds this in its journal.
    pub fn starts(&mut self, true_ms: u64, journalled_offset_ms: Option<i64>) {
        self.began_ms = true_ms;
        self.known = Known {
            ahead_ms: journalled_offset_ms.unwrap_or(0),
            greeting: None,
        };
    }

    /// The machine slept.
    pub const fn slept(&mut self, ms: u64) {
        self.began_ms += ms;
    }

    /// Somebody set the wall clock.
    pub const fn set(&mut self, by_ms: i64) {
        self.wall_ahead_ms += by_ms;
    }

    /// The hub told its time.
    pub fn greeted(&mut self, server_time: WallTime, now: Now) {
        self.known = Known {
            ahead_ms: server_time.ms_since(now.wall),
            greeting: Some((server_time, now.mono)),
        };
    }

    /// The latest that a program can tell the hub's time to be: by its wall clock, which may have been
    /// set back, and by the time since the greeting, which stands still in sleep. With a greeting in
    /// this life and neither of the two, it is late by no more than the greeting's way.
    #[must_use]
    pub fn hub_time_known(&self, now: Now) -> WallTime {
        let by_wall = now.wall.shifted_ms(self.known.ahead_ms);
        self.known.greeting.map_or(by_wall, |(server_time, heard)| {
            by_wall.max(server_time + now.mono.since(heard))
        })
    }
}
