//! Tickets counted, and what is done about a job that may or may not be on paper.

use cueline_model::{JobId, JobState, Outcome, Proof, TicketCount};
use cueline_wire::api::{Decision, Page, PrintJob};
use cueline_wire::cloud::{Progress, Work};
use serde_json::{Value, json};

use super::equipment::agent::Agent;
use super::equipment::stream::Stream;
use super::equipment::{Answer, House, QUICK};
use super::{able, raw, with};

async fn open() -> (House, Agent, Stream) {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    agent.install(vec![able()]).await;
    let mut stream = agent.hold("").await;
    stream.hello().await;
    (house, agent, stream)
}

async fn printed(house: &House, agent: &Agent, stream: &mut Stream) -> JobId {
    let asked = with(raw(agent), "options", json!({"cut": "each"}));
    let job: PrintJob = house.api().post("/v1/print-jobs", asked).await.json();
    stream.job().await;
    job.id
}

async fn shown(house: &House, job: JobId) -> PrintJob {
    house
        .api()
        .get(&format!("/v1/print-jobs/{job}"))
        .await
        .json()
}

async fn post(house: &House, job: JobId, verb: &str, body: Value) -> Answer {
    let path = format!("/v1/print-jobs/{job}/{verb}");
    house.api().post(&path, body).await
}

fn count(printed: u32, unknown: u32, total: u32) -> Option<TicketCount> {
    Some(TicketCount {
        printed,
        unknown,
        total,
    })
}

fn uncertain() -> Progress {
    Progress::Ended(Outcome::Uncertain {
        detail: "the connection broke in mid-ticket".to_owned(),
        tickets: count(6, 1, 10),
    })
}

#[tokio::test]
async fn tickets_are_shown_as_the_printer_proves_them() {
    let (house, agent, mut stream) = open().await;
    let job = printed(&house, &agent, &mut stream).await;
    assert_eq!(shown(&house, job).await.tickets, None);
    agent.report(1, job, Progress::Started).await;
    agent
        .report(
            2,
            job,
            Progress::Printing {
                printed: 4,
                total: 10,
            },
        )
        .await;
    let going_on = shown(&house, job).await;
    assert_eq!(
        (going_on.state, going_on.tickets),
        (JobState::Started, count(4, 6, 10))
    );
    let proof = Proof::Printed;
    agent
        .report(3, job, Progress::Ended(Outcome::Done { proof }))
        .await;
    assert_eq!(shown(&house, job).await.tickets, count(10, 0, 10));
}

#[tokio::test]
async fn a_job_in_doubt_is_printed_again_from_a_ticket_on() {
    let (house, agent, mut stream) = open().await;
    let job = printed(&house, &agent, &mut stream).await;
    let early = post(&house, job, "reprint", json!({})).await;
    assert_eq!(early.code(), (409, "not_settled".to_owned()));
    agent.report(1, job, uncertain()).await;
    assert_eq!(shown(&house, job).await.tickets, count(6, 1, 10));
    for (body, code) in [
        (json!({"from_ticket": 11}), (422, "option_invalid")),
        (json!({"from_ticket": 0}), (422, "option_invalid")),
        (json!({"from": 1}), (422, "invalid_request")),
        (
            json!({"printer": "prn_00000000000000000000000000000007"}),
            (404, "unknown_printer"),
        ),
    ] {
        let answer = post(&house, job, "reprint", body.clone()).await;
        assert_eq!(answer.code(), (code.0, code.1.to_owned()), "{body}");
    }
    // Ticket 7 may be there already, ticket 8 is not.
    for (body, marked) in [
        (json!({"from_ticket": 7}), true),
        (json!({"from_ticket": 8}), false),
        (json!({"from_ticket": 8, "marked": true}), true),
        (json!({}), true),
    ] {
        let answer = post(&house, job, "reprint", body.clone()).await;
        assert_eq!(answer.status, 201);
        let again: PrintJob = answer.json();
        assert_eq!(
            answer.headers["location"],
            format!("/v1/print-jobs/{}", again.id)
        );
        assert_eq!(
            (again.reprint_of, again.marked),
            (Some(job), marked),
            "{body}"
        );
        let before = shown(&house, job).await;
        assert_eq!(
            (again.document, again.copies),
            (before.document, before.copies)
        );
        let Work::Print(work) = stream.job().await.1.work;
        assert_eq!((work.marked, &work.options), (marked, &again.options));
        assert_eq!(work.options.cut, before.options.cut);
        assert_eq!(json!(work.options.from_ticket), body["from_ticket"]);
    }
    let before = shown(&house, job).await;
    assert_eq!(
        (before.state, before.resolution),
        (JobState::Uncertain, None)
    );
}

