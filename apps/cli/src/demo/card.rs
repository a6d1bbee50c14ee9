//! The demo's card terminal and its tray, and one payment from a call to its receipt on paper.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use cueline_model::{PaymentKind, PaymentState, WallTime};
use cueline_wire::api::{Payment, PaymentRequest, PrintJob, ReceiptRequest, StationState};
use tokio::time::{Instant, sleep};

use super::child::Child;
use super::folder::Folder;
use super::stage::House;
use crate::api::Api;
use crate::payments::outcome;
use crate::progress;
use crate::sentence::{self, now};

/// What the demo's desk is called.
pub const STATION: &str = "desk";
/// What its terminal is called.
pub const TERMINAL: &str = "card terminal";
/// What the demo's customer pays.
const AMOUNT_MINOR: i64 = 2450;
/// For the desk to be seen at the hub.
const OPEN_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long one call waits for the payment's end.
const WAIT_S: u32 = 20;
/// The customer's copy and the merchant's.
const COPIES: usize = 2;
/// How long they are waited for.
const RECEIPTS_WITHIN: Duration = Duration::from_secs(5);

/// The one payment's way.
pub struct Paid {
    /// When the call was made.
    pub click: WallTime,
    /// The payment as it ended.
    pub payment: Payment,
    /// The print jobs of its receipts as they ended.
    pub receipts: Vec<PrintJob>,
}

impl Paid {
    /// Its way for people; `ledger` is where the terminal wrote it down.
    pub fn timeline(&self, ledger: &Path) -> String {
        let payment = &self.payment;
        let amount = payment.currency.amount(payment.amount_minor);
        let mut text =
            format!("\nOne payment of {amount}, from the click to the card and back:\n\n");
        let mut line = |since_ms: i64, what: &str, more: &str| {
            let row = format!("{since_ms:>6} ms  {what:15} {more}");
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {}", row.trim_end());
        };
        line(0, "click", "POST /v1/payments");
        for seen in &payment.evidence {
            let ended = outcome(payment);
            let more = match &seen.detail {
                _ if seen.what == payment.state.as_str() => &ended,
                Some(detail) => detail,
                None => step(&seen.what),
            };
            line(seen.at.0.ms_since(self.click), &seen.what, more);
        }
        for job in &self.receipts {
            let settled = job.settled_at.unwrap_or(job.created_at);
            let printed = sentence::outcome(job);
            line(settled.0.ms_since(self.click), "on paper", &printed);
        }
        let _ = write!(text, "\n  the terminal's own ledger: {}", ledger.display());
        text
    }
}

/// A step of a payment, for people.
fn step(what: &str) -> &'static str {
    match what {
        "queued" => "the hub has it on disk",
        "delivered" => "it is on the line",
        "accepted" => "the agent has it on disk",
        "start_permitted" => "the hub still wants it",
        "started" => "its start is on disk; the terminal is asked",
        "receipt" => "the terminal gave a receipt",
        _ => "",
    }
}

/// Where the terminal keeps its ledger.
pub fn ledger(folder: &Folder) -> PathBuf {
    folder.path().join("terminal").join("ledger.jsonl")
}

/// Switches the virtual terminal on.
pub async fn start_terminal(folder: &Folder) -> anyhow::Result<(Child, SocketAddr)> {
    let directory = folder.path().join("terminal");
    let mut child = Child::start(
        "cueline-virtual-terminal",
        folder.log("terminal"),
        |command| {
            command.args(["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"]);
            command
                .args(["--step-ms", "100"])
                .arg("--directory")
                .arg(&directory);
        },
    )?;
    let said = child.said("listening on ").await?;
    let address = said.split(',').next().unwrap_or_default();
    let address = address
        .parse()
        .with_context(|| format!("read the terminal's address from {said:?}"))?;
    Ok((child, address))
}

/// Opens the desk and waits until payments can be made there.
pub async fn start_tray(folder: &Folder, api: &Api, terminal: SocketAddr) -> anyhow::Result<Child> {
    let config = folder.path().join("tray.toml");
    let text = format!(
        "station = \"{STATION}\"\n\n[[terminals]]\nname = \"{TERMINAL}\"\nprotocol = \"zvt\"\n\
         address = \"tcp://{terminal}\"\nzvt = {{ currency = \"EUR\" }}\n"
    );
    std::fs::write(&config, text).context("write the tray's configuration")?;
    let mut child = Child::start("cueline-tray", folder.log("tray"), |command| {
        command.args(["run", "--headless", "--config"]).arg(&config);
        command.arg("--agent-data").arg(folder.agent());
    })?;
    let deadline = Instant::now() + OPEN_WITHIN;
    loop {
        child.check()?;
        let stations = api.stations().await?;
        let mut open = stations
            .iter()
            .filter(|station| station.state == StationState::Online);
        if open.any(|station| station.name.as_str() == STATION) {
            return Ok(child);
        }
        if Instant::now() > deadline {
            bail!(
                "wait for the desk: not open within {} s; the hub shows {stations:?}",
                OPEN_WITHIN.as_secs()
            );
        }
        sleep(LOOK_EVERY).await;
    }
}

impl House {
    /// Takes a payment through the public API, follows it to its end and prints its receipts.
    pub async fn take_payment(&self, within: Duration) -> anyhow::Result<Paid> {
        let request = PaymentRequest {
            kind: PaymentKind::Sale,
            amount_minor: Some(AMOUNT_MINOR),
            currency: Some(cueline_model::Currency::EUR),
            station: Some(STATION.to_owned()),
            terminal: None,
            original: None,
            order_ref: Some("demo".to_owned()),
            attempt_no: None,
            clerk_ref: None,
            start_by: None,
            start_in_s: None,
            supersede: None,
        };
        let (click, key) = (now(), uuid::Uuid::new_v4().to_string());
        let mut payment = self.api().pay(&request, &key).await?;
        let deadline = Instant::now() + within;
        while !payment.state.is_settled() && Instant::now() < deadline {
            payment = self
                .api()
                .payment_after(payment.id, payment.version, WAIT_S)
                .await?;
        }
        // Terminals print after they have said how it ended: a copy for each side.
        let printed_by = Instant::now() + RECEIPTS_WITHIN;
        while payment.state == PaymentState::Approved
            && payment.receipts.len() < COPIES
            && Instant::now() < printed_by
        {
            sleep(LOOK_EVERY).await;
            payment = self.api().payment(payment.id).await?;
        }
        let mut receipts = Vec::new();
        if !payment.receipts.is_empty() {
            let request = ReceiptRequest {
                printer: self.printer.id,
                copy: None,
            };
            for job in self.api().print_receipt(payment.id, &request, &key).await? {
                receipts.push(progress::follow(self.api(), job, within, |_| {}).await?);
            }
        }
        Ok(Paid {
            click,
            payment,
            receipts,
        })
    }
}
