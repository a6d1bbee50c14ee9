//! The background program at the till: holds the line to the hub, prints, reports.

mod cli;
mod config;
mod data_dir;
mod ending;
mod hub;
mod identity;
mod key;
mod log;
mod registration;
mod run;
mod shell;
mod signals;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, LogFormat, Verb};
use ending::Ending;

/// Sent as `User-Agent`.
const USER_AGENT: &str = concat!("cueline-agent/", env!("CARGO_PKG_VERSION"));

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    log::start(cli.log);
    let done = match &cli.verb {
        Verb::Run(args) => run::run(args).await,
        Verb::Check(args) => run::check(args),
        Verb::Register(args) => registration::register(args).await,
    };
    match done {
        Ok(text) => {
            if !text.is_empty() {
                println!("{text}");
            }
            ExitCode::SUCCESS
        }
        Err(ending) => {
            tell(&cli, &ending);
            ExitCode::from(ending.code as u8)
        }
    }
}

/// In the form that was asked for, so that whoever reads the output need not expect two.
fn tell(cli: &Cli, ending: &Ending) {
    if matches!(&cli.verb, Verb::Register(args) if args.json) {
        let exit_code = ending.code as u8;
        println!(
            "{}",
            serde_json::json!({ "error": ending.text, "exit_code": exit_code })
        );
    }
    match cli.log {
        LogFormat::Human => eprintln!("cueline-agent: {ending}"),
        LogFormat::Json => tracing::error!("{ending}"),
    }
}
