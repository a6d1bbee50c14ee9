//! The link over real TLS: held, fenced, cut, drained, and never opened to the wrong ones.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod equipment;

use std::time::Duration;

use base64::Engine as _;
use cueline_model::{Failure, FailureCode, JobState, Outcome, Proof};
use cueline_wire::api::{Agent as Shown, AgentState, PrintJob};
use cueline_wire::cloud::{
    ByeReason, NONCE_HEADER, Pong, ProbeKind, Progress, Report, ReportReply, StreamEvent, Work,
    path,
};
use equipment::agent::Agent;
use equipment::stream::Stream;
use equipment::{House, QUICK, until};
use http::Method;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::json;

fn raw(agent: &Agent, bytes: &[u8]) -> serde_json::Value {
    let content = base64::engine::general_purpose::STANDARD.encode(bytes);
    json!({"printer": agent.printer, "content_type": "raw", "content": content})
}

#[tokio::test]
async fn a_job_goes_down_the_line_and_its_outcome_comes_back() {
    let house = House::open(QUICK).await;
    let (api, agent) = (house.api(), Agent::register(&house.api()).await);
    let queued: PrintJob = api
        .post("/v1/print-jobs", raw(&agent, b"first"))
        .await
        .json();
    assert_eq!(queued.state, JobState::Queued);
    assert_eq!(queued.waiting.unwrap().code, "agent_offline");

    let mut stream = agent.hold("ping=120").await;
    for part in [
        "http/1.1 200 ok",
        "content-type: text/event-stream",
        "cache-control: no-store",
        "x-accel-buffering: no",
        "transfer-encoding: chunked",
        "\r\ndate: ",
        NONCE_HEADER,
    ] {
        assert!(stream.head.contains(part), "{part} in {}", stream.head);
    }
    let hello = stream.hello().await;
    assert_eq!(hello.epoch, 1);
    assert!(
        hello.ping_s < 30,
        "granted under the idle time-out: {hello:?}"
    );
    let (sequence, offer) = stream.job().await;
    assert_eq!((sequence, offer.job), (1, queued.id));
    let hub_key = UnparsedPublicKey::new(&ED25519, &agent.registration.hub_key.0);
    hub_key
        .verify(offer.signed_text(agent.id).as_bytes(), &offer.signature.0)
        .unwrap();
    let Work::Print(print) = &offer.work;
    assert_eq!(print.body.as_ref().unwrap().0, b"first");

    let online: PrintJob = api
        .post("/v1/print-jobs", raw(&agent, b"second"))
        .await
        .json();
    assert_eq!(
        stream.job().await.1.job,
        online.id,
        "woken while it was held"
    );

    let waiting = tokio::spawn({
        let (client, key) = (house.client.clone(), house.key.clone());
        let path = format!("/v1/print-jobs/{}?wait=60", queued.id);
        async move {
            equipment::Api {
                client: &client,
                key: Some(key),
            }
            .get(&path)
            .await
        }
    });
    agent.report(1, queued.id, Progress::Accepted).await;
    agent.report(2, queued.id, Progress::Started).await;
    let done = Progress::Ended(Outcome::Done {
        proof: Proof::Printed,
    });
    assert_eq!(agent.report(3, queued.id, done.clone()).await.stored, [3]);
    let settled: PrintJob = waiting.await.unwrap().json();
    assert_eq!(
        (settled.state, settled.proof),
        (JobState::Done, Some(Proof::Printed))
    );
    assert_eq!(settled.waiting, None);
    assert_eq!(
        agent.report(3, queued.id, done).await.stored,
        [3],
        "a repeat is stored already"
    );

    let failed = Progress::Ended(Outcome::Expired);
    let rejected = agent.report(4, queued.id, failed).await.rejected;
    assert_eq!(rejected[0].code, "outcome_differs");
}

#[tokio::test]
async fn an_agent_that_lacks_what_a_job_is_for_is_asked_for_its_inventory() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    let mut stream = agent.hold("ping=120").await;
    stream.hello().await;
    let (api, offered) = (house.api(), raw(&agent, b"x"));
    let job: PrintJob = api.post("/v1/print-jobs", offered).await.json();
    assert_eq!(stream.job().await.1.job, job.id);
    let failure = Failure {
        code: FailureCode::UnknownPrinter,
        text: "there is no printer front here".to_owned(),
    };
    let failed = Progress::Ended(Outcome::Failed { failure });
    agent.report(1, job.id, failed).await;
    let Some(StreamEvent::Probe(probe)) = stream.next().await.map(|framed| framed.event) else {
        panic!("expected a probe");
    };
    assert_eq!(probe.kind, ProbeKind::Inventory);
}

