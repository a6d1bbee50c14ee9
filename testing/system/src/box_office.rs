//! A whole house on loopback: hub, tills and virtual printers as real processes.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use cueline_wire::api::{Agent, AgentState, Printer};

use crate::api::Api;
use crate::paper::Paper;
use crate::program::{PATIENCE, Program};

/// A port that is free now and unlikely to be taken in the next moments.
///
/// # Errors
/// When the machine has none.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// Two such ports, which are not the same.
///
/// # Errors
/// When the machine has none.
pub fn two_free_ports() -> anyhow::Result<(u16, u16)> {
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (one, two) = (listen()?, listen()?);
    Ok((one.local_addr()?.port(), two.local_addr()?.port()))
}

/// A hub that keeps its port and data over restarts.
pub struct Hub {
    /// The process; `None` while it is down.
    pub program: Option<Program>,
    /// Variables set for the process from its next start on.
    pub environment: Vec<(String, String)>,
    data: PathBuf,
    port: u16,
}

impl Hub {
    /// Starts a hub with `config` (TOML; may be empty) in `folder`.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(folder: &Path, config: &str) -> anyhow::Result<Self> {
        let data = folder.join("hub");
        std::fs::create_dir_all(&data)?;
        std::fs::write(data.join("hub.toml"), config)?;
        let mut hub = Self {
            program: None,
            environment: Vec::new(),
            data,
            port: free_port()?,
        };
        hub.restart()?;
        Ok(hub)
    }

    /// Starts it (again) and waits until it listens.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.program = None;
        // A fresh log each life, so that an old line is not taken for a new one.
        let _ = std::fs::remove_file(self.log_path());
        let mut program = Program::start("cueline-hub", &self.log_path(), |command| {
            command
                .arg("run")
                .arg("--data")
                .arg(&self.data)
                .arg("--config")
                .arg(self.data.join("hub.toml"))
                .args(["--listen", &format!("127.0.0.1:{}", self.port)])
                .envs(self.environment.iter().cloned());
        })?;
        program.wait_for("listening on")?;
        self.program = Some(program);
        Ok(())
    }

    fn log_path(&self) -> PathBuf {
        self.data.with_extension("log")
    }

    /// `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its data directory.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The certificate authority it made for itself.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.data.join("tls").join("ca.pem")
    }

    /// The key it made at its first start.
    ///
    /// # Errors
    /// When there is none.
    pub fn key(&self) -> anyhow::Result<String> {
        let path = self.data.join("first-api-key");
        let key = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(key.trim().to_owned())
    }

    /// Its API with that key.
    ///
    /// # Errors
    /// When the hub has not been up yet.
    pub fn api(&self) -> anyhow::Result<Api> {
        Api::new(&self.url(), &self.ca(), &self.key()?)
    }

    /// The running process.
    ///
    /// # Panics
    /// When it is down.
    pub fn process(&mut self) -> &mut Program {
        self.program.as_mut().expect("the hub is up")
    }
}

/// A till: one agent with its data directory.
pub struct Till {
    /// The process; `None` while it is down.
    pub program: Option<Program>,
    /// Variables set for the process from its next start on.
    pub environment: Vec<(String, String)>,
    data: PathBuf,
}

/// A printer as a till's configuration names it.
#[derive(Debug, Clone)]
pub struct PrinterSetup {
    /// Its name.
    pub name: String,
    /// Where it is reached.
    pub address: String,
    /// Further lines of its section, such as `language = "zpl"`.
    pub lines: String,
}

impl PrinterSetup {
    /// A printer with further lines.
    #[must_use]
    pub fn new(name: &str, address: impl Into<String>, lines: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            address: address.into(),
            lines: lines.into(),
        }
    }

    /// An ESC/POS printer with everything else at its default.
    #[must_use]
    pub fn escpos(name: &str, address: impl Into<String>) -> Self {
        Self::new(name, address, "language = \"escpos\"")
    }
}

/// How a till's agent is set up.
#[derive(Debug, Clone, Default)]
pub struct TillSetup {
    /// Lines for the agent's configuration before its printers, such as `proxy = "none"`.
    pub config: String,
    /// Its printers.
    pub printers: Vec<PrinterSetup>,
    /// How `register` reaches the hub, such as `--proxy none`.
    pub register_arguments: Vec<String>,
}

