//! Fresh ids and secrets.
//!
//! Ids are UUIDs of version 7 (RFC 9562 section 5.7): those of one hub rise, so that lists by id are
//! lists by time. Secrets come from the operating system's random source.

use cueline_model::{
    AgentId, ApiKeyId, JobId, PairingCodeId, PaymentId, PrinterId, SiteId, StationId, TenantId,
    TerminalId,
};
use ring::rand::{SecureRandom as _, SystemRandom};
use uuid::Uuid;

/// Digits and capital letters without those that are taken for each other (0 and O, 1 and I).
const READABLE: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// The same in small letters, for keys that are pasted and not typed.
const PASTED: &[u8; 32] = b"23456789abcdefghjklmnpqrstuvwxyz";

/// A fresh id.
#[must_use]
pub fn tenant() -> TenantId {
    TenantId::from_uuid(Uuid::now_v7())
}

/// A fresh id.
#[must_use]
pub fn site() -> SiteId {
    SiteId::from_uuid(Uuid::now_v7())
}

/// A fresh id.
#[must_use]
pub fn agent() -> AgentId {
    AgentId::from_uuid(Uuid::now_v7())
}

/// A fresh id.
#[must_use]
pub fn printer() -> PrinterId {
    PrinterId::from_uuid(Uuid::now_v7())
}

/// A fresh id.
#[must_use]
pub fn job() -> JobId {
    JobId::from_uuid(Uuid::now_v7())
}

/// A fresh id.
#[must_use]
pub fn payment() -> PaymentId {
    PaymentId::from_uuid(Uuid::now_v7())
}

/// A fresh id.
#[must_use]
pub fn station() -> StationId {
    StationId::from_uuid(Uuid::now_v7())
}

/// A fresh id.
#[must_use]
pub fn terminal() -> TerminalId {
    TerminalId::from_uuid(Uuid::now_v7())
}

/// A fresh id.
#[must_use]
pub fn api_key() -> ApiKeyId {
    ApiKeyId::from_uuid(Uuid::now_v7())
}

/// A fresh id.
#[must_use]
pub fn pairing_code() -> PairingCodeId {
    PairingCodeId::from_uuid(Uuid::now_v7())
}

/// Bytes that nobody can guess.
#[must_use]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the operating system's random source works from boot on");
    bytes
}

/// `N` characters for people to type, 5 bits each, without 0, O, 1 and I.
#[must_use]
pub fn readable_code<const N: usize>() -> String {
    text::<N>(READABLE)
}

/// `N` small letters and digits to paste, 5 bits each.
#[must_use]
pub fn pasted_secret<const N: usize>() -> String {
    text::<N>(PASTED)
}

fn text<const N: usize>(alphabet: &[u8; 32]) -> String {
    random_bytes::<N>()
        .into_iter()
        .map(|byte| char::from(alphabet[usize::from(byte % 32)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_hub_rise() {
        let ids: Vec<_> = (0..10_000).map(|_| job()).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_code_has_no_character_that_is_taken_for_another() {
        let code = readable_code::<4096>();
        assert_eq!(code.len(), 4096);
        assert!(!code.contains(['0', 'O', '1', 'I']));
        for &expected in READABLE {
            assert!(code.contains(char::from(expected)), "{expected} never came");
        }
    }
}
