//! `cueline printers` and its verbs.

use std::ffi::OsString;

use clap::{Args, Subcommand};

use super::{ConnectionArguments, WaitArguments};

/// `cueline printers`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct PrintersArguments {
    /// What to do; without it all printers are listed.
    #[command(subcommand)]
    pub verb: Option<PrinterVerb>,
    /// Only this one: name, AGENT/NAME or id.
    pub printer: Option<String>,
    #[command(flatten)]
    pub connection: ConnectionArguments,
}

/// What to do with printers.
#[derive(Debug, Subcommand)]
pub enum PrinterVerb {
    /// Look for printers this machine can reach; asks no hub and changes nothing.
    Discover {
        /// How long to look.
        #[arg(
            long,
            value_name = "SECONDS",
            default_value_t = 5,
            value_parser = clap::value_parser!(u32).range(1..=120)
        )]
        seconds: u32,
    },
    /// Add a printer to this machine's agent (runs `cueline-agent add-printer`).
    #[command(disable_help_flag = true)]
    Add {
        /// As `cueline-agent add-printer` takes them: NAME ADDRESS --language LANGUAGE …
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Print the hub's test page.
    Test(TestArguments),
    /// Show what began and ended to be wrong with a printer, newest first.
    Events(EventsArguments),
}

/// `cueline printers test`.
#[derive(Debug, Args)]
pub struct TestArguments {
    /// Name, AGENT/NAME or id.
    pub printer: String,
    #[command(flatten)]
    pub wait: WaitArguments,
    /// Repeat a call with the same key and it prints once; made up where not given.
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    #[command(flatten)]
    pub connection: ConnectionArguments,
}

/// `cueline printers events`.
#[derive(Debug, Args)]
pub struct EventsArguments {
    /// Name, AGENT/NAME or id.
    pub printer: String,
    /// At most this many.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    #[command(flatten)]
    pub connection: ConnectionArguments,
}
