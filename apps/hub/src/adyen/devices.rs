//! Devices: which terminal a POIID means, which are there, and whether one is.
//!
//! A POIID is a terminal's name at its station, such as `P400Plus-123456789`, where the tenant has one terminal of
//! that name, or its id (`trm_…`).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use cueline_model::{SiteId, TenantId};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::caller::Caller;
use super::fault::Fault;
use crate::api::Params;
use crate::auth::ToSeePayments;
use crate::hub::Hub;
use crate::store::{StationRecord, TerminalRecord};

/// Desks and sites read at once.
const PORTION: usize = 200;

/// A terminal and where it stands.
#[derive(Debug, Clone)]
pub struct Device {
    /// Its desk.
    pub station: StationRecord,
    /// The terminal.
    pub terminal: TerminalRecord,
    /// Whether a payment can be made on it now.
    pub online: bool,
}

fn online(hub: &Hub, station: &StationRecord) -> bool {
    station.trays == 1 && hub.is_online(station.agent)
}

/// The terminal that a POIID means.
///
/// # Errors
/// 404 where there is none; 409 where several are named so.
pub async fn found(hub: &Hub, tenant: TenantId, poi_id: &str) -> Result<Device, Fault> {
    let stations = hub.store.stations_of_terminal(tenant, poi_id.to_owned());
    let stations = stations.await?;
    let devices = stations.iter().flat_map(|station| {
        let named = station.terminals.iter().filter(|terminal| {
            terminal.name.as_str() == poi_id || terminal.id.to_string() == poi_id
        });
        named.map(|terminal| Device {
            station: station.clone(),
            terminal: terminal.clone(),
            online: online(hub, station),
        })
    });
    let mut devices: Vec<_> = devices.collect();
    if devices.len() > 1 && devices.iter().any(|device| device.station.trays > 0) {
        devices.retain(|device| device.station.trays > 0);
    }
    match (devices.pop(), devices.len()) {
        (Some(device), 0) => Ok(device),
        (None, _) => Err(Fault::new(
            StatusCode::NOT_FOUND,
            format!(
                "there is no terminal {poi_id:?}; name a terminal at its station like its POIID, or use its id (GET /v1/terminals)"
            ),
        )),
        (Some(_), others) => Err(Fault::new(
            StatusCode::CONFLICT,
            format!(
                "{} terminals are named {poi_id:?}; give each a name of its own, or use its id (GET /v1/terminals)",
                others + 1
            ),
        )),
    }
}

/// The answer to [`status`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceStatus {
    device_id: String,
    status: &'static str,
}

/// `GET /v1/merchants/{merchant}/devices/{device}/status`.
pub async fn status(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToSeePayments>,
    Path((_merchant, device_id)): Path<(String, String)>,
) -> Result<Json<DeviceStatus>, Fault> {
    let device = found(&hub, caller.tenant, &device_id).await?;
    let status = if device.online { "ONLINE" } else { "OFFLINE" };
    Ok(Json(DeviceStatus { device_id, status }))
}

/// What may be asked of [`connected`].
#[derive(Debug, Default, Deserialize)]
pub struct ConnectedQuery {
    /// Only those at this site, by its name or id.
    store: Option<String>,
}

/// The answer to [`connected`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectedDevices {
    unique_device_ids: Vec<String>,
}

/// `GET /v1/merchants/{merchant}/connectedDevices`: the terminals that payments can be made on now.
pub async fn connected(
    State(hub): State<Arc<Hub>>,
    caller: Caller<ToSeePayments>,
    Params(asked): Params<ConnectedQuery>,
) -> Result<Json<ConnectedDevices>, Fault> {
    let site = match &asked.store {
        Some(store) => Some(site(&hub, caller.tenant, store).await?),
        None => None,
    };
    let mut stations = Vec::new();
    let mut after = None;
    loop {
        let portion = hub.store.stations(caller.tenant, after, PORTION).await?;
        after = portion.last().map(|station| station.id);
        let last = portion.len() < PORTION;
        stations.extend(portion.into_iter().filter(|station| online(&hub, station)));
        if last {
            break;
        }
    }
    let terminals = || stations.iter().flat_map(|station| &station.terminals);
    let mut named = BTreeMap::<_, usize>::new();
    for terminal in terminals() {
        *named.entry(terminal.name.as_str()).or_default() += 1;
    }
    let here = stations
        .iter()
        .filter(|station| site.is_none_or(|site| station.site == site));
    let ids = here.flat_map(|station| &station.terminals).map(|terminal| {
        let name = terminal.name.as_str();
        if named.get(name) == Some(&1) {
            name.to_owned()
        } else {
            terminal.id.to_string()
        }
    });
    Ok(Json(ConnectedDevices {
        unique_device_ids: ids.collect(),
    }))
}

async fn site(hub: &Hub, tenant: TenantId, store: &str) -> Result<SiteId, Fault> {
    let mut after = None;
    loop {
        let portion = hub.store.sites(tenant, after, PORTION).await?;
        let mut all = portion.iter();
        if let Some(site) = all.find(|site| site.name == store || site.id.to_string() == store) {
            return Ok(site.id);
        }
        after = portion.last().map(|site| site.id);
        if portion.len() < PORTION {
            let text = format!("there is no site {store:?}; list them with GET /v1/sites");
            return Err(Fault::new(StatusCode::UNPROCESSABLE_ENTITY, text));
        }
    }
}
