//! The virtual printer as a program.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use cueline_fake_devices::{PrinterFault, PrinterSettings, VirtualPrinter};

/// A virtual ESC/POS receipt printer: takes connections on a TCP port and writes each ticket that
/// is cut as a PNG, with a line about it in tickets.jsonl.
#[derive(Debug, Parser)]
#[command(version, after_help = CONTROL_HELP)]
struct Arguments {
    /// Where to take connections; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:9100")]
    listen: SocketAddr,

    /// Where to be told of faults; loopback only, port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    control: SocketAddr,

    /// Where tickets go: 0001.png, 0002.png, ... and tickets.jsonl. Made if it is not there.
    #[arg(long, default_value = "tickets")]
    output: PathBuf,

    /// What is wrong from the start, as in the control port's `fault`.
    #[arg(long, default_value = "none")]
    fault: PrinterFault,
}

const CONTROL_HELP: &str = "\
When ready it prints one line: listening on ADDRESS:PORT, control on ADDRESS:PORT
Ctrl-C or SIGTERM ends it.

Control port, one line each, answered with one line starting `ok` or `error:`
  fault paper_out                  takes data until its buffer is full, prints when there is paper
  fault cover_open                 the same, with the cover's status
  fault offline                    the same, with no cause given
  fault stall                      answers status requests but prints nothing
  fault refuse                     refuses connections
  fault cut_connection after=N     drops each connection after N bytes of a ticket
  fault none                       all is well again
  status                           fault and number of tickets

Status requests (DLE EOT) are answered in every state while the buffer of 4 KiB has room.

A ticket whose connection ends before the cut is kept, with a ragged edge and \"torn\": true.
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into()),
        )
        .init();
    let arguments = Arguments::parse();
    let ended = end_requested()?;
    let mut printer = VirtualPrinter::start(PrinterSettings {
        listen: arguments.listen,
        control: arguments.control,
        output: arguments.output.clone(),
        fault: arguments.fault,
    })
    .await
    .with_context(|| {
        format!(
            "starting the virtual printer on {} (control {}) with tickets in {}",
            arguments.listen,
            arguments.control,
            arguments.output.display()
        )
    })?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "listening on {}, control on {}",
        printer.address(),
        printer.control_address()
    )?;
    out.flush()?;
    tokio::select! {
        () = ended => {}
        error = printer.failed() => return Err(error).context("the virtual printer stopped"),
    }
    printer.stop().await;
    Ok(())
}

/// Resolves when the program is asked to end; listening starts with the call.
#[cfg(unix)]
fn end_requested() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Resolves when the program is asked to end; listening starts with the call.
#[cfg(windows)]
fn end_requested() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    let mut close = tokio::signal::windows::ctrl_close()?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = close.recv() => {}
        }
    })
}
