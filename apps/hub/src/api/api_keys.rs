//! `/v1/api-keys`: make, list and revoke keys to this API.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use cueline_model::ApiKeyId;
use cueline_wire::Timestamp;
use cueline_wire::api::{ApiKey, ApiKeyRequest, Page};
use http::{Request, StatusCode};

use super::pages::PageQuery;
use super::params::{Params, PathId, id, name};
use crate::auth::{Caller, ToManage};
use crate::body::{self, JSON_BYTES_MAX};
use crate::clock;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::store::{ApiKeyRecord, KeyError};

const NAME_CHARS_MAX: usize = 100;

/// `POST /v1/api-keys`: the key itself is in this answer and nowhere else.
pub async fn create(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToManage>,
    request: Request<Body>,
) -> Result<(StatusCode, Json<ApiKey>), Refusal> {
    let asked: ApiKeyRequest = body::json(request, JSON_BYTES_MAX).await?;
    let name = name("name", &asked.name, NAME_CHARS_MAX)?;
    let mut scopes = asked.scopes;
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(Refusal::invalid(
            "invalid_request",
            "scopes: expected at least one of read, print and manage",
        ));
    }
    let made = hub
        .store
        .add_api_key(caller.tenant, name, scopes, clock::wall());
    let made = made.await.map_err(refused)?;
    let shown = ApiKey {
        key: Some(made.key),
        ..shown(made.record)
    };
    Ok((StatusCode::CREATED, Json(shown)))
}

/// `GET /v1/api-keys`: those alive, newest first.
pub async fn list(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToManage>,
    Params(asked): Params<PageQuery<ApiKeyId>>,
) -> Result<Json<Page<ApiKey>>, Refusal> {
    let found = hub
        .store
        .api_keys(caller.tenant, asked.after, asked.to_read()?)
        .await?;
    Ok(Json(asked.cut(found, |key| key.id, shown)))
}

/// `DELETE /v1/api-keys/{id}`: it opens nothing from the commit on.
pub async fn revoke(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToManage>,
    PathId(key): PathId,
) -> Result<StatusCode, Refusal> {
    let key = id(&key, "API key")?;
    if hub
        .store
        .revoke_api_key(caller.tenant, key, clock::wall())
        .await?
    {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Refusal::not_found("API key"))
}

fn shown(key: ApiKeyRecord) -> ApiKey {
    ApiKey {
        id: key.id,
        name: key.name,
        scopes: key.scopes,
        created_at: Timestamp(key.created_at),
        key: None,
    }
}

fn refused(error: KeyError) -> Refusal {
    let detail = error.to_string();
    match error {
        KeyError::Store(error) => error.into(),
        KeyError::TooManyAlive { .. } => {
            Refusal::new(StatusCode::CONFLICT, "too_many_keys", detail)
        }
    }
}
