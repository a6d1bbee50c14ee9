//! Card payments from the box office's call to the agent's link and back, over real TLS and SQLite.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../equipment/mod.rs"]
mod equipment;

mod steps;

use cueline_model::PaymentState;
use cueline_wire::api::Payment;
use equipment::agent::Agent;
use equipment::till::desk;
use equipment::{Answer, Api, House, QUICK};
use serde_json::json;

/// A hub with one agent that has one desk with one terminal.
async fn house() -> (House, Agent) {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    agent.open_desks(vec![desk("desk-1", &["counter"])]).await;
    (house, agent)
}

fn sale(order: &str) -> serde_json::Value {
    json!({"amount_minor": 1250, "currency": "EUR", "station": "desk-1", "order_ref": order})
}

async fn pay(api: &Api<'_>, key: &str, asked: serde_json::Value) -> Answer {
    api.post_once("/v1/payments", key, asked).await
}

async fn made(api: &Api<'_>, key: &str, asked: serde_json::Value) -> Payment {
    let answer = pay(api, key, asked).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

async fn shown(api: &Api<'_>, payment: &Payment) -> Payment {
    api.get(&format!("/v1/payments/{}", payment.id))
        .await
        .json()
}

async fn in_state(api: &Api<'_>, payment: &Payment, state: PaymentState) -> Payment {
    let path = format!("/v1/payments/{}", payment.id);
    equipment::until(state.as_str(), || async {
        api.get(&path).await.json::<Payment>().state == state
    })
    .await;
    shown(api, payment).await
}
