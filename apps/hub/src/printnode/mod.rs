//! PrintNode's API over this hub: programs written for it print here once their base URL and key are
//! changed. `docs/printnode.md` says what is the same and what is not.
//!
//! Nothing is decided here: jobs are made by [`crate::jobs`], and what is shown is what `/v1` shows in
//! other words. Numbers instead of ids are the store's to give (`store/printnode.rs`).

mod account;
mod cancel;
mod create;
mod fault;
mod form;
mod lists;
mod options;
mod page;
mod set;
mod settings;
mod shown;
mod states;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{any, get, patch};
use http::{HeaderValue, Method, Request, StatusCode};

pub use webhooks::deliver;

pub use settings::{PrintNodeSection, PrintNodeSettings};

use crate::fetch::Fetcher;
use crate::hub::Hub;
use crate::mounted;
use fault::{Fault, REQUEST_ID};

/// What the routes share.
pub struct Facade {
    hub: Arc<Hub>,
    fetcher: Fetcher,
}

impl Facade {
    /// The API over `hub`, which fetches with `fetcher`.
    #[must_use]
    pub fn new(hub: Arc<Hub>, fetcher: Fetcher) -> Arc<Self> {
        Arc::new(Self { hub, fetcher })
    }
}

/// Puts PrintNode's routes beside those of `api`.
pub fn mount(api: Router, settings: &PrintNodeSettings, facade: Arc<Facade>) -> Router {
    let around = middleware::from_fn(around);
    let routes = routes(facade).method_not_allowed_fallback(method_not_allowed);
    match settings.path.as_deref() {
        None => api,
        // What is at no address is then answered as `/v1` does.
        Some("") => api.merge(routes.layer(around)),
        Some(path) => api.nest(path, routes.fallback(not_found).layer(around)),
    }
}

fn routes(facade: Arc<Facade>) -> Router {
    Router::new()
        .route("/ping", get(account::ping))
        .route("/noop", get(account::noop))
        .route("/whoami", get(account::whoami))
        .route("/credits", get(account::credits))
        .route("/account", any(account::not_offered))
        .route("/account/controllable", get(account::controllable))
        .route("/account/{*rest}", any(account::not_offered))
        .route("/computers", get(lists::computers))
        .route("/computers/{set}", get(lists::some_computers))
        .route(
            "/computers/{set}/printers",
            get(lists::printers_of_computers),
        )
        .route(
            "/computers/{set}/printers/{printers}",
            get(lists::some_printers_of_computers),
        )
        .route("/computer/{id}/scales", get(account::scales))
        .route("/computer/{id}/scales/{*rest}", get(account::scales))
        .route("/printers", get(lists::printers))
        .route("/printers/{set}", get(lists::some_printers))
        .route(
            "/printers/{set}/printjobs",
            get(lists::jobs_of_printers).delete(cancel::all_of_printers),
        )
        .route(
            "/printers/{set}/printjobs/{jobs}",
            get(lists::some_jobs_of_printers).delete(cancel::some_of_printers),
        )
        .route(
            "/printjobs",
            get(lists::jobs).post(create::create).delete(cancel::all),
        )
        .route("/printjobs/states", get(lists::states))
        .route(
            "/printjobs/{set}",
            get(lists::some_jobs).delete(cancel::some),
        )
        .route("/printjobs/{set}/states", get(lists::some_states))
        .route("/webhooks", get(webhooks::list))
        .route(
            "/webhook",
            get(webhooks::list)
                .post(webhooks::create)
                .patch(webhooks::change_named),
        )
        .route(
            "/webhook/{id}",
            patch(webhooks::change).delete(webhooks::remove),
        )
        .route("/download/{*rest}", any(account::no_downloads))
        .route("/client/{*rest}", any(account::no_downloads))
        .with_state(facade)
}

async fn not_found() -> Fault {
    Fault::new(
        StatusCode::NOT_FOUND,
        "there is nothing at this address; docs/printnode.md of this hub lists what there is",
    )
}

async fn method_not_allowed(method: Method) -> Fault {
    Fault::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{method} is not done here; the Allow header says what is"),
    )
}

/// What holds for every answer.
async fn around(request: Request<Body>, next: Next) -> Response {
    let mut response = mounted::around(request, next).await;
    if let Ok(uid) = HeaderValue::try_from(fault::uid()) {
        response.headers_mut().entry(REQUEST_ID).or_insert(uid);
    }
    response
}
