//! What the box office gets wrong: each refused with a problem that says what to do, nothing lost.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use cueline_model::{ContentType, JobState, PrinterId};
use cueline_system::api::{Api, raw_job};
use cueline_system::box_office::{House, wait_for_agent};
use cueline_system::paper::{long_ticket, ticket};
use cueline_system::settings;
use cueline_wire::api::{AgentState, PrintJob};
use http::Method;

async fn house() -> House {
    House::open(settings::QUICK_HUB, settings::QUICK_AGENT)
        .await
        .unwrap()
}

/// A good job still prints: whatever was refused before did no harm.
async fn still_prints(house: &House, title: &str) {
    let api = house.hub.api().unwrap();
    let request = raw_job(house.printer.id, &ticket(title));
    let job: PrintJob = api.submit(&request, title).await.unwrap().json().unwrap();
    let settled = api.settled(job.id, Duration::from_secs(20)).await.unwrap();
    assert_eq!(settled.state, JobState::Done, "{settled:#?}");
    assert!(house.paper.titles().unwrap().contains(&title.to_owned()));
}

async fn refusal(api: &Api, body: &serde_json::Value) -> (u16, String, String) {
    let problem = api
        .post("/v1/print-jobs", body)
        .await
        .unwrap()
        .problem()
        .unwrap();
    (problem.status, problem.code, problem.detail)
}

#[tokio::test]
async fn wrong_print_jobs_are_refused_and_nothing_is_printed() {
    let house = house().await;
    let api = house.hub.api().unwrap();
    let printer = house.printer.id.to_string();
    let good = serde_json::json!({
        "printer": printer, "content_type": "raw", "content": "aGVsbG8K",
    });
    let with = |field: &str, value: serde_json::Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let stranger = PrinterId::from_u128(7).to_string();
    let cases = [
        (
            with("printer", stranger.into()),
            404,
            "unknown_printer",
            "printer",
        ),
        (
            with("printer", "front".into()),
            422,
            "invalid_request",
            "prn_",
        ),
        (with("copies", 0.into()), 422, "", "copies"),
        (with("copies", 101.into()), 422, "", "100"),
        (
            with("content_type", "docx".into()),
            422,
            "invalid_request",
            "docx",
        ),
        (with("content_type", "png".into()), 422, "", "png"),
        (
            with("content", "???".into()),
            422,
            "invalid_request",
            "base64",
        ),
        (
            with("colour", true.into()),
            422,
            "invalid_request",
            "colour",
        ),
        (
            with("expires_at", "2020-01-01T00:00:00Z".into()),
            422,
            "expired",
            "",
        ),
        (
            serde_json::json!({
                "printer": printer, "content_type": "ticket", "content": "e30=",
            }),
            422,
            "ticket_invalid",
            "missing field",
        ),
    ];
    for (body, status, code, names) in cases {
        let got = refusal(&api, &body).await;
        assert_eq!(got.0, status, "{body}: {got:?}");
        assert!(code.is_empty() || got.1 == code, "{body}: {got:?}");
        assert!(
            got.2.contains(names),
            "{body}: {got:?} does not say {names:?}"
        );
    }
    still_prints(&house, "after the refusals").await;
    assert_eq!(house.paper.titles().unwrap(), ["after the refusals"]);
}

#[tokio::test]
async fn broken_json_wrong_type_and_size_are_told_apart() {
    let house = house().await;
    let api = house.hub.api().unwrap();
    let send = |content_type: &'static str, body: Vec<u8>| {
        let api = &api;
        async move {
            let headers = [("content-type", content_type)];
            let path = "/v1/print-jobs";
            let answer = api.send(Method::POST, path, &headers, body).await.unwrap();
            answer.problem().unwrap()
        }
    };
    let broken = send("application/json", b"{\"printer\": \"prn".to_vec()).await;
    assert_eq!((broken.status, broken.code.as_str()), (400, "invalid_json"));
    assert!(broken.detail.contains("line 1"), "{}", broken.detail);
    let text = send("text/plain", b"{}".to_vec()).await;
    assert_eq!(text.status, 415, "{text:?}");

    let headers = [("content-type", "application/octet-stream")];
    let too_large = vec![0_u8; 32 * 1024 * 1024 + 1];
    let answer = api
        .send(Method::POST, "/v1/documents", &headers, too_large)
        .await;
    // A hub that stops reading may break the connection before the client has read the answer.
    if let Ok(answer) = answer {
        assert_eq!(answer.problem().unwrap().status, 413);
    }
    let not_png = api
        .send(
            Method::POST,
            "/v1/documents",
            &[("content-type", "image/png")],
            b"GIF89a".to_vec(),
        )
        .await
        .unwrap();
    assert_eq!(not_png.problem().unwrap().status, 422);
    let wrong_method = api
        .send(Method::PUT, "/v1/print-jobs", &[], Vec::new())
        .await
        .unwrap();
    assert_eq!(wrong_method.problem().unwrap().status, 405);
    still_prints(&house, "after the noise").await;
}

