//! Money that goes back, moves late, elsewhere or by hand; and who is told.

use cueline_model::PaymentState;
use cueline_wire::api::{Alert, Page, Payment};
use cueline_wire::cloud::PaymentStep;
use serde_json::json;

use crate::equipment::till::approved;
use crate::{house, made, pay, sale, shown};

#[tokio::test]
async fn a_sale_is_voided_once_and_on_its_own_terminal() {
    let (house, agent) = house().await;
    let api = house.api();
    let mut stream = agent.hold("ping=60").await;
    stream.hello().await;
    let sold = made(&api, "k-1", sale("o-1")).await;
    stream.payment().await;
    agent.start_payment(1, sold.id).await;
    agent.pay_step(3, sold.id, approved(1250)).await;
    let path = |verb: &str| format!("/v1/payments/{}/{verb}", sold.id);
    let keyless = api.post(&path("void"), json!({})).await;
    assert_eq!(keyless.code(), (400, "idempotency_key_required".to_owned()));
    let void = api
        .post_once(&path("void"), "v-1", json!({"clerk_ref": "ben"}))
        .await;
    assert_eq!(void.status, 201);
    let void: Payment = void.json();
    assert_eq!((void.kind.as_str(), void.amount_minor), ("void", 1250));
    assert_eq!(
        (void.original, void.order_ref.as_deref()),
        (Some(sold.id), Some("o-1"))
    );
    let original = stream.payment().await.order.original.unwrap();
    assert_eq!(original.receipt_no.as_deref(), Some("0042"));
    let repeat = api
        .post_once(&path("void"), "v-1", json!({"clerk_ref": "ben"}))
        .await;
    assert_eq!(
        (repeat.status.as_u16(), repeat.json::<Payment>().id),
        (200, void.id)
    );
    for (verb, body) in [("void", json!({})), ("refund", json!({"amount_minor": 1}))] {
        let second = api.post_once(&path(verb), "v-2", body).await;
        assert_eq!(second.code(), (409, "taken_back".to_owned()));
    }
    agent.start_payment(4, void.id).await;
    agent.pay_step(6, void.id, approved(700)).await;
    let alerts = shown(&api, &void).await.alerts;
    assert_eq!(alerts[0].code.as_str(), "other_transaction");
    // A void is taken back by nothing.
    let path = format!("/v1/payments/{}/void", void.id);
    let answer = api.post_once(&path, "v-3", json!({})).await;
    assert_eq!(answer.code(), (409, "original_unfit".to_owned()));
    let part = json!({"kind": "void", "original": sold.id, "amount_minor": 5});
    assert_eq!(pay(&api, "v-4", part).await.code().0, 422);
}

#[tokio::test]
async fn a_late_approval_is_alerted_on_the_event_stream_and_can_be_voided() {
    let (house, agent) = house().await;
    let api = house.api();
    let payment = made(&api, "k-1", sale("o-1")).await;
    let cancel = format!("/v1/payments/{}/cancel", payment.id);
    api.post(&cancel, json!({})).await.json::<Payment>();
    agent.pay_step(1, payment.id, approved(1250)).await;
    let now = shown(&api, &payment).await;
    assert_eq!(now.state, PaymentState::Approved);
    assert!(now.alerts[0].void_offered && now.cancel_requested_at.is_some());
    let open: Page<Alert> = api.get("/v1/alerts?open=true").await.json();
    assert_eq!(open.data, now.alerts);
    let void = format!("/v1/payments/{}/void", payment.id);
    assert_eq!(api.post_once(&void, "v-1", json!({})).await.status, 201);
    let close = format!("/v1/alerts/{}/close", open.data[0].id);
    let asked = json!({"by": "Ben", "reason": "voided"});
    let closed: Alert = api.post(&close, asked).await.json();
    assert_eq!(closed.closed.unwrap().by, "Ben");
    let open: Page<Alert> = api.get("/v1/alerts?open=true").await.json();
    assert!(open.data.is_empty());
}

#[tokio::test]
async fn each_step_is_told_to_those_who_listen_and_wait_for_a_version() {
    let (house, agent) = house().await;
    let api = house.api();
    let request = http::Request::get("/v1/events")
        .header("authorization", format!("Bearer {}", house.key))
        .header("host", house.client.address.to_string())
        .body(Vec::new())
        .unwrap();
    let mut events = crate::equipment::stream::Stream::open(&house.client, request).await;
    let payment = made(&api, "k-1", sale("o-1")).await;
    let path = format!(
        "/v1/payments/{}?wait=20&version={}",
        payment.id, payment.version
    );
    let (waited, _) = tokio::join!(
        api.get(&path),
        agent.pay_step(1, payment.id, PaymentStep::Accepted)
    );
    let waited: Payment = waited.json();
    assert_eq!(waited.state, PaymentState::Accepted);
    agent.pay_step(2, payment.id, approved(1300)).await;
    let mut told = Vec::new();
    while told.len() < 4 {
        let frame = events.next_frame().await.unwrap();
        if matches!(frame.event.as_str(), "payment" | "alert") {
            let data: serde_json::Value = serde_json::from_str(&frame.data).unwrap();
            let what = data["state"].as_str().or(data["code"].as_str()).unwrap();
            told.push(format!("{} {what}", frame.event));
        }
    }
    let all = [
        "payment queued",
        "payment accepted",
        "payment approved",
        "alert amount_differs",
    ];
    assert_eq!(told, all);
}

#[tokio::test]
async fn no_card_number_that_a_till_tells_is_kept_or_shown() {
    let (house, agent) = house().await;
    let api = house.api();
    let payment = made(&api, "k-1", sale("o-1")).await;
    let step = PaymentStep::Unknown {
        text: "PAN 4111111111111111 in a frame".to_owned(),
        asking: true,
    };
    agent.pay_step(1, payment.id, step).await;
    let mut end = serde_json::to_value(approved(1250)).unwrap();
    end["settlement"]["card"]["last4"] = json!("5555555555554444");
    end["settlement"]["card"]["scheme"] = json!("Visa 5555555555554444");
    end["settlement"]["receipts"][0]["lines"] = json!(["5555 5555 5555 4444"]);
    agent
        .pay_step(2, payment.id, serde_json::from_value(end).unwrap())
        .await;
    let shown = shown(&api, &payment).await;
    assert_eq!(shown.last4.as_deref(), Some("4444"));
    let text = serde_json::to_string(&shown).unwrap();
    drop(house.running);
    let mut kept = Vec::new();
    for file in std::fs::read_dir(house.data.path().join("data")).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            kept.extend(std::fs::read(file.path()).unwrap());
        }
    }
    assert!(!kept.is_empty());
    for number in [
        "4111111111111111",
        "5555555555554444",
        "5555 5555 5555 4444",
    ] {
        assert!(!text.contains(number), "{number} is shown");
        let found = kept.windows(number.len()).any(|at| at == number.as_bytes());
        assert!(!found, "{number} is kept");
    }
}
