//! How often a till may try its held request.
//!
//! After a drop one try is immediate and the next ones a second apart, so without anything that
//! resets the schedule two tries at most fall into one second. A greeting, a wake, a set clock and a
//! wish to reconnect each allow one more try at once; a new program one more pair.

use std::collections::VecDeque;

/// The time over which tries are counted.
const WINDOW_MS: u64 = 999;
/// Tries that the schedule itself makes in that time, with one for `hello_timeout`'s fallback.
const OWN_TRIES_MAX: usize = 3;

/// The newest tries and what allowed them.
#[derive(Debug, Default)]
pub struct Connects {
    tries: VecDeque<u64>,
    allowed: VecDeque<u64>,
}

impl Connects {
    /// A greeting came.
    pub fn greeted(&mut self, now_ms: u64) {
        self.allow(now_ms);
    }

    /// A try was asked for, or the program or the machine is new.
    pub fn asked(&mut self, now_ms: u64) {
        self.allow(now_ms);
    }

    /// The wall clock was set: found when the core is called the next time, within 15 s.
    pub fn clock_set(&mut self, now_ms: u64) {
        self.allow(now_ms + 15_000);
    }

    /// A try is made; says so if it is one too many.
    pub fn connected(&mut self, now_ms: u64) -> Option<String> {
        let since_ms = now_ms.saturating_sub(WINDOW_MS);
        self.tries.push_back(now_ms);
        self.tries.retain(|at_ms| *at_ms >= since_ms);
        self.allowed.retain(|at_ms| *at_ms >= since_ms);
        let (tries, most) = (self.tries.len(), OWN_TRIES_MAX + self.allowed.len());
        (tries > most)
            .then(|| format!("{tries} tries at the link within a second, at most {most} may be"))
    }

    fn allow(&mut self, now_ms: u64) {
        self.allowed.push_back(now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedules_own_tries_pass_and_a_spin_does_not() {
        let mut connects = Connects::default();
        for at_ms in [0, 10, 1_010, 2_010, 3_010] {
            assert_eq!(connects.connected(at_ms), None);
        }
        let spin = (4_000..4_010).find_map(|at_ms| connects.connected(at_ms));
        assert!(spin.is_some_and(|text| text.contains("at most 3")));
    }
}
