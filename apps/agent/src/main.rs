//! The background program at the till: holds the line to the hub, prints, reports.

mod add_printer;
mod cli;
mod config;
mod data_dir;
mod ending;
mod hub;
mod identity;
mod key;
mod log;
mod payments;
mod registration;
mod run;
mod shell;
mod signals;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, LogFormat, Verb};
use ending::{Code, Ending};

/// Sent as `User-Agent`.
const USER_AGENT: &str = concat!("cueline-agent/", env!("CARGO_PKG_VERSION"));

fn main() -> ExitCode {
    // For the agent itself, which starts this program to decode a document. Before there is a thread, a
    // log or a command line: it confines itself and talks to its parent alone.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|verb| verb == cueline_decoder::VERB)
    {
        return cueline_decoder::child_main();
    }
    let cli = Cli::parse();
    log::start(cli.log);
    match done(&cli.verb) {
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

fn done(verb: &Verb) -> Result<String, Ending> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Ending::new(Code::Other, format!("start the program: {error}")))?;
    let done = match verb {
        Verb::Run(args) => runtime.block_on(run::run(args)),
        Verb::AddPrinter(args) => add_printer::add(args),
        Verb::Check(args) => run::check(args),
        Verb::Register(args) => runtime.block_on(registration::register(args)),
    };
    // A thread that the system holds in a call to a printer's device may never come back.
    runtime.shutdown_background();
    done
}

/// In the form that was asked for, so that whoever reads the output need not expect two.
fn tell(cli: &Cli, ending: &Ending) {
    let json = match &cli.verb {
        Verb::Register(args) => args.json,
        Verb::AddPrinter(args) => args.json,
        Verb::Run(_) | Verb::Check(_) => false,
    };
    if json {
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
