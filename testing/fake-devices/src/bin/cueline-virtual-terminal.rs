//! The virtual card terminal as a program.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use cueline_fake_devices::{TerminalSettings, VirtualTerminal, end_requested};
use cueline_model::TerminalProtocol;

/// A virtual card terminal: speaks ZVT or Caisse-AP over TCP, or Adyen's Terminal API over HTTPS, and keeps a
/// ledger in ledger.jsonl.
#[derive(Debug, Parser)]
#[command(version, after_help = CONTROL_HELP)]
struct Arguments {
    /// What it speaks: zvt, adyen_local or caisse_ap.
    #[arg(long, default_value = "zvt", value_parser = protocol)]
    protocol: TerminalProtocol,

    /// With adyen_local: what the key is made of that it shares with its tills.
    #[arg(long)]
    passphrase: Option<String>,

    /// Where to take connections of tills; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:20007")]
    listen: SocketAddr,

    /// Where to be told what to do; loopback only, port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    control: SocketAddr,

    /// Where the ledger is: ledger.jsonl. Made if it is not there.
    #[arg(long, default_value = "terminal")]
    directory: PathBuf,

    /// How long each of the card's steps takes.
    #[arg(long, default_value_t = 0)]
    step_ms: u64,

    /// How long a slow payment takes.
    #[arg(long, default_value_t = 2000)]
    slow_ms: u64,

    /// How long a signature may go uncompared before the payment is taken back.
    #[arg(long, default_value_t = 30_000)]
    signature_ms: u64,

    /// How long a till may leave a packet unacknowledged before it is cut off.
    #[arg(long, default_value_t = 10_000)]
    acknowledge_ms: u64,

    /// How long it is gone after a loss of power.
    #[arg(long, default_value_t = 300)]
    power_off_ms: u64,

    /// Puts whole card numbers on receipts, as no terminal should.
    #[arg(long)]
    leak_pan: bool,
}

fn protocol(word: &str) -> anyhow::Result<TerminalProtocol> {
    let all = [
        TerminalProtocol::Zvt,
        TerminalProtocol::AdyenLocal,
        TerminalProtocol::CaisseAp,
    ];
    all.into_iter()
        .find(|protocol| protocol.as_str() == word)
        .context("expected zvt, adyen_local or caisse_ap")
}

const CONTROL_HELP: &str = "\
When ready it prints one line: listening on ADDRESS:PORT, control on ADDRESS:PORT
With adyen_local: and `, pin` with the SHA-256 of its certificate, which is certificate.pem beside the ledger.
Ctrl-C or SIGTERM ends it; the ledger stays, also after a kill.

What becomes of a sale or refund is told by the last two digits of its amount in minor units:
  61 decline              66 drop_before   72 power_loss_after
  62 referral             67 drop_after    73 silent
  63 customer_cancels     68 slow          74 hand_keyed
  64 busy                 69 signature     76 unstoppable
  65 refuse               71 power_loss_before
anything else is approved.

Control port, one line each, answered with one line starting `ok` or `error:`
  next SCRIPT                      what becomes of the next payment, whatever its amount; one of
                                   the words above, approve or other_reversal; may be given ahead
  busy on|off                      refuses everything as being at something else
  stop                             presses the customer's stop key
  hand_keyed AMOUNT_MINOR [CUR]    a sale with the terminal's own keys
  power on|off                     off: the link is cut, a payment not authorised is not done
  status                           power, busy or idle, payments begun, entries in the ledger
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
    let mut settings = TerminalSettings::of(&arguments.directory);
    settings.protocol = arguments.protocol;
    if let Some(passphrase) = arguments.passphrase {
        settings.adyen.passphrase = passphrase;
    }
    settings.listen = arguments.listen;
    settings.control = arguments.control;
    settings.pace.step = Duration::from_millis(arguments.step_ms);
    settings.pace.slow = Duration::from_millis(arguments.slow_ms);
    settings.pace.signature = Duration::from_millis(arguments.signature_ms);
    settings.acknowledge_within = Duration::from_millis(arguments.acknowledge_ms);
    settings.power_off = Duration::from_millis(arguments.power_off_ms);
    settings.leak_card_number = arguments.leak_pan;
    let mut terminal = VirtualTerminal::start(settings).await.with_context(|| {
        format!(
            "starting the virtual terminal on {} (control {}) with its ledger in {}",
            arguments.listen,
            arguments.control,
            arguments.directory.display()
        )
    })?;
    let mut out = std::io::stdout();
    write!(
        out,
        "listening on {}, control on {}",
        terminal.address(),
        terminal.control_address()
    )?;
    match terminal.pin() {
        Some(pin) => writeln!(out, ", pin {pin}")?,
        None => writeln!(out)?,
    }
    out.flush()?;
    tokio::select! {
        () = ended => {}
        error = terminal.failed() => return Err(error).context("the virtual terminal stopped"),
    }
    terminal.stop().await;
    Ok(())
}
