//! The box office's API under `/v1`: checks and converts; what is decided is decided in the core.

mod agents;
mod alerts;
mod api_keys;
mod documents;
mod events;
mod health;
mod pages;
mod pairing_codes;
mod params;
mod payments;
mod print_jobs;
mod printers;
mod shown;
mod sites;
mod stations;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{delete, get, post};
use http::header::{CACHE_CONTROL, CONNECTION, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Request, StatusCode};

pub use documents::{kept_until, room};
pub use params::PathId;
pub use payments::wait_until;

use crate::hub::Hub;
use crate::link;
use crate::refusal::Refusal;

/// Every route of the hub but the held request.
pub fn router(hub: Arc<Hub>) -> Router {
    let v1 = Router::new()
        .route(
            "/v1/print-jobs",
            post(print_jobs::create).get(print_jobs::list),
        )
        .route("/v1/print-jobs/{id}", get(print_jobs::get))
        .route("/v1/print-jobs/{id}/cancel", post(print_jobs::cancel))
        .route("/v1/print-jobs/{id}/reprint", post(print_jobs::reprint))
        .route("/v1/print-jobs/{id}/resolve", post(print_jobs::resolve))
        .route("/v1/print-jobs/{id}/picture", get(print_jobs::picture))
        .route("/v1/documents", post(documents::create))
        .route("/v1/agents", get(agents::list))
        .route("/v1/agents/{id}", get(agents::get).delete(agents::revoke))
        .route("/v1/printers", get(printers::list))
        .route("/v1/printers/{id}", get(printers::get))
        .route("/v1/printers/{id}/events", get(printers::events))
        .route("/v1/printers/{id}/test-page", post(printers::test_page))
        .route("/v1/events", get(events::stream))
        .route("/v1/payments", post(payments::create).get(payments::list))
        .route("/v1/payments/{id}", get(payments::get))
        .route("/v1/payments/{id}/cancel", post(payments::cancel))
        .route("/v1/payments/{id}/void", post(payments::void))
        .route("/v1/payments/{id}/refund", post(payments::refund))
        .route("/v1/payments/{id}/answer", post(payments::answer))
        .route("/v1/payments/{id}/look-up", post(payments::look_up))
        .route("/v1/payments/{id}/resolve", post(payments::resolve))
        .route("/v1/stations", get(stations::list))
        .route("/v1/terminals", get(stations::terminals))
        .route("/v1/alerts", get(alerts::list))
        .route("/v1/alerts/{id}/close", post(alerts::close))
        .route("/v1/audit-events", get(alerts::audit))
        .route("/v1/sites", post(sites::create).get(sites::list))
        .route("/v1/pairing-codes", post(pairing_codes::create))
        .route("/v1/api-keys", post(api_keys::create).get(api_keys::list))
        .route("/v1/api-keys/{id}", delete(api_keys::revoke))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz));
    v1.merge(link::router(&hub))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(around))
        .with_state(hub)
}

async fn not_found() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing at this address; the API is under /v1",
    )
}

async fn method_not_allowed(method: Method) -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!("{method} is not done here; the Allow header says what is"),
    )
}

/// What holds for every answer.
async fn around(request: Request<Body>, next: Next) -> Response {
    // A body whose length is not declared ends the connection, so that nothing that could be read
    // differently in between can follow it (RFC 9112 section 6.3).
    let closes = request.headers().contains_key(TRANSFER_ENCODING);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if closes {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
