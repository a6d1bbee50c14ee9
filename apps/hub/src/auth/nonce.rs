//! Nonces for signed requests: stateless, so that no table of them has to be kept or shared.
//!
//! A nonce is `base64url(issued_s || HMAC-SHA256(secret, issued_s))` and good for five minutes on
//! the hub's own clock. A till's wrong clock therefore never locks it out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cueline_model::WallTime;
use ring::hmac;

/// How long a nonce is good.
const GOOD_FOR_S: i64 = 300;
/// The hub's clock may be set back a little between two requests.
const AHEAD_S: i64 = 5;

/// Issues and recognises nonces.
pub struct Nonces {
    secret: hmac::Key,
}

/// What a nonce turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceVerdict {
    /// Issued by this hub not long ago.
    Good,
    /// Too old, or not this hub's.
    Stale,
}

impl Nonces {
    /// Nonces of a secret; hubs that share the secret take each other's.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self {
            secret: hmac::Key::new(hmac::HMAC_SHA256, secret),
        }
    }

    /// A fresh one.
    #[must_use]
    pub fn issue(&self, now: WallTime) -> String {
        let issued = (now.0.div_euclid(1000)).to_be_bytes();
        let mut bytes = issued.to_vec();
        bytes.extend_from_slice(hmac::sign(&self.secret, &issued).as_ref());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Whether `nonce` was issued by this hub within the last five minutes.
    #[must_use]
    pub fn judge(&self, nonce: &str, now: WallTime) -> NonceVerdict {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(nonce) else {
            return NonceVerdict::Stale;
        };
        let Some((issued, tag)) = bytes.split_first_chunk::<8>() else {
            return NonceVerdict::Stale;
        };
        let age_s = now
            .0
            .div_euclid(1000)
            .saturating_sub(i64::from_be_bytes(*issued));
        let ours = hmac::verify(&self.secret, issued, tag).is_ok();
        if ours && (-AHEAD_S..=GOOD_FOR_S).contains(&age_s) {
            NonceVerdict::Good
        } else {
            NonceVerdict::Stale
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_for_five_minutes_of_its_own_hub() {
        let nonces = Nonces::new(b"secret");
        let issued = WallTime(1_777_663_800_125);
        let nonce = nonces.issue(issued);
        assert!(
            nonce
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        );
        for (after_s, verdict) in [
            (0, NonceVerdict::Good),
            (300, NonceVerdict::Good),
            (301, NonceVerdict::Stale),
            (-5, NonceVerdict::Good),
            (-60, NonceVerdict::Stale),
        ] {
            let now = issued.shifted_ms(after_s * 1000);
            assert_eq!(nonces.judge(&nonce, now), verdict, "after {after_s} s");
        }
        assert_eq!(
            Nonces::new(b"other").judge(&nonce, issued),
            NonceVerdict::Stale
        );
    }

    #[test]
    fn a_changed_or_cut_nonce_is_stale() {
        let nonces = Nonces::new(b"secret");
        let now = WallTime(1_777_663_800_000);
        let nonce = nonces.issue(now);
        for bad in [
            "",
            "x",
            &nonce[1..],
            &nonce[..20],
            &format!("{nonce}AA"),
            &nonce.replace('A', "B"),
        ] {
            assert_eq!(nonces.judge(bad, now), NonceVerdict::Stale, "{bad}");
        }
    }
}
