//! The demo's programs in their order: hub, printer, agent, terminal, tray up; tray, agent, hub and the
//! devices down.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use cueline_model::ContentType;
use cueline_uplink::{HubUrl, ProxyChoice};
use cueline_wire::Base64Bytes;
use cueline_wire::api::{AgentState, PrintJobRequest, Printer};
use tokio::time::{Instant, sleep};

use super::card;
use super::child::Child;
use super::folder::Folder;
use super::kind::Kind;
use super::showing::{Showing, Shown};
use crate::api::Api;
use crate::exit::Exit;
use crate::progress;
use crate::sentence::now;
use crate::settings::{Anchor, Settings};

/// What the demo's printer is called.
pub const PRINTER: &str = "counter";
/// What the demo's agent is called.
const AGENT: &str = "box office window";
/// For the agent's printer to be reported ready.
const ONLINE_WITHIN: Duration = Duration::from_secs(30);
/// For the picture to lie there once the printer said that it is printed.
const PICTURE_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The programs that run.
#[derive(Default)]
pub struct Stage {
    hub: Option<Child>,
    printer: Option<Child>,
    agent: Option<Child>,
    terminal: Option<Child>,
    tray: Option<Child>,
}

/// What is known once all run.
pub struct House {
    /// Where the hub is.
    pub hub: HubUrl,
    /// A key to its API.
    pub key: String,
    /// Its authority.
    pub ca: PathBuf,
    /// The printer as the hub knows it.
    pub printer: Printer,
    /// Where the virtual printer is told what to do wrong.
    pub control: SocketAddr,
    /// What kind of printer it is.
    pub kind: Kind,
    api: Api,
    tickets: PathBuf,
    /// Pictures that lay there before the demo's own.
    pictures_before: usize,
}

impl Stage {
    /// Nothing runs yet.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Starts everything and waits until the hub shows the printer as ready.
    pub async fn set_up(
        &mut self,
        kind: Kind,
        folder: &Folder,
        showing: &Showing,
    ) -> anyhow::Result<House> {
        let started = Instant::now();
        let (hub, api, key, ca) = self.start_hub(folder).await?;
        showing.up("hub", &hub.to_string(), started.elapsed());

        let started = Instant::now();
        let (address, control) = self.start_printer(kind, folder).await?;
        showing.up(
            "printer",
            &format!("{} (virtual)", kind.port(address)),
            started.elapsed(),
        );

        let started = Instant::now();
        register(folder, &api, &hub, &ca, (kind, address)).await?;
        let printer = self.start_agent(folder, &api).await?;
        let agent = format!("{AGENT:?}, paired, its printer on line");
        showing.up("agent", &agent, started.elapsed());

        let started = Instant::now();
        let (child, terminal) = card::start_terminal(folder).await?;
        self.terminal = Some(child);
        let address = format!("tcp://{terminal} (virtual, ZVT)");
        showing.up("terminal", &address, started.elapsed());

        let started = Instant::now();
        self.tray = Some(card::start_tray(folder, &api, terminal).await?);
        let desk = format!("station {:?}, without a window", card::STATION);
        showing.up("tray", &desk, started.elapsed());

        std::fs::write(folder.sample(), kind.sample()).context("write the sample ticket")?;
        Ok(House {
            hub,
            key,
            ca,
            printer,
            control,
            kind,
            api,
            pictures_before: pictures(&folder.tickets()).len(),
            tickets: folder.tickets(),
        })
    }

    async fn start_hub(
        &mut self,
        folder: &Folder,
    ) -> anyhow::Result<(HubUrl, Api, String, PathBuf)> {
        let data = folder.hub();
        let hub = self
            .hub
            .insert(Child::start("cueline-hub", folder.log("hub"), |command| {
                command.arg("run").arg("--data").arg(&data);
                command.args(["--listen", "127.0.0.1:0"]);
            })?);
        let said = hub.said("listening on ").await?;
        let address = first_word(&said);
        let url: HubUrl = if address.starts_with("https://") {
            address.parse()?
        } else {
            format!("https://{address}").parse()?
        };
        let key_file = data.join("first-api-key");
        let key = std::fs::read_to_string(&key_file)
            .with_context(|| format!("read the hub's first key from {}", key_file.display()))?;
        let key = key.trim().to_owned();
        let ca = data.join("tls").join("ca.pem");
        let settings = Settings {
            hub: url.clone(),
            key: key.clone(),
            anchor: Anchor::Roots(ca.clone()),
            proxy: ProxyChoice::None,
        };
        Ok((url, settings.open()?, key, ca))
    }

    async fn start_printer(
        &mut self,
        kind: Kind,
        folder: &Folder,
    ) -> anyhow::Result<(SocketAddr, SocketAddr)> {
        let log = folder.log("printer");
        let tickets = folder.tickets();
        let child = Child::start("cueline-virtual-printer", log, |command| {
            command.args(["--language", kind.language().as_str()]);
            let (width, height) = kind.dots();
            for (argument, dots) in [("--width-dots", width), ("--height-dots", height)] {
                if let Some(dots) = dots {
                    command.args([argument, &dots.to_string()]);
                }
            }
            command.args(["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"]);
            command.arg("--output").arg(&tickets);
        })?;
        let said = self.printer.insert(child).said("listening on ").await?;
        let addresses = said
            .split_once(", control on ")
            .and_then(|(listen, control)| Some((listen.parse().ok()?, control.parse().ok()?)));
        addresses
            .with_context(|| format!("read the printer's addresses: expected two, got {said:?}"))
    }

