//! How slowly the other end may send or take what it has promised to.
//!
//! A body on its way holds memory and a place that others wait for, so neither standing still nor
//! dripping may go on for long.

use std::time::Duration;

use tokio::time::Instant;

/// The least pace.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// For the first bytes, and for each of the next.
    pub patience: Duration,
    /// On the whole, once the patience is used up.
    pub bytes_per_s: u32,
}

/// What everybody is held to. A slow line is no reason to fail: uploads can be sent again and
/// documents are fetched from where they broke off.
pub const LEAST: Pace = Pace {
    patience: Duration::from_secs(30),
    bytes_per_s: 8 * 1024,
};

/// Something on its way.
#[derive(Debug)]
pub struct Passage {
    pace: Pace,
    begun: Instant,
    advanced: Instant,
    bytes: u64,
}

impl Passage {
    /// Begins now.
    #[must_use]
    pub fn begin(pace: Pace) -> Self {
        let now = Instant::now();
        Self {
            pace,
            begun: now,
            advanced: now,
            bytes: 0,
        }
    }

    /// So many more bytes have passed.
    pub fn advance(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        self.advanced = Instant::now();
    }

    /// When it is given up unless more passes before.
    #[must_use]
    pub fn due(&self) -> Instant {
        let Pace {
            patience,
            bytes_per_s,
        } = self.pace;
        let earned = Duration::from_secs(self.bytes / u64::from(bytes_per_s.max(1)));
        (self.advanced + patience).min(self.begun + patience + earned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_standing_still_nor_dripping_lasts() {
        let mut passage = Passage::begin(LEAST);
        let begun = passage.begun;
        assert_eq!(passage.due(), begun + LEAST.patience);
        passage.advance(1);
        assert_eq!(
            passage.due(),
            begun + LEAST.patience,
            "a drop earns nothing"
        );
        passage.advance(8 * 1024 * 3_600);
        assert_eq!(passage.due(), passage.advanced + LEAST.patience);
    }
}
