//! Raw TCP: connect, ask, write while reading, and wait for the proof.

use std::io;
use std::mem::MaybeUninit;
use std::time::Duration;

use cueline_model::{Fault, Proof};
use cueline_printers::{Session, SessionEvent};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use crate::device::{DeviceTimeouts, PrintError};
use crate::faults;

/// Bytes the system may hold for a printer that does not take them yet. Small, so that what counts
/// as accepted is close to what the printer has taken, and a stall shows soon.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// A peer that is gone is found within about three of these, also while a long fault is waited out.
const KEEPALIVE: Duration = Duration::from_secs(10);
/// Full buffers read before the clock is looked at again: a device that never stops talking must not
/// hold its own time-outs up.
const READS_AT_ONCE: usize = 64;
/// The longest a farewell may take; nothing depends on it.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// An open connection.
#[derive(Debug)]
pub(crate) struct TcpPort {
    stream: TcpStream,
    peer: String,
    pub(crate) timeouts: DeviceTimeouts,
}

impl TcpPort {
    pub(crate) async fn connect(
        host: &str,
        port: u16,
        timeouts: DeviceTimeouts,
    ) -> Result<Self, Fault> {
        let peer = format!("{host}:{port}");
        let connected = timeout(timeouts.connect, TcpStream::connect((host, port))).await;
        let stream = connected
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .and_then(configured)
            .map_err(|error| faults::unreachable(&peer, &error))?;
        Ok(Self {
            stream,
            peer,
            timeouts,
        })
    }

    /// Asks the printer whether it can print, where its language has such a question.
    pub(crate) async fn ask_readiness(&mut self, session: &mut Session) -> Result<(), Fault> {
        let query = session.readiness_query();
        if query.is_empty() {
            return Ok(());
        }
        let answer_by = Instant::now() + self.timeouts.readiness;
        let mut written = 0;
        while Instant::now() < answer_by {
            written += self
                .exchange(&query[written..], session, answer_by)
                .await
                .map_err(|error| self.lost(&error))?;
            match session.poll_event() {
                Some(SessionEvent::Ready) => return Ok(()),
                Some(SessionEvent::Fault(fault)) => return Err(fault),
                Some(SessionEvent::Finished) | None => {}
            }
        }
        Err(faults::no_answer(&self.peer))
    }

    /// Writes a print and ends the sending half; the peer's own end is all the proof there is.
    pub(crate) async fn print_to_end_of_file(
        mut self,
        bytes: &[u8],
        session: &mut Session,
    ) -> Result<Proof, PrintError> {
        self.check_alive().map_err(PrintError::nothing_sent)?;
        let mut written = 0;
        let mut moved_at = Instant::now();
        while written < bytes.len() {
            let give_up_at = moved_at + self.timeouts.stall;
            if Instant::now() >= give_up_at {
                return Err(PrintError::after(
                    written,
                    faults::not_taking(&self.peer, written),
                ));
            }
            let accepted = self
                .exchange(&bytes[written..], session, give_up_at)
                .await
                .map_err(|error| PrintError::after(written, self.lost(&error)))?;
            if accepted > 0 {
                written += accepted;
                moved_at = Instant::now();
            }
        }
        self.stream
            .shutdown()
            .await
            .map_err(|error| PrintError::after(written, self.lost(&error)))?;
        self.wait_for_end_of_file(session).await
    }

    async fn wait_for_end_of_file(&self, session: &mut Session) -> Result<Proof, PrintError> {
        let give_up_at = Instant::now() + self.timeouts.proof;
        while Instant::now() < give_up_at {
            match self.exchange(&[], session, give_up_at).await {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(Proof::Sent);
                }
                Err(error) => return Err(PrintError::in_doubt(self.lost(&error))),
            }
        }
        Err(PrintError::in_doubt(faults::not_confirmed(&self.peer)))
    }

    /// Waits until something moves, `wake_at` at the latest: hands what came to the session, and
    /// says how many bytes of `out` were accepted. The peer's end of file is `UnexpectedEof`.
    pub(crate) async fn exchange(
        &self,
        out: &[u8],
        session: &mut Session,
        wake_at: Instant,
    ) -> io::Result<usize> {
        let interest = if out.is_empty() {
            Interest::READABLE
        } else {
            Interest::READABLE | Interest::WRITABLE
        };
        let Ok(ready) = timeout_at(wake_at, self.stream.ready(interest)).await else {
            return Ok(0);
        };
        let ready = ready?;
        if ready.is_readable() || ready.is_read_closed() {
            self.read(session)?;
        }
        if ready.is_writable() && !out.is_empty() {
            return or_nothing(self.stream.try_write(out)).map(Option::unwrap_or_default);
        }
        Ok(0)
    }

    fn read(&self, session: &mut Session) -> io::Result<()> {
        let mut buffer = [0; 1024];
        for _ in 0..READS_AT_ONCE {
            match or_nothing(self.stream.try_read(&mut buffer))? {
                Some(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(count) => session.handle_bytes(&buffer[..count]),
                None => break,
            }
        }
        Ok(())
    }

    /// Looks at the socket itself, not at what the runtime last heard of it: a connection that
    /// died since it was opened must be found before the first byte of a print.
    pub(crate) fn check_alive(&self) -> Result<(), Fault> {
        let mut byte = [MaybeUninit::uninit()];
        match or_nothing(SockRef::from(&self.stream).peek(&mut byte)) {
            Ok(Some(0)) => Err(self.lost(&io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => Ok(()),
            Err(error) => Err(self.lost(&error)),
        }
    }

    pub(crate) fn peer(&self) -> &str {
        &self.peer
    }

    pub(crate) fn lost(&self, error: &io::Error) -> Fault {
        faults::connection_lost(&self.peer, error)
    }

    pub(crate) async fn close(mut self) {
        let _peer_gone_is_closed_too = timeout(CLOSE_WITHIN, self.stream.shutdown()).await;
    }
}

fn configured(stream: TcpStream) -> io::Result<TcpStream> {
    let socket = SockRef::from(&stream);
    socket.set_tcp_nodelay(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.set_tcp_keepalive(
        &TcpKeepalive::new()
            .with_time(KEEPALIVE)
            .with_interval(KEEPALIVE),
    )?;
    Ok(stream)
}

fn or_nothing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
