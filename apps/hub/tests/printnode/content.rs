//! What may be sent as a job: content types, fetched content, bodies as programs write them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cueline_wire::api::{Page, PrintJob};
use http::Method;
use serde_json::{Value, json};

use super::equipment::web::{Web, answer, ok, redirect};
use super::{Venue, fault, raw, with};

const PDF: &[u8] = b"%PDF-1.7 a ticket";

fn job(content_type: &str, content: &str) -> Value {
    json!({"printerId": 1, "title": "t", "source": "s", "contentType": content_type, "content": content})
}

#[tokio::test]
async fn all_four_content_types_become_jobs_with_the_documents_they_name() {
    let web = Web::open("127.0.0.1", None, |request| {
        if request.contains("GET /raw") {
            ok(b"\x1b@ raw ticket")
        } else {
            ok(PDF)
        }
    })
    .await;
    let venue = Venue::open().await;
    let caller = venue.caller();
    let mut stream = venue.agent.hold("").await;
    stream.hello().await;
    for (content_type, content, document) in [
        ("pdf_base64", STANDARD.encode(PDF), PDF),
        ("pdf_uri", web.url("/ticket.pdf"), PDF),
        ("raw_base64", STANDARD.encode("bytes"), b"bytes"),
        ("raw_uri", web.url("/raw"), b"\x1b@ raw ticket"),
    ] {
        let number = caller.print(&job(content_type, &content)).await;
        let shown = caller.get(&format!("/printjobs/{number}")).await;
        assert_eq!(shown[0]["contentType"], content_type);
        let (_, offer) = stream.job().await;
        let cueline_wire::cloud::Work::Print(work) = offer.work;
        assert_eq!(work.body.unwrap().0, document, "{content_type}");
    }
}

#[tokio::test]
async fn what_cannot_be_fetched_is_told_at_once_and_makes_no_job() {
    let web = Web::open("127.0.0.1", None, |request| {
        match request.split(' ').nth(1).unwrap() {
            "/404?token=canary" => answer("404 Not Found", &[], b""),
            "/500" => answer("500 Oh", &[], b""),
            "/inside" => redirect("http://127.0.0.2/"),
            "/login" if request.to_lowercase().contains("basic dtpw") => ok(PDF),
            "/login" => answer("401 Unauthorized", &[], b""),
            _ => answer("200 OK", &[("content-type", "text/html")], b"<html>"),
        }
    })
    .await;
    let venue = Venue::open().await;
    let caller = venue.caller();
    for (url, status, said) in [
        (web.url("/404?token=canary"), 422, "404"),
        (web.url("/500"), 502, "500"),
        (web.url("/inside"), 422, "not on the public internet"),
        (web.url("/login"), 422, "401"),
        (web.url("/page"), 422, "a web page"),
        ("http://localhost./x".to_owned(), 422, "localhost."),
        (
            "https://169.254.169.254/latest".to_owned(),
            422,
            "not on the public internet",
        ),
        (
            "https://[::1]/".to_owned(),
            422,
            "not on the public internet",
        ),
        ("file:///etc/passwd".to_owned(), 400, "https://"),
        (String::new(), 400, "the URL cannot be used"),
    ] {
        let (got, _, message) = fault(&caller.post(&job("pdf_uri", &url)).await);
        assert_eq!(got, status, "{url}: {message}");
        assert!(message.contains(said), "{url}: {message}");
        assert!(!message.contains("canary"), "{message}");
    }
    assert_eq!(caller.get("/printjobs").await, json!([]));
    let login = json!({"type": "BasicAuth", "credentials": {"user": "u", "pass": "p"}});
    let asked = with(job("pdf_uri", &web.url("/login")), "authentication", login);
    assert_eq!(caller.print(&asked).await, 1);
}

