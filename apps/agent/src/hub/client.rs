//! Signed requests (RFC 9421, the profile of `cueline_wire::cloud::signature`).
//!
//! The hub hands out nonces with its answers; the newest counts. Where the hub finds the nonce
//! missing or stale it says so with a fresh one, and the request is made once more at once.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cueline_model::{AgentId, Sha256};
use cueline_uplink::{Call, Uplink};
use cueline_wire::cloud::NONCE_HEADER;
use cueline_wire::cloud::signature::{
    SignatureParams, SignedParts, content_digest, signature_header,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Bytes;
use ring::digest;

use super::answer::{AskError, Refusal, refusal};
use crate::key::AgentKey;

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
const SIGNATURE: HeaderName = HeaderName::from_static("signature");
/// Longer than any the hub makes.
const NONCE_BYTES_MAX: usize = 256;

/// A question, before it is signed.
#[derive(Debug, Clone)]
pub struct Ask {
    /// How.
    pub method: Method,
    /// The absolute path.
    pub path: String,
    /// The query without its question mark.
    pub query: String,
    /// Besides those of the signature.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Bytes,
    /// For connecting, asking and reading together.
    pub timeout: Duration,
    /// The longest answer taken, in bytes.
    pub answer_bytes_max: usize,
}

impl Ask {
    /// A question without query or body, with 30 s and 1 MiB for its answer.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: String::new(),
            headers: Vec::new(),
            body: Bytes::new(),
            timeout: Duration::from_secs(30),
            answer_bytes_max: 1 << 20,
        }
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn json(mut self, body: &impl serde::Serialize) -> Self {
        let json = serde_json::to_vec(body).expect("plain data with string keys becomes JSON");
        self.body = Bytes::from(json);
        self.headers.push((
            http::header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ));
        self
    }
}

/// The agent's end of the talk with its hub. Cheap to share behind an `Arc`.
pub struct HubClient {
    /// The road.
    pub uplink: Uplink,
    agent: AgentId,
    key: AgentKey,
    nonce: Mutex<String>,
}

impl HubClient {
    /// An agent that has no nonce yet.
    pub fn new(uplink: Uplink, agent: AgentId, key: AgentKey) -> Self {
        Self {
            uplink,
            agent,
            key,
            nonce: Mutex::default(),
        }
    }

    /// Asks on the short connection, and once more where the nonce was not good. Requests are
    /// idempotent at the hub, so one whose answer was lost may be repeated.
    ///
    /// # Errors
    /// [`AskError::NoAnswer`], or [`AskError::Refused`] for every status but 2xx.
    pub async fn ask(&self, ask: &Ask) -> Result<Response<Bytes>, AskError> {
        match self.ask_once(ask).await {
            Err(AskError::Refused(refused)) if wants_fresh_nonce(&refused) => {
                self.ask_once(ask).await
            }
            other => other,
        }
    }

    async fn ask_once(&self, ask: &Ask) -> Result<Response<Bytes>, AskError> {
        let call = Call::new(self.signed(ask))
            .repeatable()
            .timeout(ask.timeout)
            .answer_bytes_max(ask.answer_bytes_max);
        let answer = self.uplink.request(call).await?;
        self.keep_nonce(answer.headers());
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(refusal(answer.status(), answer.headers(), answer.body()).into())
    }

    /// The request with its signature, for one use.
    pub fn signed(&self, ask: &Ask) -> Request<Bytes> {
        let nonce = self
            .nonce
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let params = SignatureParams {
            created_s: unix_seconds(),
            key_id: self.agent.to_string(),
            nonce,
        };
        let body_sha256 = sha256(&ask.body);
        let authority = self.uplink.hub().authority();
        let base = params.signature_base(&SignedParts {
            method: ask.method.as_str(),
            authority: &authority,
            path: &ask.path,
            query: &ask.query,
            body_sha256,
        });
        let path_and_query = match ask.query.as_str() {
            "" => ask.path.clone(),
            query => format!("{}?{query}", ask.path),
        };
        let mut request = Request::new(ask.body.clone());
        *request.method_mut() = ask.method.clone();
        *request.uri_mut() = path_and_query
            .parse()
            .expect("paths are made of ids and plain words");
        let headers = request.headers_mut();
        headers.extend(
            ask.headers
                .iter()
                .cloned()
                .map(|(name, value)| (Some(name), value)),
        );
        headers.insert(CONTENT_DIGEST, plain(content_digest(body_sha256)));
        headers.insert(SIGNATURE_INPUT, plain(params.input_header()));
        headers.insert(
            SIGNATURE,
            plain(signature_header(&self.key.sign(base.as_bytes()))),
        );
        request
    }

