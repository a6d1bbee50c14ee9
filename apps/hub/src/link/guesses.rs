//! Bounds how often pairing codes may be guessed: by one address, and by all together.
//!
//! Eight characters of 32 kinds are 2^40 codes; 50 wrong ones in ten minutes, over the ten minutes a
//! code lives, find one with a chance of about one in twenty thousand million.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cueline_model::Mono;

const PER_ADDRESS_MAX: usize = 5;
const PER_ADDRESS_WITHIN: Duration = Duration::from_secs(60);
const ALL_MAX: usize = 50;
const ALL_WITHIN: Duration = Duration::from_secs(600);

/// Tries of late that were wrong, or are not decided yet.
#[derive(Default)]
pub struct Guesses {
    tries: Mutex<VecDeque<(Mono, IpAddr)>>,
}

impl Guesses {
    /// Begins a try from `address`. It counts as wrong until [`Guesses::right`] takes it back, so
    /// that many at once count as many.
    ///
    /// # Errors
    /// The seconds until a try may be made again.
    pub fn begin(&self, address: IpAddr, now: Mono) -> Result<(), u32> {
        let mut tries = self.tries();
        while tries
            .front()
            .is_some_and(|(at, _)| now.since(*at) >= ALL_WITHIN)
        {
            tries.pop_front();
        }
        let network = network(address);
        let mut here = tries
            .iter()
            .filter(|(at, from)| *from == network && now.since(*at) < PER_ADDRESS_WITHIN);
        let first_here = here.next().filter(|_| here.count() + 1 >= PER_ADDRESS_MAX);
        let first = tries.front().filter(|_| tries.len() >= ALL_MAX);
        let waits = [(first_here, PER_ADDRESS_WITHIN), (first, ALL_WITHIN)];
        let wait = waits
            .into_iter()
            .filter_map(|(first, within)| {
                first.map(|(at, _)| within.saturating_sub(now.since(*at)))
            })
            .max();
        if let Some(wait) = wait {
            return Err(u32::try_from(wait.as_secs())
                .unwrap_or(u32::MAX)
                .saturating_add(1));
        }
        tries.push_back((now, network));
        Ok(())
    }

    /// The try that was begun from `address` at `now` was right and does not count.
    pub fn right(&self, address: IpAddr, now: Mono) {
        let (mut tries, begun) = (self.tries(), (now, network(address)));
        if let Some(at) = tries.iter().rposition(|one| *one == begun) {
            tries.remove(at);
        }
    }

    fn tries(&self) -> MutexGuard<'_, VecDeque<(Mono, IpAddr)>> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One subscriber has a whole IPv6 network of 64 bits to guess from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let prefix = v6.to_bits() >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(prefix))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, number])
    }

    #[test]
    fn the_sixth_try_of_an_address_has_to_wait_and_others_need_not() {
        let guesses = Guesses::default();
        for second in 0..5 {
            assert_eq!(guesses.begin(address(1), Mono(second * 1000)), Ok(()));
        }
        assert_eq!(guesses.begin(address(1), Mono(5_000)), Err(56));
        assert_eq!(guesses.begin(address(2), Mono(5_000)), Ok(()));
        assert_eq!(guesses.begin(address(1), Mono(60_000)), Ok(()));
    }

    #[test]
    fn a_right_try_does_not_count() {
        let guesses = Guesses::default();
        for second in 0..20 {
            let now = Mono(second * 1000);
            assert_eq!(guesses.begin(address(1), now), Ok(()));
            guesses.right(address(1), now);
        }
    }

    #[test]
    fn all_together_have_fifty_in_ten_minutes() {
        let guesses = Guesses::default();
        for number in 0..50 {
            assert_eq!(guesses.begin(address(number), Mono(1_000)), Ok(()));
        }
        assert_eq!(guesses.begin(address(99), Mono(301_000)), Err(301));
        assert_eq!(guesses.begin(address(99), Mono(601_000)), Ok(()));
    }

    #[test]
    fn one_network_of_ipv6_is_one_address_and_mapped_ipv4_is_itself() {
        let guesses = Guesses::default();
        let v6 = |number: u128| IpAddr::V6(Ipv6Addr::from_bits((0x2001 << 112) | number));
        for number in 0..5 {
            assert!(guesses.begin(v6(number), Mono(0)).is_ok());
        }
        assert!(guesses.begin(v6(99), Mono(1)).is_err());
        for _ in 0..5 {
            assert!(
                guesses
                    .begin("::ffff:10.0.0.9".parse().unwrap(), Mono(0))
                    .is_ok()
            );
        }
        assert!(guesses.begin(address(9), Mono(1)).is_err());
        assert!(guesses.begin(address(8), Mono(1)).is_ok());
    }
}
