//! The hub's REST API as calls: typed requests out, typed answers or the hub's own refusal back.

use std::time::Duration;

use anyhow::Context as _;
use cueline_model::limits::DOCUMENT_BYTES_MAX;
use cueline_model::{
    Answer, ContentType, JobId, JobState, PaymentId, PaymentState, PrinterId, SiteId,
};
use cueline_uplink::{Call, HubUrl, RequestError, Uplink};
use cueline_wire::Problem;
use cueline_wire::api::{
    Agent, AnswerRequest, DecisionRequest, Page, PairingCode, PairingCodeRequest, Payment,
    PaymentRequest, PrintJob, PrintJobRequest, Printer, PrinterEvent, ReprintRequest,
    ResolveRequest, ReturnRequest, Site, StoredDocument,
};
use http::{HeaderValue, Method, Request, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// For a call that carries little.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// For the longest document over a slow line (a megabit a second).
const UPLOAD_WITHIN: Duration = Duration::from_secs(DOCUMENT_BYTES_MAX / 125_000);
/// A page of jobs with long timelines stays below.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// Pages asked for before a list that never ends is given up.
const PAGES_MAX: usize = 1_000;

/// Why a call did not bring what it should.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The hub said no.
    #[error("{} ({}, HTTP {})", .0.detail, .0.code, .0.status)]
    Refused(Box<Problem>),
    /// Something answered, but not as a hub does.
    #[error(
        "read the answer to {call}: expected a hub's JSON, got HTTP {status} ({cause}); check that \
         the address is a hub's"
    )]
    Unreadable {
        /// Method and path.
        call: String,
        /// The answer's.
        status: u16,
        /// What did not fit.
        cause: String,
    },
    /// No complete answer came.
    #[error(transparent)]
    Request(#[from] RequestError),
}

impl ApiError {
    /// Whether the same call may succeed a moment later, as when the hub is being restarted.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Request(_) => true,
            Self::Refused(problem) => matches!(problem.status, 429 | 503),
            Self::Unreadable { .. } => false,
        }
    }

    /// Whether the hub may have acted although no answer came.
    pub fn leaves_doubt(&self) -> bool {
        matches!(self, Self::Request(error) if !error.is_certainly_unsent())
    }
}

/// The API with one key.
pub struct Api {
    uplink: Uplink,
    authorization: HeaderValue,
}

/// One call in the making.
struct Ask<'a> {
    method: Method,
    path: &'a str,
    content_type: Option<&'static str>,
    idempotency_key: Option<&'a str>,
    body: Vec<u8>,
    timeout: Duration,
}

impl<'a> Ask<'a> {
    fn get(path: &'a str) -> Self {
        Self {
            method: Method::GET,
            path,
            content_type: None,
            idempotency_key: None,
            body: Vec::new(),
            timeout: ANSWER_WITHIN,
        }
    }

    fn post(path: &'a str, body: &impl Serialize) -> Self {
        Self {
            method: Method::POST,
            content_type: Some("application/json"),
            body: serde_json::to_vec(body).expect("the API's own types are JSON"),
            ..Self::get(path)
        }
    }
}

impl Api {
    /// Calls through `uplink` with `key`.
    pub fn new(uplink: Uplink, key: &str) -> anyhow::Result<Self> {
        let mut authorization = HeaderValue::try_from(format!("Bearer {key}"))
            .context("use the API key: expected letters, digits and _, got something else")?;
        authorization.set_sensitive(true);
        Ok(Self {
            uplink,
            authorization,
        })
    }

    /// The hub's address.
    pub fn hub(&self) -> &HubUrl {
        self.uplink.hub()
    }

    /// The way there, `direct` or `proxy host:port`.
    pub fn path(&self) -> String {
        self.uplink
            .path()
            .unwrap_or_else(|error| error.code().to_owned())
    }

    /// `GET /v1/agents`, all pages.
    pub async fn agents(&self) -> Result<Vec<Agent>, ApiError> {
        self.all("/v1/agents").await
    }

    /// `GET /v1/printers`, all pages.
    pub async fn printers(&self) -> Result<Vec<Printer>, ApiError> {
        self.all("/v1/printers").await
    }

    /// `GET /v1/sites`, all pages.
    pub async fn sites(&self) -> Result<Vec<Site>, ApiError> {
        self.all("/v1/sites").await
    }

    /// `POST /v1/pairing-codes`.
    pub async fn pairing_code(&self, site: Option<SiteId>) -> Result<PairingCode, ApiError> {
        let request = PairingCodeRequest { site };
        self.ask(Ask::post("/v1/pairing-codes", &request)).await
    }

