//! Byte streams to a printer with a way back: what a print needs of any of them.
//!
//! Each kind implements [`Stream`]; a [`Connection`] is one that is open, and the loop that prints
//! ([`crate::print`]) is written once over it.

#[cfg(unix)]
mod device_file;
pub(crate) mod device_id;
#[cfg(windows)]
mod overlapped;
mod pause;
mod serial;
mod tcp;
pub(crate) mod usb;

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::path::Path;
use std::task::{Context, Poll};
use std::time::Duration;

use cueline_model::{Fault, FaultCode};
use cueline_printers::{Session, SessionEvent, busy};
use tokio::time::{Instant, timeout, timeout_at};

use crate::device::DeviceTimeouts;
use crate::{PortAddress, faults};

/// Full buffers read before the clock is looked at again: a device that never stops talking must not
/// hold its own time-outs up.
const READS_AT_ONCE: usize = 64;
/// The longest a farewell may take; nothing depends on it.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// An open way to a printer that carries bytes both ways.
pub(crate) trait Stream: fmt::Debug + Send + Sync {
    /// Takes what came; 0 bytes are its end. Never ready where [`Stream::hears`] is false.
    fn poll_read(&mut self, context: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Hands bytes over and says how many were accepted. Until it is ready the same bytes have to be
    /// offered again, since they may be on their way ([`Stream::is_writing`]).
    fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Whether bytes leave before they are accepted, as [`Stream::is_writing`] then says.
    fn writes_late(&self) -> bool {
        false
    }

    /// Whether bytes that were not accepted may be leaving all the same.
    fn is_writing(&self) -> bool {
        false
    }

    /// No more will be written: ready once everything has left this computer.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Whether anything can come back.
    fn hears(&self) -> bool {
        true
    }

    /// Whether the printer ends its half after ours, once it has taken everything.
    fn is_ended_by_peer(&self) -> bool {
        false
    }

    /// Looks whether it broke since it was last used, without waiting.
    fn check_alive(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// What the way itself knows to be wrong with the printer, where it has a status of its own.
    fn port_fault(&self) -> Option<Fault> {
        None
    }

    /// It is closed with a print unfinished: what has not left yet is thrown away where possible.
    fn abandon(&mut self);
}

/// An open stream with its name and its patience.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    peer: String,
    pub(crate) timeouts: DeviceTimeouts,
    /// Whether a print is under way: what has not left by then is thrown away when it is dropped.
    pub(crate) is_printing: bool,
    /// How long a byte is on its way, where the line's speed is known; zero where it is not.
    pub(crate) time_a_byte: Duration,
}

impl Connection {
    /// Opens what an address that is a stream's leads to.
    pub(crate) async fn open(
        address: &PortAddress,
        timeouts: DeviceTimeouts,
    ) -> Result<Self, Fault> {
        let (stream, peer): (Box<dyn Stream>, String) = match address {
            PortAddress::Tcp { host, port } => {
                let peer = address.to_string().split_off("tcp://".len());
                let connecting = tcp::connect(host, *port);
                let connected = timeout(timeouts.connect, connecting).await;
                let stream = connected
                    .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
                    .map_err(|error| faults::unreachable(&peer, &error))?;
                (Box::new(stream), peer)
            }
            PortAddress::Serial { port, line } => {
                let stream =
                    serial::open(port, *line).map_err(|error| cannot_open(port, &error))?;
                (Box::new(stream), port.clone())
            }
            PortAddress::Usb { device } => {
                let peer = address.to_string();
                let opening = usb::open(device.as_ref(), &peer);
                let Ok(opened) = timeout(timeouts.connect, opening).await else {
                    return Err(cannot_open(&peer, &io::ErrorKind::TimedOut.into()));
                };
                (Box::new(opened?), peer)
            }
            PortAddress::File { path } => {
                let peer = path.display().to_string();
                let stream = open_device_file(path).map_err(|error| cannot_open(&peer, &error))?;
                (Box::new(stream), peer)
            }
            PortAddress::Ipp { .. } | PortAddress::Spool { .. } => {
                let error = io::ErrorKind::Unsupported.into();
                return Err(cannot_open(&address.to_string(), &error));
            }
        };
        Ok(Self {
            stream,
            peer,
            timeouts,
            is_printing: false,
            time_a_byte: match address {
                PortAddress::Serial { line, .. } => line.time_a_byte(),
                _ => Duration::ZERO,
            },
        })
    }

