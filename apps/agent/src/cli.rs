//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use cueline_uplink::{Fingerprint, HubUrl};

use crate::config::ProxySetting;

const EXIT_CODES: &str = "\
Exit codes:
   0  ended as asked
   1  an error that has no code of its own
   2  the command line is wrong
  65  the journal is damaged; see --set-aside-damaged-journal
  69  the hub could not be reached (register)
  70  stopped before it was done: a second signal, or 30 s were not enough
  73  the data directory cannot be written
  74  the journal cannot be read, written or synced
  75  another agent is using the data directory
  77  the hub refused the registration
  78  the configuration or the registration is missing or wrong

Environment:
  CUELINE_LOG  what is logged: error, warn, info (default), debug, trace, or by module";

/// The background program at the till: holds the line to the hub, prints, reports.
#[derive(Debug, Parser)]
#[command(name = "cueline-agent", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// How the log on standard error is written
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Human)]
    pub log: LogFormat,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line for people
    Human,
    /// One JSON object a line
    Json,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run in the foreground until Ctrl-C or SIGTERM
    Run(RunArgs),
    /// Make this machine known to its hub with a pairing code
    Register(Box<RegisterArgs>),
    /// Add a printer to the configuration; what stands in the file stays as it is
    AddPrinter(Box<AddPrinterArgs>),
    /// Check the configuration and the registration, and report every error
    Check(CheckArgs),
}

/// Where the agent keeps its files.
#[derive(Debug, clap::Args)]
pub struct DataArgs {
    /// The data directory [default: the platform's place for a program's state]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The configuration file [default: agent.toml in the data directory]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Of `run`.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// Where.
    #[command(flatten)]
    pub files: DataArgs,
    /// Go on without a damaged journal: it is renamed and kept, and a new one is begun
    #[arg(long)]
    pub set_aside_damaged_journal: bool,
}

/// Of `register`.
#[derive(Debug, clap::Args)]
pub struct RegisterArgs {
    /// Where.
    #[command(flatten)]
    pub files: DataArgs,
    /// The hub's address, https://host[:port]
    #[arg(long, value_name = "URL")]
    pub hub: HubUrl,
    /// The pairing code, as the box office shows it
    #[arg(long)]
    pub code: String,
    /// What people shall call this machine [default: its host name]
    #[arg(long)]
    pub name: Option<String>,
    /// The hub's root certificate, PEM
    #[arg(long, value_name = "FILE", conflicts_with = "fingerprint")]
    pub ca: Option<PathBuf>,
    /// SHA-256 fingerprint of the hub's certificate or its authority's
    #[arg(long, value_name = "SHA256")]
    pub fingerprint: Option<Fingerprint>,
    /// The way to the hub: auto, none or http://[user:password@]host:port [default: as configured]
    #[arg(long, value_name = "auto|none|URL")]
    pub proxy: Option<ProxySetting>,
    /// Give up an earlier registration: a new key is made and the journal is set aside
    #[arg(long)]
    pub replace: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Of `check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Where.
    #[command(flatten)]
    pub files: DataArgs,
}

/// Of `add-printer`.
#[derive(Debug, clap::Args)]
pub struct AddPrinterArgs {
    /// Where.
    #[command(flatten)]
    pub files: DataArgs,
    /// What the printer shall be called: letters, digits, '-', '_' and '.'
    pub name: String,
    /// Where it is reached, such as tcp://192.0.2.7:9100, usb://, serial://COM3 or spool://QUEUE
    pub address: String,
    /// What it takes: escpos, fgl, zpl, pdf or raw
    #[arg(long)]
    pub language: Option<String>,
    /// Its model, where `cueline printers discover` names one
    #[arg(long)]
    pub model: Option<String>,
    /// Dots to the inch [default: as its model or language has it]
    #[arg(long)]
    pub dpi: Option<u16>,
    /// Dots across a page [default: as its model or language has it]
    #[arg(long, value_name = "DOTS")]
    pub width_dots: Option<u16>,
    /// Dots down a page, where that is fixed
    #[arg(long, value_name = "DOTS")]
    pub height_dots: Option<u16>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}
