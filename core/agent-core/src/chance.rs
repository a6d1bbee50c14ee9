//! Chance from a seed, so that a failing run can be played again.

use std::time::Duration;

/// The splitmix64 generator (Steele, Lea and Flood, OOPSLA 2014): eight bytes of state, good enough to
/// spread a fleet, not for secrets.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// `pause` made up to a fifth shorter or longer, in whole milliseconds.
    pub(crate) fn spread(&mut self, pause: Duration) -> Duration {
        let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        let fifth_ms = pause_ms / 5;
        Duration::from_millis(pause_ms - fifth_ms + self.next() % (2 * fifth_ms + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_gives_the_published_numbers() {
        let mut chance = Chance::new(1_234_567);
        assert_eq!(chance.next(), 6_457_827_717_110_365_317);
        assert_eq!(chance.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn a_spread_pause_stays_within_a_fifth_and_reaches_both_ends() {
        let mut chance = Chance::new(7);
        let pauses: Vec<_> = (0..20_000)
            .map(|_| chance.spread(Duration::from_millis(1_000)).as_millis())
            .collect();
        assert_eq!(pauses.iter().min(), Some(&800));
        assert_eq!(pauses.iter().max(), Some(&1_200));
        assert_eq!(chance.spread(Duration::ZERO), Duration::ZERO);
    }
}