impl Till {
    /// Registers a new agent at `hub` under `name`, without starting it.
    ///
    /// # Errors
    /// When the registration fails.
    pub async fn register(
        folder: &Path,
        name: &str,
        hub: &Hub,
        setup: &TillSetup,
    ) -> anyhow::Result<Self> {
        let till = Self {
            program: None,
            environment: Vec::new(),
            data: folder.join(name),
        };
        std::fs::create_dir_all(&till.data)?;
        till.configure(setup)?;
        let code = hub.api()?.pairing_code().await?.code;
        let (status, out, err) = Program::run("cueline-agent", |command| {
            command
                .args(["register", "--hub", &hub.url(), "--code", &code])
                .args(["--name", name])
                .arg("--ca")
                .arg(hub.ca())
                .arg("--data")
                .arg(&till.data)
                .args(&setup.register_arguments);
        })?;
        if !status.success() {
            bail!("registering {name} failed ({status}): {out}{err}");
        }
        Ok(till)
    }

    /// Registers a new agent and starts it.
    ///
    /// # Errors
    /// When either fails.
    pub async fn start(
        folder: &Path,
        name: &str,
        hub: &Hub,
        setup: &TillSetup,
    ) -> anyhow::Result<Self> {
        let mut till = Self::register(folder, name, hub, setup).await?;
        till.restart()?;
        Ok(till)
    }

    /// Writes the agent's configuration file; it is read at the next start.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn configure(&self, setup: &TillSetup) -> anyhow::Result<()> {
        let mut text = format!("{}\n", setup.config);
        for printer in &setup.printers {
            let PrinterSetup {
                name,
                address,
                lines,
            } = printer;
            write!(
                text,
                "[[printers]]\nname = \"{name}\"\nport = \"{address}\"\n{lines}\n"
            )?;
        }
        std::fs::write(self.data.join("agent.toml"), text)?;
        Ok(())
    }

    /// Starts the agent (again).
    ///
    /// # Errors
    /// When it does not come up.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.program = None;
        let mut program = Program::start("cueline-agent", &self.log_path(), |command| {
            command
                .arg("run")
                .arg("--data")
                .arg(&self.data)
                .envs(self.environment.iter().cloned());
        })?;
        program.wait_for("agent started")?;
        self.program = Some(program);
        Ok(())
    }

    /// Its data directory.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    fn log_path(&self) -> PathBuf {
        self.data.with_extension("log")
    }

    /// All its agent has said so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// The running process.
    ///
    /// # Panics
    /// When it is down.
    pub fn process(&mut self) -> &mut Program {
        self.program.as_mut().expect("the agent is up")
    }
}

/// A hub, one till and one printer, connected.
pub struct House {
    /// The hub.
    pub hub: Hub,
    /// The till.
    pub till: Till,
    /// Its printer.
    pub paper: Paper,
    /// The printer as the hub knows it.
    pub printer: Printer,
    /// Everything's folder; removed at the end.
    pub folder: tempfile::TempDir,
}

/// The till's printer's name in a [`House`].
pub const FRONT: &str = "front";

impl House {
    /// Starts all three and waits until the hub sees the printer on line.
    ///
    /// # Errors
    /// When anything does not come up.
    pub async fn open(hub_config: &str, agent_config: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let paper = Paper::start(folder.path(), FRONT)?;
        let hub = Hub::start(folder.path(), hub_config)?;
        let setup = TillSetup {
            config: agent_config.to_owned(),
            printers: vec![PrinterSetup::escpos(FRONT, paper.address())],
            register_arguments: Vec::new(),
        };
        let till = Till::start(folder.path(), "till-1", &hub, &setup).await?;
        let api = hub.api()?;
        let printer = wait_for_printer(&api, FRONT)
            .await
            .with_context(|| till.log())?;
        Ok(Self {
            hub,
            till,
            paper,
            printer,
            folder,
        })
    }
}

/// Waits until a printer of this name is there and its agent on line.
///
/// # Errors
/// When it is not within [`PATIENCE`].
pub async fn wait_for_printer(api: &Api, name: &str) -> anyhow::Result<Printer> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let printers = api.printers().await?;
        let found = printers
            .iter()
            .find(|p| p.name.as_str() == name && p.agent_state == AgentState::Online);
        if let Some(printer) = found {
            return Ok(printer.clone());
        }
        if Instant::now() > deadline {
            bail!("no printer {name} on line after {PATIENCE:?}; there are {printers:#?}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until the hub's only agent fits.
///
/// # Errors
/// When it does not within `patience`.
pub async fn wait_for_agent(
    api: &Api,
    patience: Duration,
    fits: impl Fn(&Agent) -> bool,
) -> anyhow::Result<Agent> {
    let deadline = Instant::now() + patience;
    loop {
        let agents = api.agents().await;
        if let Ok(agents) = &agents
            && let Some(agent) = agents.iter().find(|agent| fits(agent))
        {
            return Ok(agent.clone());
        }
        if Instant::now() > deadline {
            bail!("no agent fits after {patience:?}; there are {agents:#?}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
