//! Fingerprints as people compare them on two screens: `sha256:` and upper-case pairs with colons,
//! the form the agent shows too.

use ring::digest;

/// The fingerprint of a certificate (DER) or of a public key (raw).
#[must_use]
pub fn of(bytes: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, bytes);
    let pairs: Vec<_> = digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    format!("sha256:{}", pairs.join(":"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_form_is_the_agents() {
        // SHA-256 of nothing (FIPS 180-4).
        let text = super::of(b"");
        assert!(text.starts_with("sha256:E3:B0:C4:42:"), "{text}");
        assert_eq!(text.len(), "sha256:".len() + 32 * 3 - 1);
    }
}
