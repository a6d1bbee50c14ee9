//! `GET /v1/events`: what happens is told as it happens, to its own tenant, and again to who was away.

use std::time::Duration;

use cueline_model::{Fault, FaultCode, JobState, Outcome, Proof};
use cueline_wire::api::{ApiKey, JobEvent, PrintJob, PrinterChange, PrinterEvent};
use cueline_wire::cloud::Progress;
use cueline_wire::cloud::sse::Frame;
use http::Request;
use serde_json::json;

use super::equipment::agent::Agent;
use super::equipment::stream::Stream;
use super::equipment::{Api, House, QUICK};
use super::{able, raw};

async fn listen(api: &Api<'_>, last: Option<&str>) -> Stream {
    let mut request = Request::get("/v1/events")
        .header("host", api.client.address.to_string())
        .header(
            "authorization",
            format!("Bearer {}", api.key.as_ref().unwrap()),
        );
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let stream = Stream::open(api.client, request.body(Vec::new()).unwrap()).await;
    assert!(stream.head.starts_with("http/1.1 200"), "{}", stream.head);
    assert!(
        stream.head.contains("content-type: text/event-stream"),
        "{}",
        stream.head
    );
    stream
}

async fn next(stream: &mut Stream) -> Frame {
    stream.next_frame().await.expect("the stream goes on")
}

async fn job_event(stream: &mut Stream) -> JobEvent {
    let frame = next(stream).await;
    assert_eq!(frame.event, "print_job", "{frame:?}");
    serde_json::from_str(&frame.data).unwrap()
}

#[tokio::test]
async fn what_happens_is_told_to_its_tenant_alone() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    agent.install(vec![able()]).await;
    let mut here = listen(&house.api(), None).await;
    let mut there = listen(&house.other(), None).await;

    let job: PrintJob = house.api().post("/v1/print-jobs", raw(&agent)).await.json();
    let made = job_event(&mut here).await;
    assert_eq!(
        (made.job, made.printer, made.state),
        (job.id, agent.printer, JobState::Queued)
    );
    let out = Fault::new(FaultCode::PaperOut, "the printer is out of paper");
    agent.tell(Some(out.clone()), None).await;
    let frame = next(&mut here).await;
    assert_eq!(frame.event, "printer");
    let event: PrinterEvent = serde_json::from_str(&frame.data).unwrap();
    assert_eq!(
        (event.printer, event.what),
        (agent.printer, PrinterChange::FaultBegan)
    );
    assert_eq!(event.text, out.text);
    agent.report(1, job.id, Progress::Started).await;
    assert_eq!(job_event(&mut here).await.state, JobState::Started);
    agent
        .report(
            2,
            job.id,
            Progress::Printing {
                printed: 1,
                total: 2,
            },
        )
        .await;
    assert_eq!(job_event(&mut here).await.tickets.unwrap().printed, 1);
    let proof = Proof::Printed;
    agent
        .report(3, job.id, Progress::Ended(Outcome::Done { proof }))
        .await;
    let done = job_event(&mut here).await;
    assert_eq!(
        (done.state, done.tickets.unwrap().printed),
        (JobState::Done, 2)
    );

    // The other tenant has heard nothing of it: its own job is the first it hears of.
    let theirs = Agent::register(&house.other()).await;
    let job: PrintJob = house
        .other()
        .post("/v1/print-jobs", raw(&theirs))
        .await
        .json();
    assert_eq!(job_event(&mut there).await.job, job.id);
}

#[tokio::test]
async fn who_was_away_goes_on_where_it_was_or_is_told_to_ask_anew() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    let mut first = listen(&house.api(), None).await;
    let make = || async {
        let answer = house.api().post("/v1/print-jobs", raw(&agent)).await;
        answer.json::<PrintJob>().id
    };
    make().await;
    let last = next(&mut first).await.id.unwrap();
    drop(first);
    let missed = [make().await, make().await];
    let mut again = listen(&house.api(), Some(&last)).await;
    for job in missed {
        assert_eq!(job_event(&mut again).await.job, job);
    }
    // Of an event that this hub does not know.
    let mut lost = listen(&house.api(), Some("7")).await;
    let reset = next(&mut lost).await;
    assert_eq!((reset.event.as_str(), reset.data.as_str()), ("reset", "{}"));
    let job = make().await;
    let event = next(&mut lost).await;
    assert!(event.data.contains(&job.to_string()), "{event:?}");
    let here: u64 = reset.id.unwrap().parse().unwrap();
    assert_eq!(event.id.unwrap(), (here + 1).to_string());
    let odd = house
        .api()
        .call(
            http::Method::GET,
            "/v1/events",
            &[("last-event-id", "x")],
            Vec::new(),
        )
        .await;
    assert_eq!(odd.code(), (400, "last_event_id_invalid".to_owned()));
}

#[tokio::test]
async fn a_stream_needs_a_key_and_ends_with_the_hub() {
    let house = House::open(QUICK).await;
    let nobody = Api {
        client: &house.client,
        key: None,
    };
    assert_eq!(nobody.get("/v1/events").await.code().0, 401);
    let asked = json!({"name": "prints", "scopes": ["print"]});
    let key: ApiKey = house.api().post("/v1/api-keys", asked).await.json();
    let printing = Api {
        client: &house.client,
        key: key.key,
    };
    assert_eq!(
        printing.get("/v1/events").await.code(),
        (403, "scope_missing".to_owned())
    );

    let mut stream = listen(&house.api(), None).await;
    let House { running, .. } = house;
    let stopping = tokio::time::timeout(Duration::from_secs(20), running.stop());
    let (stopped, ended) = tokio::join!(stopping, stream.next_frame());
    assert!(stopped.is_ok(), "a stream does not hold up the hub");
    assert!(ended.is_none() && stream.complete, "ended properly");
}

#[tokio::test]
async fn a_stream_ends_once_its_key_is_revoked() {
    let house = House::open(QUICK).await;
    let asked = json!({"name": "reads", "scopes": ["read"]});
    let key: ApiKey = house.api().post("/v1/api-keys", asked).await.json();
    let reading = Api {
        client: &house.client,
        key: key.key.clone(),
    };
    let mut stream = listen(&reading, None).await;
    let path = format!("/v1/api-keys/{}", key.id);
    assert_eq!(house.api().delete(&path).await.status, 204);
    assert_eq!(stream.next_frame().await, None);
    assert!(stream.complete, "ended properly");
}
