//! Checks an agent's signed request: the profile, the nonce, the body's digest, the key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cueline_model::{AgentId, Sha256, WallTime};
use cueline_wire::cloud::signature::{SignatureParams, SignedParts, parse_signature};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use ring::digest;
use ring::signature::{ED25519, UnparsedPublicKey};

use super::nonce::{NonceVerdict, Nonces};
use crate::refusal::Refusal;

/// A request that claims to be an agent's, well-formed and with a good nonce.
#[derive(Debug)]
pub struct Claim {
    /// Who it says it is from.
    pub agent: AgentId,
    body_sha256: Sha256,
    base: String,
    signature: [u8; 64],
}

/// The SHA-256 digest of a body.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Sha256 {
    let mut digest = [0; 32];
    digest.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    Sha256(digest)
}

/// Reads the signature headers of a request; nothing of its body is needed yet.
///
/// # Errors
/// 401 `nonce_required`, `nonce_stale`, `signature_invalid` or `agent_unknown`.
pub fn claim(parts: &Parts, nonces: &Nonces, now: WallTime) -> Result<Claim, Refusal> {
    let input = single(&parts.headers, "signature-input")?;
    let params =
        SignatureParams::parse_input(input).map_err(|error| invalid(&error.to_string()))?;
    if params.nonce.is_empty() {
        return Err(unauthorized(
            "nonce_required",
            "sign again with the nonce of this answer's Cueline-Nonce header",
        ));
    }
    if nonces.judge(&params.nonce, now) == NonceVerdict::Stale {
        return Err(unauthorized(
            "nonce_stale",
            "the nonce is older than five minutes or not this hub's; sign again with the one of \
             this answer's Cueline-Nonce header",
        ));
    }
    let signature = parse_signature(single(&parts.headers, "signature")?)
        .map_err(|error| invalid(&error.to_string()))?;
    let body_sha256 = content_digest(single(&parts.headers, "content-digest")?)?;
    let agent = params.key_id.parse().map_err(|_| agent_unknown())?;
    let authority = authority(single(&parts.headers, "host")?);
    let base = params.signature_base(&SignedParts {
        method: parts.method.as_str(),
        authority: &authority,
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        body_sha256,
    });
    Ok(Claim {
        agent,
        body_sha256,
        base,
        signature,
    })
}

impl Claim {
    /// Checks the signature with the agent's public key (Ed25519, RFC 8032).
    ///
    /// # Errors
    /// 401 `signature_invalid`.
    pub fn verify(&self, public_key: &[u8]) -> Result<(), Refusal> {
        UnparsedPublicKey::new(&ED25519, public_key)
            .verify(self.base.as_bytes(), &self.signature)
            .map_err(|_| {
                invalid(
                    "it does not verify with the agent's key; is something between agent and hub \
                     changing requests, or was the agent's key replaced?",
                )
            })
    }

    /// Checks that the body is the one that was signed.
    ///
    /// # Errors
    /// 401 `signature_invalid`.
    pub fn check_body(&self, body: &[u8]) -> Result<(), Refusal> {
        if sha256(body) == self.body_sha256 {
            return Ok(());
        }
        Err(invalid(
            "the Content-Digest header is not of the body that came",
        ))
    }
}

/// Nobody here has that id.
#[must_use]
pub fn agent_unknown() -> Refusal {
    unauthorized(
        "agent_unknown",
        "this hub does not know that agent; register it again with a pairing code",
    )
}

/// The agent was removed.
#[must_use]
pub fn agent_revoked() -> Refusal {
    Refusal::new(
        StatusCode::FORBIDDEN,
        "agent_revoked",
        "this agent was removed from its site; register it again with a pairing code",
    )
}

fn unauthorized(code: &str, detail: &str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, code, detail).challenge("Signature")
}

fn invalid(reason: &str) -> Refusal {
    unauthorized(
        "signature_invalid",
        &format!("the request's signature was refused: {reason}"),
    )
}

/// The digest in a `Content-Digest` header (RFC 9530 section 2), SHA-256 alone.
fn content_digest(header: &str) -> Result<Sha256, Refusal> {
    header
        .strip_prefix("sha-256=:")
        .and_then(|rest| rest.strip_suffix(':'))
        .and_then(|text| STANDARD.decode(text).ok())
        .and_then(|bytes| bytes.try_into().ok())
        .map(Sha256)
        .ok_or_else(|| invalid("expected Content-Digest: sha-256=:…: and no other"))
}

