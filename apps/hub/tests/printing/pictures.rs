//! `GET /v1/print-jobs/{id}/picture`: what comes out, page by page, made in a child process.

use base64::Engine as _;
use cueline_wire::api::PrintJob;
use serde_json::{Value, json};

use super::equipment::agent::Agent;
use super::equipment::{House, QUICK};
use super::{able, raw, with};

fn tickets(count: usize) -> Value {
    let tickets: Vec<_> = (1..=count)
        .map(|n| json!({"seat": n.to_string()}))
        .collect();
    json!({
        "cueline_ticket": 1,
        "size": {"width_mm": 60, "height_mm": 30},
        "tickets": tickets,
        "elements": [
            {"type": "text", "text": "Seat {{seat}}", "x_mm": 2, "y_mm": 2, "size_pt": 20},
        ],
    })
}

async fn made(house: &House, agent: &Agent, content_type: &str, document: &[u8]) -> PrintJob {
    let content = base64::engine::general_purpose::STANDARD.encode(document);
    let asked = with(raw(agent), "content_type", json!(content_type));
    let asked = with(asked, "content", json!(content));
    let answer = house.api().post("/v1/print-jobs", asked).await;
    answer.json()
}

/// Width and height out of a PNG's first chunk.
fn size(png: &[u8]) -> (u32, u32) {
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"), "{png:?}");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[tokio::test]
async fn each_page_of_a_job_is_pictured_as_it_comes_out() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    agent.install(vec![able()]).await;
    let document = tickets(3).to_string();
    let job = made(&house, &agent, "ticket", document.as_bytes()).await;
    let path = format!("/v1/print-jobs/{}/picture", job.id);
    let first = house.api().get(&path).await;
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(first.headers["content-type"], "image/png");
    assert_eq!(first.headers["cache-control"], "private, max-age=60");
    assert_eq!(first.headers["cueline-pages"], "3");
    // 60 mm at 203 dots to the inch.
    assert_eq!(size(&first.body).0, 480);
    let third = house.api().get(&format!("{path}?page=3")).await;
    assert_eq!(third.headers["cueline-pages"], "3");
    assert_ne!(third.body, first.body, "each ticket is its own");
    assert_eq!(
        house.api().get(&format!("{path}?page=1")).await.body,
        first.body
    );
    for (query, expected) in [
        ("?page=4", (404, "no_such_page")),
        ("?page=0", (400, "invalid_query")),
        ("?page=101", (400, "invalid_query")),
        ("?pages=1", (400, "invalid_query")),
    ] {
        let answer = house.api().get(&format!("{path}{query}")).await;
        assert_eq!(
            answer.code(),
            (expected.0, expected.1.to_owned()),
            "{query}"
        );
    }
}

#[tokio::test]
async fn options_are_in_the_picture() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    agent.install(vec![able()]).await;
    let content = base64::engine::general_purpose::STANDARD.encode(tickets(2).to_string());
    let asked = json!({"printer": agent.printer, "content_type": "ticket", "content": content,
        "options": {"rotate": 90, "from_ticket": 2}, "copies": 3});
    let job: PrintJob = house.api().post("/v1/print-jobs", asked).await.json();
    let path = format!("/v1/print-jobs/{}/picture", job.id);
    let picture = house.api().get(&path).await;
    assert_eq!(picture.headers["cueline-pages"], "2", "of one copy, whole");
    let (width, height) = size(&picture.body);
    assert!(width < height, "turned: {width} x {height}");
}

#[tokio::test]
async fn a_document_that_cannot_be_pictured_says_why() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    agent.install(vec![able()]).await;
    for (content_type, document) in [
        ("png", &b"\x89PNG\r\n\x1a\nno more than that"[..]),
        ("pdf", b"%PDF-1.7 and nothing else"),
        ("jpeg", b"\xff\xd8\xff\xe0 and nothing else"),
    ] {
        let job = made(&house, &agent, content_type, document).await;
        let answer = house
            .api()
            .get(&format!("/v1/print-jobs/{}/picture", job.id))
            .await;
        assert_eq!(
            answer.code(),
            (422, "bad_document".to_owned()),
            "{content_type}"
        );
    }
}
