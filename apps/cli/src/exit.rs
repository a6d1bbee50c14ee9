//! How the program ends: exit codes for scripts, error texts for people and programs.

use std::process::ExitCode;

use cueline_model::{JobState, PaymentState};

use crate::api::ApiError;

/// For `--help`; the codes of [`Exit`], and clap's own 2.
pub const HELP: &str = "\
Exit codes:
  0  done
  1  error: nothing was done, or it is not known what was (standard error says which)
  2  wrong usage
  3  the job failed, expired or was cancelled: nothing was printed; of `pay`: no money moved
  4  the job is uncertain: it may be on paper, and a person decides; of `pay`: nobody knows
  5  the job or payment had not ended when the wait was over, or when Ctrl-C ended it
3, 4 and 5 come from `--wait`, `demo --once` and `pay` alone.";

/// An end other than an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// What was asked for is done.
    Done = 0,
    /// The error was reported.
    Error = 1,
    /// Nothing was printed, or no money moved.
    NotPrinted = 3,
    /// It may have been printed, or money may have moved.
    Uncertain = 4,
    /// Not ended within the wait.
    Unfinished = 5,
}

impl Exit {
    /// What a payment's state means.
    pub const fn of_payment(state: PaymentState) -> Self {
        match state {
            PaymentState::Approved => Self::Done,
            PaymentState::Unknown => Self::Uncertain,
            state if state.is_settled() => Self::NotPrinted,
            _ => Self::Unfinished,
        }
    }

    /// What a waited-for job's state means.
    pub const fn of_job(state: JobState) -> Self {
        match state {
            JobState::Done => Self::Done,
            JobState::Failed | JobState::Expired | JobState::Cancelled => Self::NotPrinted,
            JobState::Uncertain => Self::Uncertain,
            JobState::Queued | JobState::Accepted | JobState::Started => Self::Unfinished,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Writes an error to standard error, as one JSON document where JSON was asked for.
pub fn report(error: &anyhow::Error, json: bool) {
    if json {
        let document = serde_json::json!({ "error": sentence(error), "code": code(error) });
        eprintln!("{document}");
    } else {
        eprintln!("error: {}", sentence(error));
    }
}

/// The error and its causes, each said once: many errors have their cause in their own words.
fn sentence(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if said.is_empty() {
            said = cause;
        } else if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    if code(error) == "key_invalid" {
        said.push_str("; check --key, CUELINE_KEY or what `cueline login` was given");
    }
    said
}

/// The stable word for an error that has one.
fn code(error: &anyhow::Error) -> &str {
    match error.downcast_ref::<ApiError>() {
        Some(ApiError::Refused(problem)) => &problem.code,
        Some(ApiError::Request(error)) => error.code(),
        Some(ApiError::Unreadable { .. }) => "answer_unreadable",
        None => "error",
    }
}

#[cfg(test)]
mod tests {
    use cueline_wire::Problem;

    use super::*;

    #[test]
    fn every_settled_state_has_its_exit_code() {
        for (state, exit) in [
            (JobState::Done, 0),
            (JobState::Failed, 3),
            (JobState::Expired, 3),
            (JobState::Cancelled, 3),
            (JobState::Uncertain, 4),
            (JobState::Accepted, 5),
        ] {
            assert_eq!(Exit::of_job(state) as u8, exit, "{state}");
        }
    }

    #[test]
    fn a_refusal_keeps_the_hubs_own_code_under_context() {
        let problem = Problem::new(404, "unknown_printer", "there is no such printer");
        let error = anyhow::Error::from(ApiError::Refused(Box::new(problem))).context("print");
        assert_eq!(code(&error), "unknown_printer");
        assert_eq!(
            sentence(&error),
            "print: there is no such printer (unknown_printer, HTTP 404)"
        );
        assert_eq!(code(&anyhow::anyhow!("other")), "error");
    }

    #[test]
    fn a_cause_is_said_once() {
        let missing = std::path::Path::new("/nowhere/ca.pem");
        let error = anyhow::Error::from(cueline_uplink::Trust::from_pem_file(missing).unwrap_err());
        let cause = std::fs::read(missing).unwrap_err().to_string();
        let said = sentence(&error.context("log in"));
        assert!(said.starts_with("log in: read the hub's root"), "{said}");
        assert_eq!(said.matches(&cause).count(), 1, "{said}");
        let bare = anyhow::anyhow!("no such file").context("open a.png");
        assert_eq!(sentence(&bare), "open a.png: no such file");
    }

    #[test]
    fn a_wrong_key_is_looked_for_where_keys_come_from() {
        let problem = Problem::new(401, "key_invalid", "no valid API key came");
        let said = sentence(&ApiError::Refused(Box::new(problem)).into());
        assert!(said.contains("CUELINE_KEY"), "{said}");
    }
}
