//! `/v1/stations` and `/v1/terminals`: where payments can be made.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use cueline_model::StationId;
use cueline_wire::api::{Page, Station, Terminal};

use super::pages::PageQuery;
use super::params::Params;
use super::shown;
use crate::auth::{Caller, ToSeePayments};
use crate::hub::Hub;
use crate::refusal::Refusal;

/// `GET /v1/stations`: the desks of agents that are not removed, newest first; also those whose tray is not there.
pub async fn list(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToSeePayments>,
    Params(asked): Params<PageQuery<StationId>>,
) -> Result<Json<Page<Station>>, Refusal> {
    let found = hub
        .store
        .stations(caller.tenant, asked.after, asked.to_read()?)
        .await?;
    Ok(Json(asked.cut(
        found,
        |station| station.id,
        |station| shown::station(&hub, station),
    )))
}

/// `GET /v1/terminals`: the terminals of [`list`]'s desks, a page of desks at a time: `after` is a desk's id.
pub async fn terminals(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToSeePayments>,
    Params(asked): Params<PageQuery<StationId>>,
) -> Result<Json<Page<Terminal>>, Refusal> {
    let found = hub
        .store
        .stations(caller.tenant, asked.after, asked.to_read()?)
        .await?;
    let page = asked.cut(
        found,
        |station| station.id,
        |station| shown::station(&hub, station).terminals,
    );
    Ok(Json(Page {
        data: page.data.into_iter().flatten().collect(),
        next: page.next,
    }))
}
