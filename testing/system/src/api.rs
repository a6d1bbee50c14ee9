//! A small box office: calls the hub's API over TLS and reads its answers.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use cueline_model::{ContentType, JobId, PrinterId};
use cueline_uplink::{Call, ProxyChoice, Trust, Uplink, UplinkConfig};
use cueline_wire::api::{
    Agent, Page, PairingCode, PrintJob, PrintJobRequest, Printer, PrinterEvent,
};
use cueline_wire::{Base64Bytes, Problem};
use http::{Method, Request, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::program::PATIENCE;

/// The API with one key.
pub struct Api {
    uplink: Uplink,
    key: String,
}

/// The hub's answer to one call.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as what it should be.
    ///
    /// # Errors
    /// When the status is an error or the body is of another shape; the error shows both.
    pub fn json<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        if !self.status.is_success() {
            bail!("{}: {}", self.status, self.text());
        }
        serde_json::from_slice(&self.body).with_context(|| self.text())
    }

    /// The problem document of a refusal.
    ///
    /// # Errors
    /// When the answer is no refusal or not a problem document.
    pub fn problem(&self) -> anyhow::Result<Problem> {
        if self.status.is_success() {
            bail!("expected a refusal, got {}: {}", self.status, self.text());
        }
        let problem: Problem = serde_json::from_slice(&self.body).with_context(|| self.text())?;
        if problem.status != self.status.as_u16() {
            bail!("{} says {} inside", self.status, problem.status);
        }
        Ok(problem)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Api {
    /// The API at `hub`, trusting `ca`, with `key`.
    ///
    /// # Errors
    /// When the address or the certificate cannot be read.
    pub fn new(hub: &str, ca: &Path, key: &str) -> anyhow::Result<Self> {
        let mut config = UplinkConfig::new(hub.parse()?);
        config.trust = Trust::from_pem_file(ca)?;
        config.proxy = ProxyChoice::None;
        config.connect_timeout = Duration::from_secs(5);
        Ok(Self {
            uplink: Uplink::new(config)?,
            key: key.to_owned(),
        })
    }

    /// One call with headers and body as given.
    ///
    /// # Errors
    /// When no complete answer comes.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.key));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let call = Call::new(request.body(body.into())?)
            .timeout(Duration::from_secs(70))
            .answer_bytes_max(16 << 20);
        let (head, body) = self.uplink.request(call).await?.into_parts();
        Ok(Answer {
            status: head.status,
            body: body.to_vec(),
        })
    }

    /// `GET`.
    ///
    /// # Errors
    /// When no complete answer comes.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.send(Method::GET, path, &[], Vec::new()).await
    }

    /// `POST` with a JSON body.
    ///
    /// # Errors
    /// When no complete answer comes.
    pub async fn post(&self, path: &str, body: &impl Serialize) -> anyhow::Result<Answer> {
        self.send(
            Method::POST,
            path,
            &[("content-type", "application/json")],
            serde_json::to_vec(body)?,
        )
        .await
    }

    /// Puts one print job in, with a key that makes a repeat harmless.
    ///
    /// # Errors
    /// When no complete answer comes.
    pub async fn submit(
        &self,
        request: &PrintJobRequest,
        idempotency_key: &str,
    ) -> anyhow::Result<Answer> {
        self.send(
            Method::POST,
            "/v1/print-jobs",
            &[
                ("content-type", "application/json"),
                ("idempotency-key", idempotency_key),
            ],
            serde_json::to_vec(request)?,
        )
        .await
    }

    /// Puts a job in again and again until the hub says that it has it: what a careful box office
    /// does across a hub's restart.
    ///
    /// # Errors
    /// When the hub refuses it, or does not answer for [`PATIENCE`].
    pub async fn submit_surely(
        &self,
        request: &PrintJobRequest,
        idempotency_key: &str,
    ) -> anyhow::Result<PrintJob> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.submit(request, idempotency_key).await {
                Ok(answer) if answer.status.is_server_error() && Instant::now() < deadline => {}
                Ok(answer) => return answer.json(),
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => {}
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A job as it stands.
    ///
    /// # Errors
    /// When there is none such.
    pub async fn job(&self, id: JobId) -> anyhow::Result<PrintJob> {
        self.get(&format!("/v1/print-jobs/{id}")).await?.json()
    }

    /// A job once it is settled, asked for until `patience` is over; survives a hub's restart.
    ///
    /// # Errors
    /// When it is not settled by then.
    pub async fn settled(&self, id: JobId, patience: Duration) -> anyhow::Result<PrintJob> {
        let deadline = Instant::now() + patience;
        loop {
            let job = self.get(&format!("/v1/print-jobs/{id}?wait=2")).await;
            let job = job.and_then(|answer| answer.json::<PrintJob>());
            match job {
                Ok(job) if job.state.is_settled() => return Ok(job),
                seen if Instant::now() > deadline => {
                    bail!("{id} was not settled in {patience:?}; last seen: {seen:#?}")
                }
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// A fresh pairing code for the tenant's only site.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn pairing_code(&self) -> anyhow::Result<PairingCode> {
        let nothing = serde_json::json!({});
        self.post("/v1/pairing-codes", &nothing).await?.json()
    }

    /// All agents.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn agents(&self) -> anyhow::Result<Vec<Agent>> {
        Ok(self.get("/v1/agents").await?.json::<Page<Agent>>()?.data)
    }

    /// All printers.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn printers(&self) -> anyhow::Result<Vec<Printer>> {
        Ok(self
            .get("/v1/printers")
            .await?
            .json::<Page<Printer>>()?
            .data)
    }

    /// What happened to a printer, newest first.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn printer_events(&self, printer: PrinterId) -> anyhow::Result<Vec<PrinterEvent>> {
        let path = format!("/v1/printers/{printer}/events");
        Ok(self.get(&path).await?.json::<Page<PrinterEvent>>()?.data)
    }
}

/// A job of raw bytes with everything else at its default.
#[must_use]
pub fn raw_job(printer: PrinterId, bytes: &[u8]) -> PrintJobRequest {
    PrintJobRequest {
        options: cueline_model::PrintOptions::default(),
        printer,
        content_type: ContentType::Raw,
        content: Some(Base64Bytes(bytes.to_vec())),
        document: None,
        title: None,
        copies: 1,
        expires_at: None,
        expires_in_s: None,
        uncertain: cueline_model::UncertainPolicy::Hold,
    }
}
