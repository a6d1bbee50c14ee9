//! An agent that signs its requests and does nothing else by itself.

use cueline_hub::auth::signature::sha256;
use cueline_model::{AgentId, Fault, JobId, PrinterId, PrinterName, WallTime};
use cueline_wire::Base64Bytes;
use cueline_wire::api::PairingCode;
use cueline_wire::cloud::signature::{
    SignatureParams, SignedParts, content_digest, signature_header,
};
use cueline_wire::cloud::{
    Inventory, InventoryReply, NONCE_HEADER, PrinterDescription, PrinterStatus, Progress,
    RegistrationReply, RegistrationRequest, Report, ReportEntry, ReportReply, path,
};
use http::{Method, Request};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::stream::Stream;
use super::{Answer, Api, Client};

pub struct Agent {
    pub id: AgentId,
    pub printer: PrinterId,
    pub registration: RegistrationReply,
    pub nonce: String,
    client: Client,
    key: Ed25519KeyPair,
}

pub fn fresh_key() -> Ed25519KeyPair {
    let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap()
}

pub async fn register(client: &Client, key: &Ed25519KeyPair, code: &str) -> Answer {
    let request = RegistrationRequest {
        code: code.to_owned(),
        name: "till".to_owned(),
        public_key: Base64Bytes(key.public_key().as_ref().to_vec()),
        proof: Base64Bytes(
            key.sign(RegistrationRequest::signed_text(code, "till").as_bytes())
                .as_ref()
                .to_vec(),
        ),
        agent_version: "0.1.0".to_owned(),
        platform: "test".to_owned(),
    };
    let request = Request::post(path::REGISTRATIONS)
        .header("content-type", "application/json")
        .body(serde_json::to_vec(&request).unwrap())
        .unwrap();
    client.send(request).await
}

/// The one printer of most agents here; of an agent that does not tell what it can do.
pub fn front() -> PrinterDescription {
    PrinterDescription {
        capabilities: None,
        height_dots: None,
        name: PrinterName::try_from("front".to_owned()).unwrap(),
        language: cueline_model::Language::Escpos,
        content_types: vec![
            cueline_model::ContentType::Raw,
            cueline_model::ContentType::Png,
        ],
        width_dots: Some(576),
    }
}

impl Agent {
    /// Registers with a fresh code of the tenant's, and tells of one printer `front`.
    pub async fn register(api: &Api<'_>) -> Self {
        let code: PairingCode = api
            .post("/v1/pairing-codes", serde_json::json!({}))
            .await
            .json();
        let key = fresh_key();
        let answer = register(api.client, &key, &code.code.to_lowercase()).await;
        let nonce = answer.headers[NONCE_HEADER].to_str().unwrap().to_owned();
        let registration: RegistrationReply = answer.json();
        let mut agent = Self {
            id: registration.agent,
            printer: PrinterId::from_u128(0),
            registration,
            nonce,
            client: api.client.clone(),
            key,
        };
        agent.printer = agent.install(vec![front()]).await.printers[0].id;
        agent
    }

    /// Tells of these printers and no others.
    pub async fn install(&self, printers: Vec<PrinterDescription>) -> InventoryReply {
        let inventory = Inventory {
            stations: Vec::new(),
            agent_version: "0.1.0".to_owned(),
            platform: "test".to_owned(),
            path: "direct".to_owned(),
            printers,
        };
        let answer = self.send(Method::PUT, path::INVENTORY, &inventory).await;
        answer.json()
    }

    /// Tells what is wrong with printer `front`.
    pub async fn tell(&self, fault: Option<Fault>, warning: Option<Fault>) {
        let report = Report {
            printers: vec![PrinterStatus {
                printer: front().name,
                fault,
                warning,
                since: cueline_hub::clock::wall(),
            }],
            ..Report::default()
        };
        let answer = self.send(Method::POST, path::REPORTS, &report).await;
        answer.json::<ReportReply>();
    }

    /// The same agent on other lines.
    pub fn through(self, client: &Client) -> Self {
        let client = client.clone();
        Self { client, ..self }
    }

    /// A signed request; `change` spoils it after signing.
    pub fn signed(&self, method: Method, target: &str, body: &[u8]) -> Request<Vec<u8>> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let host = self.client.address.to_string();
        let params = SignatureParams {
            created_s: 7,
            key_id: self.id.to_string(),
            nonce: self.nonce.clone(),
        };
        let base = params.signature_base(&SignedParts {
            method: method.as_str(),
            authority: &host,
            path,
            query,
            body_sha256: sha256(body),
        });
        Request::builder()
            .method(method)
            .uri(target)
            .header("host", host)
            .header("signature-input", params.input_header())
            .header(
                "signature",
                signature_header(self.key.sign(base.as_bytes()).as_ref()),
            )
            .header("content-digest", content_digest(sha256(body)))
            .header("content-type", "application/json")
            .body(body.to_vec())
            .unwrap()
    }

    pub async fn send(&self, method: Method, target: &str, body: &impl serde::Serialize) -> Answer {
        let body = serde_json::to_vec(body).unwrap();
        self.client.send(self.signed(method, target, &body)).await
    }

    pub async fn get(&self, target: &str, headers: &[(&'static str, &str)]) -> Answer {
        let mut request = self.signed(Method::GET, target, b"");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        self.client.send(request).await
    }

    /// Opens the held request.
    pub async fn hold(&self, query: &str) -> Stream {
        let request = self.signed(Method::GET, &format!("{}?{query}", path::STREAM), b"");
        Stream::open(&self.client, request).await
    }

    /// Reports one step of a job's first attempt.
    pub async fn report(&self, seq: u64, job: JobId, progress: Progress) -> ReportReply {
        let report = Report {
            entries: vec![ReportEntry {
                seq,
                job,
                attempt: 1,
                at: WallTime(0),
                progress,
            }],
            ..Report::default()
        };
        self.send(Method::POST, path::REPORTS, &report).await.json()
    }
}
