//! The box office's key: who asks, and whether the key may do what is asked.
//!
//! A route says in its handler's signature what it takes, as `Caller<ToPrint>`; it is checked before
//! anything of the body is read.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cueline_model::TenantId;
use cueline_wire::api::Scope;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use crate::hub::Hub;
use crate::refusal::Refusal;

/// What a route needs: any one of these scopes.
pub trait Need: Send + Sync + 'static {
    /// Any of them will do.
    const SCOPES: &'static [Scope];
}

macro_rules! need {
    ($($(#[$doc:meta])* $name:ident = $($scope:ident)|+;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Need for $name {
            const SCOPES: &'static [Scope] = &[$(Scope::$scope),+];
        }
    )+};
}

need! {
    /// To look at printers.
    ToRead = Read;
    /// To upload documents and to make and cancel jobs.
    ToPrint = Print;
    /// To make, cancel, answer and resolve payments.
    ToPay = Pay;
    /// To look at payments, stations, terminals and alerts.
    ToSeePayments = Read | Pay;
    /// To look at what people took upon them.
    ToSeeAudit = Read | Manage;
    /// To set up sites, agents, pairing codes and keys.
    ToManage = Manage;
    /// To look at jobs.
    ToSeeJobs = Read | Print;
    /// To ask whose key it is.
    ToKnowItself = Read | Print | Pay | Manage;
    /// To look at sites and agents.
    ToSeeFleet = Read | Manage;
}

/// A tenant's program, with a key that meets the need.
#[derive(Debug, Clone, Copy)]
pub struct Caller<N> {
    /// Whose key it is.
    pub tenant: TenantId,
    need: PhantomData<N>,
}

impl<N: Need> FromRequestParts<Arc<Hub>> for Caller<N> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, Refusal> {
        let key = presented(&parts.headers).ok_or_else(key_invalid)?;
        let known = hub.store.authenticate(key).await?.ok_or_else(key_invalid)?;
        if !N::SCOPES.iter().any(|scope| known.scopes.contains(scope)) {
            return Err(scope_missing(N::SCOPES));
        }
        Ok(Self {
            tenant: known.tenant,
            need: PhantomData,
        })
    }
}

/// Whether the key of a request still opens what needs `N`, for an answer that takes long.
///
/// # Errors
/// Those of the store.
pub async fn key_opens<N: Need>(hub: &Hub, headers: &HeaderMap) -> Result<bool, Refusal> {
    let Some(key) = presented(headers) else {
        return Ok(false);
    };
    let known = hub.store.authenticate(key).await?;
    Ok(known.is_some_and(|known| N::SCOPES.iter().any(|scope| known.scopes.contains(scope))))
}

/// The key as it was shown: a bearer token (RFC 6750) or the user name of Basic (RFC 7617).
fn presented(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (scheme, rest) = values.next()?.to_str().ok()?.split_once(' ')?;
    if values.next().is_some() {
        return None;
    }
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (user, _password) = decoded.split_once(':')?;
    Some(user.to_owned())
}

fn key_invalid() -> Refusal {
    Refusal::new(
        StatusCode::UNAUTHORIZED,
        "key_invalid",
        "no valid API key came with the request; send one as Authorization: Bearer cl_…",
    )
    .challenge("Bearer realm=\"cueline\", Basic realm=\"cueline\"")
}

fn scope_missing(scopes: &[Scope]) -> Refusal {
    let names: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    Refusal::new(
        StatusCode::FORBIDDEN,
        "scope_missing",
        format!(
            "this key lacks the scope `{}`; use a key that has it",
            names.join("` or `")
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        presented(&headers)
    }

    #[test]
    fn a_key_is_a_bearer_token_or_a_user_name() {
        assert_eq!(shown(&["Bearer cl_x"]).as_deref(), Some("cl_x"));
        assert_eq!(shown(&["bearer  cl_x"]).as_deref(), Some("cl_x"));
        assert_eq!(shown(&["Basic Y2xfeDo="]).as_deref(), Some("cl_x"));
        assert_eq!(shown(&["Basic Y2xfeDpwYXNz"]).as_deref(), Some("cl_x"));
        for none in [
            &["cl_x"][..],
            &["Digest cl_x"],
            &["Basic ???"],
            &["Bearer a", "Bearer b"],
            &[],
        ] {
            assert_eq!(shown(none), None, "{none:?}");
        }
    }
}
