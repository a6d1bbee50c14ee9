//! Bounds how often pairing codes may be guessed: by one address, and by all together.
//!
//! Eight characters of 32 kinds are 2^40 codes; 50 wrong ones in ten minutes, over the ten minutes a
//! code lives, find one with a chance of about one in twenty thousand million.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cueline_model::Mono;

const PER_ADDRESS_MAX: usize = 5;
const PER_ADDRESS_WITHIN: Duration = Duration::from_secs(60);
const ALL_MAX: usize = 50;
const ALL_WITHIN: Duration = Duration::from_secs(600);

/// Wrong tries of late.
#[derive(Default)]
pub struct Guesses {
    wrong: Mutex<VecDeque<(Mono, IpAddr)>>,
}

impl Guesses {
    /// Whether one more try may be made from `address`; if not, the seconds to wait.
    ///
    /// # Errors
    /// The seconds until one may.
    pub fn check(&self, address: IpAddr, now: Mono) -> Result<(), u32> {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        while wrong
            .front()
            .is_some_and(|(at, _)| now.since(*at) >= ALL_WITHIN)
        {
            wrong.pop_front();
        }
        let mut waits = Vec::new();
        if wrong.len() >= ALL_MAX {
            waits.extend(
                wrong
                    .front()
                    .map(|(at, _)| ALL_WITHIN.saturating_sub(now.since(*at))),
            );
        }
        let network = network(address);
        let here: Vec<_> = wrong
            .iter()
            .filter(|(at, from)| *from == network && now.since(*at) < PER_ADDRESS_WITHIN)
            .collect();
        if here.len() >= PER_ADDRESS_MAX {
            waits.extend(
                here.first()
                    .map(|(at, _)| PER_ADDRESS_WITHIN.saturating_sub(now.since(*at))),
            );
        }
        match waits.into_iter().max() {
            Some(wait) => Err(u32::try_from(wait.as_secs())
                .unwrap_or(u32::MAX)
                .saturating_add(1)),
            None => Ok(()),
        }
    }

    /// Notes a wrong try.
    pub fn wrong(&self, address: IpAddr, now: Mono) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        // Tries already under way when the limit was reached may pass it a little.
        if wrong.len() >= 2 * ALL_MAX {
            wrong.pop_front();
        }
        wrong.push_back((now, network(address)));
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
            assert_eq!(guesses.check(address(1), Mono(second * 1000)), Ok(()));
            guesses.wrong(address(1), Mono(second * 1000));
        }
        assert_eq!(guesses.check(address(1), Mono(5_000)), Err(56));
        assert_eq!(guesses.check(address(2), Mono(5_000)), Ok(()));
        assert_eq!(guesses.check(address(1), Mono(60_000)), Ok(()));
    }

    #[test]
    fn all_together_have_fifty_in_ten_minutes() {
        let guesses = Guesses::default();
        for number in 0..50 {
            assert_eq!(guesses.check(address(number), Mono(1_000)), Ok(()));
            guesses.wrong(address(number), Mono(1_000));
        }
        assert_eq!(guesses.check(address(99), Mono(301_000)), Err(301));
        assert_eq!(guesses.check(address(99), Mono(601_000)), Ok(()));
    }

    #[test]
    fn one_network_of_ipv6_is_one_address_and_mapped_ipv4_is_itself() {
        let guesses = Guesses::default();
        for number in 0..5_u128 {
            let address = IpAddr::V6(Ipv6Addr::from_bits((0x2001 << 112) | number));
            guesses.wrong(address, Mono(0));
        }
        let another = IpAddr::V6(Ipv6Addr::from_bits((0x2001 << 112) | 99));
        assert!(guesses.check(another, Mono(1)).is_err());
        for _ in 0..5 {
            guesses.wrong("::ffff:10.0.0.9".parse().unwrap(), Mono(0));
        }
        assert!(guesses.check(address(9), Mono(1)).is_err());
        assert!(guesses.check(address(8), Mono(1)).is_ok());
    }
}
