//! What can be typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use cueline_model::{JobId, JobState};
use cueline_uplink::{Fingerprint, HubUrl, ProxyChoice};

use crate::demo::Kind;
use crate::exit;

mod doubt;
mod pay;
mod print;
mod printers;

pub use doubt::{ReprintArguments, ResolveArguments};
pub use pay::{PayArguments, PaymentVerb, PaymentsArguments};
pub use print::{PrintArguments, WaitArguments};
pub use printers::{EventsArguments, PrinterVerb, PrintersArguments, TestArguments};

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
    Print(Box<PrintArguments>),
    /// Take a card payment and follow it to its end.
    Pay(Box<PayArguments>),
    /// List card payments, or show one; cancel, look up or decide one.
    Payments(Box<PaymentsArguments>),
    /// List printers with what they can do; discover, add and test them.
    Printers(PrintersArguments),
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
    /// Print a job again, or the tickets of it that did not come out.
    Reprint(ReprintArguments),
    /// Say what you found out about a job that is uncertain.
    Resolve(ResolveArguments),
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
    /// The kind of printer.
    #[arg(long, value_name = "KIND", default_value = "escpos")]
    pub printer: Kind,
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::print::UncertainArgument;

    use super::*;

    fn print(line: &str) -> PrintArguments {
        let parsed = Arguments::try_parse_from(line.split(' ')).expect("a good command line");
        match parsed.verb {
            Verb::Print(print) => *print,
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
            print("cueline print --printer a --wait t.png").wait.seconds,
            Some(60)
        );
        let wait = |line| print(line).wait.seconds;
        assert_eq!(wait("cueline print -p a --wait=5 t.png"), Some(5));
        assert_eq!(wait("cueline print -p a t.png"), None);
    }

    #[test]
    fn defaults_are_one_copy_held_in_doubt() {
        let print = print("cueline print t.png --printer a");
        assert_eq!(
            (print.copies, print.uncertain),
            (1, UncertainArgument::Hold)
        );
        assert_eq!(print.content_type, None);
        assert!(print.options.to_options().is_default());
    }

    #[test]
    fn every_option_is_passed_on() {
        let line = "cueline print t.pdf -p a --collate --color=false --cut end --darkness 60 --dpi 300 \
                    --drawer --duplex long-edge --fit page --media stationery --nup 2 --pages 1,3- \
                    --paper 80x150mm --rotate 90 --tray main --from-ticket 7 --strict";
        let options = print(line).options.to_options();
        assert_eq!(
            serde_json::to_value(options).unwrap(),
            serde_json::json!({
                "on_unsupported": "strict", "collate": true, "color": false, "cut": "end",
                "darkness": 60, "dpi": 300, "drawer": true, "duplex": "long_edge", "fit": "page",
                "media": "stationery", "nup": 2, "pages": "1,3-", "paper": "80x150mm", "rotate": 90,
                "tray": "main", "from_ticket": 7,
            })
        );
    }

    #[test]
    fn a_printer_is_named_like_a_verb_by_its_id() {
        let printers = |line: &str| match Arguments::try_parse_from(line.split(' ')).unwrap().verb {
            Verb::Printers(printers) => printers,
            other => panic!("expected printers, got {other:?}"),
        };
        assert_eq!(printers("cueline printers").printer, None);
        let one = printers("cueline printers front --json").printer;
        assert_eq!(one.as_deref(), Some("front"));
        assert!(matches!(
            printers("cueline printers test front --wait").verb,
            Some(PrinterVerb::Test(TestArguments { wait, .. })) if wait.seconds == Some(60)
        ));
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
            "cueline print t.png -p a --rotate 45",
            "cueline print t.png -p a --pages 3-1",
            "cueline print t.png -p a --cut often",
            "cueline print t.png -p a --darkness 101",
            "cueline print t.png -p a --from-ticket 0",
            "cueline reprint",
            "cueline resolve job_0190b6d3a3b87c1e9f0a4b5c6d7e8f90 printed",
            "cueline resolve job_0190b6d3a3b87c1e9f0a4b5c6d7e8f90 lost --by Ann",
            "cueline printers test",
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
