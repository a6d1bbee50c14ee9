//! One tray's connection: who it is, then its words to the core and the core's to it.

use std::time::Duration;

use cueline_agent_core::payments::{Event, TrayId};
use cueline_local_socket::{Connection, LineError};
use cueline_wire::local::{ToAgent, ToTray};
use tokio::sync::mpsc;

/// A program that connects and does not say who it is is let go after this.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// A tray that takes no bytes for so long hangs.
const TAKEN_WITHIN: Duration = Duration::from_secs(10);

/// One connection and the core's door.
pub struct Reception {
    /// Its number.
    pub tray: TrayId,
    /// The connection.
    pub connection: Connection,
    /// What the core tells it.
    pub words: mpsc::Receiver<Box<ToTray>>,
    /// Where its words go.
    pub events: mpsc::Sender<Event>,
}

impl Reception {
    /// Until either end is over; the core is told.
    pub async fn run(mut self) {
        let tray = self.tray;
        match tokio::time::timeout(HELLO_WITHIN, self.hello()).await {
            Ok(Some(here)) => {
                self.events.send(here).await.ok();
                let ended = self.talk().await;
                tracing::info!("tray {} is gone: {ended}", tray.0);
            }
            Ok(None) => {}
            Err(_) => tracing::warn!("a program on the local socket did not say who it is"),
        }
        self.events.send(Event::TrayGone { tray }).await.ok();
    }

    /// The tray's first word.
    async fn hello(&mut self) -> Option<Event> {
        let first = self.connection.incoming.next::<ToAgent>().await;
        let peer = &self.connection.peer.name;
        match first {
            Ok(Some(Ok(ToAgent::Hello {
                tray_version,
                station,
                terminals,
            }))) => {
                tracing::info!(
                    "tray {} of {peer}: station {station}, version {tray_version}, terminals: {}",
                    self.tray.0,
                    terminals.len()
                );
                let user = peer.clone();
                let agent_version = env!("CARGO_PKG_VERSION").to_owned();
                self.say(&ToTray::Welcome { agent_version }).await.ok()?;
                Some(Event::TrayHere {
                    tray: self.tray,
                    station,
                    user,
                    terminals,
                })
            }
            Ok(None) => None,
            Ok(Some(other)) => {
                let got = other.map_or_else(|error| error.to_string(), |_| "another".to_owned());
                tracing::warn!("a program of {peer} began with another word than hello: {got}");
                let reason =
                    "expected hello as the first word; install agent and tray of one version";
                let reason = reason.to_owned();
                self.say(&ToTray::Refused { reason }).await.ok();
                None
            }
            Err(error) => {
                tracing::warn!("{error}");
                None
            }
        }
    }

    async fn talk(&mut self) -> String {
        loop {
            tokio::select! {
                said = self.connection.incoming.next::<ToAgent>() => match said {
                    Ok(Some(Ok(said))) => {
                        let tray = self.tray;
                        if self.events.send(Event::TraySaid { tray, said }).await.is_err() {
                            return "the agent ends".to_owned();
                        }
                    }
                    Ok(Some(Err(error))) => {
                        tracing::warn!("pass over a word of tray {}: {error}", self.tray.0);
                    }
                    Ok(None) => return "it has ended".to_owned(),
                    Err(error @ (LineError::TooLong | LineError::Broken(_))) => {
                        return error.to_string();
                    }
                },
                word = self.words.recv() => match word {
                    Some(word) => {
                        if let Err(error) = self.say(&word).await {
                            return error.to_string();
                        }
                    }
                    None => return "it does not read what it is told".to_owned(),
                },
            }
        }
    }

    async fn say(&mut self, word: &ToTray) -> std::io::Result<()> {
        tokio::time::timeout(TAKEN_WITHIN, self.connection.outgoing.say(word))
            .await
            .unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut)))
    }
}
