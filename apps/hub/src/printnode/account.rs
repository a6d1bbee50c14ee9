//! Who asks, and what of PrintNode's accounts there is here: a tenant is an account without children.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use cueline_model::TenantId;
use http::request::Parts;
use serde::Serialize;

use super::Facade;
use super::fault::Fault;
use crate::auth::{self, Need, ToKnowItself};

/// Headers by which a parent account acts for a child. To pass them over would print at the parent's.
const FOR_A_CHILD: [&str; 3] = [
    "x-child-account-by-id",
    "x-child-account-by-email",
    "x-child-account-by-creatorref",
];

/// A tenant's program, with a key that meets the need.
#[derive(Debug, Clone, Copy)]
pub struct Caller<N> {
    /// Whose key it is.
    pub tenant: TenantId,
    need: std::marker::PhantomData<N>,
}

impl<N: Need> FromRequestParts<Arc<Facade>> for Caller<N> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, facade: &Arc<Facade>) -> Result<Self, Fault> {
        let caller = auth::Caller::<N>::from_request_parts(parts, &facade.hub).await?;
        if FOR_A_CHILD
            .iter()
            .any(|name| parts.headers.contains_key(*name))
        {
            return Err(no_children());
        }
        Ok(Self {
            tenant: caller.tenant,
            need: std::marker::PhantomData,
        })
    }
}

fn no_children() -> Fault {
    Fault::not_offered(
        "this hub has no child accounts: each customer is a tenant, made with `cueline-hub tenant \
         add`, and has keys of its own; use the tenant's key without an X-Child-Account header",
    )
}

/// `GET /ping`: the API answers.
pub async fn ping() -> Json<&'static str> {
    Json("pong")
}

/// `GET /noop`: the key is valid.
pub async fn noop(_: Caller<ToKnowItself>) -> Json<&'static str> {
    Json("OK")
}

/// PrintNode's account. What a tenant has not is `null`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    id: u32,
    firstname: String,
    lastname: String,
    email: Option<String>,
    can_create_sub_accounts: bool,
    creator_email: Option<String>,
    creator_ref: Option<String>,
    child_accounts: [(); 0],
    credits: Option<u64>,
    num_computers: u32,
    total_prints: u32,
    versions: [(); 0],
    connected: Vec<u32>,
    #[serde(rename = "Tags")]
    tags: [(); 0],
    state: &'static str,
    #[serde(rename = "ApiKeys")]
    api_keys: [(); 0],
    permissions: [(); 0],
}

/// `GET /whoami`.
pub async fn whoami(
    State(facade): State<Arc<Facade>>,
    caller: Caller<ToKnowItself>,
) -> Result<Json<Account>, Fault> {
    let store = &facade.hub.store;
    let account = store.numbered_account(caller.tenant).await?;
    let page = crate::store::NumberedPage::first(super::page::LIMIT_MAX);
    let computers = store.numbered_computers(caller.tenant, None, page).await?;
    let connected = computers
        .iter()
        .filter(|computer| facade.hub.is_online(computer.agent.id))
        .map(|computer| computer.number)
        .collect();
    Ok(Json(Account {
        id: account.number,
        firstname: account.name,
        lastname: String::new(),
        email: None,
        can_create_sub_accounts: false,
        creator_email: None,
        creator_ref: None,
        child_accounts: [],
        credits: None,
        num_computers: account.computers,
        total_prints: account.jobs,
        versions: [],
        connected,
        tags: [],
        state: "active",
        api_keys: [],
        permissions: [],
    }))
}

/// `GET /credits`: printing is not metered here.
pub async fn credits(_: Caller<ToKnowItself>) -> Json<Option<u64>> {
    Json(None)
}

/// `GET /account/controllable`: the child accounts, by number.
pub async fn controllable(_: Caller<ToKnowItself>) -> Json<serde_json::Value> {
    Json(serde_json::json!({}))
}

/// All that makes, changes and removes accounts, their tags and keys.
pub async fn not_offered(_: Caller<ToKnowItself>) -> Fault {
    Fault::not_offered(
        "accounts are not managed through this API: tenants are made with `cueline-hub tenant add`, \
         keys with POST /v1/api-keys",
    )
}

/// `GET /computer/{id}/scales…`: there are none.
pub async fn scales(_: Caller<auth::ToRead>) -> Json<[(); 0]> {
    Json([])
}

/// Programs of PrintNode's own, for download.
pub async fn no_downloads(_: Caller<ToKnowItself>) -> Fault {
    Fault::not_offered(
        "this hub's agents take the place of PrintNode's client; there is nothing of its to download",
    )
}
