//! A payment's way: made, offered, permitted, reported, ended; and how it is stopped, asked and decided.

use cueline_hub::auth::signature::sha256;
use cueline_model::{Certainty, PaymentOutcome, PaymentState, ProgressNote, Prompt, PromptKind};
use cueline_wire::api::{AuditEvent, Page, Payment};
use cueline_wire::cloud::{LivePayment, PaymentStep, PaymentWish, Wish};
use http::Method;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::json;

use crate::equipment::till::{approved, ended, mark, unknown};
use crate::{house, in_state, made, pay, sale, shown};

#[tokio::test]
async fn a_payment_goes_to_the_terminal_and_comes_back_approved() {
    let (house, agent) = house().await;
    let api = house.api();
    let mut stream = agent.hold("ping=60").await;
    stream.hello().await;
    let payment = made(&api, "k-1", sale("o-1")).await;
    assert_eq!(payment.state, PaymentState::Queued);
    assert_eq!(
        (payment.attempt_no, payment.certainty),
        (1, Certainty::NotMoved)
    );
    let offer = stream.payment().await;
    assert_eq!(offer.payment, payment.id);
    assert_eq!(offer.order.amount_minor, 1250);
    assert_eq!(offer.order.terminal.as_str(), "counter");
    let signed = UnparsedPublicKey::new(&ED25519, &agent.registration.hub_key.0);
    let text = offer.signed_text(agent.id);
    signed.verify(text.as_bytes(), &offer.signature.0).unwrap();
    in_state(&api, &payment, PaymentState::Delivered).await;

    agent.pay_step(1, payment.id, PaymentStep::Accepted).await;
    assert!(agent.ask_start(payment.id).await.granted);
    assert!(agent.ask_start(payment.id).await.granted, "the same answer");
    let now = shown(&api, &payment).await;
    assert_eq!(
        (now.state, now.certainty),
        (PaymentState::Started, Certainty::Unknown)
    );
    agent
        .pay_step(2, payment.id, PaymentStep::Started { baseline: None })
        .await;
    assert!(
        !agent.ask_start(payment.id).await.granted,
        "it is never started twice"
    );

    let path = format!("/v1/payments/{}?wait=20", payment.id);
    let (waited, stored) = tokio::join!(
        api.get(&path),
        agent.pay_step(3, payment.id, approved(1250))
    );
    assert_eq!(stored.stored, [3]);
    let done: Payment = waited.json();
    assert_eq!(
        (done.state, done.certainty),
        (PaymentState::Approved, Certainty::Moved)
    );
    assert_eq!(done.approved_amount_minor, Some(1250));
    assert_eq!(done.auth_code.as_deref(), Some("A1B2C3"));
    assert_eq!(
        (done.last4.as_deref(), done.receipts.len()),
        (Some("1111"), 1)
    );
    let seen: Vec<_> = done
        .evidence
        .iter()
        .map(|seen| seen.what.as_str())
        .collect();
    let all = [
        "queued",
        "delivered",
        "accepted",
        "start_permitted",
        "started",
        "approved",
    ];
    assert_eq!(seen, all);
    assert!(done.alerts.is_empty() && done.waiting.is_none());
    // What was said is said again, and changes nothing.
    let again = agent.pay_step(3, payment.id, approved(1250)).await;
    assert_eq!(again.stored, [3]);
    let other = agent
        .pay_step(4, payment.id, ended(PaymentOutcome::Cancelled))
        .await;
    assert_eq!(other.rejected[0].code, "outcome_differs");
    assert_eq!(shown(&api, &payment).await, done);
    let listed: Page<Payment> = api.get("/v1/payments?order_ref=o-1").await.json();
    assert_eq!(listed.data, [done]);
    let none: Page<Payment> = api.get("/v1/payments?order_ref=o-2").await.json();
    assert!(none.data.is_empty());
}

#[tokio::test]
async fn what_the_agent_has_not_acknowledged_is_offered_on_every_new_link() {
    let (house, agent) = house().await;
    let api = house.api();
    let payment = made(&api, "k-1", sale("o-1")).await;
    assert_eq!(payment.waiting.unwrap().code, "agent_offline");
    let payment = made(&api, "k-2", sale("o-2")).await;
    for _ in 0..2 {
        let mut stream = agent.hold("ping=60").await;
        stream.hello().await;
        stream.payment().await;
        assert_eq!(stream.payment().await.payment, payment.id);
    }
    agent.pay_step(1, payment.id, PaymentStep::Accepted).await;
    let mut polled = agent.hold("ping=60&mode=poll").await;
    polled.hello().await;
    assert_ne!(polled.payment().await.payment, payment.id);
    assert!(
        polled.next().await.is_none(),
        "an offer completes the answer"
    );
    assert!(polled.complete);
}