#[tokio::test]
async fn a_repeat_gives_the_same_job_and_another_job_under_its_key_is_refused() {
    let house = house().await;
    let api = house.hub.api().unwrap();
    let request = raw_job(house.printer.id, &ticket("once"));
    let (first, second) = tokio::join!(api.submit(&request, "k-1"), api.submit(&request, "k-1"));
    let first: PrintJob = first.unwrap().json().unwrap();
    let second: PrintJob = second.unwrap().json().unwrap();
    assert_eq!(first.id, second.id);
    let mut other = request.clone();
    other.copies = 2;
    let problem = api.submit(&other, "k-1").await.unwrap().problem().unwrap();
    assert_eq!(
        (problem.status, problem.code.as_str()),
        (422, "idempotency_mismatch")
    );
    api.settled(first.id, Duration::from_secs(20))
        .await
        .unwrap();
    assert_eq!(house.paper.titles().unwrap(), ["once"]);
}

#[tokio::test]
async fn a_wrong_key_opens_nothing_and_a_revoked_agent_is_cut_off() {
    let house = house().await;
    let api = house.hub.api().unwrap();
    let key = house.hub.key().unwrap();
    let wrong = format!("{}x", &key[..key.len() - 1]);
    for key in ["", "nonsense", &wrong] {
        let stranger = Api::new(&house.hub.url(), &house.hub.ca(), key).unwrap();
        let problem = stranger
            .get("/v1/printers")
            .await
            .unwrap()
            .problem()
            .unwrap();
        assert_eq!(
            (problem.status, problem.code.as_str()),
            (401, "key_invalid")
        );
    }
    let agent = house.printer.agent;
    let revoked = api
        .send(Method::DELETE, &format!("/v1/agents/{agent}"), &[], vec![])
        .await
        .unwrap();
    assert!(revoked.status.is_success(), "{revoked:?}");
    wait_for_agent(&api, Duration::from_secs(5), |agent| {
        agent.state == AgentState::Revoked && agent.connected_since.is_none()
    })
    .await
    .unwrap();
    let request = raw_job(house.printer.id, &ticket("too late"));
    let problem = api
        .submit(&request, "too-late")
        .await
        .unwrap()
        .problem()
        .unwrap();
    assert_eq!(problem.code, "agent_revoked", "{problem:?}");
    let said = house.till.log();
    assert!(
        said.contains("revoked"),
        "the till does not say why:\n{said}"
    );
}

#[tokio::test]
async fn a_job_whose_time_is_over_is_not_printed_late() {
    let mut house = house().await;
    let api = house.hub.api().unwrap();
    house.paper.process().kill().unwrap();
    let mut request = raw_job(house.printer.id, &ticket("late"));
    request.expires_in_s = Some(1);
    let job: PrintJob = api.submit(&request, "late").await.unwrap().json().unwrap();
    let settled = api.settled(job.id, Duration::from_secs(20)).await.unwrap();
    assert_eq!(settled.state, JobState::Expired, "{settled:#?}");
    house.paper.restart().unwrap();
    still_prints(&house, "in time").await;
    assert_eq!(house.paper.titles().unwrap(), ["in time"]);
}

#[tokio::test]
async fn a_job_is_cancelled_at_once_while_the_printer_is_away() {
    let mut house = house().await;
    let api = house.hub.api().unwrap();
    house.paper.process().kill().unwrap();
    let request = raw_job(house.printer.id, &ticket("never"));
    let job: PrintJob = api.submit(&request, "never").await.unwrap().json().unwrap();
    let nothing = serde_json::json!({});
    let path = format!("/v1/print-jobs/{}/cancel", job.id);
    let answer = api.post(&path, &nothing).await.unwrap();
    assert!(answer.status.is_success(), "{answer:?}");
    let settled = api.settled(job.id, Duration::from_secs(10)).await.unwrap();
    assert_eq!(settled.state, JobState::Cancelled, "{settled:#?}");
    house.paper.restart().unwrap();
    still_prints(&house, "next").await;
    let again = api.post(&path, &nothing).await.unwrap();
    assert!(again.status.is_success(), "a second cancel changes nothing");
    assert_eq!(house.paper.titles().unwrap(), ["next"]);
}

#[tokio::test]
async fn a_large_document_is_uploaded_fetched_and_printed() {
    let house = house().await;
    let api = house.hub.api().unwrap();
    // Beyond what travels inside an event.
    let bytes = long_ticket("large", 400_000);
    let headers = [("content-type", "application/octet-stream")];
    let stored: cueline_wire::api::StoredDocument = api
        .send(Method::POST, "/v1/documents", &headers, bytes.clone())
        .await
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(stored.bytes, bytes.len() as u64);
    let mut request = raw_job(house.printer.id, b"");
    request.content = None;
    request.content_type = ContentType::Raw;
    request.document = Some(stored.document);
    let job: PrintJob = api.submit(&request, "large").await.unwrap().json().unwrap();
    let settled = api.settled(job.id, Duration::from_secs(30)).await.unwrap();
    assert_eq!(settled.state, JobState::Done, "{settled:#?}");
    assert_eq!(house.paper.titles().unwrap(), ["large"]);
}
