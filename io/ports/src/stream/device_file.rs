//! Device files of Unix: `/dev/usb/lp0`, serial lines, pipes; never waited for on a thread while bytes
//! move, so that a device that takes nothing blocks nothing.

use std::fs::{File, OpenOptions};
use std::future::Future;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{FlockOperation, OFlags};
use rustix::io::Errno;
use rustix::termios::{self, OptionalActions, QueueSelector};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe;
use tokio::task::{JoinHandle, spawn_blocking};

use super::Stream;

/// How often the thread that waits for the last bytes to leave looks whether anybody waits for it.
const LOOK_AGAIN: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

/// An open device file.
#[derive(Debug)]
pub(super) struct DeviceFile {
    file: File,
    /// The way out, watched by the runtime, which does so for any file as it does for a pipe's; `None` for
    /// one that takes bytes at any moment (`/dev/null`).
    out: Option<pipe::Sender>,
    /// The way back, where there is one.
    back: Option<pipe::Receiver>,
    /// Waits, on a thread, for the last bytes to leave.
    leaving: Option<JoinHandle<io::Result<()>>>,
    /// Tells that thread that nobody waits for it any more.
    given_up: Arc<AtomicBool>,
}

impl DeviceFile {
    /// Opens a device file for this program alone, with its way back where it has one.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let kind = std::fs::metadata(path)?.file_type();
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
        let both = kind
            .is_char_device()
            .then(|| open_with(path, flags, true))
            // Some devices can only be written to.
            .and_then(Result::ok);
        let (file, hears) = match both {
            Some(file) => (file, true),
            None => (open_with(path, flags, false)?, false),
        };
        if termios::isatty(&file) {
            // Or its driver would send the printer's own answers back to it, and change line ends.
            let mut settings = termios::tcgetattr(&file)?;
            settings.make_raw();
            termios::tcsetattr(&file, OptionalActions::Now, &settings)?;
        }
        Self::new(file, hears)
    }

    /// Takes an open file whose reads and writes do not block.
    pub(super) fn new(file: File, hears: bool) -> io::Result<Self> {
        // Two programs' bytes must not mix. Only asked for by those that ask, as this program does.
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        let out = match pipe::Sender::from_file_unchecked(file.try_clone()?) {
            Ok(out) => Some(out),
            // It cannot be watched: it is always ready to be written and has nothing to say.
            Err(error) if error.raw_os_error() == Some(Errno::PERM.raw_os_error()) => None,
            Err(error) => return Err(error),
        };
        let back = match &out {
            Some(_) if hears => Some(pipe::Receiver::from_file_unchecked(file.try_clone()?)?),
            _ => None,
        };
        Ok(Self {
            file,
            out,
            back,
            leaving: None,
            given_up: Arc::default(),
        })
    }
}

fn open_with(path: &Path, flags: i32, read: bool) -> io::Result<File> {
    OpenOptions::new()
        .read(read)
        .write(true)
        .custom_flags(flags)
        .open(path)
}

impl Stream for DeviceFile {
    fn poll_read(&mut self, context: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let Some(back) = &mut self.back else {
            return Poll::Pending;
        };
        let mut buffer = ReadBuf::new(into);
        Pin::new(back)
            .poll_read(context, &mut buffer)
            .map_ok(|()| buffer.filled().len())
    }

    fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = match &mut self.out {
            Some(out) => ready!(Pin::new(out).poll_write(context, bytes)),
            None => (&self.file).write(bytes),
        };
        Poll::Ready(match written {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            written => written,
        })
    }

    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.leaving.is_none() {
            let (file, given_up) = (self.file.try_clone()?, Arc::clone(&self.given_up));
            self.leaving = Some(spawn_blocking(move || wait_until_left(&file, &given_up)));
        }
        let Some(leaving) = &mut self.leaving else {
            return Poll::Pending;
        };
        let left = ready!(Pin::new(leaving).poll(context));
        self.leaving = None;
        Poll::Ready(left.unwrap_or_else(|panicked| Err(io::Error::other(panicked))))
    }

    fn hears(&self) -> bool {
        self.back.is_some()
    }

    fn abandon(&mut self) {
        let _not_a_line = termios::tcflush(&self.file, QueueSelector::OFlush);
    }
}

impl Drop for DeviceFile {
    fn drop(&mut self) {
        // The thread would hold the device, and its lock, for as long as the printer takes nothing.
        if self.leaving.is_some() {
            self.given_up.store(true, Ordering::Relaxed);
            self.abandon();
        }
    }
}

fn wait_until_left(file: &File, given_up: &AtomicBool) -> io::Result<()> {
    if termios::isatty(file) {
        return Ok(termios::tcdrain(file)?);
    }
    // The USB printer driver of Linux takes the next bytes only when the last have left.
    let mut waits = [PollFd::from_borrowed_fd(file.as_fd(), PollFlags::OUT)];
    while rustix::event::poll(&mut waits, Some(&LOOK_AGAIN))? == 0 {
        if given_up.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
    match file.sync_all() {
        // Most device drivers have nothing to sync and say so.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        result => result,
    }
}