#[tokio::test]
async fn the_same_request_makes_one_payment_also_at_the_same_time() {
    let (house, _agent) = house().await;
    let api = house.api();
    let calls = (0..8).map(|_| pay(&api, "k-1", sale("o-1")));
    let mut ids = Vec::new();
    let mut fresh = 0;
    let answers: Vec<_> = {
        let mut set = Vec::new();
        for call in calls {
            set.push(call);
        }
        futures_join(set).await
    };
    for answer in answers {
        fresh += u32::from(answer.status == 201);
        ids.push(answer.json::<Payment>().id);
    }
    ids.dedup();
    assert_eq!((ids.len(), fresh), (1, 1));
    let mut other = sale("o-1");
    other["amount_minor"] = json!(1251);
    let refused = pay(&api, "k-1", other).await;
    assert_eq!(refused.code(), (422, "idempotency_mismatch".to_owned()));
    let keyless = api.post("/v1/payments", sale("o-2")).await;
    assert_eq!(keyless.code(), (400, "idempotency_key_required".to_owned()));
}

/// All of them at once.
async fn futures_join<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = waiting.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, slot) in waiting.iter_mut().zip(&mut done) {
            if slot.is_none()
                && let std::task::Poll::Ready(output) = future.as_mut().poll(context)
            {
                *slot = Some(output);
            }
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test]
async fn before_the_start_a_cancel_is_an_end_and_after_it_a_wish() {
    let (house, agent) = house().await;
    let api = house.api();
    let mut stream = agent.hold("ping=60").await;
    stream.hello().await;
    let early = made(&api, "k-1", sale("o-1")).await;
    stream.payment().await;
    agent.pay_step(1, early.id, PaymentStep::Accepted).await;
    let cancel = format!("/v1/payments/{}/cancel", early.id);
    let cancelled: Payment = api.post(&cancel, json!({})).await.json();
    assert_eq!(cancelled.state, PaymentState::Cancelled);
    let wish = stream.wish().await;
    assert_eq!(
        wish,
        PaymentWish {
            payment: early.id,
            wish: Wish::Cancel
        }
    );
    let refused = agent.ask_start(early.id).await;
    assert!(!refused.granted && refused.reason.is_some(), "{refused:?}");

    let late = made(&api, "k-2", sale("o-2")).await;
    stream.payment().await;
    agent.start_payment(2, late.id).await;
    let cancel = format!("/v1/payments/{}/cancel", late.id);
    let asked: Payment = api.post(&cancel, json!({})).await.json();
    assert_eq!(asked.state, PaymentState::Started);
    assert!(asked.cancel_requested_at.is_some());
    assert_eq!(stream.wish().await.payment, late.id);
    // It is said again on a new link while it holds.
    let mut again = agent.hold("ping=60").await;
    again.hello().await;
    let wishes = [again.wish().await, again.wish().await];
    assert!(
        wishes.iter().any(|wish| wish.payment == late.id),
        "{wishes:?}"
    );
    agent.pay_step(4, late.id, approved(1250)).await;
    let done = shown(&api, &late).await;
    assert_eq!(done.state, PaymentState::Approved, "the true result");
    let answer = api.post(&cancel, json!({})).await;
    assert_eq!(answer.code(), (409, "too_late".to_owned()));
}

#[tokio::test]
async fn what_is_not_started_in_time_expires_and_is_not_started_any_more() {
    let (house, agent) = house().await;
    let api = house.api();
    let mut asked = sale("o-1");
    asked["start_in_s"] = json!(1);
    let mut stream = agent.hold("ping=60").await;
    stream.hello().await;
    let payment = made(&api, "k-1", asked).await;
    stream.payment().await;
    agent.pay_step(1, payment.id, PaymentStep::Accepted).await;
    let path = format!("/v1/payments/{}?wait=20", payment.id);
    let expired: Payment = api.get(&path).await.json();
    assert_eq!(
        (expired.state, expired.certainty),
        (PaymentState::Expired, Certainty::NotMoved)
    );
    assert!(!agent.ask_start(payment.id).await.granted);
}

#[tokio::test]
async fn the_clerk_is_asked_and_answers_from_the_box_office() {
    let (house, agent) = house().await;
    let api = house.api();
    let mut stream = agent.hold("ping=60").await;
    stream.hello().await;
    let payment = made(&api, "k-1", sale("o-1")).await;
    stream.payment().await;
    agent.start_payment(1, payment.id).await;
    let mut live = LivePayment {
        payment: payment.id,
        progress: Some(ProgressNote {
            code: "insert_card".to_owned(),
            text: "card 4111 1111 1111 1111 please".to_owned(),
        }),
        prompt: Some(Prompt {
            id: 1,
            kind: PromptKind::Signature,
            text: "does the signature match?".to_owned(),
            deadline: None,
        }),
    };
    agent.pay_live(live.clone()).await;
    let asked = shown(&api, &payment).await;
    assert_eq!(asked.state, PaymentState::AwaitingClerk);
    assert_eq!(asked.prompt.unwrap().id, 1);
    let text = asked.progress.unwrap().text;
    assert_eq!(text, "card **** **** **** 1111 please");
    let path = format!("/v1/payments/{}/answer", payment.id);
    for (answer, status, code) in [
        (json!({"prompt": 2, "answer": "yes"}), 409, "no_prompt"),
        (
            json!({"prompt": 1, "answer": {"auth_code": "12"}}),
            422,
            "answer_invalid",
        ),
    ] {
        let refused = api.post(&path, answer).await;
        assert_eq!(refused.code(), (status, code.to_owned()));
    }
    api.post(&path, json!({"prompt": 1, "answer": "yes"}))
        .await
        .json::<Payment>();
    let said = serde_json::to_value(stream.wish().await).unwrap();
    let expected = json!({"payment": payment.id, "wish": "answer", "prompt": 1, "answer": "yes"});
    assert_eq!(said, expected);
    live.prompt = None;
    agent.pay_live(live).await;
    assert_eq!(shown(&api, &payment).await.state, PaymentState::Started);
}

