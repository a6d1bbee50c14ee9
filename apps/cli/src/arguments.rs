//! What can be typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use cueline_model::{ContentType, JobId, JobState, UncertainPolicy};
use cueline_uplink::{Fingerprint, HubUrl, ProxyChoice};

use crate::exit;

/// How long `print --wait` waits where no number is given, seconds.
pub const WAIT_DEFAULT_S: &str = "60";

/// Print tickets at the counter from anywhere, and see what became of them.
#[derive(Debug, Parser)]
#[command(name = "cueline", version, after_help = exit::HELP)]
pub struct Arguments {
    /// Write JSON for programs instead of text for people.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run a hub, an agent and a virtual printer here and print a ticket.
    Demo(DemoArguments),
    /// Remember a hub and a key for the other verbs.
    Login(ConnectionArguments),
    /// Register this machine's agent with a hub (runs `cueline-agent register`).
    #[command(disable_help_flag = true)]
    Register {
        /// As `cueline-agent register` takes them: --hub URL --code CODE --name NAME …
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Make a code that registers one new agent.
    Pair {
        /// The site it will stand at, by name or id; needed where there are several.
        #[arg(long)]
        site: Option<String>,
        #[command(flatten)]
        connection: ConnectionArguments,
    },
    /// Print a file.
    Print(PrintArguments),
    /// Show agents and printers, and what is wrong with them.
    Status(ConnectionArguments),
    /// List print jobs, or show one.
    Jobs(JobsArguments),
    /// Ask for a job not to be printed; works as long as it has not been started.
    Cancel {
        /// The job's id.
        job: JobId,
        #[command(flatten)]
        connection: ConnectionArguments,
    },
}

/// How to reach the hub. What is not given comes from `cueline login`.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArguments {
    /// The hub's address, https://host[:port].
    #[arg(long, value_name = "URL")]
    pub hub: Option<HubUrl>,
    /// The API key; better set in CUELINE_KEY, since others can see a command line.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// The hub's own root certificates (PEM), believed alone.
    #[arg(long, value_name = "FILE", conflicts_with = "fingerprint")]
    pub ca: Option<PathBuf>,
    /// SHA-256 of the hub's certificate or its authority's, believed alone.
    #[arg(long, value_name = "SHA256")]
    pub fingerprint: Option<Fingerprint>,
    /// auto, none or http://[user:password@]host:port.
    #[arg(long, value_name = "PROXY", value_parser = proxy_setting)]
    pub proxy: Option<String>,
}

/// Checks the setting and keeps its text: what is parsed no longer shows its password, which
/// `login` has to write down.
fn proxy_setting(text: &str) -> Result<String, cueline_uplink::ProxyUrlError> {
    text.parse::<ProxyChoice>().map(|_| text.to_owned())
}

/// `cueline demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// End after one ticket: 0 where the printer said that it is printed.
    #[arg(long)]
    pub once: bool,
    /// Put the tickets' pictures here and leave them at the end.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Work in this new or empty folder and leave everything at the end.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// `cueline print`.
#[derive(Debug, Args)]
pub struct PrintArguments {
    /// The file; `-` is standard input.
    pub file: PathBuf,
    /// Name, AGENT/NAME or id.
    #[arg(long, short, value_name = "PRINTER")]
    pub printer: String,
    /// What the file is; told from its first bytes and its name where not given.
    #[arg(long = "type", value_name = "TYPE")]
    pub content_type: Option<TypeArgument>,
    /// How many times.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub copies: u16,
    /// What people shall call it; the file's name where not given.
    #[arg(long)]
    pub title: Option<String>,
    /// Not to be started later than this.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub expires_in: Option<u32>,
    /// What to do where a crash leaves the print in doubt.
    #[arg(long, value_name = "POLICY", default_value = "hold")]
    pub uncertain: UncertainArgument,
    /// Show the job's progress until it ends, or for this many seconds.
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = WAIT_DEFAULT_S
    )]
    pub wait: Option<u32>,
    /// Repeat a call with the same key and it prints once; made up where not given.
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    #[command(flatten)]
    pub connection: ConnectionArguments,
}

