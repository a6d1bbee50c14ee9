//! Making print jobs, whichever API they are asked for through.

use cueline_documents::ticket::TicketDocument;
use cueline_hub_core::job::{NewJob, PrintJob};
use cueline_hub_core::store::{Idempotency, Submission, Submitted};
use cueline_hub_core::submit::{self, Content, Origin};
use cueline_hub_core::{AftermathError, Refusal as SubmitRefusal, SubmitError};
use cueline_model::{
    ContentType, JobId, PrintOptions, Sha256, TenantId, UncertainPolicy, WallTime,
};
use cueline_wire::api::{PrintJobRequest, ReprintRequest};
use cueline_wire::{Base64Bytes, Timestamp};
use http::StatusCode;

use crate::api::kept_until;
use crate::auth::signature::sha256;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::store::PrinterRecord;
use crate::test_page::TestPage;
use crate::{clock, ids, profile};

/// First bytes by which a document's type is told.
const HEAD_BYTES: usize = 16;

/// Makes a job for `tenant`; it is durable when this returns. The same request under the same `key`
/// makes no second one ([`Submitted::repeat`]), whatever has changed since.
///
/// # Errors
/// Those of [`submit::check`] and of the store, as the problem documents of `/v1`.
pub async fn submit(
    hub: &Hub,
    tenant: TenantId,
    mut request: PrintJobRequest,
    key: Option<String>,
) -> Result<Submitted, Refusal> {
    let idempotency = key.map(|key| Idempotency {
        key,
        request: digest(&mut request),
    });
    // First of all, so that a repeat succeeds whatever has changed since.
    if let Some(made) = replay(hub, tenant, idempotency.as_ref()).await? {
        return Ok(made);
    }
    let now = clock::wall();
    let job = checked(hub, tenant, &request, None, now).await?;
    let body = request.content.take().map(|content| content.0);
    store(hub, job, body, idempotency, now).await
}

/// Makes a job that prints another one of `tenant` again, likewise.
///
/// # Errors
/// 404 for an unknown job; those of [`PrintJob::reprint`]; 410 `document_gone`; those of [`submit`].
pub async fn reprint(
    hub: &Hub,
    tenant: TenantId,
    job: JobId,
    asked: &ReprintRequest,
    key: Option<String>,
) -> Result<Submitted, Refusal> {
    let idempotency = key.map(|key| Idempotency {
        key,
        request: reprint_digest(job, asked),
    });
    if let Some(made) = replay(hub, tenant, idempotency.as_ref()).await? {
        return Ok(made);
    }
    let now = clock::wall();
    let before = found(hub, tenant, job).await?;
    let reprint = before.reprint(asked);
    let reprint = reprint.map_err(|error| Refusal::from(error.problem()))?;
    let document = before.document.sha256;
    if hub.store.document_head(tenant, document).await?.is_none() {
        return Err(AftermathError::DocumentGone.problem().into());
    }
    let origin = Origin {
        reprint_of: before.id,
        marked: reprint.marked,
    };
    let job = checked(hub, tenant, &reprint.request, Some(origin), now).await?;
    match store(hub, job, None, idempotency, now).await {
        Err(refusal) if refusal.problem().code == "unknown_document" => {
            Err(AftermathError::DocumentGone.problem().into())
        }
        stored => stored,
    }
}

/// Makes a job that prints a printer's test page. Under the same `key` it is made once, whatever time it
/// says.
///
/// # Errors
/// 409 `no_test_page` for a printer that takes nothing a test page could be; those of [`submit`].
pub async fn test_page(
    hub: &Hub,
    tenant: TenantId,
    printer: &PrinterRecord,
    key: Option<String>,
) -> Result<Submitted, Refusal> {
    let idempotency = key.map(|key| Idempotency {
        key,
        request: sha256(format!("test page {}", printer.id).as_bytes()),
    });
    if let Some(made) = replay(hub, tenant, idempotency.as_ref()).await? {
        return Ok(made);
    }
    let now = clock::wall();
    let head = profile::of(printer);
    let page = TestPage {
        printer: printer.name.clone(),
        agent: printer.agent_name.clone(),
        at: Timestamp(now),
        language: head.language,
        dpi: head.dpi,
        width_dots: head.width_dots,
        height_dots: head.height_dots,
    };
    let document = page.document(&printer.content_types);
    let (content_type, content) = document.ok_or_else(|| no_test_page(printer))?;
    let mut request = PrintJobRequest {
        printer: printer.id,
        content_type,
        content: Some(Base64Bytes(content)),
        document: None,
        title: Some(format!("Test page of {}", printer.name)),
        copies: 1,
        expires_at: None,
        expires_in_s: None,
        uncertain: UncertainPolicy::Hold,
        options: PrintOptions::default(),
    };
    let job = checked(hub, tenant, &request, None, now).await?;
    let body = request.content.take().map(|content| content.0);
    store(hub, job, body, idempotency, now).await
}

