//! `POST /link/v1/registrations`: a new agent shows its pairing code and its key.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use cueline_wire::Base64Bytes;
use cueline_wire::cloud::{RegistrationReply, RegistrationRequest};
use http::{Request, StatusCode};
use ring::signature::{ED25519, UnparsedPublicKey};

use crate::body::{self, JSON_BYTES_MAX};
use crate::clock;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::server::Peer;
use crate::store::{NewAgent, Registered, RegistrationError};

const NAME_CHARS_MAX: usize = 64;
const TEXT_CHARS_MAX: usize = 100;

/// Makes the agent known, once, after the commit.
pub async fn take(
    State(hub): State<Arc<Hub>>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request<Body>,
) -> Result<(StatusCode, Json<RegistrationReply>), Refusal> {
    let asked: RegistrationRequest = body::json(request, JSON_BYTES_MAX).await?;
    let public_key = checked(&asked)?;
    let begun = clock::mono();
    hub.guesses
        .begin(peer.ip(), begun)
        .map_err(too_many_tries)?;
    let agent = NewAgent {
        name: asked.name,
        public_key,
        version: asked.agent_version,
        platform: asked.platform,
    };
    let registered = hub.store.register(asked.code, agent, clock::wall()).await;
    if !matches!(
        registered,
        Err(RegistrationError::Unknown | RegistrationError::Expired | RegistrationError::Used)
    ) {
        hub.guesses.right(peer.ip(), begun);
    }
    let registered = registered.map_err(|error| refused(error, peer.ip()))?;
    tracing::info!(
        agent = %registered.agent.id,
        name = %registered.agent.name,
        repeat = registered.repeat,
        "agent registered"
    );
    Ok((StatusCode::CREATED, Json(reply(&hub, registered))))
}

fn reply(hub: &Hub, registered: Registered) -> RegistrationReply {
    RegistrationReply {
        agent: registered.agent.id,
        tenant: registered.tenant_name,
        site: registered.site_name,
        hub_key: Base64Bytes(hub.key.public().to_vec()),
        roots_pem: hub.roots_pem.clone(),
    }
}

fn checked(asked: &RegistrationRequest) -> Result<[u8; 32], Refusal> {
    let invalid = |detail: String| Refusal::invalid("invalid_request", detail);
    for (field, text, min, max) in [
        ("name", &asked.name, 1, NAME_CHARS_MAX),
        ("agent_version", &asked.agent_version, 0, TEXT_CHARS_MAX),
        ("platform", &asked.platform, 0, TEXT_CHARS_MAX),
    ] {
        let chars = text.chars().count();
        if !(min..=max).contains(&chars) || text.contains(char::is_control) {
            return Err(invalid(format!(
                "{field}: expected {min} to {max} printable characters"
            )));
        }
    }
    let key: [u8; 32] = asked.public_key.0.as_slice().try_into().map_err(|_| {
        let got = asked.public_key.0.len();
        invalid(format!(
            "public_key: expected the 32 bytes of an Ed25519 key, got {got}"
        ))
    })?;
    let text = RegistrationRequest::signed_text(&asked.code, &asked.name);
    UnparsedPublicKey::new(&ED25519, &key)
        .verify(text.as_bytes(), &asked.proof.0)
        .map_err(|_| {
            Refusal::invalid(
                "proof_invalid",
                "proof: it is not public_key's signature of the code and name as they came",
            )
        })?;
    Ok(key)
}

/// What was wrong with a code is for the log alone: the outside learns nothing of other codes.
fn refused(error: RegistrationError, peer: std::net::IpAddr) -> Refusal {
    if let RegistrationError::Store(error) = error {
        return error.into();
    }
    tracing::warn!(%peer, %error, "registration refused");
    Refusal::new(
        StatusCode::FORBIDDEN,
        "pairing_code_invalid",
        "this pairing code registers nobody: it is mistyped, was used, or its ten minutes are over; \
         make a new one and type it within ten minutes",
    )
}

fn too_many_tries(wait_s: u32) -> Refusal {
    Refusal::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_tries",
        format!("too many wrong pairing codes were tried; wait {wait_s} s, then use a new code"),
    )
    .retry_after(wait_s)
}