    /// `POST /v1/documents`: taken twice without harm, since a document is named by its digest.
    pub async fn store_document(
        &self,
        content_type: ContentType,
        bytes: Vec<u8>,
    ) -> Result<StoredDocument, ApiError> {
        let ask = Ask {
            method: Method::POST,
            content_type: Some(match content_type {
                ContentType::Raw => "application/octet-stream",
                ContentType::Png => "image/png",
                ContentType::Jpeg => "image/jpeg",
                ContentType::Ticket => "application/vnd.cueline.ticket+json",
                ContentType::Pdf => "application/pdf",
            }),
            body: bytes,
            timeout: UPLOAD_WITHIN,
            ..Ask::get("/v1/documents")
        };
        self.ask(ask).await
    }

    /// `POST /v1/print-jobs`; with the same key again it makes no second job.
    pub async fn print(
        &self,
        request: &PrintJobRequest,
        idempotency_key: &str,
    ) -> Result<PrintJob, ApiError> {
        let ask = Ask {
            idempotency_key: Some(idempotency_key),
            ..Ask::post("/v1/print-jobs", request)
        };
        self.ask(ask).await
    }

    /// `GET /v1/print-jobs/{id}`.
    pub async fn job(&self, id: JobId) -> Result<PrintJob, ApiError> {
        self.ask(Ask::get(&format!("/v1/print-jobs/{id}"))).await
    }

    /// `GET /v1/print-jobs/{id}?wait=`: answers as soon as the job has ended, `wait_s` at the latest.
    pub async fn job_within(&self, id: JobId, wait_s: u32) -> Result<PrintJob, ApiError> {
        let path = format!("/v1/print-jobs/{id}?wait={wait_s}");
        let ask = Ask {
            timeout: ANSWER_WITHIN + Duration::from_secs(u64::from(wait_s)),
            ..Ask::get(&path)
        };
        self.ask(ask).await
    }

    /// `GET /v1/print-jobs`, newest first, as many pages as make `limit`.
    pub async fn jobs(
        &self,
        state: Option<JobState>,
        limit: u32,
    ) -> Result<Vec<PrintJob>, ApiError> {
        let state = state.map_or_else(String::new, |state| format!("state={state}&"));
        self.newest("/v1/print-jobs", &state, limit).await
    }

    /// `GET /v1/printers/{id}/events`, newest first, as many pages as make `limit`.
    pub async fn printer_events(
        &self,
        id: PrinterId,
        limit: u32,
    ) -> Result<Vec<PrinterEvent>, ApiError> {
        let path = format!("/v1/printers/{id}/events");
        self.newest(&path, "", limit).await
    }

    /// `GET /v1/printers/{id}`.
    pub async fn printer(&self, id: PrinterId) -> Result<Printer, ApiError> {
        self.ask(Ask::get(&format!("/v1/printers/{id}"))).await
    }

    /// `POST /v1/printers/{id}/test-page`; with the same key again it makes no second job.
    pub async fn test_page(
        &self,
        id: PrinterId,
        idempotency_key: &str,
    ) -> Result<PrintJob, ApiError> {
        let path = format!("/v1/printers/{id}/test-page");
        let ask = Ask {
            method: Method::POST,
            idempotency_key: Some(idempotency_key),
            ..Ask::get(&path)
        };
        self.ask(ask).await
    }

    /// `POST /v1/print-jobs/{id}/reprint`; with the same key again it makes no second job.
    pub async fn reprint(
        &self,
        id: JobId,
        request: &ReprintRequest,
        idempotency_key: &str,
    ) -> Result<PrintJob, ApiError> {
        let path = format!("/v1/print-jobs/{id}/reprint");
        let ask = Ask {
            idempotency_key: Some(idempotency_key),
            ..Ask::post(&path, request)
        };
        self.ask(ask).await
    }

    /// `POST /v1/print-jobs/{id}/resolve`; said twice it changes nothing.
    pub async fn resolve(&self, id: JobId, request: &ResolveRequest) -> Result<PrintJob, ApiError> {
        let path = format!("/v1/print-jobs/{id}/resolve");
        self.ask(Ask::post(&path, request)).await
    }

    /// `POST /v1/print-jobs/{id}/cancel`.
    pub async fn cancel(&self, id: JobId) -> Result<PrintJob, ApiError> {
        self.post_to(&format!("/v1/print-jobs/{id}/cancel")).await
    }

    /// `POST /v1/payments`; with the same key again it makes no second payment.
    pub async fn pay(
        &self,
        request: &PaymentRequest,
        idempotency_key: &str,
    ) -> Result<Payment, ApiError> {
        let ask = Ask {
            idempotency_key: Some(idempotency_key),
            ..Ask::post("/v1/payments", request)
        };
        self.ask(ask).await
    }

    /// `POST /v1/payments/{id}/void`; with the same key again it makes no second one.
    pub async fn void(
        &self,
        original: PaymentId,
        request: &ReturnRequest,
        idempotency_key: &str,
    ) -> Result<Payment, ApiError> {
        let path = format!("/v1/payments/{original}/void");
        let ask = Ask {
            idempotency_key: Some(idempotency_key),
            ..Ask::post(&path, request)
        };
        self.ask(ask).await
    }

