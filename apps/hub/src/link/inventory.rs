//! `PUT /link/v1/inventory`: what is installed at a till.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use cueline_wire::cloud::{Inventory, InventoryReply};
use http::Request;

use super::signed;
use crate::body;
use crate::clock;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::store::InventoryError;

const INVENTORY_BYTES_MAX: usize = 64 * 1024;
const TEXT_CHARS_MAX: usize = 300;

/// Stores the inventory and answers with the hub's ids for the printers.
pub async fn take(
    State(hub): State<Arc<Hub>>,
    request: Request<Body>,
) -> Result<Json<InventoryReply>, Refusal> {
    let (agent, body) = signed::with_body(&hub, request, INVENTORY_BYTES_MAX).await?;
    let inventory: Inventory = body::parse(&body)?;
    for (what, text) in [
        ("agent_version", &inventory.agent_version),
        ("platform", &inventory.platform),
        ("path", &inventory.path),
    ] {
        if text.chars().count() > TEXT_CHARS_MAX || text.contains(char::is_control) {
            return Err(Refusal::invalid(
                "invalid_request",
                format!("{what}: expected at most {TEXT_CHARS_MAX} printable characters"),
            ));
        }
    }
    let stored = hub.store.put_inventory(agent.id, inventory, clock::wall());
    Ok(Json(stored.await.map_err(refused)?))
}

fn refused(error: InventoryError) -> Refusal {
    let code = match &error {
        InventoryError::Store(error) => return error.clone().into(),
        InventoryError::TooManyPrinters { .. } => "too_many_printers",
        InventoryError::SameName { .. } => "same_printer_name",
        InventoryError::TooManyStations { .. } => "too_many_stations",
        InventoryError::TooManyTerminals { .. } => "too_many_terminals",
    };
    Refusal::invalid(code, error.to_string())
}
