//! Requests that an agent has signed: who it is, and that it may still ask.

use axum::body::{Body, Bytes};
use cueline_hub_core::link::Event;
use cueline_model::AgentId;
use http::Request;
use http::request::Parts;

use crate::auth::signature::{self, Claim};
use crate::body;
use crate::clock;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::store::AgentRecord;

/// Checks a signed request that has no body.
///
/// # Errors
/// 401 `nonce_required`, `nonce_stale`, `signature_invalid` or `agent_unknown`; 403 `agent_revoked`.
pub async fn without_body(hub: &Hub, parts: &Parts) -> Result<AgentRecord, Refusal> {
    let (claim, agent) = verified(hub, parts).await?;
    claim.check_body(b"")?;
    heard(hub, &agent);
    Ok(agent)
}

/// Checks a signed request; its body is read only once the signature is right.
///
/// # Errors
/// As [`without_body`], and those of [`body::read`].
pub async fn with_body(
    hub: &Hub,
    request: Request<Body>,
    limit: usize,
) -> Result<(AgentRecord, Bytes), Refusal> {
    let (parts, body) = request.into_parts();
    let (claim, agent) = verified(hub, &parts).await?;
    let body = body::read(&parts.headers, body, limit).await?;
    claim.check_body(&body)?;
    heard(hub, &agent);
    Ok((agent, body))
}

/// Whether the agent is known and not removed.
///
/// # Errors
/// 401 `agent_unknown`; 403 `agent_revoked`.
pub async fn still_registered(hub: &Hub, agent: AgentId) -> Result<(), Refusal> {
    match hub.store.agent_by_id(agent).await? {
        None => Err(signature::agent_unknown()),
        Some(agent) if agent.revoked_at.is_some() => Err(signature::agent_revoked()),
        Some(_) => Ok(()),
    }
}

async fn verified(hub: &Hub, parts: &Parts) -> Result<(Claim, AgentRecord), Refusal> {
    let claim = signature::claim(parts, &hub.nonces, clock::wall())?;
    let agent = hub.store.agent_by_id(claim.agent).await?;
    let agent = agent.ok_or_else(signature::agent_unknown)?;
    claim.verify(&agent.public_key)?;
    // Told only to the one who has the key.
    if agent.revoked_at.is_some() {
        return Err(signature::agent_revoked());
    }
    Ok((claim, agent))
}

fn heard(hub: &Hub, agent: &AgentRecord) {
    let link = hub.registry.get(agent.id);
    hub.sightings
        .note(agent.id, clock::wall(), link.as_ref().map(|link| link.ping));
    if let Some(link) = link {
        link.tell(Event::Heard);
    }
}
