//! The desk's terminals: a driver and a task for each.

use std::collections::BTreeMap;

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow, bail};
use cueline_model::{StationName, TerminalName, TerminalProtocol, WallTime};
use cueline_terminal_links::{Network, TerminalAddress, TerminalRoot, converse};
use cueline_terminals::adyen::{self, Adyen, SecurityKey};
use cueline_terminals::caisse_ap::{self, CaisseAp};
use cueline_terminals::{Command, Driver, Event, Zvt, ZvtSettings};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::sync::mpsc;

use crate::config::{self, Config, TerminalSetting};

/// Commands on their way to one terminal.
const COMMANDS_MAX: usize = 16;
/// Events on their way from all of them.
const EVENTS_MAX: usize = 64;

/// All terminals, each in a task of its own.
pub struct Terminals {
    commands: BTreeMap<TerminalName, mpsc::Sender<Command>>,
    events: mpsc::Receiver<(TerminalName, Event)>,
}

impl Terminals {
    /// Starts them; none is connected to before it is needed.
    ///
    /// # Errors
    /// Where a setting is wrong.
    pub fn start(config: &Config) -> anyhow::Result<Self> {
        let (events_in, events) = mpsc::channel(EVENTS_MAX);
        let mut commands = BTreeMap::new();
        for setting in &config.terminals {
            let attempt = || format!("set up terminal {}", setting.name);
            let driver = driver(setting, &config.station).with_context(attempt)?;
            let address = address(setting).with_context(attempt)?;
            let (commands_in, orders) = mpsc::channel(COMMANDS_MAX);
            let (said_in, mut said) = mpsc::channel(COMMANDS_MAX);
            tokio::spawn(converse(driver, address, orders, said_in));
            let (name, events_in) = (setting.name.clone(), events_in.clone());
            tokio::spawn(async move {
                while let Some(event) = said.recv().await {
                    if events_in.send((name.clone(), event)).await.is_err() {
                        return;
                    }
                }
            });
            commands.insert(setting.name.clone(), commands_in);
        }
        Ok(Self { commands, events })
    }

    /// What a terminal says next; never where there is none.
    pub async fn next(&mut self) -> (TerminalName, Event) {
        match self.events.recv().await {
            Some(said) => said,
            None => std::future::pending().await,
        }
    }

    /// Asks something of a terminal.
    ///
    /// # Errors
    /// Where its task takes nothing more.
    pub fn ask(&self, terminal: &TerminalName, command: Command) -> anyhow::Result<()> {
        let commands = self.commands.get(terminal);
        let commands = commands.with_context(|| format!("there is no terminal {terminal}"))?;
        commands
            .try_send(command)
            .with_context(|| format!("ask terminal {terminal}: its task takes nothing more"))
    }
}

fn driver(setting: &TerminalSetting, station: &StationName) -> anyhow::Result<Box<dyn Driver>> {
    match (setting.protocol, &setting.adyen) {
        (TerminalProtocol::Zvt, _) => Ok(Box::new(Zvt::new(ZvtSettings {
            password: setting.zvt.password,
            currency: setting.zvt.currency,
            ..ZvtSettings::default()
        }))),
        (TerminalProtocol::CaisseAp, _) => {
            let settings = caisse_ap::Settings {
                register: setting.caisse_ap.register,
                ..caisse_ap::Settings::default()
            };
            Ok(Box::new(CaisseAp::new(settings)?))
        }
        (TerminalProtocol::AdyenLocal, Some(shared)) => Ok(Box::new(adyen(shared, station)?)),
        (TerminalProtocol::AdyenLocal, None) => bail!("a table adyen is missing"),
    }
}

fn adyen(shared: &config::Adyen, station: &StationName) -> anyhow::Result<Adyen> {
    let file = &shared.passphrase_file;
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("read the passphrase from {}", file.display()))?;
    let passphrase = text.lines().next().unwrap_or_default();
    let key = SecurityKey::new(&shared.key_identifier, shared.key_version, passphrase)?;
    let mut seed = [0; 32];
    SystemRandom::new()
        .fill(&mut seed)
        .map_err(|_| anyhow!("the system gave no random bytes"))?;
    let since_1970 = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Ok(Adyen::new(adyen::Settings {
        sale_id: station.to_string(),
        poi_id: shared.poi_id.clone(),
        key,
        seed,
        started: WallTime(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)),
    }))
}

fn address(setting: &TerminalSetting) -> anyhow::Result<TerminalAddress> {
    let networks = setting.allow.iter().map(|text| text.parse());
    let networks = networks.collect::<Result<Vec<Network>, _>>()?;
    let address: TerminalAddress = setting.address.parse()?;
    let address = address.permit(networks);
    let root_file = setting
        .adyen
        .as_ref()
        .and_then(|shared| shared.root_file.as_ref());
    let Some(root_file) = root_file else {
        return Ok(address);
    };
    let attempt = || format!("read the terminal's root from {}", root_file.display());
    let pem = std::fs::read_to_string(root_file).with_context(attempt)?;
    let root = TerminalRoot::from_pem(&pem).with_context(attempt)?;
    Ok(address.believe(root))
}
