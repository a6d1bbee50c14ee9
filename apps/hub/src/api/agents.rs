//! `/v1/agents`: the installed machines, and removing one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use cueline_model::AgentId;
use cueline_wire::api::{Agent, Page};
use http::StatusCode;

use super::pages::PageQuery;
use super::params::{Params, PathId, id};
use super::shown;
use crate::auth::{Caller, ToManage, ToSeeFleet};
use crate::clock;
use crate::hub::Hub;
use crate::refusal::Refusal;

/// `GET /v1/agents`, newest first, removed ones included.
pub async fn list(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToSeeFleet>,
    Params(asked): Params<PageQuery<AgentId>>,
) -> Result<Json<Page<Agent>>, Refusal> {
    let found = hub
        .store
        .agents(caller.tenant, asked.after, asked.to_read()?)
        .await?;
    Ok(Json(asked.cut(
        found,
        |agent| agent.id,
        |agent| shown::agent(&hub, agent),
    )))
}

/// `GET /v1/agents/{id}`.
pub async fn get(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToSeeFleet>,
    PathId(agent): PathId,
) -> Result<Json<Agent>, Refusal> {
    let found = hub.store.agent(caller.tenant, id(&agent, "agent")?).await?;
    let found = found.ok_or_else(|| Refusal::not_found("agent"))?;
    Ok(Json(shown::agent(&hub, found)))
}

/// `DELETE /v1/agents/{id}`: its key opens nothing from the commit on, and its link is cut.
pub async fn revoke(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToManage>,
    PathId(agent): PathId,
) -> Result<StatusCode, Refusal> {
    let agent = id(&agent, "agent")?;
    let revoked = hub
        .store
        .revoke_agent(caller.tenant, agent, clock::wall())
        .await?;
    let revoked = revoked.ok_or_else(|| Refusal::not_found("agent"))?;
    tracing::info!(agent = %revoked.id, name = %revoked.name, "agent revoked");
    Ok(StatusCode::NO_CONTENT)
}