    /// Keeps the nonce that came with an answer. One that could not stand in a header again is
    /// passed over.
    pub fn keep_nonce(&self, headers: &HeaderMap) {
        let Some(nonce) = headers
            .get(NONCE_HEADER)
            .and_then(|value| value.to_str().ok())
        else {
            return;
        };
        let plain = nonce
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if plain && nonce.len() <= NONCE_BYTES_MAX {
            nonce.clone_into(&mut self.nonce.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// Whether the request is to be made again at once, with the nonce that came with this answer.
pub fn wants_fresh_nonce(refused: &Refusal) -> bool {
    refused.status == StatusCode::UNAUTHORIZED.as_u16()
        && matches!(refused.code.as_str(), "nonce_required" | "nonce_stale")
}

/// The digest of some bytes.
pub fn sha256(bytes: &[u8]) -> Sha256 {
    let mut digest = [0; 32];
    digest.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    Sha256(digest)
}

fn plain(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("base64, ids and nonces of plain characters")
}

fn unix_seconds() -> i64 {
    let since_1970 = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use cueline_wire::Problem;
    use cueline_wire::cloud::signature::parse_signature;
    use ring::signature::{ED25519, UnparsedPublicKey};

    use super::super::test_hub::{Answer, TestHub};
    use super::*;

    #[tokio::test]
    async fn a_signed_request_is_what_the_hubs_side_verifies() {
        let hub = TestHub::start(|_| Answer::json(200, "{}")).await;
        let (client, public_key) = hub.client_and_key();
        let mut ask = Ask::new(Method::POST, "/link/v1/reports").json(&vec![1, 2]);
        ask.query = "a=1&b=2".to_owned();
        let request = client.signed(&ask);

        let header = |name: HeaderName| request.headers()[name].to_str().unwrap().to_owned();
        let params = SignatureParams::parse_input(&header(SIGNATURE_INPUT)).unwrap();
        assert_eq!(params.key_id, AgentId::from_u128(7).to_string());
        assert_eq!(params.nonce, "");
        assert_eq!(header(CONTENT_DIGEST), content_digest(sha256(b"[1,2]")));
        let base = params.signature_base(&SignedParts {
            method: "POST",
            authority: &hub.authority(),
            path: request.uri().path(),
            query: request.uri().query().unwrap(),
            body_sha256: sha256(request.body()),
        });
        let signature = parse_signature(&header(SIGNATURE)).unwrap();
        let key = UnparsedPublicKey::new(&ED25519, public_key);
        assert!(key.verify(base.as_bytes(), &signature).is_ok());
        assert!(
            key.verify(base.replace("a=1", "a=2").as_bytes(), &signature)
                .is_err()
        );
    }

    #[tokio::test]
    async fn a_missing_nonce_is_asked_for_once_and_the_newest_is_kept() {
        let hub = TestHub::start(|request| match request.nonce().as_str() {
            "" => Answer::problem(&Problem::new(401, "nonce_required", "here is one"))
                .header("cueline-nonce", "n-1"),
            "n-1" => Answer::json(200, "{}").header("cueline-nonce", "n-2"),
            _ => Answer::json(200, "{}"),
        })
        .await;
        let client = hub.client();
        let ask = Ask::new(Method::GET, "/x");
        assert!(client.ask(&ask).await.is_ok());
        assert!(client.ask(&ask).await.is_ok());
        assert!(hub.requests().iter().all(|request| request.method == "GET"));
        let nonces: Vec<_> = hub
            .requests()
            .iter()
            .map(|request| request.nonce())
            .collect();
        assert_eq!(nonces, ["", "n-1", "n-2"]);
    }

    #[tokio::test]
    async fn a_hub_that_never_takes_a_nonce_is_asked_twice_and_no_more() {
        let hub = TestHub::start(|_| {
            Answer::problem(&Problem::new(401, "nonce_stale", "too old"))
                .header("cueline-nonce", "n")
        })
        .await;
        let error = hub
            .client()
            .ask(&Ask::new(Method::GET, "/x"))
            .await
            .unwrap_err();
        let AskError::Refused(refused) = error else {
            panic!("{error}")
        };
        assert_eq!(refused.code, "nonce_stale");
        assert_eq!(hub.requests().len(), 2);
    }

    #[tokio::test]
    async fn a_wrong_key_is_not_asked_again() {
        let hub =
            TestHub::start(|_| Answer::problem(&Problem::new(401, "bad_signature", "no"))).await;
        assert!(
            hub.client()
                .ask(&Ask::new(Method::GET, "/x"))
                .await
                .is_err()
        );
        assert_eq!(hub.requests().len(), 1);
    }
}
