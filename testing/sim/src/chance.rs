//! Chance from the seed: every draw of a run comes from here, in one order.

/// A small generator (SplitMix64, Steele, Lea and Flood, OOPSLA 2014); not for secrets.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Starts at `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub const fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.number() % (high - low + 1)
    }

    /// An index below `length`, which is not 0.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.number() % length as u64).expect("an index is smaller than a length")
    }

    /// True once in `n` times.
    pub const fn one_in(&mut self, n: u64) -> bool {
        self.number().is_multiple_of(n)
    }

    /// True `odds` times in 10,000. Draws nothing where it can never be true.
    pub const fn odds(&mut self, odds: u32) -> bool {
        odds > 0 && self.number() % 10_000 < odds as u64
    }

    /// One of `choices`, which are not none.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_within_their_range() {
        let (mut one, mut other) = (Chance::new(9), Chance::new(9));
        for _ in 0..1_000 {
            let number = one.between(3, 7);
            assert_eq!(number, other.between(3, 7));
            assert!((3..=7).contains(&number));
        }
        assert!(!one.odds(0));
        assert!(one.odds(10_000));
    }
}
