//! `cueline reprint` and `cueline resolve`: what a person does about a job.

use clap::{Args, ValueEnum};
use cueline_model::JobId;
use cueline_wire::api::Decision;

use super::{ConnectionArguments, WaitArguments};

/// `cueline reprint`.
#[derive(Debug, Args)]
pub struct ReprintArguments {
    /// The job's id.
    pub job: JobId,
    /// From this ticket on, counted from 1 through all copies.
    #[arg(long, value_name = "TICKET", value_parser = clap::value_parser!(u32).range(1..))]
    pub from_ticket: Option<u32>,
    /// On another printer: name, AGENT/NAME or id.
    #[arg(long, short, value_name = "PRINTER")]
    pub printer: Option<String>,
    /// Head it DUPLICATE, or (=false) do not; told from what may be on paper already where not given.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub marked: Option<bool>,
    /// Who decides so: settles the job that is uncertain as printed again.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    #[command(flatten)]
    pub wait: WaitArguments,
    /// Repeat a call with the same key and it prints once; made up where not given.
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    #[command(flatten)]
    pub connection: ConnectionArguments,
}

/// `cueline resolve`.
#[derive(Debug, Args)]
pub struct ResolveArguments {
    /// The job's id.
    pub job: JobId,
    /// What you found.
    pub finding: Finding,
    /// Who says so.
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Why, or how you know.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[command(flatten)]
    pub connection: ConnectionArguments,
}

/// What somebody found out about a job in doubt, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Finding {
    /// It is on paper, whole.
    Printed,
    /// None of it is on paper that anybody could use.
    NotPrinted,
    /// It was printed again.
    Reprinted,
}

impl From<Finding> for Decision {
    fn from(finding: Finding) -> Self {
        match finding {
            Finding::Printed => Self::Printed,
            Finding::NotPrinted => Self::NotPrinted,
            Finding::Reprinted => Self::Reprinted,
        }
    }
}