    /// Asks the printer whether it can print, where its language has such a question and its way
    /// carries an answer; whether it was asked.
    pub(crate) async fn ask_readiness(&mut self, session: &mut Session) -> Result<bool, Fault> {
        if let Some(fault) = self.stream.port_fault() {
            return Err(fault);
        }
        let query = session.readiness_query();
        if query.is_empty() || !self.stream.hears() {
            return Ok(false);
        }
        let answer_by = Instant::now() + self.timeouts.readiness;
        let (mut written, mut heard) = (0, false);
        while Instant::now() < answer_by {
            let moved = self.exchange(&query[written..], session, answer_by).await;
            let moved = moved.map_err(|error| match error.kind() {
                // A printer that serves somebody else takes the connection and closes it again.
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset if !heard => {
                    faults::in_use(&self.peer)
                }
                _ => self.lost(&error),
            })?;
            written += moved.accepted;
            heard |= moved.heard;
            while let Some(event) = session.poll_event() {
                match event {
                    SessionEvent::Ready => return Ok(true),
                    SessionEvent::Fault(fault) => return Err(fault),
                    SessionEvent::Warning(_)
                    | SessionEvent::Tickets { .. }
                    | SessionEvent::Finished => {}
                }
            }
        }
        Err(match session.fault() {
            Some(fault) => fault.clone(),
            None if !session.may_send() => busy(),
            None => faults::no_answer(&self.peer),
        })
    }

    /// Waits until something moves, `wake_at` at the latest: hands what came to the session, and
    /// says how many bytes of `out` were accepted. The peer's end of file is `UnexpectedEof`.
    pub(crate) async fn exchange(
        &mut self,
        out: &[u8],
        session: &mut Session,
        wake_at: Instant,
    ) -> io::Result<Moved> {
        let stream = &mut self.stream;
        let moving = poll_fn(|context| {
            // What is said of a write that is through must not be heard before it.
            if stream.is_writing()
                && !out.is_empty()
                && let Poll::Ready(written) = stream.poll_write(context, out)
            {
                let heard = false;
                return Poll::Ready(written.map(|accepted| Moved { accepted, heard }));
            }
            let heard = match read(stream.as_mut(), context, session) {
                Ok(heard) => heard,
                Err(error) => return Poll::Ready(Err(error)),
            };
            let accepted = if out.is_empty() {
                Poll::Pending
            } else {
                stream.poll_write(context, out)
            };
            match accepted {
                Poll::Ready(Ok(accepted)) => Poll::Ready(Ok(Moved { accepted, heard })),
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Pending if heard => Poll::Ready(Ok(Moved { accepted: 0, heard })),
                Poll::Pending => Poll::Pending,
            }
        });
        timeout_at(wake_at, moving)
            .await
            .unwrap_or(Ok(Moved::default()))
    }

    /// Waits until everything that was written has left, hearing meanwhile; `false` if it has not by
    /// `wake_at`. The peer's end of file does not matter here.
    pub(crate) async fn end(
        &mut self,
        session: &mut Session,
        wake_at: Instant,
    ) -> io::Result<bool> {
        let stream = &mut self.stream;
        let ending = poll_fn(|context| {
            let ended = stream.poll_end(context);
            if ended.is_pending()
                && read(stream.as_mut(), context, session).is_ok_and(|heard| heard)
            {
                context.waker().wake_by_ref();
            }
            ended
        });
        match timeout_at(wake_at, ending).await {
            Ok(ended) => ended.map(|()| true),
            Err(_) => Ok(false),
        }
    }

