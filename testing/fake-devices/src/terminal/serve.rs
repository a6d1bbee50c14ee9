//! The terminal's port: one till at a time.
//!
//! While a payment is under way and its till is connected, others are turned away; otherwise the newest
//! connection takes the place of the one before. Without a till a payment goes on by itself.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cueline_model::Mono;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::Instant;

use super::face::StreamFace;
use super::panel::Panel;
use super::settings::TerminalSettings;
use super::step::Alone;
use super::zvt::Deed;

/// Connections that wait to be taken.
const LISTEN_QUEUE: u32 = 16;

/// Opens the port; 0 takes a free one.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // On Windows this option would let two programs share the port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(LISTEN_QUEUE)
}

/// The terminal's clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock(Instant);

impl Clock {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn now(self) -> Mono {
        Mono(u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// Until a moment; never without one.
    pub(super) async fn until(self, moment: Option<Mono>) {
        match moment {
            Some(moment) => {
                tokio::time::sleep_until(self.0 + Duration::from_millis(moment.0)).await;
            }
            None => std::future::pending().await,
        }
    }
}

/// Serves tills until dropped, or until the ledger cannot be written.
pub(super) async fn serve(
    listener: TcpListener,
    panel: Arc<Panel>,
    mut face: Box<dyn StreamFace>,
    settings: TerminalSettings,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let clock = Clock::start();
    let mut listener = Some(listener);
    let mut power = panel.subscribe();
    let mut next = None;
    loop {
        if !panel.power().on {
            listener = None;
            power
                .wait_for(|power| power.on)
                .await
                .map_err(io::Error::other)?;
            continue;
        }
        let open = match listener.take() {
            Some(open) => open,
            None => listen(address)?,
        };
        if let Some(stream) = next.take() {
            let till = Till {
                stream,
                face: face.as_mut(),
                panel: &panel,
                clock,
                acknowledge_within: settings.acknowledge_within,
            };
            match till.serve(&open).await? {
                Ended::Lost => panel.payments().link_lost(),
                Ended::Replaced(stream) => {
                    panel.payments().link_lost();
                    next = Some(stream);
                }
                Ended::PowerLoss => power_loss(&panel, settings.power_off),
            }
            listener = Some(open);
            continue;
        }
        let step = panel.payments().go_on_alone(clock.now())?;
        let wake = match step {
            Alone::PowerLoss => {
                power_loss(&panel, settings.power_off);
                continue;
            }
            Alone::Until(wake) => wake,
        };
        tokio::select! {
            () = clock.until(wake) => {}
            _ = power.changed() => {}
            accepted = open.accept() => match accepted {
                Ok((stream, _)) => next = Some(stream),
                Err(error) => tracing::warn!(%error, "connection not accepted"),
            },
        }
        listener = Some(open);
    }
}

/// The terminal goes off, and on again by itself.
pub(super) fn power_loss(panel: &Arc<Panel>, off: Duration) {
    panel.switch(false);
    let panel = Arc::clone(panel);
    tokio::spawn(async move {
        tokio::time::sleep(off).await;
        panel.switch(true);
    });
}

enum Ended {
    Lost,
    Replaced(TcpStream),
    PowerLoss,
}

/// One till's connection.
struct Till<'a> {
    stream: TcpStream,
    face: &'a mut dyn StreamFace,
    panel: &'a Panel,
    clock: Clock,
    acknowledge_within: Duration,
}

impl Till<'_> {
    async fn serve(mut self, listener: &TcpListener) -> io::Result<Ended> {
        // Packets are short and wait for each other.
        let _slower = self.stream.set_nodelay(true);
        self.face.connected();
        let mut power = self.panel.subscribe();
        let mut buffer = [0; 4096];
        loop {
            power.mark_unchanged();
            if !self.panel.power().on {
                return Ok(Ended::Lost);
            }
            let (deeds, wake) = {
                let mut payments = self.panel.payments();
                self.face.go_on(&mut payments, self.clock.now())?
            };
            if let Some(ended) = self.do_all(deeds).await {
                return Ok(ended);
            }
            let acknowledged_by = self.face.awaits_till().then_some(self.acknowledge_within);
            let late = async {
                match acknowledged_by.filter(|_| wake.is_none()) {
                    Some(time) => tokio::time::sleep(time).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                read = self.stream.read(&mut buffer) => match read {
                    Ok(0) | Err(_) => return Ok(Ended::Lost),
                    Ok(count) => {
                        let deeds = {
                            let mut payments = self.panel.payments();
                            self.face.received(&buffer[..count], &mut payments, self.clock.now())?
                        };
                        if let Some(ended) = self.do_all(deeds).await {
                            return Ok(ended);
                        }
                    }
                },
                () = self.clock.until(wake) => {}
                () = late => return Ok(Ended::Lost),
                _ = power.changed() => {}
                accepted = listener.accept() => match accepted {
                    // Dropped where this till's payment is under way.
                    Ok(_) if self.panel.payments().is_paying() => {}
                    Ok((stream, _)) => return Ok(Ended::Replaced(stream)),
                    Err(error) => tracing::warn!(%error, "connection not accepted"),
                },
            }
        }
    }

    /// Does what the face says; says whether that was the end.
    async fn do_all(&mut self, deeds: Vec<Deed>) -> Option<Ended> {
        for deed in deeds {
            match deed {
                Deed::Write(bytes) => {
                    if self.stream.write_all(&bytes).await.is_err() {
                        return Some(Ended::Lost);
                    }
                }
                Deed::Close => return Some(Ended::Lost),
                Deed::PowerLoss => return Some(Ended::PowerLoss),
            }
        }
        None
    }
}
