//! What a request is known by at its terminal: a ServiceID of ten characters, unique for 48 hours.
//!
//! The first five are the minute in which it was chosen, so that a look-up knows how old it is: a terminal
//! that has forgotten a transaction says the same of it as of one that never was.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use cueline_model::WallTime;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const HALF: u32 = 5;
const MINUTE_MS: i64 = 60_000;

/// Ten characters from 0 to 9 and A to Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ServiceId([u8; 2 * HALF as usize]);

impl ServiceId {
    fn new(minutes: u64, chance: u64) -> Self {
        let mut text = [b'0'; 2 * HALF as usize];
        for (half, mut number) in text.chunks_exact_mut(HALF as usize).zip([minutes, chance]) {
            for place in half.iter_mut().rev() {
                *place = DIGITS[(number % 36) as usize];
                number /= 36;
            }
        }
        Self(text)
    }

    /// How long ago it was chosen; `None` where that is in the future, so that a clock was moved.
    pub(super) fn age(self, now: WallTime) -> Option<Duration> {
        let minutes = self.0[..HALF as usize].iter().fold(0, |minutes, digit| {
            minutes * 36 + char::from(*digit).to_digit(36).map_or(0, i64::from)
        });
        let age_ms = now.ms_since(WallTime(minutes * MINUTE_MS));
        u64::try_from(age_ms).ok().map(Duration::from_millis)
    }
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

impl FromStr for ServiceId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let bytes: [u8; 2 * HALF as usize] = text.as_bytes().try_into().map_err(drop)?;
        match bytes.iter().all(|byte| DIGITS.contains(byte)) {
            true => Ok(Self(bytes)),
            false => Err(()),
        }
    }
}

/// Makes numbers that nobody can foresee out of a seed that nobody knows.
pub(super) struct Chance {
    seed: [u8; 32],
    drawn: u64,
}

impl Chance {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self { seed, drawn: 0 }
    }

    /// Sixteen bytes; never the same twice.
    pub(super) fn draw(&mut self) -> [u8; 16] {
        let mut key = [0; 64];
        key[..32].copy_from_slice(&self.seed);
        self.drawn += 1;
        let mut mac = Hmac::<Sha256>::new(&key.into());
        mac.update(&self.drawn.to_be_bytes());
        let bytes = mac.finalize().into_bytes();
        std::array::from_fn(|index| bytes[index])
    }

    pub(super) fn service_id(&mut self, now: WallTime) -> ServiceId {
        let [a, b, c, d, e, f, g, h, ..] = self.draw();
        let minutes = u64::try_from(now.0 / MINUTE_MS).unwrap_or(0);
        ServiceId::new(minutes, u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_id_is_ten_alphanumerics_and_knows_its_age() {
        let now = WallTime(1_795_000_000_000);
        let mut chance = Chance::new([7; 32]);
        let first = chance.service_id(now);
        assert_ne!(first, chance.service_id(now));
        let text = first.to_string();
        assert_eq!(text.len(), 10);
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric()), "{text}");
        assert_eq!(text.parse(), Ok(first));
        let hour = Duration::from_secs(3600);
        let age = first.age(now + hour).unwrap();
        assert!(
            hour <= age && age < hour + Duration::from_secs(60),
            "{age:?}"
        );
        assert_eq!(first.age(now - hour), None);
        for bad in ["", "123456789", "12345678901", "abcdefghij", "12345 7890"] {
            assert!(bad.parse::<ServiceId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn nothing_is_drawn_twice() {
        let mut chance = Chance::new([7; 32]);
        let drawn: std::collections::HashSet<_> = (0..1000).map(|_| chance.draw()).collect();
        assert_eq!(drawn.len(), 1000);
    }
}
