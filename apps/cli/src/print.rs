//! `cueline print`: one file to one printer, and on request what becomes of it.

use std::path::Path;

use anyhow::Context as _;
use cueline_model::limits::INLINE_BODY_BYTES_MAX;
use cueline_wire::Base64Bytes;
use cueline_wire::api::{PrintJob, PrintJobRequest};

use crate::api::{Api, ApiError};
use crate::arguments::PrintArguments;
use crate::exit::Exit;
use crate::{document, printers, watch};

/// The longest title of a job (`POST /v1/print-jobs`).
const TITLE_CHARS_MAX: usize = 200;

/// Puts the file in, and follows the job where asked to.
pub async fn run(api: &Api, arguments: PrintArguments, json: bool) -> anyhow::Result<Exit> {
    let options = arguments.options.to_options();
    options.check().context("read the options")?;
    let bytes = document::read(&arguments.file)?;
    let said = arguments.content_type.map(Into::into);
    let content_type = document::content_type(&bytes, &arguments.file, said)?;
    let printer = printers::meant(api, &arguments.printer).await?;

    let mut request = PrintJobRequest {
        options,
        printer,
        content_type,
        content: None,
        document: None,
        title: Some(
            arguments
                .title
                .unwrap_or_else(|| file_title(&arguments.file)),
        ),
        copies: arguments.copies,
        expires_at: None,
        expires_in_s: arguments.expires_in,
        uncertain: arguments.uncertain.into(),
    };
    if bytes.len() as u64 > INLINE_BODY_BYTES_MAX {
        request.document = Some(api.store_document(content_type, bytes).await?.document);
    } else {
        request.content = Some(Base64Bytes(bytes));
    }
    let key = idempotency_key(arguments.idempotency_key);
    let job = made(api.print(&request, &key).await, &key)?;
    watch::shown(api, job, arguments.wait, json).await
}

/// The key that was given, or a new one.
pub fn idempotency_key(given: Option<String>) -> String {
    given.unwrap_or_else(|| uuid::Uuid::new_v4().to_string())
}

/// The job that was made; where that is not known, how to make sure.
pub fn made(answer: Result<PrintJob, ApiError>, key: &str) -> anyhow::Result<PrintJob> {
    match answer {
        Err(error) if error.leaves_doubt() => Err(anyhow::Error::from(error).context(format!(
            "the hub may have the job; the same command with --idempotency-key {key} makes sure of \
             it without printing twice"
        ))),
        answer => Ok(answer?),
    }
}

/// The file's name, cut to what the hub takes.
fn file_title(file: &Path) -> String {
    let name = document::display_name(file);
    name.chars().take(TITLE_CHARS_MAX).collect()
}