    /// Says goodbye; nothing depends on it.
    pub(crate) async fn close(mut self, session: &mut Session) {
        let close_by = Instant::now() + CLOSE_WITHIN;
        let _peer_gone_is_closed_too = self.end(session, close_by).await;
    }

    pub(crate) fn check_alive(&mut self) -> Result<(), Fault> {
        self.stream.check_alive().map_err(|error| self.lost(&error))
    }

    pub(crate) fn hears(&self) -> bool {
        self.stream.hears()
    }

    pub(crate) fn is_ended_by_peer(&self) -> bool {
        self.stream.is_ended_by_peer()
    }

    pub(crate) fn writes_late(&self) -> bool {
        self.stream.writes_late()
    }

    pub(crate) fn is_writing(&self) -> bool {
        self.stream.is_writing()
    }

    pub(crate) fn peer(&self) -> &str {
        &self.peer
    }

    pub(crate) fn lost(&self, error: &io::Error) -> Fault {
        faults::connection_lost(&self.peer, error)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.is_printing {
            self.stream.abandon();
        }
    }
}

/// What happened in one [`Connection::exchange`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moved {
    /// Bytes that were accepted.
    pub(crate) accepted: usize,
    /// Whether anything came.
    pub(crate) heard: bool,
}

/// Hands all that came to the session; whether anything did.
fn read(
    stream: &mut dyn Stream,
    context: &mut Context<'_>,
    session: &mut Session,
) -> io::Result<bool> {
    let mut heard = false;
    if !stream.hears() {
        return Ok(heard);
    }
    let mut buffer = [0; 1024];
    for _ in 0..READS_AT_ONCE {
        match stream.poll_read(context, &mut buffer) {
            Poll::Ready(Ok(0)) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Poll::Ready(Ok(count)) => session.handle_bytes(&buffer[..count]),
            Poll::Ready(Err(error)) => return Err(error),
            Poll::Pending => break,
        }
        heard = true;
    }
    Ok(heard)
}

fn cannot_open(name: &str, error: &io::Error) -> Fault {
    let in_use = matches!(
        error.kind(),
        io::ErrorKind::ResourceBusy | io::ErrorKind::WouldBlock
    );
    // A sharing violation of Windows has no kind of its own.
    if in_use || (cfg!(windows) && matches!(error.raw_os_error(), Some(5 | 32))) {
        return faults::in_use(name);
    }
    match error.kind() {
        io::ErrorKind::NotFound => Fault::new(
            FaultCode::PortError,
            format!(
                "The ticket printer's port {name} is not there: check that the printer is switched \
                 on and its cable is in."
            ),
        ),
        _ => faults::port_error(name, "opened", error),
    }
}

#[cfg(unix)]
fn open_device_file(path: &Path) -> io::Result<device_file::DeviceFile> {
    device_file::DeviceFile::open(path)
}

#[cfg(windows)]
fn open_device_file(path: &Path) -> io::Result<overlapped::Overlapped> {
    overlapped::Overlapped::open(path)
}

/// Whether a path leads to a device, which carries bytes, and not to a plain file, which keeps them.
///
/// A printer's device file that is missing (unplugged) must not come into being as a plain file,
/// so what is not there counts as a device in `/dev`.
#[cfg(unix)]
pub(crate) fn is_device(path: &Path) -> bool {
    match std::fs::metadata(path) {
        Ok(found) => !found.is_file() && !found.is_dir(),
        Err(_) => path.starts_with("/dev"),
    }
}

/// Devices live in namespaces of their own (`\\.\LPT1`, `\\?\usb#…`).
#[cfg(windows)]
pub(crate) fn is_device(path: &Path) -> bool {
    let path = path.as_os_str().to_string_lossy();
    path.starts_with(r"\\.\") || path.starts_with(r"\\?\usb#")
}
