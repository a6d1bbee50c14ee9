//! Webhooks: set up, told in order, told again until the receiver has said that it has them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cueline_model::{Outcome, Proof};
use cueline_wire::cloud::Progress;
use http::Method;
use serde_json::{Value, json};

use super::equipment::until;
use super::equipment::web::{Web, answer};
use super::{Caller, Venue, fault, raw};

const OK: &[(&str, &str)] = &[("X-PrintNode-Webhook-Status", "OK")];

async fn send(caller: &Caller<'_>, method: Method, path: &str, body: &Value) -> super::Answer {
    let body = serde_json::to_vec(body).unwrap();
    caller.call(method, path, &[], body).await
}

/// The events of every request that came, each with its job's number and state.
fn told(web: &Web) -> Vec<(u64, String)> {
    let mut told = Vec::new();
    for request in web.seen() {
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        for event in serde_json::from_str::<Vec<Value>>(body).unwrap() {
            assert_eq!(event["type"], "print job state");
            assert!(event["createdAt"].is_string() && event["accountId"].is_u64());
            let data = &event["data"];
            assert!(data["uid"].is_string() && data["message"].is_string());
            told.push((
                data["printJobId"].as_u64().unwrap(),
                data["state"].as_str().unwrap().to_owned(),
            ));
        }
    }
    told
}

fn steps(steps: &[(u64, &str)]) -> Vec<(u64, String)> {
    steps
        .iter()
        .map(|(job, state)| (*job, (*state).to_owned()))
        .collect()
}

#[tokio::test]
async fn each_step_of_a_job_is_told_in_order_with_the_secret() {
    let web = Web::open("127.0.0.1", None, |_| answer("200 OK", OK, b"")).await;
    let venue = Venue::open().await;
    let caller = venue.caller();
    let before = caller.print(&raw()).await;
    let asked = json!({"url": web.url("/hook?canary"), "secret": "s3cret"});
    let made = send(&caller, Method::POST, "/webhook", &asked).await;
    assert_eq!(made.status, 201);
    let made: Value = made.json();
    let id = made[0]["webhookId"].as_u64().unwrap();
    assert_eq!(
        (&made[0]["secret"], &made[0]["messages"]),
        (&json!("s3cret"), &json!(["*"]))
    );

    let mut stream = venue.agent.hold("").await;
    stream.hello().await;
    let number = caller.print(&raw()).await;
    let (_, first) = stream.job().await;
    let (_, offer) = stream.job().await;
    assert_ne!(first.job, offer.job);
    venue.agent.report(1, offer.job, Progress::Accepted).await;
    venue.agent.report(2, offer.job, Progress::Started).await;
    let proof = Proof::Printed;
    venue
        .agent
        .report(3, offer.job, Progress::Ended(Outcome::Done { proof }))
        .await;
    // Of another tenant nothing is told.
    let theirs = super::Agent::register(&venue.house.other()).await;
    assert_ne!(theirs.id, venue.agent.id);
    venue.other().print(&raw()).await;
    let expected = steps(&[
        (number, "new"),
        (number, "sent_to_client"),
        (number, "in_progress"),
        (number, "done"),
    ]);
    until("all is told", async || told(&web).len() >= 4).await;
    assert_eq!(told(&web), expected, "job {before} was there before");
    let head = web.seen()[0].to_lowercase();
    assert!(head.starts_with("post /hook?canary http/1.1\r\n"), "{head}");
    assert!(
        head.contains("\r\nx-printnode-webhook-secret: s3cret\r\n"),
        "{head}"
    );
    assert!(
        head.contains("\r\ncontent-type: application/json\r\n"),
        "{head}"
    );
    until("it is counted", async || {
        let counts = caller.get("/webhooks").await[0]["counts"].clone();
        counts["receivedEvents"] == 4 && counts["successfulRequests"].as_u64() >= Some(1)
    })
    .await;

    let off = json!({"enabled": false});
    let changed = send(&caller, Method::PATCH, &format!("/webhook/{id}"), &off).await;
    assert_eq!(changed.json::<Value>()[0]["enabled"], false);
    caller.print(&raw()).await;
    assert_eq!(
        caller.get("/webhook").await[0]["counts"]["receivedEvents"],
        4
    );
    assert_eq!(caller.delete(&format!("/webhook/{id}")).await, json!([]));
    let (status, ..) = caller
        .fault(Method::DELETE, &format!("/webhook/{id}"))
        .await;
    assert_eq!(status, 404);
}

