//! PrintNode's API over real TLS: what its clients look for, byte for byte where they are strict.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../equipment/mod.rs"]
mod equipment;

mod access;
mod content;
mod jobs;
mod webhooks;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cueline_model::{Capabilities, ContentType, OptionName};
use cueline_wire::cloud::PrinterDescription;
use equipment::agent::{Agent, front};
use equipment::{Answer, Client, House, QUICK};
use http::{Method, Request};
use serde_json::{Value, json};

/// A hub that may fetch from this machine, with an agent that has one printer for all documents.
struct Venue {
    house: House,
    agent: Agent,
}

impl Venue {
    async fn open() -> Self {
        let fetch = "[fetch]\nallow = [\"127.0.0.1\"]\nallow_http = true\n";
        let house = House::open(&format!("{QUICK}{fetch}")).await;
        let agent = Agent::register(&house.api()).await;
        agent.install(vec![able()]).await;
        Self { house, agent }
    }

    fn caller(&self) -> Caller<'_> {
        Caller {
            client: &self.house.client,
            key: Some(self.house.key.clone()),
        }
    }

    fn other(&self) -> Caller<'_> {
        Caller {
            client: &self.house.client,
            key: Some(self.house.other_key.clone()),
        }
    }
}

/// A printer that takes every document.
fn able() -> PrinterDescription {
    PrinterDescription {
        capabilities: Some(Capabilities {
            dpi: vec![203],
            options: [OptionName::Rotate].into(),
            trays: vec!["main".to_owned()],
            ..Capabilities::default()
        }),
        content_types: vec![ContentType::Raw, ContentType::Png, ContentType::Pdf],
        ..front()
    }
}

/// A program with PrintNode's way of showing its key.
struct Caller<'a> {
    client: &'a Client,
    key: Option<String>,
}

impl Caller<'_> {
    async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/printnode{path}"));
        if let Some(key) = &self.key {
            let basic = STANDARD.encode(format!("{key}:"));
            request = request.header("authorization", format!("Basic {basic}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.client.send(request.body(body).unwrap()).await;
        // What the Python client insists on, for every answer.
        assert_eq!(
            answer.headers["content-type"], "application/json",
            "{answer:?}"
        );
        assert!(answer.headers.contains_key("request-id"), "{answer:?}");
        answer
    }

    async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, &[], Vec::new()).await.json()
    }

    async fn delete(&self, path: &str) -> Value {
        self.call(Method::DELETE, path, &[], Vec::new())
            .await
            .json()
    }

    async fn post(&self, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        let body = serde_json::to_vec(body).unwrap();
        self.call(Method::POST, "/printjobs", &headers, body).await
    }

    /// Makes a job; its number.
    async fn print(&self, body: &Value) -> u64 {
        let answer = self.post(body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()
    }

    async fn fault(&self, method: Method, path: &str) -> (u16, String, String) {
        fault(&self.call(method, path, &[], Vec::new()).await)
    }
}

/// Status, code and message of an error of the right form.
fn fault(answer: &Answer) -> (u16, String, String) {
    assert!(!answer.status.is_success(), "{answer:?}");
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    let body = body.as_object().unwrap();
    let keys: Vec<_> = body.keys().map(String::as_str).collect();
    assert_eq!(keys, ["code", "message", "uid"], "{answer:?}");
    let text = |key: &str| body[key].as_str().unwrap().to_owned();
    assert_eq!(answer.headers["request-id"], text("uid"), "{answer:?}");
    assert!(!text("message").is_empty());
    (answer.status.as_u16(), text("code"), text("message"))
}

fn raw() -> Value {
    json!({
        "printerId": 1, "title": "Hamlet", "contentType": "raw_base64",
        "content": STANDARD.encode("hello\n"), "source": "box office",
    })
}

fn with(mut body: Value, key: &str, value: Value) -> Value {
    body[key] = value;
    body
}
