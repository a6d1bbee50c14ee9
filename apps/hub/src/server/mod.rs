//! The one listener: TCP, TLS, the first request's head, and then the room that serves it.

mod admission;
mod bind;
mod dispatch;
mod head;
mod paced;
mod rewind;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};

pub use admission::Place;
pub use bind::{BindError, listen};
pub use head::HEAD_BYTES_MAX;

use crate::hub::Hub;
use admission::{Admission, Admitted};

/// After an error that may last (too many open files), this long is waited before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Whom a request came from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Serves connections until the hub drains.
pub struct Server {
    hub: Arc<Hub>,
    router: Router,
    tls: Arc<rustls::ServerConfig>,
    admission: Admission,
}

/// The limits of a [`Server`].
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    /// Connections held at once.
    pub connections: usize,
    /// Handshakes at a time.
    pub handshakes: usize,
    /// Connections waiting for theirs.
    pub handshakes_waiting: usize,
}

impl Server {
    /// A server that gives the held request to the link's room and all else to `router`.
    #[must_use]
    pub fn new(
        hub: Arc<Hub>,
        router: Router,
        tls: Arc<rustls::ServerConfig>,
        limits: ServerLimits,
    ) -> Self {
        Self {
            hub,
            router,
            tls,
            admission: Admission::new(
                limits.connections,
                limits.handshakes,
                limits.handshakes_waiting,
            ),
        }
    }

    /// Accepts until the hub drains, then waits, at most `finish_within`, until all connections
    /// have ended.
    pub async fn run(self: Arc<Self>, listener: TcpListener, finish_within: Duration) {
        let mut draining = self.hub.draining.subscribe();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = draining.wait_for(|draining| *draining) => break,
            };
            match accepted {
                Ok((stream, peer)) => self.take(stream, Peer(peer)),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(listener);
        let emptied = tokio::time::timeout(finish_within, self.admission.emptied());
        if emptied.await.is_err() {
            tracing::warn!("some connections had not ended in time and are cut");
        }
    }

    fn take(self: &Arc<Self>, stream: TcpStream, peer: Peer) {
        if let Err(error) = bind::prepare(&stream) {
            tracing::debug!(%error, "a new connection was gone already");
            return;
        }
        let server = self.clone();
        match self.admission.admit() {
            Admitted::Served(mut place) => {
                tokio::spawn(async move {
                    let shaken = server.admission.handshake(&server.tls, stream, &mut place);
                    if let Some(stream) = shaken.await {
                        dispatch::serve(server, stream, peer, place).await;
                    }
                });
            }
            Admitted::ToldFull(mut place) => {
                tokio::spawn(async move {
                    let shaken = server.admission.handshake(&server.tls, stream, &mut place);
                    if let Some(stream) = shaken.await {
                        dispatch::tell_full(stream).await;
                    }
                });
            }
            Admitted::Closed => {
                tracing::debug!("too many connections; one was closed");
            }
        }
    }
}