    async fn start_agent(&mut self, folder: &Folder, api: &Api) -> anyhow::Result<Printer> {
        let data = folder.agent();
        self.agent = Some(Child::start(
            "cueline-agent",
            folder.log("agent"),
            |command| {
                command.arg("run").arg("--data").arg(&data);
            },
        )?);
        let deadline = Instant::now() + ONLINE_WITHIN;
        loop {
            self.check()?;
            let printers = api.printers().await?;
            let ready = |printer: &Printer| {
                printer.name.as_str() == PRINTER
                    && printer.agent_state == AgentState::Online
                    && printer.fault.is_none()
            };
            if let Some(printer) = printers.iter().find(|printer| ready(printer)) {
                return Ok(printer.clone());
            }
            if Instant::now() > deadline {
                bail!(
                    "wait for the agent's printer: not ready within {} s; the hub shows {printers:?}",
                    ONLINE_WITHIN.as_secs()
                );
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Fails where one of the programs no longer runs.
    fn check(&mut self) -> anyhow::Result<()> {
        let Self {
            hub,
            printer,
            agent,
            terminal,
            tray,
        } = self;
        [hub, printer, agent, terminal, tray]
            .into_iter()
            .flatten()
            .try_for_each(Child::check)
    }

    /// Shows tickets as they come out, until somebody ends the demo or a program fails.
    pub async fn run_on(&mut self, folder: &Folder, showing: &Showing) -> anyhow::Result<Exit> {
        let tickets = folder.tickets();
        let mut seen = pictures(&tickets).len();
        loop {
            self.check()?;
            let now_there = pictures(&tickets);
            for picture in now_there.iter().skip(seen) {
                showing.another(picture);
            }
            seen = now_there.len();
            sleep(Duration::from_millis(250)).await;
        }
    }

    /// Ends all that runs: tray and agent first, so that they take their leave.
    pub async fn strike(&mut self) {
        let in_order = [
            self.tray.take(),
            self.agent.take(),
            self.hub.take(),
            self.printer.take(),
            self.terminal.take(),
        ];
        for child in in_order.into_iter().flatten() {
            child.end().await;
        }
    }
}

impl House {
    /// The API with the demo's key.
    pub const fn api(&self) -> &Api {
        &self.api
    }

    /// Prints the sample ticket through the public API and follows it to its end.
    pub async fn print_ticket(&self, within: Duration) -> anyhow::Result<Shown> {
        let request = PrintJobRequest {
            printer: self.printer.id,
            content_type: ContentType::Ticket,
            content: Some(Base64Bytes(self.kind.sample().to_vec())),
            document: None,
            title: Some(self.kind.title().to_owned()),
            copies: 1,
            expires_at: None,
            expires_in_s: Some(300),
            uncertain: cueline_model::UncertainPolicy::Hold,
            options: cueline_model::PrintOptions::default(),
        };
        let click = now();
        let key = uuid::Uuid::new_v4().to_string();
        let job = self.api.print(&request, &key).await?;
        let job = progress::follow(&self.api, job, within, |_| {}).await?;
        let picture = match job.state {
            cueline_model::JobState::Done => Some(self.picture().await?),
            _ => None,
        };
        Ok(Shown {
            click,
            job,
            picture,
        })
    }

    async fn picture(&self) -> anyhow::Result<PathBuf> {
        let deadline = Instant::now() + PICTURE_WITHIN;
        loop {
            let mut there = pictures(&self.tickets);
            if there.len() > self.pictures_before {
                return Ok(there.remove(self.pictures_before));
            }
            if Instant::now() > deadline {
                bail!(
                    "find the ticket's picture: expected one in {}, found none",
                    self.tickets.display()
                );
            }
            sleep(LOOK_EVERY).await;
        }
    }
}

/// Pairs the agent and tells it of its printer.
async fn register(
    folder: &Folder,
    api: &Api,
    hub: &HubUrl,
    ca: &Path,
    (kind, printer): (Kind, SocketAddr),
) -> anyhow::Result<()> {
    let data = folder.agent();
    std::fs::create_dir_all(&data).context("make the agent's folder")?;
    let mut config = format!(
        "proxy = \"none\"\n\n[[printers]]\nname = \"{PRINTER}\"\nport = \"{}\"\nlanguage = \"{}\"\n",
        kind.port(printer),
        kind.language()
    );
    let (width, height) = kind.dots();
    for (key, dots) in [("width_dots", width), ("height_dots", height)] {
        if let Some(dots) = dots {
            config.push_str(&format!("{key} = {dots}\n"));
        }
    }
    std::fs::write(data.join("agent.toml"), config).context("write the agent's configuration")?;

    let code = api.pairing_code(None).await?.code;
    let mut registering = Child::start("cueline-agent", folder.log("register"), |command| {
        command.arg("register").arg("--hub").arg(hub.to_string());
        command.args(["--code", &code, "--name", AGENT]);
        command.arg("--ca").arg(ca).arg("--data").arg(&data);
    })?;
    registering.succeeded().await.context("register the agent")
}

/// The pictures in a folder, oldest first: they are numbered.
fn pictures(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut pictures: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "png"))
        .collect();
    pictures.sort();
    pictures
}

fn first_word(text: &str) -> &str {
    text.split([' ', ',']).next().unwrap_or_default()
}
