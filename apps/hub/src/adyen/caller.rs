//! Who asks: Adyen's clients send their key as `X-API-Key`.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use cueline_model::TenantId;
use http::request::Parts;

use super::fault::Fault;
use crate::auth::{self, Need};
use crate::hub::Hub;

const API_KEY: &str = "x-api-key";

/// A tenant's program, with a key that meets the need.
#[derive(Debug, Clone, Copy)]
pub struct Caller<N> {
    /// Whose key it is.
    pub tenant: TenantId,
    need: std::marker::PhantomData<N>,
}

impl<N: Need> FromRequestParts<Arc<Hub>> for Caller<N> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, Fault> {
        let mut keys = parts.headers.get_all(API_KEY).iter();
        let caller = match (keys.next(), keys.next()) {
            (None, _) => auth::Caller::<N>::from_request_parts(parts, hub).await?,
            (Some(key), None) => {
                let key = key.to_str().ok().map(str::to_owned);
                auth::Caller::<N>::with_key(hub, key).await?
            }
            (Some(_), Some(_)) => auth::Caller::<N>::with_key(hub, None).await?,
        };
        Ok(Self {
            tenant: caller.tenant,
            need: std::marker::PhantomData,
        })
    }
}
