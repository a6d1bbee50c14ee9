//! The link: the held request of every agent, and the short requests agents send beside it.

mod document;
mod frames;
mod guesses;
mod held;
mod inventory;
mod offers;
mod open;
mod payments;
mod registration;
mod registry;
mod reports;
mod sightings;
mod signed;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use cueline_wire::cloud::{NONCE_HEADER, path};
use http::{HeaderName, HeaderValue, Request, StatusCode};

pub use frames::whole_seconds;
pub use guesses::Guesses;
pub use held::Held;
pub use open::open;
pub use registry::{Link, Registry};
pub use sightings::Sightings;

use crate::hub::Hub;
use crate::refusal::Refusal;

/// The routes beside the held request.
pub fn router(hub: &Arc<Hub>) -> Router<Arc<Hub>> {
    Router::new()
        .route(path::REPORTS, post(reports::take))
        .route(path::INVENTORY, put(inventory::take))
        .route(path::REGISTRATIONS, post(registration::take))
        .route("/link/v1/jobs/{id}/document", get(document::give))
        .route(path::PAYMENTS, post(payments::take))
        .route("/link/v1/payments/{id}/start", post(payments::start))
        .route(path::STREAM, get(held_on_a_used_connection))
        .layer(middleware::from_fn_with_state(hub.clone(), with_nonce))
}

/// Every answer hands out the nonce for the agent's next signature.
async fn with_nonce(
    State(hub): State<Arc<Hub>>,
    request: Request<axum::body::Body>,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    if let Ok(nonce) = HeaderValue::from_str(&hub.fresh_nonce()) {
        let name = HeaderName::from_static(NONCE_HEADER);
        response.headers_mut().insert(name, nonce);
    }
    response
}

/// The held request is served where a connection begins; one that has served other requests is not
/// small enough to be held.
async fn held_on_a_used_connection() -> Response {
    Refusal::new(
        StatusCode::MISDIRECTED_REQUEST,
        "fresh_connection_needed",
        "ask for the stream over HTTP/1.1 as the first request of a fresh connection",
    )
    .close()
    .into_response()
}
