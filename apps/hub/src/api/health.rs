//! For supervisors and load balancers: is the hub alive, and should it be sent requests?

use std::sync::Arc;

use axum::extract::State;
use cueline_model::TenantId;
use http::StatusCode;

use crate::hub::Hub;
use crate::refusal::Refusal;

/// `GET /healthz`: the process answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the store answers too, and the hub is not stopping.
pub async fn readyz(State(hub): State<Arc<Hub>>) -> Result<&'static str, Refusal> {
    if hub.is_draining() {
        return Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "draining",
            "this hub is being restarted",
        ));
    }
    hub.store.tenant(TenantId::from_u128(0)).await?;
    Ok("ready\n")
}
