//! `/v1/sites`: the tenant's venues.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use cueline_model::SiteId;
use cueline_wire::Timestamp;
use cueline_wire::api::{Page, Site, SiteRequest};
use http::{Request, StatusCode};

use super::pages::PageQuery;
use super::params::{Params, name};
use crate::auth::{Caller, ToManage, ToSeeFleet};
use crate::body::{self, JSON_BYTES_MAX};
use crate::clock;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::store::SiteRecord;

const NAME_CHARS_MAX: usize = 100;

/// `POST /v1/sites`.
pub async fn create(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToManage>,
    request: Request<Body>,
) -> Result<(StatusCode, Json<Site>), Refusal> {
    let asked: SiteRequest = body::json(request, JSON_BYTES_MAX).await?;
    let name = name("name", &asked.name, NAME_CHARS_MAX)?;
    let site = hub
        .store
        .add_site(caller.tenant, name, clock::wall())
        .await?;
    Ok((StatusCode::CREATED, Json(shown(site))))
}

/// `GET /v1/sites`, newest first.
pub async fn list(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToSeeFleet>,
    Params(asked): Params<PageQuery<SiteId>>,
) -> Result<Json<Page<Site>>, Refusal> {
    let found = hub
        .store
        .sites(caller.tenant, asked.after, asked.to_read()?)
        .await?;
    Ok(Json(asked.cut(found, |site| site.id, shown)))
}

fn shown(site: SiteRecord) -> Site {
    Site {
        id: site.id,
        name: site.name,
        created_at: Timestamp(site.created_at),
    }
}