#[tokio::test]
async fn a_reprint_asked_for_twice_is_one() {
    let (house, agent, mut stream) = open().await;
    let job = printed(&house, &agent, &mut stream).await;
    agent.report(1, job, uncertain()).await;
    let path = format!("/v1/print-jobs/{job}/reprint");
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "r-1"),
    ];
    let ask = |body: &'static str| {
        let api = house.api();
        let path = path.clone();
        async move {
            api.call(http::Method::POST, &path, &headers, body.into())
                .await
        }
    };
    let first = ask("{\"from_ticket\": 7}").await;
    let again = ask("{ \"from_ticket\":7 }").await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200));
    assert_eq!(first.json::<PrintJob>().id, again.json::<PrintJob>().id);
    let other = ask("{\"from_ticket\": 8}").await;
    assert_eq!(other.code(), (422, "idempotency_mismatch".to_owned()));
}

#[tokio::test]
async fn a_job_in_doubt_is_resolved_once_and_stays_uncertain() {
    let (house, agent, mut stream) = open().await;
    let job = printed(&house, &agent, &mut stream).await;
    let found = json!({"decision": "printed", "by": " Anna ", "reason": "it lay in the tray"});
    let early = post(&house, job, "resolve", found.clone()).await;
    assert_eq!(early.code(), (409, "not_uncertain".to_owned()));
    agent.report(1, job, uncertain()).await;
    let listed = |resolved: bool| {
        let api = house.api();
        async move {
            let path = format!("/v1/print-jobs?state=uncertain&resolved={resolved}");
            let page: Page<PrintJob> = api.get(&path).await.json();
            page.data.iter().map(|job| job.id).collect::<Vec<_>>()
        }
    };
    assert_eq!(
        (listed(false).await, listed(true).await),
        (vec![job], vec![])
    );
    for bad in [
        json!({"decision": "lost", "by": "Anna"}),
        json!({"decision": "printed", "by": ""}),
        json!({"decision": "printed", "by": "A\nB"}),
        json!({"decision": "printed", "by": "Anna", "reason": "a".repeat(501)}),
    ] {
        let answer = post(&house, job, "resolve", bad.clone()).await;
        assert_eq!(answer.code(), (422, "invalid_request".to_owned()), "{bad}");
    }
    let resolved: PrintJob = post(&house, job, "resolve", found.clone()).await.json();
    assert_eq!(resolved.state, JobState::Uncertain);
    let resolution = resolved.resolution.clone().unwrap();
    assert_eq!(
        (resolution.decision, resolution.by.as_str()),
        (Decision::Printed, "Anna")
    );
    assert_eq!(resolved.timeline.last().unwrap().what, "resolved");
    assert_eq!(
        (listed(false).await, listed(true).await),
        (vec![], vec![job])
    );
    let again: PrintJob = post(&house, job, "resolve", found).await.json();
    assert_eq!(again, resolved);
    let other = json!({"decision": "not_printed", "by": "Bert"});
    let other = post(&house, job, "resolve", other).await;
    assert_eq!(other.code(), (409, "already_resolved".to_owned()));
    assert!(other.problem().detail.contains("printed by Anna"));
}