#[tokio::test]
async fn pings_come_and_their_answers_keep_the_link_alive() {
    let house =
        House::open("[link]\nallow_short = true\nping_min_s = 0.2\nidle_timeout_s = 1.5\n").await;
    let agent = Agent::register(&house.api()).await;
    let mut stream = agent.hold("ping=0.2").await;
    let epoch = stream.hello().await.epoch;
    // For longer than the idle time-out.
    for expected in 1..=12 {
        let Some(StreamEvent::Ping(number)) = stream.next().await.map(|framed| framed.event) else {
            panic!("expected ping {expected}");
        };
        assert_eq!(number, expected);
        let pong = Report {
            pong: Some(Pong { epoch, number }),
            ..Report::default()
        };
        let reply: ReportReply = agent.send(Method::POST, path::REPORTS, &pong).await.json();
        assert_eq!(reply, ReportReply::default());
    }
    let shown: Shown = house
        .api()
        .get(&format!("/v1/agents/{}", agent.id))
        .await
        .json();
    assert_eq!(shown.state, AgentState::Online);
    assert!(shown.last_seen_at >= shown.connected_since);
    assert_eq!(
        (shown.path.as_deref(), shown.ping_s),
        (Some("direct"), Some(1))
    );
    assert_eq!(
        stream.bye().await.reason,
        ByeReason::Silent,
        "once it says nothing more"
    );
    assert!(stream.complete || stream.closed(Duration::from_secs(5)).await);
    until("the agent is off line", || async {
        let shown: Shown = house
            .api()
            .get(&format!("/v1/agents/{}", agent.id))
            .await
            .json();
        shown.state == AgentState::Offline && shown.connected_since.is_none()
    })
    .await;
}

#[tokio::test]
async fn a_newer_link_fences_the_older_and_gets_what_was_not_acknowledged() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    let mut old = agent.hold("ping=120").await;
    old.hello().await;
    let job: PrintJob = house
        .api()
        .post("/v1/print-jobs", raw(&agent, b"x"))
        .await
        .json();
    assert_eq!(old.job().await.1.job, job.id);
    let mut new = agent.hold("ping=120").await;
    assert_eq!(new.hello().await.epoch, 2);
    assert_eq!(old.bye().await.reason, ByeReason::Superseded);
    assert_eq!(
        new.job().await.1.job,
        job.id,
        "offered again: nobody acknowledged it"
    );
    drop(old);
    agent.report(1, job.id, Progress::Accepted).await;
    let again: PrintJob = house
        .api()
        .post("/v1/print-jobs", raw(&agent, b"y"))
        .await
        .json();
    assert_eq!(new.job().await.1.job, again.id);
}

#[tokio::test]
async fn a_job_left_unacknowledged_ends_the_link_and_is_offered_again() {
    let house =
        House::open(&QUICK.replace("acknowledge_within_s = 5.0", "acknowledge_within_s = 0.3"))
            .await;
    let agent = Agent::register(&house.api()).await;
    let mut stream = agent.hold("").await;
    stream.hello().await;
    let job: PrintJob = house
        .api()
        .post("/v1/print-jobs", raw(&agent, b"x"))
        .await
        .json();
    assert_eq!(stream.bye().await.reason, ByeReason::Unacknowledged);
    let mut stream = agent.hold("").await;
    stream.hello().await;
    assert_eq!(stream.job().await.1.job, job.id);
}

#[tokio::test]
async fn in_poll_mode_an_answer_ends_with_what_it_brings() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    let mut poll = agent.hold("ping=0.3&mode=poll").await;
    poll.hello().await;
    assert!(matches!(
        poll.next().await.unwrap().event,
        StreamEvent::Ping(1)
    ));
    assert!(
        poll.next().await.is_none() && poll.complete,
        "a complete answer"
    );

    let mut poll = agent.hold("ping=120&mode=poll").await;
    poll.hello().await;
    let job: PrintJob = house
        .api()
        .post("/v1/print-jobs", raw(&agent, b"x"))
        .await
        .json();
    assert_eq!(poll.job().await.1.job, job.id);
    assert!(poll.next().await.is_none() && poll.complete);

    let mut poll = agent.hold("ping=120&mode=poll").await;
    poll.hello().await;
    assert_eq!(poll.job().await.1.job, job.id, "the backlog too");
    assert!(poll.next().await.is_none() && poll.complete);
}

