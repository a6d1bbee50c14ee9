//! The desk's terminals: a driver and a task for each.

use std::collections::BTreeMap;

use anyhow::Context as _;
use cueline_model::{TerminalName, TerminalProtocol};
use cueline_terminal_links::{Network, TerminalAddress, converse};
use cueline_terminals::{Command, Driver, Event, Zvt, ZvtSettings};
use tokio::sync::mpsc;

use crate::config::TerminalSetting;

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
    pub fn start(settings: &[TerminalSetting]) -> anyhow::Result<Self> {
        let (events_in, events) = mpsc::channel(EVENTS_MAX);
        let mut commands = BTreeMap::new();
        for setting in settings {
            let driver = driver(setting)?;
            let address = address(setting)
                .with_context(|| format!("read the settings of terminal {}", setting.name))?;
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

fn driver(setting: &TerminalSetting) -> anyhow::Result<Box<dyn Driver>> {
    match setting.protocol {
        TerminalProtocol::Zvt => Ok(Box::new(Zvt::new(ZvtSettings {
            password: setting.password,
            currency: setting.currency,
            ..ZvtSettings::default()
        }))),
        TerminalProtocol::AdyenLocal | TerminalProtocol::CaisseAp => todo!(),
    }
}

fn address(setting: &TerminalSetting) -> anyhow::Result<TerminalAddress> {
    let networks = setting.allow.iter().map(|text| text.parse());
    let networks = networks.collect::<Result<Vec<Network>, _>>()?;
    let address: TerminalAddress = setting.address.parse()?;
    Ok(address.permit(networks))
}
