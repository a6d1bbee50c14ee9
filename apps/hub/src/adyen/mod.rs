//! Adyen's Cloud device API over this hub: programs written for it take payments here once their base URL and key
//! are changed. `docs/adyen-facade.md` says what is the same and what is not.
//!
//! Nothing is decided here: payments are made by [`crate::payments`], as those of `/v1` are.

mod caller;
mod decimal;
mod devices;
mod exchange;
mod fault;
mod message;
mod reply;
mod settings;

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{get, post};
use http::{Method, StatusCode};

pub use settings::{AdyenSection, AdyenSettings};

use crate::hub::Hub;
use crate::mounted;
use fault::Fault;

/// Puts the Cloud device API's routes beside those of `api`.
pub fn mount(api: Router, settings: &AdyenSettings, hub: Arc<Hub>) -> Router {
    let around = middleware::from_fn(mounted::around);
    let routes = Router::new()
        .route(
            "/v1/merchants/{merchant}/devices/{device}/sync",
            post(exchange::sync),
        )
        .route(
            "/v1/merchants/{merchant}/devices/{device}/async",
            post(exchange::asynchronous),
        )
        .route(
            "/v1/merchants/{merchant}/devices/{device}/status",
            get(devices::status),
        )
        .route(
            "/v1/merchants/{merchant}/connectedDevices",
            get(devices::connected),
        )
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(hub);
    match settings.path.as_deref() {
        None => api,
        Some("") => api.merge(routes.layer(around)),
        Some(path) => api.nest(path, routes.fallback(not_found).layer(around)),
    }
}

async fn not_found() -> Fault {
    Fault::new(
        StatusCode::NOT_FOUND,
        "there is nothing at this address; docs/adyen-facade.md of this hub lists what there is",
    )
}

async fn method_not_allowed(method: Method) -> Fault {
    Fault::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{method} is not done here; the Allow header says what is"),
    )
}