/// A receiver that says `first` once, and then that it has what it is told; its venue's word about it.
async fn told_again(first: super::equipment::web::Answer) {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    let web = Web::open("127.0.0.1", None, move |_| {
        match counted.fetch_add(1, Ordering::SeqCst) {
            0 => first.clone(),
            _ => answer("200 OK", OK, b""),
        }
    })
    .await;
    let venue = Venue::open().await;
    let caller = venue.caller();
    let asked = json!({"url": web.url("/"), "messages": ["print job state"]});
    send(&caller, Method::POST, "/webhook", &asked).await;
    let first = caller.print(&raw()).await;
    let second = caller.print(&raw()).await;
    let once = steps(&[(first, "new"), (second, "new")]);
    until("all is told and noted", async || {
        let told = told(&web);
        let counts = caller.get("/webhooks").await[0]["counts"].clone();
        told.ends_with(&once)
            && counts["failedRequests"] == 1
            && counts["successfulRequests"].as_u64() >= Some(1)
    })
    .await;
    assert!(tries.load(Ordering::SeqCst) >= 2);
    assert_eq!(
        caller.get("/webhooks").await[0]["counts"]["droppedEvents"],
        0
    );
}

#[tokio::test]
async fn what_a_receiver_failed_to_take_is_told_again() {
    told_again(answer("500 Oh", OK, b"")).await;
}

#[tokio::test]
async fn a_page_of_somebodys_in_between_is_not_the_receivers_word() {
    told_again(answer("200 OK", &[], b"<html>")).await;
}

#[tokio::test]
async fn a_webhook_leads_only_where_the_hub_may_fetch() {
    let inside = Web::open("127.0.0.2", None, |_| answer("200 OK", OK, b"")).await;
    let venue = Venue::open().await;
    let caller = venue.caller();
    send(
        &caller,
        Method::POST,
        "/webhook",
        &json!({"url": inside.url("/")}),
    )
    .await;
    caller.print(&raw()).await;
    until("it was refused", async || {
        caller.get("/webhooks").await[0]["counts"]["failedRequests"] == 1
    })
    .await;
    assert!(inside.seen().is_empty());
}

#[tokio::test]
async fn what_is_no_webhook_is_refused() {
    let venue = Venue::open().await;
    let caller = venue.caller();
    for (asked, status, said) in [
        (json!({}), 400, "url"),
        (json!({"url": "file:///x"}), 400, "url"),
        (
            json!({"url": "https://a.example", "secret": "a\nb"}),
            400,
            "secret",
        ),
        (
            json!({"url": "https://a.example", "messages": ["jobs"]}),
            400,
            "messages",
        ),
        (
            json!({"url": "https://a.example", "messages": []}),
            400,
            "messages",
        ),
        (
            json!({"url": "https://a.example", "messages": ["computer state"]}),
            403,
            "computers",
        ),
        (json!([]), 400, "url"),
        (json!("x"), 400, "the body"),
    ] {
        let answer = send(&caller, Method::POST, "/webhook", &asked).await;
        let (got, _, message) = fault(&answer);
        assert_eq!(got, status, "{asked}: {message}");
        assert!(message.contains(said), "{asked}: {message}");
    }
    let asked = json!({"url": "https://a.example/"});
    for _ in 0..5 {
        assert_eq!(
            send(&caller, Method::POST, "/webhook", &asked).await.status,
            201
        );
    }
    let (status, code, _) = fault(&send(&caller, Method::POST, "/webhook", &asked).await);
    assert_eq!((status, code.as_str()), (409, "Conflict"));
    assert_eq!(venue.other().get("/webhooks").await, json!([]));
    let id = caller.get("/webhooks").await[0]["webhookId"].clone();
    let path = format!("/webhook/{id}");
    assert_eq!(venue.other().fault(Method::DELETE, &path).await.0, 404);
    let named = json!({"webhookId": id, "url": "https://b.example/"});
    let changed = send(&caller, Method::PATCH, "/webhook", &named).await;
    assert_eq!(changed.json::<Value>()[0]["url"], "https://b.example/");
}