#[tokio::test]
async fn an_unknown_payment_is_looked_up_and_decided_once_with_a_reason() {
    let (house, agent) = house().await;
    let api = house.api();
    let mut stream = agent.hold("ping=60").await;
    stream.hello().await;
    let payment = made(&api, "k-1", sale("o-1")).await;
    stream.payment().await;
    agent.start_payment(1, payment.id).await;
    let path = |verb: &str| format!("/v1/payments/{}/{verb}", payment.id);
    let decision =
        json!({"decision": "not_moved", "by": "Ben", "reason": "read the terminal's list"});
    let early = api.post(&path("resolve"), decision.clone()).await;
    assert_eq!(early.code(), (409, "not_unknown".to_owned()));
    agent.pay_step(3, payment.id, unknown()).await;
    let now = shown(&api, &payment).await;
    assert_eq!(
        (now.state, now.certainty),
        (PaymentState::Unknown, Certainty::Unknown)
    );
    assert_eq!(now.waiting.unwrap().code, "decision");
    assert_eq!(now.alerts[0].code.as_str(), "payment_unknown");
    api.post(&path("look-up"), json!({}))
        .await
        .json::<Payment>();
    assert_eq!(stream.wish().await.wish, Wish::LookUp);
    // Another attempt at the order waits for that, or for somebody who takes it upon them.
    let second = pay(&api, "k-2", sale("o-1")).await;
    assert_eq!(second.code(), (409, "order_unknown".to_owned()));
    let mut asked = sale("o-1");
    asked["supersede"] = json!({"by": "Ben", "reason": "the customer has to go in"});
    let second = made(&api, "k-2", asked).await;
    assert_eq!(second.attempt_no, 2);
    assert_eq!(second.supersede.unwrap().by, "Ben");

    let decided: Payment = api.post(&path("resolve"), decision.clone()).await.json();
    assert_eq!(decided.state, PaymentState::Cancelled);
    assert_eq!(
        serde_json::to_value(decided.resolved_by).unwrap(),
        json!("person")
    );
    assert!(decided.alerts[0].closed.is_some());
    let said = [stream.said().await, stream.said().await];
    assert!(format!("{said:?}").contains("Decided"), "{said:?}");
    let again: Payment = api.post(&path("resolve"), decision).await.json();
    assert_eq!(again.version, decided.version);
    let other = json!({"decision": "moved", "by": "Eve", "reason": "no"});
    let refused = api.post(&path("resolve"), other).await;
    assert_eq!(refused.code(), (409, "decided_before".to_owned()));
    let audit: Page<AuditEvent> = api.get("/v1/audit-events").await.json();
    let whats: Vec<_> = audit.data.iter().map(|event| event.what.as_str()).collect();
    assert_eq!(whats, ["payment_resolved", "payment_superseded"]);
}

#[tokio::test]
async fn a_copied_or_older_journal_is_refused() {
    let (house, agent) = house().await;
    let payment = made(&house.api(), "k-1", sale("o-1")).await;
    let step = || PaymentStep::Accepted;
    assert_eq!(
        agent
            .pay_report(mark(2), 1, payment.id, step())
            .await
            .status,
        200
    );
    let mut copy = mark(2);
    copy.instance = "f".repeat(32);
    for stale in [mark(1), copy] {
        let answer = agent.pay_report(stale, 2, payment.id, step()).await;
        assert_eq!(answer.code(), (409, "stale_journal".to_owned()));
    }
    let asked = cueline_wire::cloud::StartRequest { journal: mark(1) };
    let path = cueline_wire::cloud::path::payment_start(payment.id);
    let answer = agent.send(Method::POST, &path, &asked).await;
    assert_eq!(answer.code(), (409, "stale_journal".to_owned()));
    assert_eq!(
        agent
            .pay_report(mark(3), 2, payment.id, step())
            .await
            .status,
        200
    );
    // What is no journal at all is told from one that is behind.
    let mut odd = mark(4);
    odd.instance = sha256(b"").to_string();
    let answer = agent.pay_report(odd, 3, payment.id, step()).await;
    assert_eq!(answer.code().0, 422);
}
