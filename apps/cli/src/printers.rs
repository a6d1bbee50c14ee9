//! `cueline printers`: what there is and what it can do; discover, add, test, events.

mod discover;
mod events;
mod find;
mod show;

use cueline_model::PrinterId;
use cueline_wire::api::Printer;

use crate::api::Api;
use crate::arguments::{PrinterVerb, PrintersArguments, TestArguments};
use crate::exit::Exit;
use crate::print::{idempotency_key, made};
use crate::{print_json, siblings, watch};

/// Does what is asked.
pub async fn run(arguments: PrintersArguments, json: bool) -> anyhow::Result<Exit> {
    match arguments.verb {
        None => {
            let api = arguments.connection.open()?;
            list(&api, arguments.printer.as_deref(), json).await
        }
        Some(PrinterVerb::Discover { seconds }) => discover::run(seconds, json).await,
        Some(PrinterVerb::Add { arguments }) => {
            siblings::run("cueline-agent", "add-printer", &arguments, json)
        }
        Some(PrinterVerb::Test(arguments)) => test(arguments, json).await,
        Some(PrinterVerb::Events(arguments)) => events::run(arguments, json).await,
    }
}

/// The printer that was meant: an id as it is, a name among those the hub knows.
pub async fn meant(api: &Api, asked: &str) -> anyhow::Result<PrinterId> {
    if let Some(id) = find::as_id(asked) {
        return Ok(id);
    }
    let known = api.printers().await?;
    Ok(find::by_name(asked, &known)?.id)
}

async fn list(api: &Api, only: Option<&str>, json: bool) -> anyhow::Result<Exit> {
    if let Some(asked) = only {
        let printer = api.printer(meant(api, asked).await?).await?;
        if json {
            print_json(&printer)?;
        } else {
            print!("{}", show::Block(&printer));
        }
        return Ok(Exit::Done);
    }
    let printers: Vec<Printer> = api.printers().await?;
    if json {
        print_json(&printers)?;
    } else if printers.is_empty() {
        println!(
            "No agent has reported a printer; `cueline printers discover` looks for some at the till, \
             `cueline printers add` adds one."
        );
    } else {
        let blocks: Vec<String> = printers
            .iter()
            .map(|one| show::Block(one).to_string())
            .collect();
        print!("{}", blocks.join("\n"));
    }
    Ok(Exit::Done)
}

async fn test(arguments: TestArguments, json: bool) -> anyhow::Result<Exit> {
    let api = arguments.connection.open()?;
    let printer = meant(&api, &arguments.printer).await?;
    let key = idempotency_key(arguments.idempotency_key);
    let job = made(api.test_page(printer, &key).await, &key)?;
    watch::shown(&api, job, arguments.wait, json).await
}
