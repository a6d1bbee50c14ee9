//! The loop: one task owns the controller and does what it says.

use std::time::Duration;

use cueline_local_socket::{Connection, Outgoing, SocketPath, connect};
use cueline_wire::cloud::TerminalDescription;
use cueline_wire::local::{ToAgent, ToTray};

use crate::config::Config;
use crate::controller::{Action, Controller};
use crate::terminals::Terminals;

/// The pause before the agent is looked for again.
const AGENT_AGAIN: Duration = Duration::from_secs(1);

/// Runs until it is asked to end.
///
/// # Errors
/// Where a setting is wrong, or a terminal's task has a fault of its own.
pub async fn run(config: Config, socket: SocketPath) -> anyhow::Result<()> {
    let mut desk = Desk {
        terminals: Terminals::start(&config)?,
        controller: Controller::default(),
        config,
    };
    tokio::select! {
        failed = desk.work(&socket) => failed,
        () = asked_to_end() => {
            tracing::info!("tray stopped");
            Ok(())
        }
    }
}

struct Desk {
    config: Config,
    controller: Controller,
    terminals: Terminals,
}

impl Desk {
    async fn work(&mut self, socket: &SocketPath) -> anyhow::Result<()> {
        let mut is_told = false;
        loop {
            match connect(socket).await {
                Ok(connection) => {
                    is_told = false;
                    let ended = self.talk(connection).await?;
                    tracing::warn!("the agent is gone: {ended}");
                    self.controller.agent_gone();
                }
                // Once, not every second of a night.
                Err(error) if !is_told => {
                    is_told = true;
                    tracing::warn!("{error}");
                }
                Err(_) => {}
            }
            self.listen_to_terminals(AGENT_AGAIN).await?;
        }
    }

    /// While the agent is away terminals are heard: what they say is kept for it.
    async fn listen_to_terminals(&mut self, time: Duration) -> anyhow::Result<()> {
        let over = tokio::time::sleep(time);
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => return Ok(()),
                (terminal, event) = self.terminals.next() => {
                    self.controller.terminal_said(&terminal, event);
                    self.act(None).await?;
                }
            }
        }
    }

    async fn talk(&mut self, connection: Connection) -> anyhow::Result<String> {
        let Connection {
            mut incoming,
            mut outgoing,
            ..
        } = connection;
        let hello = ToAgent::Hello {
            tray_version: env!("CARGO_PKG_VERSION").to_owned(),
            station: self.config.station.clone(),
            terminals: self.descriptions(),
        };
        if let Err(error) = outgoing.say(&hello).await {
            return Ok(error.to_string());
        }
        loop {
            tokio::select! {
                said = incoming.next::<ToTray>() => match said {
                    Ok(Some(Ok(ToTray::Refused { reason }))) => return Ok(reason),
                    Ok(Some(Ok(said))) => {
                        if let ToTray::Welcome { agent_version } = &said {
                            let station = &self.config.station;
                            tracing::info!("station {station} is open (agent {agent_version})");
                        }
                        self.controller.agent_said(said);
                    }
                    Ok(Some(Err(error))) => tracing::warn!("pass over a word of the agent: {error}"),
                    Ok(None) => return Ok("it has ended".to_owned()),
                    Err(error) => return Ok(error.to_string()),
                },
                (terminal, event) = self.terminals.next() => {
                    self.controller.terminal_said(&terminal, event);
                }
            }
            if let Some(ended) = self.act(Some(&mut outgoing)).await? {
                return Ok(ended);
            }
        }
    }

    /// Does what the controller says; gives how the connection ended, where it did.
    async fn act(&mut self, mut agent: Option<&mut Outgoing>) -> anyhow::Result<Option<String>> {
        let mut ended = None;
        for action in self.controller.take_actions() {
            match (action, &mut agent) {
                (Action::Ask(terminal, command), _) => self.terminals.ask(&terminal, command)?,
                (Action::Say(word), Some(agent)) if ended.is_none() => {
                    ended = agent.say(&word).await.err().map(|error| error.to_string());
                }
                (Action::Say(_), _) => {}
            }
        }
        Ok(ended)
    }

    fn descriptions(&self) -> Vec<TerminalDescription> {
        let describe = |terminal: &crate::config::TerminalSetting| TerminalDescription {
            name: terminal.name.clone(),
            protocol: terminal.protocol,
        };
        self.config.terminals.iter().map(describe).collect()
    }
}

#[cfg(unix)]
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        tracing::warn!("the system does not tell of requests to end");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(windows)]
async fn asked_to_end() {
    tokio::signal::ctrl_c().await.ok();
}
