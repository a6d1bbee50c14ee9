//! Which desk and terminal are meant, and what is refused before anything is started.

use cueline_wire::api::{Page, Payment, Station, StationState, Terminal};
use cueline_wire::cloud::PaymentStep;
use serde_json::{Value, json};

use crate::equipment::agent::Agent;
use crate::equipment::till::desk;
use crate::{house, made, pay, sale};

fn with(changes: &[(&str, Value)]) -> Value {
    let mut asked = sale("o-1");
    for (field, value) in changes {
        asked[*field] = value.clone();
    }
    asked
}

#[tokio::test]
async fn exactly_one_terminal_is_meant_or_nothing_is_started() {
    let (house, agent) = house().await;
    let api = house.api();
    let mut stream = agent.hold("ping=60").await;
    stream.hello().await;
    agent
        .open_desks(vec![
            desk("desk-1", &["counter"]),
            desk("two", &["left", "right"]),
            desk("bare", &[]),
            desk("twice", &["counter"]),
            desk("twice", &["counter"]),
        ])
        .await;
    let refused = async |asked: Value, status: u16, code: &str| {
        let answer = pay(&api, "k-1", asked.clone()).await;
        assert_eq!(answer.code(), (status, code.to_owned()), "{asked}");
    };
    refused(with(&[("station", json!("nowhere"))]), 422, "no_station").await;
    refused(with(&[("station", json!("bare"))]), 422, "no_terminal").await;
    refused(
        with(&[("station", json!("twice"))]),
        409,
        "ambiguous_station",
    )
    .await;
    refused(
        with(&[("station", json!("two"))]),
        422,
        "ambiguous_terminal",
    )
    .await;
    let wrong = with(&[("station", json!("two")), ("terminal", json!("middle"))]);
    refused(wrong, 422, "no_terminal").await;
    let right = with(&[("station", json!("two")), ("terminal", json!("left"))]);
    let right = made(&api, "k-1", right).await;
    assert_eq!(right.terminal_name.as_str(), "left");

    // A second machine with a desk of the same name: then only the id will do.
    let second = Agent::register(&api).await;
    second.open_desks(vec![desk("desk-1", &["counter"])]).await;
    let mut held = second.hold("ping=60").await;
    held.hello().await;
    let answer = pay(&api, "k-2", sale("o-2")).await;
    assert_eq!(answer.code(), (409, "ambiguous_station".to_owned()));
    let stations: Page<Station> = api.get("/v1/stations").await.json();
    let there = stations.data.iter();
    let mut there = there.filter(|station| station.agent == second.id);
    let station = there.next().unwrap();
    assert_eq!(station.state, StationState::Online);
    let asked = with(&[("station", json!(station.id)), ("order_ref", json!("o-2"))]);
    assert_eq!(made(&api, "k-2", asked).await.agent, second.id);

    // Its tray gone, its name is free again, and its id says what is missing.
    second.open_desks(Vec::new()).await;
    let asked = with(&[("station", json!(station.id)), ("order_ref", json!("o-3"))]);
    let answer = pay(&api, "k-3", asked).await;
    assert_eq!(answer.code(), (409, "station_offline".to_owned()));
    assert_eq!(
        made(&api, "k-3", with(&[("order_ref", json!("o-3"))]))
            .await
            .agent,
        agent.id
    );
    let stations: Page<Station> = api.get("/v1/stations").await.json();
    let state = |name: &str, agent| {
        let mut all = stations.data.iter();
        let found = all.find(|station| station.name.as_str() == name && station.agent == agent);
        found.unwrap().state
    };
    assert_eq!(state("desk-1", second.id), StationState::Offline);
    assert_eq!(state("twice", agent.id), StationState::Ambiguous);
}

#[tokio::test]
async fn a_terminal_shows_the_payment_that_it_may_be_at() {
    let (house, agent) = house().await;
    let api = house.api();
    let mut stream = agent.hold("ping=60").await;
    stream.hello().await;
    let owner = async || {
        let terminals: Page<Terminal> = api.get("/v1/terminals").await.json();
        assert_eq!(terminals.data.len(), 1);
        terminals.data[0].payment
    };
    let payment = made(&api, "k-1", sale("o-1")).await;
    assert_eq!(owner().await, None);
    stream.payment().await;
    agent.start_payment(1, payment.id).await;
    assert_eq!(owner().await, Some(payment.id));
    let cancelled = crate::equipment::till::ended(cueline_model::PaymentOutcome::Cancelled);
    agent.pay_step(3, payment.id, cancelled).await;
    assert_eq!(owner().await, None);
}

#[tokio::test]
async fn what_is_wrong_with_a_payment_is_told_before_it_is_made() {
    let (house, _agent) = house().await;
    let api = house.api();
    let long = "x".repeat(101);
    let number = json!("4111 1111 1111 1111");
    for (changes, code) in [
        (vec![("amount_minor", json!(0))], "amount_invalid"),
        (vec![("amount_minor", json!(-5))], "amount_invalid"),
        (
            vec![("amount_minor", json!(1_000_000_000_000_i64))],
            "amount_invalid",
        ),
        (vec![("amount_minor", json!(12.5))], "invalid_request"),
        (vec![("currency", json!("EURO"))], "invalid_request"),
        (vec![("currency", Value::Null)], "invalid_request"),
        (vec![("amount", json!(5))], "invalid_request"),
        (vec![("order_ref", json!(long))], "invalid_request"),
        (vec![("order_ref", number.clone())], "card_number_refused"),
        (vec![("clerk_ref", number.clone())], "card_number_refused"),
        (
            vec![("supersede", json!({"by": "b", "reason": number}))],
            "card_number_refused",
        ),
        (vec![("attempt_no", json!(0))], "invalid_request"),
        (vec![("start_in_s", json!(0))], "invalid_request"),
        (vec![("start_in_s", json!(3601))], "invalid_request"),
        (vec![("start_by", json!("2020-01-01T00:00:00Z"))], "expired"),
        (vec![("kind", json!("void"))], "invalid_request"),
        (
            vec![("original", json!(format!("pay_{:032x}", 7)))],
            "invalid_request",
        ),
    ] {
        let asked = with(&changes);
        let answer = pay(&api, "k-1", asked.clone()).await;
        assert_eq!(answer.code(), (422, code.to_owned()), "{asked}");
    }
    let answer = pay(&api, "5555555555554444", sale("o-1")).await;
    assert_eq!(answer.code(), (422, "card_number_refused".to_owned()));
    let none: Page<Payment> = api.get("/v1/payments").await.json();
    assert!(none.data.is_empty());
}

#[tokio::test]
async fn a_removed_agents_waiting_payments_end() {
    let (house, agent) = house().await;
    let api = house.api();
    let waiting = made(&api, "k-1", sale("o-1")).await;
    let running = made(&api, "k-2", sale("o-2")).await;
    agent.pay_step(1, running.id, PaymentStep::Accepted).await;
    assert!(agent.ask_start(running.id).await.granted);
    assert_eq!(
        api.delete(&format!("/v1/agents/{}", agent.id)).await.status,
        204
    );
    assert_eq!(
        crate::shown(&api, &waiting).await.state.as_str(),
        "cancelled"
    );
    let running = crate::shown(&api, &running).await;
    assert_eq!(running.state.as_str(), "started");
    assert_eq!(running.waiting.unwrap().code, "agent_revoked");
    let answer = pay(&api, "k-3", sale("o-3")).await;
    assert_eq!(answer.code(), (422, "no_station".to_owned()));
}
