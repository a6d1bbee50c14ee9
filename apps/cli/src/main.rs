//! The command line: demo, register, pair, print, pay, payments, printers, status, jobs, reprint, resolve.

mod api;
mod arguments;
mod cancel;
mod demo;
mod document;
mod exit;
mod jobs;
mod login;
mod pair;
mod pay;
mod payments;
mod print;
mod printers;
mod profile;
mod progress;
mod register;
mod reprint;
mod resolve;
mod sentence;
mod settings;
mod siblings;
mod sites;
mod status;
mod table;
mod watch;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;

use arguments::{Arguments, Verb};
use exit::Exit;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let json = arguments.json;
    match run(arguments) {
        Ok(exit) => exit.into(),
        Err(error) => {
            exit::report(&error, json);
            Exit::Error.into()
        }
    }
}

/// One thread does: the demo's children are processes, and everything else is one talk with the hub.
#[tokio::main(flavor = "current_thread")]
async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let json = arguments.json;
    match arguments.verb {
        Verb::Demo(demo) => demo::run(demo, json).await,
        Verb::Login(connection) => login::run(&connection, json).await,
        Verb::Register { arguments } => register::run(&arguments, json),
        Verb::Pair { site, connection } => {
            pair::run(&connection.open()?, site.as_deref(), json).await
        }
        Verb::Print(print) => {
            let api = print.connection.open()?;
            print::run(&api, *print, json).await
        }
        Verb::Pay(pay) => {
            let api = pay.connection.open()?;
            pay::run(&api, *pay, json).await
        }
        Verb::Payments(payments) => payments::run(*payments, json).await,
        Verb::Printers(printers) => printers::run(printers, json).await,
        Verb::Status(connection) => status::run(&connection.open()?, json).await,
        Verb::Jobs(jobs) => jobs::run(&jobs.connection.open()?, &jobs, json).await,
        Verb::Reprint(reprint) => reprint::run(&reprint.connection.open()?, reprint, json).await,
        Verb::Resolve(resolve) => resolve::run(&resolve.connection.open()?, resolve, json).await,
        Verb::Cancel { job, connection } => cancel::run(&connection.open()?, job, json).await,
    }
}

/// Prints one JSON document and ends the line.
fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value).context("write the answer as JSON")?;
    println!("{text}");
    Ok(())
}