    /// `GET /v1/payments/{id}`.
    pub async fn payment(&self, id: PaymentId) -> Result<Payment, ApiError> {
        self.ask(Ask::get(&format!("/v1/payments/{id}"))).await
    }

    /// `GET /v1/payments/{id}?wait=&version=`: answers as soon as it has ended or changed.
    pub async fn payment_after(
        &self,
        id: PaymentId,
        version: u64,
        wait_s: u32,
    ) -> Result<Payment, ApiError> {
        let path = format!("/v1/payments/{id}?wait={wait_s}&version={version}");
        let ask = Ask {
            timeout: ANSWER_WITHIN + Duration::from_secs(u64::from(wait_s)),
            ..Ask::get(&path)
        };
        self.ask(ask).await
    }

    /// `GET /v1/payments`, newest first, as many pages as make `limit`.
    pub async fn payments(
        &self,
        state: Option<PaymentState>,
        order_ref: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Payment>, ApiError> {
        let mut filter = state.map_or_else(String::new, |state| format!("state={state}&"));
        if let Some(order_ref) = order_ref {
            let quoted: String = form_urlencoded::byte_serialize(order_ref.as_bytes()).collect();
            filter = format!("{filter}order_ref={quoted}&");
        }
        self.newest("/v1/payments", &filter, limit).await
    }

    /// `POST /v1/payments/{id}/cancel`.
    pub async fn cancel_payment(&self, id: PaymentId) -> Result<Payment, ApiError> {
        self.post_to(&format!("/v1/payments/{id}/cancel")).await
    }

    /// `POST /v1/payments/{id}/look-up`.
    pub async fn look_up(&self, id: PaymentId) -> Result<Payment, ApiError> {
        self.post_to(&format!("/v1/payments/{id}/look-up")).await
    }

    /// `POST /v1/payments/{id}/answer`.
    pub async fn answer(
        &self,
        id: PaymentId,
        prompt: u32,
        answer: Answer,
    ) -> Result<Payment, ApiError> {
        let path = format!("/v1/payments/{id}/answer");
        self.ask(Ask::post(&path, &AnswerRequest { prompt, answer }))
            .await
    }

    /// `POST /v1/payments/{id}/resolve`.
    pub async fn decide(
        &self,
        id: PaymentId,
        request: &DecisionRequest,
    ) -> Result<Payment, ApiError> {
        let path = format!("/v1/payments/{id}/resolve");
        self.ask(Ask::post(&path, request)).await
    }

    async fn post_to<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        let ask = Ask {
            method: Method::POST,
            ..Ask::get(path)
        };
        self.ask(ask).await
    }

    /// The newest of a list, as many pages as make `limit`. A `filter` ends with `&`.
    async fn newest<T: DeserializeOwned>(
        &self,
        path: &str,
        filter: &str,
        limit: u32,
    ) -> Result<Vec<T>, ApiError> {
        let limit = limit as usize;
        let mut found: Vec<T> = Vec::new();
        let mut after = String::new();
        for _ in 0..PAGES_MAX {
            let page_limit = (limit - found.len()).min(100);
            let path = format!("{path}?{filter}limit={page_limit}{after}");
            let page: Page<T> = self.ask(Ask::get(&path)).await?;
            found.extend(page.data);
            match page.next {
                Some(next) if found.len() < limit => after = format!("&after={next}"),
                _ => break,
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    async fn all<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, ApiError> {
        let mut all = Vec::new();
        let mut next_path = path.to_owned();
        for _ in 0..PAGES_MAX {
            let page: Page<T> = self.ask(Ask::get(&next_path)).await?;
            all.extend(page.data);
            match page.next {
                Some(next) => next_path = format!("{path}?after={next}"),
                None => break,
            }
        }
        Ok(all)
    }

    async fn ask<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<T, ApiError> {
        let shown = format!("{} {}", ask.method, ask.path);
        let mut request = Request::builder()
            .method(ask.method)
            .uri(ask.path)
            .header(header::AUTHORIZATION, self.authorization.clone())
            .header(header::ACCEPT, "application/json");
        if let Some(content_type) = ask.content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        if let Some(key) = ask.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let unreadable = |status: u16, cause: String| ApiError::Unreadable {
            call: shown.clone(),
            status,
            cause,
        };
        let request = request
            .body(ask.body.into())
            .map_err(|error| unreadable(0, error.to_string()))?;
        let mut call = Call::new(request)
            .timeout(ask.timeout)
            .answer_bytes_max(ANSWER_BYTES_MAX);
        if ask.idempotency_key.is_some() {
            call = call.repeatable();
        }
        let (head, body) = self.uplink.request(call).await?.into_parts();
        let status = head.status.as_u16();
        if head.status.is_success() {
            return serde_json::from_slice(&body)
                .map_err(|error| unreadable(status, error.to_string()));
        }
        match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => Err(ApiError::Refused(Box::new(problem))),
            Err(error) => Err(unreadable(status, error.to_string())),
        }
    }
}
