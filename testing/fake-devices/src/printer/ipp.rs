//! A small IPP printer: documents in over HTTP, pages out.
//!
//! Enough of RFC 8011 for what driverless clients do: ask for the printer's attributes, print, ask for
//! the job, cancel it. Its faults are `printer-state-reasons`.

mod attributes;
mod http;
mod operations;
mod press;
mod queue;

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::fault::PrinterFault;
use super::panel::{Panel, until};
use super::serve::Port;
use super::settings::PrinterSettings;
use super::tickets::TicketTray;
use queue::Queue;

/// Where the printer is on its HTTP server.
pub(super) const PATH: &str = "/ipp/print";
/// Connections at once; one more waits.
const CONNECTIONS_MAX: usize = 8;

/// What a connection needs.
#[derive(Debug, Clone)]
struct Shared {
    panel: Arc<Panel>,
    queue: Arc<Queue>,
    settings: Arc<PrinterSettings>,
    /// As clients reach it: `ipp://address/ipp/print`.
    uri: String,
}

/// Serves connections and prints until dropped, or until pages can no longer be written.
pub(super) async fn serve(
    listener: TcpListener,
    panel: Arc<Panel>,
    settings: PrinterSettings,
    tray: TicketTray,
) -> io::Result<()> {
    let shared = Shared {
        uri: format!("ipp://{}{PATH}", listener.local_addr()?),
        queue: Arc::new(Queue::default()),
        settings: Arc::new(settings),
        panel: Arc::clone(&panel),
    };
    let mut press = tokio::spawn(press::run(shared.clone(), tray));
    let served = connections(listener, shared);
    let ended = tokio::select! {
        ended = served => ended,
        ended = &mut press => ended.unwrap_or_else(|panicked| Err(io::Error::other(panicked))),
    };
    press.abort();
    ended
}

async fn connections(listener: TcpListener, shared: Shared) -> io::Result<()> {
    let panel = Arc::clone(&shared.panel);
    let mut port = Port::new(listener)?;
    let mut changed = panel.subscribe();
    let mut open = JoinSet::new();
    loop {
        changed.mark_unchanged();
        let fault = panel.fault();
        port.follow(fault)?;
        if fault.cuts_connection() {
            open.abort_all();
        }
        while open.try_join_next().is_some() {}
        let takes = open.len() < CONNECTIONS_MAX && fault != PrinterFault::Hang;
        tokio::select! {
            _ = changed.changed() => {}
            () = until(panel.until()) => {}
            _ = open.join_next(), if !open.is_empty() => {}
            accepted = port.accept(), if takes => match accepted {
                Ok(stream) => drop(open.spawn(http::connection(stream, shared.clone()))),
                Err(error) => tracing::warn!(%error, "connection not accepted"),
            },
        }
    }
}
