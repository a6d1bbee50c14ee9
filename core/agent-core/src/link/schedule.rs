//! When to try again: at once, a few times quickly, then steadily for ever.

use std::time::Duration;

use crate::chance::Chance;
use crate::config::LinkTimings;

/// Counts the tries since the last success. The link and the reports each have one.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    tries: u32,
}

impl Schedule {
    /// Something succeeded: the next try is the immediate one again.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }

    /// The pause before the next try, which is counted with this. From
    /// [`LinkTimings::jitter_from_try`] on it is spread, so that a fleet does not come back as one.
    pub(crate) fn next_pause(&mut self, timings: &LinkTimings, chance: &mut Chance) -> Duration {
        self.tries = self.tries.saturating_add(1);
        let pause = match self.tries {
            1 => Duration::ZERO,
            quick if quick - 1 <= timings.quick_tries => timings.quick_pause,
            _ => timings.steady_pause,
        };
        if self.tries < timings.jitter_from_try {
            pause
        } else {
            chance.spread(pause)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_come_at_once_then_five_quick_then_steady_for_ever() {
        let timings = LinkTimings {
            jitter_from_try: u32::MAX,
            ..LinkTimings::default()
        };
        let (mut schedule, mut chance) = (Schedule::default(), Chance::new(1));
        for _ in 0..2 {
            let pauses: Vec<_> = (0..9)
                .map(|_| schedule.next_pause(&timings, &mut chance).as_millis())
                .collect();
            assert_eq!(
                pauses,
                [0, 1_000, 1_000, 1_000, 1_000, 1_000, 5_000, 5_000, 5_000]
            );
            schedule.reset();
        }
    }
}