fn no_test_page(printer: &PrinterRecord) -> Refusal {
    Refusal::new(
        StatusCode::CONFLICT,
        "no_test_page",
        format!(
            "printer {} takes nothing that a test page can be, or its head is too small for one; look at what its agent tells of it",
            printer.name
        ),
    )
}

/// A tenant's job.
///
/// # Errors
/// 404 `not_found`, and those of the store.
pub async fn found(hub: &Hub, tenant: TenantId, id: JobId) -> Result<PrintJob, Refusal> {
    let job = hub.store.job(tenant, id).await?;
    job.ok_or_else(|| Refusal::not_found("print job"))
}

async fn replay(
    hub: &Hub,
    tenant: TenantId,
    idempotency: Option<&Idempotency>,
) -> Result<Option<Submitted>, Refusal> {
    let Some(idempotency) = idempotency else {
        return Ok(None);
    };
    let made = hub.store.replay(tenant, idempotency.clone()).await;
    let made = made.map_err(refused)?;
    Ok(made.map(|job| Submitted { job, repeat: true }))
}

async fn checked(
    hub: &Hub,
    tenant: TenantId,
    request: &PrintJobRequest,
    origin: Option<Origin>,
    now: WallTime,
) -> Result<NewJob, Refusal> {
    let target = hub.store.target(tenant, request.printer).await?;
    let uploaded = match (&request.content, request.document) {
        (None, Some(sha256)) => hub.store.document_head(tenant, sha256).await?,
        _ => None,
    };
    let content = match (&request.content, request.document, &uploaded) {
        (Some(content), ..) => Some(Content {
            sha256: sha256(&content.0),
            bytes: content.0.len() as u64,
            head: &content.0[..content.0.len().min(HEAD_BYTES)],
        }),
        (None, Some(sha256), Some(found)) => Some(Content {
            sha256,
            bytes: found.bytes,
            head: &found.head,
        }),
        _ => None,
    };
    let target = target.as_ref();
    let job = submit::check(ids::job(), tenant, request, target, content, origin, now)
        .map_err(|refusal| Refusal::from(refusal.problem()))?;
    // A reprint's document was checked when it came first.
    if job.document.content_type == ContentType::Ticket && origin.is_none() {
        check_ticket(hub, tenant, request, job.document.sha256).await?;
    }
    Ok(job)
}

/// Tells what is wrong with a ticket document now, and not only when it is to be printed. What depends
/// on the printer's head, and pictures in it, are its agent's.
async fn check_ticket(
    hub: &Hub,
    tenant: TenantId,
    request: &PrintJobRequest,
    sha256: Sha256,
) -> Result<(), Refusal> {
    if let Some(content) = &request.content {
        return well_formed_ticket(&content.0);
    }
    let document = hub.store.document(tenant, sha256).await?;
    document.map_or(Ok(()), |document| well_formed_ticket(&document))
}

/// Checks a ticket document as far as can be without a head.
///
/// # Errors
/// 422 `ticket_invalid`, naming the element at fault.
pub fn well_formed_ticket(document: &[u8]) -> Result<(), Refusal> {
    let parsed = TicketDocument::parse(document);
    parsed.map(drop).map_err(|error| {
        Refusal::invalid("ticket_invalid", format!("the ticket document: {error}"))
    })
}

async fn store(
    hub: &Hub,
    job: NewJob,
    body: Option<Vec<u8>>,
    idempotency: Option<Idempotency>,
    now: WallTime,
) -> Result<Submitted, Refusal> {
    let submission = Submission {
        // Saves a second commit before the offer where the agent is there to take it.
        offered: hub.is_online(job.agent),
        job,
        body,
        kept_until: kept_until(now),
        idempotency,
    };
    hub.store.submit(submission, now).await.map_err(refused)
}

/// What was asked, however the JSON was written.
fn digest(asked: &mut PrintJobRequest) -> Sha256 {
    // A long document is not written out as JSON again only to be digested.
    let content = asked.content.take();
    let mut text = serde_json::to_vec(asked).expect("plain data with string keys becomes JSON");
    if let Some(content) = &content {
        text.extend_from_slice(&sha256(&content.0).0);
    }
    asked.content = content;
    sha256(&text)
}

fn reprint_digest(job: JobId, asked: &ReprintRequest) -> Sha256 {
    let asked = serde_json::to_string(asked).expect("plain data with string keys becomes JSON");
    sha256(format!("reprint {job} {asked}").as_bytes())
}

fn refused(error: SubmitError) -> Refusal {
    match error {
        SubmitError::Store(error) => error.into(),
        error => SubmitRefusal::from(error).problem().into(),
    }
}
