//! Signed requests: a strict profile of HTTP Message Signatures (RFC 9421).
//!
//! Exactly one signature, labelled `cueline`, over exactly `@method`, `@authority`, `@path`,
//! `@query` and `content-digest` (RFC 9530, SHA-256, of the body, empty or not), with exactly the
//! parameters `created`, `keyid`, `nonce` and `alg="ed25519"`, in this order. Anything else is
//! refused, so that there is one way to write a request and one to read it. The nonce comes from
//! the hub, so a till's wrong clock does not lock it out; `created` is for the log.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cueline_model::Sha256;

/// The part of a request that is signed.
#[derive(Debug, Clone, Copy)]
pub struct SignedParts<'a> {
    /// Upper case, such as `POST`.
    pub method: &'a str,
    /// Host, and the port where it is not 443, lower case (RFC 9421 section 2.2.3).
    pub authority: &'a str,
    /// The absolute path (section 2.2.6).
    pub path: &'a str,
    /// The query without its question mark (section 2.2.7).
    pub query: &'a str,
    /// Digest of the body.
    pub body_sha256: Sha256,
}

/// The signature's parameters (section 2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureParams {
    /// Seconds since 1970 on the signer's clock.
    pub created_s: i64,
    /// The agent's id.
    pub key_id: String,
    /// What the hub handed out last; empty when the agent has none yet.
    pub nonce: String,
}

/// Why a request's signature headers are not of the profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {header} header is not of Cueline's profile of RFC 9421: {reason}")]
pub struct SignatureError {
    /// Which header.
    pub header: &'static str,
    /// What was wrong.
    pub reason: &'static str,
}

const COMPONENTS: &str = r#"("@method" "@authority" "@path" "@query" "content-digest")"#;
const TOKEN_BYTES_MAX: usize = 256;

impl SignatureParams {
    fn inner(&self) -> String {
        format!(
            r#"{COMPONENTS};created={};keyid="{}";nonce="{}";alg="ed25519""#,
            self.created_s, self.key_id, self.nonce
        )
    }

    /// The text that is signed (section 2.5).
    #[must_use]
    pub fn signature_base(&self, parts: &SignedParts<'_>) -> String {
        format!(
            "\"@method\": {}\n\"@authority\": {}\n\"@path\": {}\n\"@query\": ?{}\n\
             \"content-digest\": {}\n\"@signature-params\": {}",
            parts.method,
            parts.authority,
            parts.path,
            parts.query,
            content_digest(parts.body_sha256),
            self.inner()
        )
    }

    /// The value of the `Signature-Input` header.
    #[must_use]
    pub fn input_header(&self) -> String {
        format!("cueline={}", self.inner())
    }

    /// Reads a `Signature-Input` header.
    ///
    /// # Errors
    /// When it is not exactly of the profile.
    pub fn parse_input(header: &str) -> Result<Self, SignatureError> {
        let refuse = |reason| SignatureError {
            header: "Signature-Input",
            reason,
        };
        let rest = header
            .strip_prefix("cueline=")
            .and_then(|rest| rest.strip_prefix(COMPONENTS))
            .ok_or_else(|| refuse("expected the label cueline and its five components"))?;
        let (created, rest) = rest
            .strip_prefix(";created=")
            .and_then(|rest| rest.split_once(';'))
            .ok_or_else(|| refuse("expected created"))?;
        let created_s = created
            .parse()
            .map_err(|_| refuse("created is not a number"))?;
        let (key_id, rest) = rest
            .strip_prefix("keyid=\"")
            .and_then(|rest| rest.split_once("\";"))
            .ok_or_else(|| refuse("expected keyid"))?;
        let (nonce, rest) = rest
            .strip_prefix("nonce=\"")
            .and_then(|rest| rest.split_once("\";"))
            .ok_or_else(|| refuse("expected nonce"))?;
        if rest != "alg=\"ed25519\"" {
            return Err(refuse("expected alg=\"ed25519\" and no more"));
        }
        for token in [key_id, nonce] {
            let plain = token
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
            if !plain || token.len() > TOKEN_BYTES_MAX {
                return Err(refuse("keyid and nonce are short and of A-Z a-z 0-9 - _ ."));
            }
        }
        Ok(Self {
            created_s,
            key_id: key_id.to_owned(),
            nonce: nonce.to_owned(),
        })
    }
}

/// The value of the `Signature` header.
#[must_use]
pub fn signature_header(signature: &[u8]) -> String {
    format!("cueline=:{}:", STANDARD.encode(signature))
}

/// Reads a `Signature` header.
///
/// # Errors
/// When it is not exactly one Ed25519 signature labelled `cueline`.
pub fn parse_signature(header: &str) -> Result<[u8; 64], SignatureError> {
    header
        .strip_prefix("cueline=:")
        .and_then(|rest| rest.strip_suffix(':'))
        .and_then(|text| STANDARD.decode(text).ok())
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(SignatureError {
            header: "Signature",
            reason: "expected cueline=: and 64 bytes in base64",
        })
}

/// The value of the `Content-Digest` header (RFC 9530 section 2).
#[must_use]
pub fn content_digest(sha256: Sha256) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> SignatureParams {
        SignatureParams {
            created_s: 1_777_663_800,
            key_id: "agt_00000000000000000000000000000001".to_owned(),
            nonce: "n-1.x_Y".to_owned(),
        }
    }

    #[test]
    fn the_input_header_reads_back_as_written() {
        assert_eq!(
            SignatureParams::parse_input(&params().input_header()).unwrap(),
            params()
        );
    }

    #[test]
    fn the_base_is_as_the_rfc_lays_it_out() {
        let base = params().signature_base(&SignedParts {
            method: "POST",
            authority: "hub.example:8443",
            path: "/link/v1/reports",
            query: "",
            body_sha256: Sha256([0; 32]),
        });
        assert_eq!(
            base,
            "\"@method\": POST\n\"@authority\": hub.example:8443\n\"@path\": /link/v1/reports\n\
             \"@query\": ?\n\"content-digest\": sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:\n\
             \"@signature-params\": (\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\")\
             ;created=1777663800;keyid=\"agt_00000000000000000000000000000001\";nonce=\"n-1.x_Y\";alg=\"ed25519\""
        );
    }

    #[test]
    fn anything_beside_the_profile_is_refused() {
        let good = params().input_header();
        for bad in [
            good.replace("cueline=", "sig1="),
            good.replace(" \"@query\"", ""),
            good.replace("ed25519", "hmac-sha256"),
            format!("{good};expires=1"),
            format!("{good}, {good}"),
            good.replace("n-1.x_Y", "n\\\"1"),
            good.replace("created=1777663800;", ""),
            String::new(),
        ] {
            assert!(
                SignatureParams::parse_input(&bad).is_err(),
                "{bad} was taken"
            );
        }
        assert!(parse_signature("cueline=:AAAA:").is_err());
        assert_eq!(
            parse_signature(&signature_header(&[7; 64])).unwrap(),
            [7; 64]
        );
    }
}
