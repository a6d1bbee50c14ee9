//! A counter that takes cards: hub, agent, tray and a virtual terminal as real processes on loopback.
//! The terminal's own ledger is the judge of what became of money.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use cueline_fake_devices::terminal::{LedgerEntry, read_ledger, standing};
use cueline_model::{Currency, PaymentId, PaymentKind};
use cueline_wire::api::{Page, Payment, PaymentRequest, Station, StationState};
use http::Method;

use crate::api::{Answer, Api};
use crate::box_office::{Hub, Till, TillSetup, two_free_ports};
use crate::paper;
use crate::program::{PATIENCE, Program};

/// The desk's name.
pub const DESK: &str = "desk";
/// Its terminal's name.
pub const TERMINAL: &str = "counter";
/// How often a new terminal is started before one is taken for broken.
const STARTS_MAX: usize = 3;

/// A virtual card terminal that keeps its ports and ledger over restarts.
pub struct CardTerminal {
    /// The process; `None` while it is off.
    pub program: Option<Program>,
    directory: PathBuf,
    port: u16,
    control_port: u16,
    arguments: Vec<String>,
}

impl CardTerminal {
    /// Switches a new ZVT terminal on, with further arguments.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(folder: &Path, name: &str, arguments: &[&str]) -> anyhow::Result<Self> {
        let (port, control_port) = two_free_ports()?;
        let mut terminal = Self {
            program: None,
            directory: folder.join(format!("terminal-{name}")),
            port,
            control_port,
            arguments: arguments.iter().map(ToString::to_string).collect(),
        };
        for _ in 0..STARTS_MAX {
            if terminal.restart().is_ok() {
                return Ok(terminal);
            }
            // Somebody else may have been faster at one of its ports.
            (terminal.port, terminal.control_port) = two_free_ports()?;
        }
        terminal.restart()?;
        Ok(terminal)
    }

    /// Switches it on (again).
    ///
    /// # Errors
    /// When it does not come up.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.program = None;
        let log = self.directory.with_extension("log");
        let _ = std::fs::remove_file(&log);
        let mut program = Program::start("cueline-virtual-terminal", &log, |command| {
            command
                .args(["--listen", &format!("127.0.0.1:{}", self.port)])
                .args(["--control", &format!("127.0.0.1:{}", self.control_port)])
                .arg("--directory")
                .arg(&self.directory)
                .args(&self.arguments);
        })?;
        program.wait_for("listening on")?;
        self.program = Some(program);
        Ok(())
    }

    /// Its address as a tray's configuration names it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    /// Where its ledger and its log lie.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Says one line to its control port.
    ///
    /// # Errors
    /// When it refuses, or does not answer.
    pub fn control(&self, line: &str) -> anyhow::Result<String> {
        paper::control(self.control_port, line)
    }

    /// Everything it did, oldest first.
    ///
    /// # Errors
    /// When its ledger cannot be read.
    pub fn ledger(&self) -> anyhow::Result<Vec<LedgerEntry>> {
        Ok(read_ledger(&self.directory)?)
    }

    /// How often this amount was charged or refunded and stands.
    ///
    /// # Errors
    /// When its ledger cannot be read.
    pub fn charges(&self, amount_minor: i64) -> anyhow::Result<usize> {
        let entries = self.ledger()?;
        let standing = standing(&entries);
        let of_amount = standing
            .iter()
            .filter(|entry| entry.amount_minor == amount_minor);
        Ok(of_amount.count())
    }

    /// The running process.
    ///
    /// # Panics
    /// When it is off.
    pub fn process(&mut self) -> &mut Program {
        self.program.as_mut().expect("the terminal is on")
    }
}

/// A tray, without a window.
pub struct Tray {
    /// The process; `None` while it is closed.
    pub program: Option<Program>,
    config: PathBuf,
    agent_data: PathBuf,
}

impl Tray {
    /// Starts one for a desk of `till` with the terminals given by name and address.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(
        folder: &Path,
        name: &str,
        till: &Till,
        station: &str,
        terminals: &[(&str, String)],
    ) -> anyhow::Result<Self> {
        let mut text = format!("station = \"{station}\"\n");
        for (terminal, address) in terminals {
            text.push_str(&format!(
                "[[terminals]]\nname = \"{terminal}\"\nprotocol = \"zvt\"\naddress = \"{address}\"\n\
                 zvt = {{ currency = \"EUR\", check_every_s = 1 }}\n"
            ));
        }
        let config = folder.join(format!("{name}.toml"));
        std::fs::write(&config, text)?;
        let mut tray = Self {
            program: None,
            config,
            agent_data: till.data().to_owned(),
        };
        tray.restart()?;
        Ok(tray)
    }

    /// Starts it (again); the agent need not be there.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.program = None;
        let program = Program::start("cueline-tray", &self.log_path(), |command| {
            command
                .args(["run", "--headless", "--config"])
                .arg(&self.config)
                .arg("--agent-data")
                .arg(&self.agent_data);
        })?;
        self.program = Some(program);
        Ok(())
    }

    /// All it has said so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.config.with_extension("log")
    }

    /// The running process.
    ///
    /// # Panics
    /// When it is closed.
    pub fn process(&mut self) -> &mut Program {
        self.program.as_mut().expect("the tray is up")
    }
}

