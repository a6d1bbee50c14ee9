//! What is told of printers: what they can do, and what was wrong with them when.

use cueline_model::{ContentType, Fault, FaultCode, Language};
use cueline_wire::api::{Page, PrintJob, Printer, PrinterChange, PrinterEvent};
use cueline_wire::cloud::Work;
use serde_json::json;

use super::equipment::agent::{Agent, front};
use super::equipment::{House, QUICK};
use super::{able, raw};

#[tokio::test]
async fn a_printer_is_shown_with_all_that_its_agent_tells() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    let path = format!("/v1/printers/{}", agent.printer);
    let printer: Printer = house.api().get(&path).await.json();
    assert_eq!((printer.capabilities, printer.height_dots), (None, None));
    agent.install(vec![able()]).await;
    let low = Fault::new(FaultCode::PaperLow, "the paper will soon be out");
    agent.tell(None, Some(low.clone())).await;
    let printer: Printer = house.api().get(&path).await.json();
    assert_eq!(printer.capabilities, able().capabilities);
    assert_eq!(printer.height_dots, Some(1_624));
    assert_eq!((printer.fault, printer.warning), (None, Some(low)));
    let job: PrintJob = house.api().post("/v1/print-jobs", raw(&agent)).await.json();
    assert_ne!(
        job.waiting.unwrap().code,
        "paper_low",
        "a warning holds nothing up"
    );
}

#[tokio::test]
async fn each_fault_is_kept_with_its_beginning_and_its_end() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    let out = Fault::new(
        FaultCode::PaperOut,
        "the printer is out of paper; put a roll in",
    );
    let low = Fault::new(FaultCode::PaperLow, "the paper will soon be out");
    agent.tell(None, Some(low.clone())).await;
    agent.tell(Some(out.clone()), Some(low)).await;
    agent.tell(Some(out.clone()), None).await;
    agent.tell(Some(out.clone()), None).await;
    agent.tell(None, None).await;
    let path = format!("/v1/printers/{}/events", agent.printer);
    let page: Page<PrinterEvent> = house.api().get(&path).await.json();
    let told: Vec<_> = page.data.iter().rev().map(|e| (e.what, e.code)).collect();
    use PrinterChange::{FaultBegan, FaultEnded, WarningBegan, WarningEnded};
    assert_eq!(
        told,
        [
            (WarningBegan, FaultCode::PaperLow),
            (FaultBegan, FaultCode::PaperOut),
            (WarningEnded, FaultCode::PaperLow),
            (FaultEnded, FaultCode::PaperOut),
        ]
    );
    assert_eq!(page.data[0].text, out.text);
    assert!(page.data.is_sorted_by(|a, b| a.id > b.id && a.at >= b.at));
    assert!(page.data.iter().all(|event| event.printer == agent.printer));
    let mut paged: Vec<PrinterEvent> = Vec::new();
    let mut next = Some(format!("{path}?limit=3"));
    while let Some(at) = next {
        let page: Page<PrinterEvent> = house.api().get(&at).await.json();
        paged.extend(page.data);
        next = page
            .next
            .map(|after| format!("{path}?limit=3&after={after}"));
    }
    assert_eq!(paged, page.data);
    // Of a printer that is gone, too.
    let mut other = front();
    other.name = "other".parse().unwrap();
    agent.install(vec![other]).await;
    let later: Page<PrinterEvent> = house.api().get(&path).await.json();
    assert_eq!(later.data, page.data);
    let odd = house.api().get(&format!("{path}?after=x")).await;
    assert_eq!(odd.code(), (400, "invalid_query".to_owned()));
}

#[tokio::test]
async fn a_test_page_is_made_for_the_printer() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    let path = format!("/v1/printers/{}/test-page", agent.printer);
    let refused = house.api().post(&path, json!({})).await;
    assert_eq!(
        refused.code(),
        (409, "no_test_page".to_owned()),
        "no tickets, no plain text"
    );
    agent.install(vec![able()]).await;
    let mut stream = agent.hold("").await;
    stream.hello().await;
    let headers = [("idempotency-key", "test-1")];
    let ask = || async {
        let api = house.api();
        api.call(http::Method::POST, &path, &headers, Vec::new())
            .await
    };
    let answer = ask().await;
    assert_eq!(answer.status, 201);
    let job: PrintJob = answer.json();
    assert_eq!(
        answer.headers["location"],
        format!("/v1/print-jobs/{}", job.id)
    );
    assert_eq!(job.document.content_type, ContentType::Ticket);
    assert_eq!(job.title.as_deref(), Some("Test page of front"));
    let again = ask().await;
    assert_eq!(
        (again.status.as_u16(), again.json::<PrintJob>().id),
        (200, job.id)
    );
    let Work::Print(work) = stream.job().await.1.work;
    let document = work.body.unwrap().0;
    let ticket: serde_json::Value = serde_json::from_slice(&document).unwrap();
    let width = ticket["size"]["width_mm"].as_f64().unwrap();
    assert!(
        (72.0..72.1).contains(&width),
        "576 dots at 203 dpi: {width}"
    );
    let text = String::from_utf8(document).unwrap();
    for said in ["printer front", "agent till", "\"qr\"", "\"code128\""] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let mut plain = front();
    (plain.language, plain.content_types) = (Language::Raw, vec![ContentType::Raw]);
    agent.install(vec![plain]).await;
    let job: PrintJob = house.api().post(&path, json!({})).await.json();
    assert_eq!(job.document.content_type, ContentType::Raw);
}
