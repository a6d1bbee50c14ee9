//! The virtual printer as a program.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Parser;
use cueline_fake_devices::{
    PlannedFault, PrinterSettings, SecondHost, VirtualPrinter, end_requested,
};
use cueline_model::Language;

/// A virtual printer: takes connections on a TCP port and writes each ticket that comes out as a PNG,
/// with a line about it in tickets.jsonl.
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

    /// What it understands: escpos, fgl or zpl as bytes, or pdf over IPP.
    #[arg(long, default_value = "escpos", value_parser = language)]
    language: Language,

    /// Dots to the inch.
    #[arg(long)]
    dpi: Option<u16>,

    /// Dots across a ticket as it is read.
    #[arg(long)]
    width_dots: Option<u16>,

    /// Dots down a ticket as it is read; a roll without.
    #[arg(long)]
    height_dots: Option<u16>,

    /// How long a ticket takes from its last byte to the tray.
    #[arg(long, default_value_t = 0)]
    ticket_ms: u64,

    /// Bytes it takes before it has to print some.
    #[arg(long)]
    receive_bytes: Option<usize>,

    /// A second host at once is closed and does not wait.
    #[arg(long)]
    one_host: bool,

    /// ZPL: ~HS has no answer while media is out or the head is open.
    #[arg(long)]
    silent_in_fault: bool,

    /// What is wrong from the start, as in the control port's `fault`.
    #[arg(long, default_value = "none")]
    fault: PlannedFault,
}

fn language(word: &str) -> anyhow::Result<Language> {
    let mut all = Language::ALL
        .into_iter()
        .filter(|language| *language != Language::Raw);
    match all.find(|language| language.as_str() == word) {
        Some(language) => Ok(language),
        None => bail!("expected escpos, fgl, zpl or pdf"),
    }
}

impl Arguments {
    fn settings(&self) -> PrinterSettings {
        let mut settings = PrinterSettings::of(self.language, &self.output);
        settings.listen = self.listen;
        settings.control = self.control;
        settings.fault = self.fault;
        settings.ticket_time = Duration::from_millis(self.ticket_ms);
        settings.silent_in_fault = self.silent_in_fault;
        if self.one_host {
            settings.second_host = SecondHost::Refuse;
        }
        if let Some(bytes) = self.receive_bytes {
            settings.receive_bytes = bytes;
        }
        let head = &mut settings.head;
        head.dpi = self.dpi.unwrap_or(head.dpi);
        head.width_dots = self.width_dots.unwrap_or(head.width_dots);
        head.height_dots = self.height_dots.or(head.height_dots);
        settings
    }
}

const CONTROL_HELP: &str = "\
When ready it prints one line: listening on ADDRESS:PORT, control on ADDRESS:PORT
Ctrl-C or SIGTERM ends it.

Control port, one line each, answered with one line starting `ok` or `error:`
  fault paper_out                  takes data until its buffer is full, prints when there is paper
  fault path_out path=1            the same for one of two paper paths (fgl)
  fault cover_open                 the same, with the cover's status
  fault jam | cutter | ribbon_out  the same, with theirs
  fault offline                    the same, with no cause given
  fault paper_low | ribbon_low     a warning; printing goes on
  fault busy                       X-OFF, and X-ON when it is over
  fault stall                      answers status requests but prints nothing
  fault silent                     prints but answers nothing
  fault hang                       takes connections, reads nothing, answers nothing
  fault refuse                     refuses connections
  fault unplugged                  cuts the connection, takes none, prints what it has
  fault off                        the same, and what was not printed is lost
  fault cut_connection after=N     drops each connection after N bytes of a ticket
  fault garbage bytes=N seed=N     that much noise on the line, once
  fault none                       all is well again
each with
  after_tickets=N                  when N more tickets came out
  in_ticket=N after_rows=N         when so many rows of the Nth ticket from now are printed
  in_ticket=N after_bytes=N        when so many bytes of it are read
  for_ms=N                         over by itself after that
  status                           fault, number of tickets, what is planned
  second_host wait|refuse          what becomes of a host while another is connected
  button                           presses the test button: a ticket that no host sent

Out of paper in mid-ticket: escpos tears it and goes on on the next roll (\"continued\": true), zpl
tears it and prints it again, fgl finishes it. Jam and open cover: fgl and zpl print it again.

Status requests of escpos (DLE EOT) and zpl (~HS, ~HQES) are answered when they are received, in every
state while the buffer has room; those of fgl (<S1>) in their turn, when it is ready. What happens to an
fgl printer is said once, and kept until a host reads it.

An escpos ticket whose connection ends before the cut is kept, with a ragged edge and \"torn\": true; an
fgl or zpl page that was not finished stays in the printer's memory.
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
    let mut printer = VirtualPrinter::start(arguments.settings())
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
