//! Each user's program at the till: owns the talk with the desk's card terminals.

mod cli;
mod config;
mod controller;
mod run;
mod terminals;

use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use cli::{Cli, Verb};
use config::Config;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_env("CUELINE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(false)
        .init();
    match done(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cueline-tray: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn done(cli: &Cli) -> anyhow::Result<()> {
    let config = Config::load(&cli.config)?;
    match &cli.verb {
        Verb::Check => {
            let count = config.terminals.len();
            println!(
                "configuration is good: station {}, terminals: {count}",
                config.station
            );
            Ok(())
        }
        Verb::Run { headless: _ } => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(run::run(config, cli.socket()?))
        }
    }
}
