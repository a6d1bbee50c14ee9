//! `cueline print`: one file to one printer, and on request what becomes of it.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use cueline_model::PrinterId;
use cueline_model::limits::INLINE_BODY_BYTES_MAX;
use cueline_wire::Base64Bytes;
use cueline_wire::api::{PrintJob, PrintJobRequest};

use crate::api::Api;
use crate::arguments::PrintArguments;
use crate::exit::Exit;
use crate::progress::{self, Step};
use crate::sentence::{moment, outcome};
use crate::{document, print_json, printers};

/// The longest title of a job (`POST /v1/print-jobs`).
const TITLE_CHARS_MAX: usize = 200;

/// Puts the file in, and follows the job where asked to.
pub async fn run(api: &Api, arguments: PrintArguments, json: bool) -> anyhow::Result<Exit> {
    let bytes = document::read(&arguments.file)?;
    let said = arguments.content_type.map(Into::into);
    let content_type = document::content_type(&bytes, &arguments.file, said)?;
    let printer = find_printer(api, &arguments.printer).await?;

    let mut request = PrintJobRequest {
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
    let idempotency_key = arguments
        .idempotency_key
        .unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let printed = api.print(&request, &idempotency_key).await;
    let job = match printed {
        Err(error) if error.leaves_doubt() => {
            return Err(anyhow::Error::from(error).context(format!(
                "the hub may have the job; the same command with --idempotency-key \
                 {idempotency_key} makes sure of it without printing twice"
            )));
        }
        printed => printed?,
    };

    match arguments.wait {
        Some(wait_s) => {
            let wait = Duration::from_secs(u64::from(wait_s));
            follow(api, job, wait, json).await
        }
        None if json => print_json(&job).map(|()| Exit::Done),
        None => {
            println!("{} {} for {}", job.id, job.state, job.printer_name);
            Ok(Exit::Done)
        }
    }
}

/// The file's name, cut to what the hub takes.
fn file_title(file: &Path) -> String {
    let name = document::display_name(file);
    name.chars().take(TITLE_CHARS_MAX).collect()
}

async fn find_printer(api: &Api, asked: &str) -> anyhow::Result<PrinterId> {
    if let Some(id) = printers::as_id(asked) {
        return Ok(id);
    }
    let known = api.printers().await?;
    Ok(printers::by_name(asked, &known)?.id)
}

async fn follow(api: &Api, job: PrintJob, wait: Duration, json: bool) -> anyhow::Result<Exit> {
    if !json {
        println!("{} for {}", job.id, job.printer_name);
    }
    let id = job.id;
    let following = progress::follow(api, job, wait, |step| {
        println!("{}", progress_line(step, json));
        // A pipe is written to in blocks, and whoever reads it wants the line now. A reader that
        // went away is no reason to stop: the outcome still decides the exit code.
        let _ = std::io::stdout().flush();
    });
    let job = tokio::select! {
        job = following => job?,
        // To end the waiting is not to take the job back, and whoever waits has to know.
        Ok(()) = tokio::signal::ctrl_c() => {
            eprintln!(
                "no longer waiting; the job goes on: `cueline jobs {id}` shows it, `cueline cancel \
                 {id}` asks for it not to be printed"
            );
            return Ok(Exit::Unfinished);
        }
    };
    if json {
        println!("{}", serde_json::json!({ "event": "outcome", "job": job }));
    } else {
        println!("{}", outcome(&job));
    }
    Ok(Exit::of_job(job.state))
}

fn progress_line(step: &Step, json: bool) -> String {
    if json {
        return serde_json::json!({
            "event": "progress",
            "since_created_ms": step.since_created_ms,
            "what": step.what,
            "detail": step.detail,
        })
        .to_string();
    }
    let since = moment(step.since_created_ms);
    let line = format!("{since:>9}  {:16} {}", step.what, step.detail);
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_one_line_for_people_and_one_document_for_programs() {
        let step = Step {
            since_created_ms: 204,
            what: "waiting".to_owned(),
            detail: "the printer is out of paper".to_owned(),
        };
        assert_eq!(
            progress_line(&step, false),
            "   0.20 s  waiting          the printer is out of paper"
        );
        let json: serde_json::Value = serde_json::from_str(&progress_line(&step, true)).unwrap();
        assert_eq!(json["event"], "progress");
        assert_eq!(json["since_created_ms"], 204);
        assert_eq!(json["what"], "waiting");
    }
}
