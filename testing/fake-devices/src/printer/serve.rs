//! The printer's raw TCP port: one connection at a time; others wait in the listen queue, or are closed.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::fault::PrinterFault;
use super::mechanism::Mechanism;
use super::panel::{Panel, until};
use super::settings::SecondHost;

/// Small, so that a printer that stopped reading is noticed by its host soon.
const SOCKET_RECEIVE_BYTES: u32 = 16 * 1024;
/// Connections that wait while one is open.
const LISTEN_QUEUE: u32 = 4;

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
    socket.set_recv_buffer_size(SOCKET_RECEIVE_BYTES)?;
    socket.bind(address)?;
    socket.listen(LISTEN_QUEUE)
}

/// The port, open or not as the fault says.
pub(super) struct Port {
    address: SocketAddr,
    listener: Option<TcpListener>,
}

impl Port {
    pub(super) fn new(listener: TcpListener) -> io::Result<Self> {
        Ok(Self {
            address: listener.local_addr()?,
            listener: Some(listener),
        })
    }

    /// Opens or closes it.
    pub(super) fn follow(&mut self, fault: PrinterFault) -> io::Result<()> {
        if fault.closes_port() {
            self.listener = None;
        } else if self.listener.is_none() {
            self.listener = Some(listen(self.address)?);
        }
        Ok(())
    }

    /// The next connection; never where it is closed.
    pub(super) async fn accept(&self) -> io::Result<TcpStream> {
        match &self.listener {
            Some(listener) => Ok(listener.accept().await?.0),
            None => std::future::pending().await,
        }
    }
}

/// Serves connections until dropped, or until tickets can no longer be written.
pub(super) async fn serve(
    listener: TcpListener,
    panel: Arc<Panel>,
    mut mechanism: Mechanism,
) -> io::Result<()> {
    let mut port = Port::new(listener)?;
    let mut changed = panel.subscribe();
    loop {
        changed.mark_unchanged();
        let wake = mechanism.step()?;
        port.follow(panel.fault())?;
        tokio::select! {
            _ = changed.changed() => {}
            () = until(wake) => {}
            accepted = port.accept() => match accepted {
                Ok(stream) => connection(stream, &panel, &mut mechanism, &mut port).await?,
                Err(error) => tracing::warn!(%error, "connection not accepted"),
            },
        }
    }
}

/// One connection from first to last byte. What goes wrong with it ends it and nothing else.
async fn connection(
    mut stream: TcpStream,
    panel: &Panel,
    mechanism: &mut Mechanism,
    port: &mut Port,
) -> io::Result<()> {
    mechanism.connected();
    let mut changed = panel.subscribe();
    let mut buffer = [0; 1024];
    let (mut reader, mut writer) = stream.split();
    loop {
        changed.mark_unchanged();
        let wake = mechanism.step()?;
        let fault = panel.fault();
        port.follow(fault)?;
        let cut = mechanism.take_cut();
        let hangs = fault == PrinterFault::Hang;
        let waiting = mechanism.voice().waiting();
        if cut {
            // What was said before the line went may still have gone out.
            let _sent = writer.try_write(waiting);
            break;
        }
        let room = mechanism.room().min(buffer.len());
        let waiting = mechanism.voice().waiting();
        let refuses = panel.second_host() == SecondHost::Refuse;
        tokio::select! {
            read = reader.read(&mut buffer[..room]), if room > 0 && !hangs => match read {
                Ok(0) | Err(_) => break,
                Ok(count) => mechanism.receive(&buffer[..count]),
            },
            written = writer.write(waiting), if !waiting.is_empty() && !hangs => match written {
                Ok(count) => mechanism.voice().sent(count),
                Err(_) => break,
            },
            _ = changed.changed() => {}
            () = until(wake) => {}
            second = port.accept(), if refuses => drop(second),
        }
    }
    mechanism.disconnected();
    Ok(())
}
