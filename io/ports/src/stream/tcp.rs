//! Raw TCP.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::Stream;

/// Bytes the system may hold for a printer that does not take them yet. Small, so that what counts
/// as accepted is close to what the printer has taken, and a stall shows soon.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// A peer that is gone is found within about three of these, also while a long fault is waited out.
const KEEPALIVE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Tcp(TcpStream);

pub(super) async fn connect(host: &str, port: u16) -> io::Result<Tcp> {
    let stream = TcpStream::connect((host, port)).await?;
    let socket = SockRef::from(&stream);
    socket.set_tcp_nodelay(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.set_tcp_keepalive(
        &TcpKeepalive::new()
            .with_time(KEEPALIVE)
            .with_interval(KEEPALIVE),
    )?;
    Ok(Tcp(stream))
}

impl Stream for Tcp {
    fn poll_read(&mut self, context: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(into);
        Pin::new(&mut self.0)
            .poll_read(context, &mut buffer)
            .map_ok(|()| buffer.filled().len())
    }

    fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }

    fn is_ended_by_peer(&self) -> bool {
        true
    }

    /// Looks at the socket itself, not at what the runtime last heard of it: a connection that
    /// died since it was opened must be found before the first byte of a print.
    fn check_alive(&mut self) -> io::Result<()> {
        let mut byte = [MaybeUninit::uninit()];
        match SockRef::from(&self.0).peek(&mut byte) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => Ok(()),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) =>
            {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn abandon(&mut self) {
        // A reset: what the printer has not taken by now it shall not get.
        let _gone_anyway = SockRef::from(&self.0).set_linger(Some(Duration::ZERO));
    }
}
