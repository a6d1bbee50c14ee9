//! A job as the hub offers it to an agent.

use cueline_model::{
    AgentId, Attempt, Document, JobId, JobKey, PrintOptions, PrinterName, UncertainPolicy, WallTime,
};
use serde::{Deserialize, Serialize};

use crate::Base64Bytes;

/// A job with all an agent needs to do it, signed by the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOffer {
    /// Which job.
    pub job: JobId,
    /// Which attempt at it; with `job` the key an agent dedups by.
    pub attempt: Attempt,
    /// Not to be started after this time on the hub's clock, ms since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_by: Option<WallTime>,
    /// What to do.
    #[serde(flatten)]
    pub work: Work,
    /// The hub's Ed25519 signature (RFC 8032) over [`JobOffer::signed_text`], 64 bytes.
    pub signature: Base64Bytes,
}

/// The kinds of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    /// Print a document.
    Print(PrintWork),
}

/// A document for a printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintWork {
    /// The printer's name on its agent.
    pub printer: PrinterName,
    /// How many times, 1 to [`cueline_model::limits::COPIES_MAX`].
    pub copies: u16,
    /// What to do where a crash leaves the print in doubt.
    pub uncertain: UncertainPolicy,
    /// How it is wanted.
    #[serde(default, skip_serializing_if = "PrintOptions::is_default")]
    pub options: PrintOptions,
    /// Whether it is a second print of what may be on paper already: headed DUPLICATE where the
    /// printer's language allows it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub marked: bool,
    /// What is printed.
    pub document: Document,
    /// The document itself where it is at most
    /// [`cueline_model::limits::INLINE_BODY_BYTES_MAX`] long; otherwise it is fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Base64Bytes>,
}

impl JobOffer {
    /// The job and the attempt at it.
    #[must_use]
    pub const fn key(&self) -> JobKey {
        JobKey {
            job: self.job,
            attempt: self.attempt,
        }
    }

    /// Which job and attempt an offer is about that cannot be read as a whole, such as one of a later
    /// version; `None` where not even that can be read. Nothing of it is bound by a signature.
    #[must_use]
    pub fn which(json: &str) -> Option<(JobId, Attempt)> {
        #[derive(Deserialize)]
        struct Which {
            job: JobId,
            attempt: Attempt,
        }
        let which: Which = serde_json::from_str(json).ok()?;
        Some((which.job, which.attempt))
    }

    /// What the hub signs for `agent`: one line a field, so that nothing between hub and agent can
    /// change, redirect or invent a job. The body is bound by the document's digest.
    #[must_use]
    pub fn signed_text(&self, agent: AgentId) -> String {
        let start_by = self
            .start_by
            .map_or_else(|| "-".to_owned(), |time| time.0.to_string());
        let Work::Print(print) = &self.work;
        // Left out where nothing is asked for, as it was before there were options and marks.
        let marked = if print.marked { "marked: true\n" } else { "" };
        let options = if print.options.is_default() {
            String::new()
        } else {
            let json = serde_json::to_string(&print.options);
            format!("options: {}\n", json.expect("plain data becomes JSON"))
        };
        format!(
            "cueline-job-v1\nagent: {agent}\njob: {}\nattempt: {}\nstart_by: {start_by}\n\
             kind: print\nprinter: {}\ncopies: {}\nuncertain: {}\ncontent_type: {}\nbytes: {}\nsha256: {}\n{options}{marked}",
            self.job,
            self.attempt,
            print.printer,
            print.copies,
            print.uncertain.as_str(),
            print.document.content_type,
            print.document.bytes,
            print.document.sha256,
        )
    }
}
