//! Lines on which little goes through at a time.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod equipment;

use std::time::Duration;

use base64::Engine as _;
use cueline_wire::api::PrintJob;
use cueline_wire::cloud::StreamEvent;
use equipment::agent::Agent;
use equipment::{House, QUICK};
use serde_json::json;

/// More than the two ends' systems hold of an answer that nobody reads.
const JOBS: usize = 32;

#[tokio::test]
async fn a_complete_answer_may_be_long_and_its_reader_pause() {
    let mut house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    let mut made = Vec::new();
    for number in 0..JOBS {
        let document = vec![u8::try_from(number).unwrap(); 64 * 1024];
        let content = base64::engine::general_purpose::STANDARD.encode(document);
        let asked = json!({"printer": agent.printer, "content_type": "raw", "content": content});
        let job: PrintJob = house.api().post("/v1/print-jobs", asked).await.json();
        made.push(job.id);
    }
    house.client.receive_buffer = Some(4 * 1024);
    let agent = agent.through(&house.client);
    let mut poll = agent.hold("ping=120&mode=poll").await;
    poll.hello().await;
    // Longer than the hub gives a link that somebody has ended, shorter than it gives a slow reader.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let mut offered = Vec::new();
    while let Some(framed) = poll.next().await {
        if let StreamEvent::Job(offer) = framed.event {
            offered.push(offer.job);
        }
    }
    assert_eq!(offered, made);
    assert!(poll.complete, "the answer has its end");
}
