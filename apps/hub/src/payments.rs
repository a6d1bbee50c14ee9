//! Making and changing card payments, whichever API they are asked for through.

use cueline_hub_core::payment::check::{self, Desk};
use cueline_hub_core::payment::flow::Created;
use cueline_hub_core::payment::rows::AlertFilter;
use cueline_hub_core::payment::view::{self, Surroundings};
use cueline_hub_core::payment::{Payment, PaymentRefusal, RequestKey};
use cueline_model::{PaymentId, TenantId};
use cueline_wire::api::{self, PaymentRequest};

use crate::auth::signature::sha256;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::{clock, ids};

/// Alerts shown with a payment.
const ALERTS_SHOWN_MAX: usize = 50;

impl From<PaymentRefusal> for Refusal {
    fn from(refusal: PaymentRefusal) -> Self {
        match refusal {
            PaymentRefusal::Store(error) => error.into(),
            other => other.problem().into(),
        }
    }
}

/// Makes a payment for `tenant`; it is durable when this returns. The same request under the same `key` makes
/// no second one, whatever has changed since.
///
/// # Errors
/// See [`PaymentRefusal`].
pub async fn create(
    hub: &Hub,
    tenant: TenantId,
    asked: &PaymentRequest,
    key: Option<String>,
) -> Result<Created, PaymentRefusal> {
    let text = serde_json::to_vec(asked).expect("plain data with string keys becomes JSON");
    let key = RequestKey {
        key: key.ok_or(PaymentRefusal::KeyRequired)?,
        request: sha256(&text),
    };
    // First of all, so that a repeat succeeds whatever has changed since.
    if let Some(payment) = hub.store.payment_replay(tenant, key.clone()).await? {
        return Ok(Created {
            payment,
            repeat: true,
        });
    }
    let original = match asked.original {
        Some(original) => hub.store.payment(tenant, original).await?,
        None => None,
    };
    let desks = match check::station_meant(asked, original.as_ref()) {
        Some(meant) => desks(hub, tenant, meant).await?,
        None => Vec::new(),
    };
    let now = clock::wall();
    let original = original.as_ref();
    let new = check::check(ids::payment(), tenant, asked, key, original, &desks, now)?;
    hub.store.create_payment(new, now).await
}

async fn desks(hub: &Hub, tenant: TenantId, meant: String) -> Result<Vec<Desk>, PaymentRefusal> {
    let found = hub.store.stations_meant(tenant, meant).await?;
    let found = found.iter();
    Ok(found
        .map(|station| station.desk(hub.is_online(station.agent)))
        .collect())
}

/// A tenant's payment.
///
/// # Errors
/// 404 `not_found`, and those of the store.
pub async fn found(hub: &Hub, tenant: TenantId, id: PaymentId) -> Result<Payment, Refusal> {
    let payment = hub.store.payment(tenant, id).await?;
    payment.ok_or_else(unknown)
}

/// There is no such payment.
#[must_use]
pub fn unknown() -> Refusal {
    Refusal::not_found("payment")
}

/// A payment with its alerts and what it waits for.
///
/// # Errors
/// Those of the store.
pub async fn shown(hub: &Hub, payment: &Payment) -> Result<api::Payment, Refusal> {
    let filter = AlertFilter {
        payment: Some(payment.id),
        ..AlertFilter::default()
    };
    let alerts = hub.store.alerts(payment.tenant, filter, ALERTS_SHOWN_MAX);
    let alerts = alerts.await?;
    let around = surroundings(hub, payment).await?;
    Ok(view::payment(payment, alerts, around))
}

/// Whether the agent of a payment is there.
///
/// # Errors
/// Those of the store.
pub async fn surroundings(hub: &Hub, payment: &Payment) -> Result<Surroundings, Refusal> {
    let agent_online = hub.is_online(payment.place.agent);
    let agent_revoked = if agent_online || payment.state.is_settled() {
        false
    } else {
        let agent = hub.store.agent_by_id(payment.place.agent).await?;
        agent.is_none_or(|agent| agent.revoked_at.is_some())
    };
    Ok(Surroundings {
        agent_online,
        agent_revoked,
    })
}