#[tokio::test]
async fn bodies_are_read_as_programs_write_them() {
    let venue = Venue::open().await;
    let caller = venue.caller();
    let json = serde_json::to_vec(&raw()).unwrap();
    let form = b"printerId=1&title=A+form&contentType=raw_base64&content=aGVsbG8%3D&source=s\
                 &options[copies]=2&qty=3"
        .to_vec();
    let form_type = "application/x-www-form-urlencoded";
    for (content_type, body) in [
        (None, json.clone()),
        (Some("application/json"), json.clone()),
        (Some("application/json; charset=utf-8"), json.clone()),
        (Some("text/plain"), json.clone()),
        (Some(form_type), json),
        (Some(form_type), form),
    ] {
        let headers: Vec<_> = content_type
            .map(|sent| ("content-type", sent))
            .into_iter()
            .collect();
        let answer = caller
            .call(Method::POST, "/printjobs", &headers, body)
            .await;
        assert_eq!(answer.status, 201, "{content_type:?}: {answer:?}");
        assert!(answer.body.iter().all(u8::is_ascii_digit), "{answer:?}");
    }
    let last = caller.get("/printjobs?limit=1").await[0].clone();
    assert_eq!(
        (&last["title"], &last["qty"]),
        (&json!("A form"), &json!(6))
    );
    for asked in [
        with(raw(), "printerId", json!("1")),
        with(with(raw(), "printerId", Value::Null), "printer", json!(1)),
        with(raw(), "options", json!([])),
        with(raw(), "unknown", json!({"a": [1]})),
        with(raw(), "title", Value::Null),
        with(raw(), "title", json!("long ".repeat(100))),
        with(raw(), "content", json!("aGVs\r\nbG8")),
    ] {
        caller.print(&asked).await;
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_job_is_named() {
    let venue = Venue::open().await;
    let caller = venue.caller();
    for (key, value, status, said) in [
        ("printerId", json!(9), 404, "printer 9"),
        (
            "printerId",
            json!(99_999_999_999_u64),
            404,
            "printer 99999999999",
        ),
        ("printerId", Value::Null, 400, "printerId"),
        ("printerId", json!("front"), 400, "printerId"),
        ("contentType", json!("pdf_raw"), 400, "pdf_raw"),
        ("contentType", Value::Null, 400, "contentType"),
        ("content", json!(7), 400, "content"),
        ("content", json!(""), 400, "content"),
        ("content", json!("%%%"), 400, "base64"),
        ("qty", json!(0), 400, "qty"),
        ("qty", json!(101), 422, "1 to 100 copies"),
        ("expireAfter", json!(0), 400, "expireAfter"),
        ("options", json!({"rotate": 45}), 400, "options.rotate"),
        (
            "authentication",
            json!({"type": "Other"}),
            400,
            "authentication",
        ),
    ] {
        let (got, _, message) = fault(&caller.post(&with(raw(), key, value.clone())).await);
        assert_eq!(got, status, "{key}={value}: {message}");
        assert!(message.contains(said), "{key}={value}: {message}");
    }
    let not_a_pdf = job("pdf_base64", &STANDARD.encode("hello"));
    assert_eq!(fault(&caller.post(&not_a_pdf).await).0, 422);
    for body in [&b"{"[..], b"[]", b"", b"%%%"] {
        let headers = [("content-type", "application/json")];
        let answer = caller
            .call(Method::POST, "/printjobs", &headers, body.to_vec())
            .await;
        let (status, code, _) = fault(&answer);
        assert_eq!((status, code.as_str()), (400, "BadRequest"), "{body:?}");
    }
    assert_eq!(caller.get("/printjobs").await, json!([]));
}

#[tokio::test]
async fn options_reach_the_job_and_what_is_left_out_is_said() {
    let venue = Venue::open().await;
    let caller = venue.caller();
    let options = json!({
        "copies": 2, "rotate": 90, "bin": "main", "duplex": "long-edge", "paper": "A4", "zoom": 3
    });
    let asked = with(job("pdf_base64", &STANDARD.encode(PDF)), "options", options);
    let number = caller.print(&asked).await;
    let made: Page<PrintJob> = venue.house.api().get("/v1/print-jobs").await.json();
    let made = &made.data[0];
    assert_eq!(made.copies, 2);
    let options = serde_json::to_value(&made.options).unwrap();
    assert_eq!(options["rotate"], 90);
    assert_eq!(options["tray"], "main");
    let states = caller.get(&format!("/printjobs/{number}/states")).await;
    let message = states[0][0]["message"].as_str().unwrap();
    assert!(message.contains("without: duplex long_edge"), "{message}");
}
