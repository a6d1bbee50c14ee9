//! Admits connections: how many are held, how many handshakes run, how many wait for one.
//!
//! After a restart of the hub a whole fleet comes at once. What cannot be served soon is turned
//! away early and cheaply, because an agent that is turned away comes back by its schedule.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::Acceptor;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

/// Waiting for admission and the handshake itself together.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// Connections past the limit that are told so at once; more are closed without a word.
const TOLD_FULL_MAX: usize = 64;

/// The three limits.
pub struct Admission {
    connections: Arc<Semaphore>,
    told_full: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    handshakes: Semaphore,
    connections_max: u32,
}

/// What becomes of a new connection.
pub enum Admitted {
    /// It is served; the place is held as long as this lives.
    Served(Place),
    /// It gets a 503 and is closed.
    ToldFull(Place),
    /// It is closed.
    Closed,
}

/// A place among the connections.
pub struct Place {
    _connection: OwnedSemaphorePermit,
    waiting: Option<OwnedSemaphorePermit>,
}

impl Admission {
    /// Limits on connections held, handshakes at a time, and connections waiting for theirs.
    #[must_use]
    pub fn new(connections: usize, handshakes: usize, waiting: usize) -> Self {
        let connections_max = u32::try_from(connections).unwrap_or(u32::MAX);
        Self {
            connections: Arc::new(Semaphore::new(connections_max as usize)),
            told_full: Arc::new(Semaphore::new(TOLD_FULL_MAX)),
            waiting: Arc::new(Semaphore::new(waiting)),
            handshakes: Semaphore::new(handshakes),
            connections_max,
        }
    }

    /// Decides on a connection that has just come.
    #[must_use]
    pub fn admit(&self) -> Admitted {
        let Ok(waiting) = self.waiting.clone().try_acquire_owned() else {
            return Admitted::Closed;
        };
        let place = |connection| Place {
            _connection: connection,
            waiting: Some(waiting),
        };
        if let Ok(connection) = self.connections.clone().try_acquire_owned() {
            Admitted::Served(place(connection))
        } else if let Ok(connection) = self.told_full.clone().try_acquire_owned() {
            Admitted::ToldFull(place(connection))
        } else {
            Admitted::Closed
        }
    }

    /// Does the handshake when its turn comes; `None` where it failed or took too long.
    pub async fn handshake(
        &self,
        tls: &Arc<ServerConfig>,
        stream: TcpStream,
        place: &mut Place,
    ) -> Option<TlsStream<TcpStream>> {
        let done = tokio::time::timeout(HANDSHAKE_WITHIN, async {
            // Who connects and says nothing takes nobody's turn.
            let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
            let _turn = self.handshakes.acquire().await.map_err(io::Error::other)?;
            hello.into_stream(tls.clone()).await
        });
        let shaken = done.await;
        place.waiting = None;
        match shaken {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a TLS handshake failed");
                None
            }
            Err(_) => None,
        }
    }

    /// Waits until no connection is held any more.
    pub async fn emptied(&self) {
        // Nobody closes the semaphore, so this ends only with all places given back.
        let _all = self.connections.acquire_many(self.connections_max).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn past_each_limit_less_is_done_for_a_connection() {
        let admission = Admission::new(2, 1, 4);
        let served: Vec<_> = (0..2).map(|_| admission.admit()).collect();
        assert!(
            served
                .iter()
                .all(|place| matches!(place, Admitted::Served(_)))
        );
        let told: Vec<_> = (0..2).map(|_| admission.admit()).collect();
        assert!(
            told.iter()
                .all(|place| matches!(place, Admitted::ToldFull(_)))
        );
        assert!(
            matches!(admission.admit(), Admitted::Closed),
            "four wait already"
        );

        drop((served, told));
        assert!(matches!(admission.admit(), Admitted::Served(_)));
        admission.emptied().await;
    }
}