/// One desk with everything behind it.
pub struct Counter {
    /// The hub.
    pub hub: Hub,
    /// The till.
    pub till: Till,
    /// Its tray.
    pub tray: Tray,
    /// The desk's terminal.
    pub terminal: CardTerminal,
    /// Everything's folder; removed at the end.
    pub folder: tempfile::TempDir,
}

impl Counter {
    /// Starts all four and waits until the hub sees the desk.
    ///
    /// # Errors
    /// When anything does not come up.
    pub async fn open(
        hub_config: &str,
        agent_config: &str,
        terminal_arguments: &[&str],
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let terminal = CardTerminal::start(folder.path(), TERMINAL, terminal_arguments)?;
        let hub = Hub::start(folder.path(), hub_config)?;
        let setup = TillSetup {
            config: agent_config.to_owned(),
            ..TillSetup::default()
        };
        let till = Till::start(folder.path(), "till-1", &hub, &setup).await?;
        let terminals = [(TERMINAL, terminal.address())];
        let tray = Tray::start(folder.path(), "tray", &till, DESK, &terminals)?;
        let counter = Self {
            hub,
            till,
            tray,
            terminal,
            folder,
        };
        counter.wait_for_desks(1).await?;
        Ok(counter)
    }

    /// Waits until the hub sees so many desks whose tray is there.
    ///
    /// # Errors
    /// When it does not within [`PATIENCE`].
    pub async fn wait_for_desks(&self, count: usize) -> anyhow::Result<()> {
        let waited = wait_for_desks(&self.hub.api()?, count).await;
        waited.with_context(|| self.logs())
    }

    /// What programs have said, for a test that fails.
    #[must_use]
    pub fn logs(&self) -> String {
        format!("agent:\n{}\ntray:\n{}", self.till.log(), self.tray.log())
    }
}

/// Waits until the hub sees so many desks whose tray is there.
///
/// # Errors
/// When it does not within [`PATIENCE`].
pub async fn wait_for_desks(api: &Api, count: usize) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let stations: Page<Station> = api.get("/v1/stations").await?.json()?;
        let present = stations
            .data
            .iter()
            .filter(|station| station.state == StationState::Online);
        if present.count() == count {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("no {count} desks after {PATIENCE:?}; there are {stations:#?}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Whether a refusal may be none a moment later: the hub is busy, or the tray is on its way.
fn is_passing(answer: &Answer) -> bool {
    let code = answer
        .problem()
        .map(|problem| problem.code)
        .unwrap_or_default();
    answer.status == 429 || matches!(code.as_str(), "station_offline" | "ambiguous_station")
}

/// A sale at the desk.
#[must_use]
pub fn sale(amount_minor: i64) -> PaymentRequest {
    PaymentRequest {
        kind: PaymentKind::Sale,
        amount_minor: Some(amount_minor),
        currency: Some(Currency::EUR),
        station: Some(DESK.to_owned()),
        terminal: None,
        original: None,
        order_ref: None,
        attempt_no: None,
        clerk_ref: None,
        start_by: None,
        start_in_s: None,
        supersede: None,
    }
}

impl Api {
    /// Asks for a payment once.
    ///
    /// # Errors
    /// When no complete answer comes.
    pub async fn pay(&self, request: &PaymentRequest, key: &str) -> anyhow::Result<Answer> {
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        let body = serde_json::to_vec(request)?;
        self.send(Method::POST, "/v1/payments", &headers, body)
            .await
    }

    /// Asks for a payment with the same key until the hub answers.
    ///
    /// # Errors
    /// When it refuses, or does not answer within [`PATIENCE`].
    pub async fn pay_surely(&self, request: &PaymentRequest, key: &str) -> anyhow::Result<Payment> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.pay(request, key).await {
                Ok(answer) if answer.status.as_u16() < 500 && !is_passing(&answer) => {
                    return answer.json();
                }
                other if Instant::now() > deadline => bail!("pay with key {key}: {other:?}"),
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// A payment as it stands.
    ///
    /// # Errors
    /// When no complete answer comes, or a refusal.
    pub async fn payment(&self, id: PaymentId) -> anyhow::Result<Payment> {
        self.get(&format!("/v1/payments/{id}")).await?.json()
    }

    /// Waits until a payment fits, over a hub that comes and goes.
    ///
    /// # Errors
    /// When it does not within `patience`.
    pub async fn payment_that(
        &self,
        id: PaymentId,
        patience: Duration,
        fits: impl Fn(&Payment) -> bool,
    ) -> anyhow::Result<Payment> {
        let deadline = Instant::now() + patience;
        loop {
            let seen = self.payment(id).await;
            if let Ok(payment) = &seen
                && fits(payment)
            {
                return seen;
            }
            if Instant::now() > deadline {
                bail!("the payment does not fit after {patience:?}: {seen:#?}");
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Waits until a payment has ended.
    ///
    /// # Errors
    /// When it does not within `patience`.
    pub async fn payment_ended(
        &self,
        id: PaymentId,
        patience: Duration,
    ) -> anyhow::Result<Payment> {
        self.payment_that(id, patience, |payment| payment.state.is_settled())
            .await
    }
}
