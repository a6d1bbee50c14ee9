//! The printer's TCP port: one connection at a time, the others wait in the listen queue.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

use super::fault::PrinterFault;
use super::mechanism::Mechanism;

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

/// Serves connections until dropped, or until tickets can no longer be written.
pub(super) async fn serve(
    listener: TcpListener,
    mut fault: watch::Receiver<PrinterFault>,
    mut mechanism: Mechanism,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let mut listener = Some(listener);
    loop {
        let now = *fault.borrow_and_update();
        mechanism.process(now)?;
        open_or_refuse(&mut listener, address, now)?;
        let Some(open) = &listener else {
            if fault.changed().await.is_err() {
                return Ok(());
            }
            continue;
        };
        tokio::select! {
            changed = fault.changed() => if changed.is_err() { return Ok(()) },
            accepted = open.accept() => match accepted {
                Ok((stream, peer)) => {
                    tracing::debug!(%peer, "connected");
                    connection(stream, &mut fault, &mut mechanism, &mut listener, address).await?;
                }
                Err(error) => tracing::warn!(%error, "connection not accepted"),
            },
        }
    }
}

fn open_or_refuse(
    listener: &mut Option<TcpListener>,
    address: SocketAddr,
    fault: PrinterFault,
) -> io::Result<()> {
    if fault == PrinterFault::Refuse {
        *listener = None;
    } else if listener.is_none() {
        *listener = Some(listen(address)?);
    }
    Ok(())
}

/// One connection from first to last byte. What goes wrong with it ends it and nothing else.
async fn connection(
    mut stream: TcpStream,
    fault: &mut watch::Receiver<PrinterFault>,
    mechanism: &mut Mechanism,
    listener: &mut Option<TcpListener>,
    address: SocketAddr,
) -> io::Result<()> {
    mechanism.connected();
    let mut buffer = [0; 1024];
    loop {
        let now = *fault.borrow();
        let processed = mechanism.process(now)?;
        if processed.cut_connection {
            break;
        }
        if stream.write_all(&processed.answers).await.is_err() {
            break;
        }
        let room = mechanism.room().min(buffer.len());
        tokio::select! {
            read = stream.read(&mut buffer[..room]), if room > 0 => match read {
                Ok(0) | Err(_) => break,
                Ok(count) => {
                    let answers = mechanism.receive(&buffer[..count], now);
                    if stream.write_all(&answers).await.is_err() {
                        break;
                    }
                }
            },
            changed = fault.changed() => {
                let now = *fault.borrow_and_update();
                if changed.is_err() || stream.write_all(&mechanism.fault_changed(now)).await.is_err() {
                    break;
                }
                open_or_refuse(listener, address, now)?;
            }
        }
    }
    mechanism.disconnected();
    mechanism.process(*fault.borrow()).map(|_| ())
}