/// `cueline jobs`.
#[derive(Debug, Args)]
pub struct JobsArguments {
    /// Show this job with its timeline.
    pub job: Option<JobId>,
    /// Only jobs in this state, such as queued, done or uncertain.
    #[arg(long, conflicts_with = "job")]
    pub state: Option<JobState>,
    /// At most this many, newest first.
    #[arg(
        long,
        default_value_t = 20,
        conflicts_with = "job",
        value_parser = clap::value_parser!(u32).range(1..=1000)
    )]
    pub limit: u32,
    #[command(flatten)]
    pub connection: ConnectionArguments,
}

/// What a file is, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TypeArgument {
    /// Bytes in the printer's own language.
    Raw,
    /// A PNG picture.
    Png,
    /// A PDF document.
    Pdf,
}

impl From<TypeArgument> for ContentType {
    fn from(argument: TypeArgument) -> Self {
        match argument {
            TypeArgument::Raw => Self::Raw,
            TypeArgument::Png => Self::Png,
            TypeArgument::Pdf => Self::Pdf,
        }
    }
}

/// What to do in doubt, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum UncertainArgument {
    /// Print nothing; a person decides.
    Hold,
    /// Print again, headed DUPLICATE.
    ReprintMarked,
    /// Print again.
    Reprint,
}

impl From<UncertainArgument> for UncertainPolicy {
    fn from(argument: UncertainArgument) -> Self {
        match argument {
            UncertainArgument::Hold => Self::Hold,
            UncertainArgument::ReprintMarked => Self::ReprintMarked,
            UncertainArgument::Reprint => Self::Reprint,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn print(line: &str) -> PrintArguments {
        let parsed = Arguments::try_parse_from(line.split(' ')).expect("a good command line");
        match parsed.verb {
            Verb::Print(print) => print,
            other => panic!("expected print, got {other:?}"),
        }
    }

    #[test]
    fn the_arguments_are_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn wait_takes_a_number_only_after_an_equals_sign() {
        assert_eq!(
            print("cueline print --printer a --wait t.png").wait,
            Some(60)
        );
        assert_eq!(print("cueline print -p a --wait=5 t.png").wait, Some(5));
        assert_eq!(print("cueline print -p a t.png").wait, None);
    }

    #[test]
    fn defaults_are_one_copy_held_in_doubt() {
        let print = print("cueline print t.png --printer a");
        assert_eq!(
            (print.copies, print.uncertain),
            (1, UncertainArgument::Hold)
        );
        assert_eq!(print.content_type, None);
    }

    #[test]
    fn what_does_not_fit_is_refused_as_usage() {
        for line in [
            "cueline print t.png",
            "cueline print t.png -p a --copies 0",
            "cueline print t.png -p a --copies 101",
            "cueline print t.png -p a --expires-in 0",
            "cueline print t.png -p a --type gif",
            "cueline print t.png -p a --uncertain maybe",
            "cueline status --hub http://hub.example",
            "cueline status --ca a.pem --fingerprint 00",
            "cueline jobs --state printed",
            "cueline jobs prn_0000000000000000000000000000000b",
            "cueline cancel",
        ] {
            let error = Arguments::try_parse_from(line.split(' ')).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn register_passes_everything_on() {
        let line = "cueline register --hub https://hub --code K7QD-4MXP --help";
        let parsed = Arguments::try_parse_from(line.split(' ')).expect("a good command line");
        let Verb::Register { arguments } = parsed.verb else {
            panic!("expected register");
        };
        assert_eq!(arguments.len(), 5);
    }

    #[test]
    fn json_is_taken_before_and_after_the_verb() {
        for line in ["cueline --json status", "cueline status --json"] {
            assert!(Arguments::try_parse_from(line.split(' ')).expect(line).json);
        }
    }
}