#[tokio::test]
async fn a_revoked_agent_is_cut_off_within_five_seconds_for_good() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    let mut stream = agent.hold("ping=120").await;
    stream.hello().await;
    let path = format!("/v1/agents/{}", agent.id);
    assert_eq!(
        house.other().delete(&path).await.code(),
        (404, "not_found".to_owned())
    );
    assert_eq!(house.api().delete(&path).await.status, 204);
    assert_eq!(stream.bye().await.reason, ByeReason::Revoked);
    assert!(stream.closed(Duration::from_secs(5)).await);
    let answer = agent
        .send(Method::POST, path::REPORTS, &Report::default())
        .await;
    assert_eq!(answer.code(), (403, "agent_revoked".to_owned()));
    let refused = agent.hold("ping=120").await;
    assert!(refused.head.starts_with("http/1.1 403"), "{}", refused.head);
    let shown: Shown = house.api().get(&path).await.json();
    assert_eq!(
        (shown.state, shown.connected_since),
        (AgentState::Revoked, None)
    );
    let answer = house.api().post("/v1/print-jobs", raw(&agent, b"x")).await;
    assert_eq!(answer.code(), (409, "agent_revoked".to_owned()));
}

#[tokio::test]
async fn a_hub_that_stops_says_goodbye_at_spread_times() {
    let house = House::open(QUICK).await;
    let mut streams = Vec::new();
    for _ in 0..4 {
        let agent = Agent::register(&house.api()).await;
        let mut stream = agent.hold("ping=120").await;
        stream.hello().await;
        streams.push(stream);
    }
    let stopping = tokio::spawn(house.running.stop());
    let mut times = Vec::new();
    for stream in &mut streams {
        let bye = stream.bye().await;
        assert_eq!(bye.reason, ByeReason::Draining);
        times.push(bye.retry_after_ms);
    }
    times.sort_unstable();
    assert_eq!(times, [0, 500, 1000, 1500]);
    drop(streams);
    tokio::time::timeout(Duration::from_secs(10), stopping)
        .await
        .unwrap()
        .unwrap();
    assert!(
        tokio::net::TcpStream::connect(house.client.address)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn only_what_the_agent_signed_is_taken() {
    let house = House::open(QUICK).await;
    let mut agent = Agent::register(&house.api()).await;
    let body = serde_json::to_vec(&Report::default()).unwrap();
    let send = |request| async { house.client.send(request).await.code() };
    let report = |agent: &Agent| agent.signed(Method::POST, path::REPORTS, &body);
    let refused = |code: &str| (401, code.to_owned());
    assert_eq!(house.client.send(report(&agent)).await.status, 200);
    assert_eq!(
        house.client.send(report(&agent)).await.status,
        200,
        "a repeat changes nothing"
    );

    let mut other_body = report(&agent);
    *other_body.body_mut() = b"{\"pong\":{\"epoch\":1,\"number\":1}}".to_vec();
    assert_eq!(send(other_body).await, refused("signature_invalid"));
    let mut unsigned = report(&agent);
    unsigned.headers_mut().remove("signature");
    assert_eq!(send(unsigned).await, refused("signature_invalid"));
    let mut elsewhere = report(&agent);
    elsewhere
        .headers_mut()
        .insert("host", "hub.example".parse().unwrap());
    assert_eq!(send(elsewhere).await, refused("signature_invalid"));
    let mut moved = report(&agent);
    *moved.uri_mut() = "/link/v1/reports?x=1".parse().unwrap();
    assert_eq!(send(moved).await, refused("signature_invalid"));

    let good = std::mem::take(&mut agent.nonce);
    let answer = house.client.send(report(&agent)).await;
    assert_eq!(answer.code(), refused("nonce_required"));
    assert!(answer.headers.contains_key(NONCE_HEADER));
    assert!(agent.hold("").await.head.contains("401"));
    agent.nonce = cueline_hub::auth::HubKey::load_or_make(&house.data.path().join("data"))
        .unwrap()
        .nonces()
        .issue(cueline_hub::clock::wall().shifted_ms(-301_000));
    assert_eq!(send(report(&agent)).await, refused("nonce_stale"));
    agent.nonce = good;
    agent.id = cueline_model::AgentId::from_u128(7);
    assert_eq!(send(report(&agent)).await, refused("agent_unknown"));
}

#[tokio::test]
async fn a_refused_held_request_is_signed_again_on_the_same_connection() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let house = House::open(QUICK).await;
    let mut agent = Agent::register(&house.api()).await;
    let good = std::mem::take(&mut agent.nonce);
    let mut connection = house.client.connect().await;
    let stale = equipment::stream::written(&agent.signed(Method::GET, path::STREAM, b""));
    connection.write_all(&stale).await.unwrap();
    let mut read = vec![0; 4096];
    let count = connection.read(&mut read).await.unwrap();
    let text = String::from_utf8_lossy(&read[..count]).into_owned();
    assert!(
        text.starts_with("HTTP/1.1 401") && text.contains("nonce_required"),
        "{text}"
    );
    agent.nonce = good;
    let signed = equipment::stream::written(&agent.signed(Method::GET, path::STREAM, b""));
    connection.write_all(&signed).await.unwrap();
    let count = connection.read(&mut read).await.unwrap();
    assert!(read[..count].starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn a_long_document_is_fetched_in_ranges_by_its_agent_alone() {
    let house = House::open(QUICK).await;
    let (agent, other) = (
        Agent::register(&house.api()).await,
        Agent::register(&house.api()).await,
    );
    let bytes: Vec<u8> = (0..200_000_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    let job: PrintJob = house
        .api()
        .post("/v1/print-jobs", raw(&agent, &bytes))
        .await
        .json();
    let mut stream = agent.hold("").await;
    stream.hello().await;
    let (_, offer) = stream.job().await;
    let Work::Print(print) = offer.work;
    assert_eq!((print.body, print.document.bytes), (None, 200_000));

    let path = path::document(job.id);
    let whole = agent.get(&path, &[]).await;
    assert_eq!((whole.status.as_u16(), &whole.body[..]), (200, &bytes[..]));
    let etag = whole.headers["etag"].to_str().unwrap();
    assert_eq!(etag, format!("\"{}\"", print.document.sha256));
    let rest = agent
        .get(&path, &[("range", "bytes=150000-"), ("if-range", etag)])
        .await;
    assert_eq!(
        (rest.status.as_u16(), &rest.body[..]),
        (206, &bytes[150_000..])
    );
    assert_eq!(rest.headers["content-range"], "bytes 150000-199999/200000");
    let beyond = agent.get(&path, &[("range", "bytes=200000-")]).await;
    assert_eq!(beyond.code().0, 416);
    assert_eq!(beyond.headers["content-range"], "bytes */200000");
    assert_eq!(other.get(&path, &[]).await.code().0, 404);
}

#[tokio::test]
async fn the_stream_on_a_connection_in_use_is_sent_elsewhere() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    let first = equipment::stream::written(
        &http::Request::get("/healthz")
            .header("host", "h")
            .body(Vec::new())
            .unwrap(),
    );
    let second = equipment::stream::written(&agent.signed(Method::GET, path::STREAM, b""));
    let mut connection = house.client.connect().await;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    connection
        .write_all(&[first, second].concat())
        .await
        .unwrap();
    let mut read = Vec::new();
    let ended = tokio::time::timeout(equipment::PATIENCE, connection.read_to_end(&mut read)).await;
    assert!(ended.is_ok(), "the hub closes it");
    let text = String::from_utf8_lossy(&read).into_owned();
    assert!(
        text.contains("421") && text.contains("fresh_connection_needed"),
        "{text}"
    );
}

#[tokio::test]
async fn cancelling_asks_the_agent_once_it_may_have_the_job() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    let never: PrintJob = house
        .api()
        .post("/v1/print-jobs", raw(&agent, b"a"))
        .await
        .json();
    let path = |job: &PrintJob| format!("/v1/print-jobs/{}/cancel", job.id);
    let cancelled: PrintJob = house.api().post(&path(&never), json!({})).await.json();
    assert_eq!(
        cancelled.state,
        JobState::Cancelled,
        "never offered: at once"
    );
    let mut stream: Stream = agent.hold("").await;
    stream.hello().await;
    let job: PrintJob = house
        .api()
        .post("/v1/print-jobs", raw(&agent, b"b"))
        .await
        .json();
    assert_eq!(
        stream.job().await.1.job,
        job.id,
        "the cancelled one is not offered"
    );
    agent.report(1, job.id, Progress::Accepted).await;
    let asked: PrintJob = house.api().post(&path(&job), json!({})).await.json();
    assert!(asked.cancel_requested_at.is_some());
    match stream.next().await.unwrap().event {
        StreamEvent::Withdraw(withdraw) => assert_eq!(withdraw.job, job.id),
        other => panic!("{other:?}"),
    }
    agent.report(2, job.id, Progress::Started).await;
    let late = house.api().post(&path(&job), json!({})).await;
    assert_eq!(late.code(), (409, "too_late".to_owned()));
}