/// As the profile writes it: lower case, without the default port (RFC 9421 section 2.2.3).
fn authority(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    host.strip_suffix(":443")
        .map_or(host.clone(), str::to_owned)
}

fn single<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (Some(Ok(value)), None) => Ok(value),
        (None, _) => Err(invalid(&format!("the {name} header is missing"))),
        _ => Err(invalid(&format!("expected one plain {name} header"))),
    }
}

#[cfg(test)]
mod tests {
    use cueline_wire::cloud::signature::{content_digest, signature_header};
    use http::Request;
    use ring::rand::SystemRandom;
    use ring::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    const NOW: WallTime = WallTime(1_777_663_800_000);

    fn pair() -> Ed25519KeyPair {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap()
    }

    fn signed(pair: &Ed25519KeyPair, nonce: String, body: &[u8]) -> Parts {
        let params = SignatureParams {
            created_s: 1,
            key_id: AgentId::from_u128(7).to_string(),
            nonce,
        };
        let base = params.signature_base(&SignedParts {
            method: "POST",
            authority: "hub.example:8443",
            path: "/link/v1/reports",
            query: "a=b",
            body_sha256: sha256(body),
        });
        Request::post("/link/v1/reports?a=b")
            .header("host", "Hub.example:8443")
            .header("signature-input", params.input_header())
            .header(
                "signature",
                signature_header(pair.sign(base.as_bytes()).as_ref()),
            )
            .header("content-digest", content_digest(sha256(body)))
            .body(())
            .unwrap()
            .into_parts()
            .0
    }

    fn judged(parts: &Parts, nonces: &Nonces, key: &[u8], body: &[u8]) -> Result<AgentId, String> {
        let checked = |claim: Claim| {
            claim.verify(key)?;
            claim.check_body(body)?;
            Ok(claim.agent)
        };
        claim(parts, nonces, NOW)
            .and_then(checked)
            .map_err(|refusal| refusal.problem().code.clone())
    }

    #[test]
    fn only_the_signed_request_itself_is_taken() {
        let (nonces, pair) = (Nonces::new(b"x"), pair());
        let key = pair.public_key().as_ref();
        let good = || signed(&pair, nonces.issue(NOW), b"body");
        assert_eq!(
            judged(&good(), &nonces, key, b"body"),
            Ok(AgentId::from_u128(7))
        );

        let refused = |change: &dyn Fn(&mut Parts)| {
            let mut parts = good();
            change(&mut parts);
            judged(&parts, &nonces, key, b"body").unwrap_err()
        };
        let invalid = "signature_invalid";
        assert_eq!(
            judged(&good(), &nonces, key, b"other").unwrap_err(),
            invalid
        );
        assert_eq!(refused(&|parts| parts.method = http::Method::PUT), invalid);
        assert_eq!(
            refused(&|parts| parts.uri = "/link/v1/reports?a=c".parse().unwrap()),
            invalid
        );
        assert_eq!(
            refused(&|parts| parts.uri = "/link/v1/inventory?a=b".parse().unwrap()),
            invalid
        );
        assert_eq!(
            refused(&|parts| {
                parts
                    .headers
                    .insert("host", "evil.example:8443".parse().unwrap());
            }),
            invalid
        );
        assert_eq!(
            refused(&|parts| {
                parts.headers.remove("signature");
            }),
            invalid
        );
        assert_eq!(
            refused(&|parts| {
                parts
                    .headers
                    .append("signature", "cueline=:AA==:".parse().unwrap());
            }),
            invalid
        );
    }

    #[test]
    fn a_missing_and_an_old_nonce_are_told_apart() {
        let (nonces, pair) = (Nonces::new(b"x"), pair());
        let key = pair.public_key().as_ref();
        let code = |nonce| judged(&signed(&pair, nonce, b""), &nonces, key, b"").unwrap_err();
        assert_eq!(code(String::new()), "nonce_required");
        assert_eq!(code(nonces.issue(NOW.shifted_ms(-301_000))), "nonce_stale");
        assert_eq!(code(Nonces::new(b"y").issue(NOW)), "nonce_stale");
    }
}
