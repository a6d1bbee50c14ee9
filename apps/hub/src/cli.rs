//! The command line of `cueline-hub`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::Overrides;

/// The cloud's end of the line: holds each till's request open, keeps jobs, serves the box office's API.
#[derive(Debug, Parser)]
#[command(name = "cueline-hub", version, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// What to do; without it the hub runs.
    #[command(subcommand)]
    pub verb: Option<Verb>,
    /// For running without saying so.
    #[command(flatten)]
    pub run: RunArguments,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the hub (the default).
    Run(RunArguments),
    /// Check the configuration, the data directory, the certificate and the port; report all that is wrong.
    Check(CommonArguments),
    /// Manage tenants while the hub is stopped.
    Tenant(TenantArguments),
    /// Decodes one document from standard input; the hub starts itself with it.
    #[command(hide = true)]
    Decode,
}

/// Where everything is.
#[derive(Debug, Clone, Args)]
pub struct CommonArguments {
    /// The configuration file (TOML); all settings have defaults.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The directory that holds all the hub must not forget.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Where to listen, such as [::]:8443 or 127.0.0.1:0 (a free port).
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
}

/// How to run.
#[derive(Debug, Clone, Args)]
pub struct RunArguments {
    /// Where everything is.
    #[command(flatten)]
    pub common: CommonArguments,
    /// How the log on standard error is written.
    #[arg(long, value_enum, default_value_t = LogFormat::Human)]
    pub log: LogFormat,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line an event, for people.
    Human,
    /// One JSON object an event, for programs.
    Json,
}

/// Tenants.
#[derive(Debug, Args)]
pub struct TenantArguments {
    /// What to do with them.
    #[command(subcommand)]
    pub verb: TenantVerb,
}

/// What to do with tenants.
#[derive(Debug, Subcommand)]
pub enum TenantVerb {
    /// Add a tenant with a first site, and print its first API key.
    Add {
        /// What people call it, 1 to 100 characters.
        name: String,
        /// Where everything is.
        #[command(flatten)]
        common: CommonArguments,
    },
}

impl CommonArguments {
    /// As the configuration takes it.
    #[must_use]
    pub fn overrides(&self) -> Overrides {
        Overrides {
            file: self.config.clone(),
            data: self.data.clone(),
            listen: self.listen.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn running_is_the_default() {
        Arguments::command().debug_assert();
        let arguments =
            Arguments::parse_from(["cueline-hub", "--listen", "127.0.0.1:0", "--log", "json"]);
        assert!(arguments.verb.is_none());
        assert_eq!(arguments.run.log, LogFormat::Json);
        let arguments = Arguments::parse_from(["cueline-hub", "run", "--data", "here"]);
        assert!(
            matches!(arguments.verb, Some(Verb::Run(run)) if run.common.data == Some("here".into()))
        );
    }
}
