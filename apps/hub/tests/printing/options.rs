//! Options: what is refused, what is left out and said, what reaches the agent.

use cueline_model::{OptionName, PrintOptions, Rotation};
use cueline_wire::api::PrintJob;
use cueline_wire::cloud::Work;
use serde_json::json;

use super::equipment::agent::Agent;
use super::equipment::{House, QUICK};
use super::{able, raw, with};

#[tokio::test]
async fn options_are_checked_kept_shown_and_offered() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    agent.install(vec![able()]).await;
    let mut stream = agent.hold("").await;
    stream.hello().await;
    let post = |options: serde_json::Value| {
        let asked = with(raw(&agent), "options", options);
        let api = house.api();
        async move { api.post("/v1/print-jobs", asked).await }
    };
    for (options, code) in [
        (json!({"rotate": 45}), "invalid_request"),
        (json!({"colour": true}), "invalid_request"),
        (json!({"darkness": 101}), "option_invalid"),
        (json!({"from_ticket": 0}), "option_invalid"),
        (
            json!({"duplex": "long_edge", "on_unsupported": "strict"}),
            "option_unsupported",
        ),
        (
            json!({"tray": "top", "on_unsupported": "strict"}),
            "option_unsupported",
        ),
    ] {
        let answer = post(options.clone()).await;
        assert_eq!(answer.code(), (422, code.to_owned()), "{options}");
    }
    let strict =
        json!({"duplex": "long_edge", "tray": "top", "rotate": 90, "on_unsupported": "strict"});
    let detail = post(strict).await.problem().detail;
    for named in [
        "duplex long_edge",
        "the printer has main, manual",
        "best_effort",
    ] {
        assert!(detail.contains(named), "{detail}");
    }

    let job: PrintJob = post(json!({"rotate": 90, "tray": "main", "on_unsupported": "strict"}))
        .await
        .json();
    assert_eq!(job.options.rotate, Some(Rotation::R90));
    assert_eq!(job.notes, []);
    let Work::Print(work) = stream.job().await.1.work;
    assert_eq!(work.options, job.options);
    assert!(!work.marked);

    let job: PrintJob = post(json!({"rotate": 180, "duplex": "long_edge"}))
        .await
        .json();
    assert!(job.options.duplex.is_some(), "shown as given");
    let left_out: Vec<_> = job.notes.iter().map(|note| note.option).collect();
    assert_eq!(left_out, [OptionName::Duplex]);
    let Work::Print(work) = stream.job().await.1.work;
    let rotate = Some(Rotation::R180);
    let expected = PrintOptions {
        rotate,
        ..PrintOptions::default()
    };
    assert_eq!(work.options, expected, "without what the note names");
    let shown: PrintJob = house
        .api()
        .get(&format!("/v1/print-jobs/{}", job.id))
        .await
        .json();
    assert_eq!((shown.options, shown.notes), (job.options, job.notes));
}

#[tokio::test]
async fn an_agent_that_does_not_tell_is_offered_no_options() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    let mut stream = agent.hold("").await;
    stream.hello().await;
    let asked = with(raw(&agent), "options", json!({"rotate": 90}));
    let job: PrintJob = house
        .api()
        .post("/v1/print-jobs", asked.clone())
        .await
        .json();
    assert_eq!(job.notes.len(), 1);
    assert!(
        job.notes[0].text.contains("does not tell"),
        "{:?}",
        job.notes
    );
    let Work::Print(work) = stream.job().await.1.work;
    assert!(work.options.is_default());
    let strict = with(
        asked,
        "options",
        json!({"rotate": 90, "on_unsupported": "strict"}),
    );
    let answer = house.api().post("/v1/print-jobs", strict).await;
    assert_eq!(answer.code(), (422, "option_unsupported".to_owned()));
    let later = with(raw(&agent), "options", json!({"from_ticket": 2}));
    let answer = house.api().post("/v1/print-jobs", later).await;
    assert_eq!(answer.code(), (409, "agent_outdated".to_owned()));
}

#[tokio::test]
async fn each_type_of_document_is_taken_by_the_printers_that_print_it() {
    use base64::Engine as _;
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    let jpeg: &[u8] = b"\xff\xd8\xff\xe0 and so on";
    let asked = with(raw(&agent), "content_type", json!("jpeg"));
    let asked = with(asked, "content", json!(encode(jpeg)));
    let answer = house.api().post("/v1/print-jobs", asked.clone()).await;
    assert_eq!(answer.code(), (422, "content_not_supported".to_owned()));
    agent.install(vec![able()]).await;
    assert_eq!(house.api().post("/v1/print-jobs", asked).await.status, 201);

    let ticket = with(raw(&agent), "content_type", json!("ticket"));
    let long = format!("{{\"text\": \"{}\"}}", "a".repeat(1024 * 1024));
    let asked = with(ticket, "content", json!(encode(long.as_bytes())));
    let answer = house.api().post("/v1/print-jobs", asked).await;
    assert_eq!(answer.code(), (413, "document_too_large".to_owned()));
    let headers = [("content-type", "application/vnd.cueline.ticket+json")];
    let answer = house
        .api()
        .call(
            http::Method::POST,
            "/v1/documents",
            &headers,
            long.into_bytes(),
        )
        .await;
    assert_eq!(answer.code(), (413, "too_large".to_owned()));

    let odd = json!({"cueline_ticket": 1, "size": {"width_mm": 80, "height_mm": "auto"},
        "elements": [{"type": "text", "text": "Hamlet", "x_mm": 1, "y_mm": 1, "size_pt": 1}]});
    let asked = with(raw(&agent), "content_type", json!("ticket"));
    let asked = with(asked, "content", json!(encode(odd.to_string().as_bytes())));
    let refused = house.api().post("/v1/print-jobs", asked.clone()).await;
    assert_eq!(refused.code(), (422, "ticket_invalid".to_owned()));
    let detail = refused.problem().detail;
    assert!(detail.contains("element 1 (text): size_pt"), "{detail}");
    let upload = |document: String| {
        let api = house.api();
        async move {
            api.call(
                http::Method::POST,
                "/v1/documents",
                &headers,
                document.into(),
            )
            .await
        }
    };
    let refused = upload(odd.to_string()).await;
    assert_eq!(refused.code(), (422, "ticket_invalid".to_owned()));
    let good = odd.to_string().replace("\"size_pt\":1", "\"size_pt\":10");
    let stored: cueline_wire::api::StoredDocument = upload(good).await.json();
    let asked =
        json!({"printer": agent.printer, "content_type": "ticket", "document": stored.document});
    assert_eq!(house.api().post("/v1/print-jobs", asked).await.status, 201);
}
