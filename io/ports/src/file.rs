//! Device files and plain files.
//!
//! Writes to a device may block for ever in the system, so they run on threads of their own and
//! are waited for only so long. While one still blocks, the port takes nothing else: two prints
//! must not mix, and threads must not pile up.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cueline_model::{Fault, Proof};
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::timeout;

use crate::device::{DeviceTimeouts, PrintError};
use crate::faults;

/// Bytes handed over in one write; the stall time-out counts from one to the next.
const WRITE_BYTES: usize = 16 * 1024;

/// A file, open or not.
#[derive(Debug)]
pub(crate) struct FilePort {
    path: PathBuf,
    timeouts: DeviceTimeouts,
    open: Option<Arc<File>>,
    /// The last piece of work on a thread; it may still block after it was given up.
    work: Option<AbortHandle>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Device,
}

impl FilePort {
    pub(crate) fn new(path: PathBuf, timeouts: DeviceTimeouts) -> Self {
        Self {
            path,
            timeouts,
            open: None,
            work: None,
        }
    }

    pub(crate) async fn open(&mut self) -> Result<(), Fault> {
        self.check_free()?;
        let path = self.path.clone();
        let opened = self
            .on_thread(self.timeouts.connect, move || open_for_writing(&path))
            .await
            .map_err(|error| self.fault("opened", &error))?;
        self.open = Some(Arc::new(opened));
        Ok(())
    }

    pub(crate) async fn print(&mut self, bytes: &[u8]) -> Result<Proof, PrintError> {
        self.check_free().map_err(PrintError::nothing_sent)?;
        // Taken out, so that any way out but the good one leaves it closed.
        let Some(file) = self.open.take() else {
            return Err(PrintError::nothing_sent(faults::not_open(&self.shown())));
        };
        let mut written = 0;
        while written < bytes.len() {
            let piece = bytes[written..bytes.len().min(written + WRITE_BYTES)].to_vec();
            let target = Arc::clone(&file);
            match self
                .on_thread(self.timeouts.stall, move || (&*target).write(&piece))
                .await
            {
                Ok(0) => {
                    let error = io::ErrorKind::WriteZero.into();
                    return Err(PrintError::after(written, self.fault("written", &error)));
                }
                Ok(accepted) => written += accepted,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A write that was given up may still go through.
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Err(PrintError::in_doubt(faults::not_taking(
                        &self.shown(),
                        bytes.len(),
                    )));
                }
                Err(error) => {
                    return Err(PrintError::after(written, self.fault("written", &error)));
                }
            }
        }
        let kind = kind_of(&self.path);
        let target = Arc::clone(&file);
        self.on_thread(self.timeouts.stall, move || sync(&target, kind))
            .await
            .map_err(|error| PrintError::in_doubt(self.fault("written", &error)))?;
        self.open = Some(file);
        Ok(match kind {
            Kind::Plain => Proof::Spooled,
            Kind::Device => Proof::Sent,
        })
    }

    pub(crate) fn close(&mut self) {
        self.open = None;
    }

    fn check_free(&self) -> Result<(), Fault> {
        match &self.work {
            Some(work) if !work.is_finished() => Err(faults::still_busy(&self.shown())),
            _ => Ok(()),
        }
    }

    async fn on_thread<T: Send + 'static>(
        &mut self,
        limit: Duration,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let handle = spawn_blocking(work);
        self.work = Some(handle.abort_handle());
        match timeout(limit, handle).await {
            Ok(done) => done.unwrap_or_else(|panicked| Err(io::Error::other(panicked))),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    fn fault(&self, attempted: &str, error: &io::Error) -> Fault {
        faults::port_error(&self.shown(), attempted, error)
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }
}

fn open_for_writing(path: &Path) -> io::Result<File> {
    match kind_of(path) {
        // A print must not be written over an earlier one.
        Kind::Plain => OpenOptions::new().append(true).create(true).open(path),
        Kind::Device => OpenOptions::new().write(true).open(path),
    }
}

fn sync(file: &File, kind: Kind) -> io::Result<()> {
    match (file.sync_all(), kind) {
        // Most device drivers have nothing to sync and say so.
        (Err(error), Kind::Device)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        (result, _) => result,
    }
}

/// A printer's device file that is missing (unplugged) must not come into being as a plain file,
/// so what is not there counts as a device in `/dev`.
#[cfg(unix)]
fn kind_of(path: &Path) -> Kind {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() => Kind::Device,
        Err(_) if path.starts_with("/dev") => Kind::Device,
        Ok(_) | Err(_) => Kind::Plain,
    }
}

/// Devices live in a namespace of their own (`\\.\COM3`).
#[cfg(windows)]
fn kind_of(path: &Path) -> Kind {
    if path.as_os_str().to_string_lossy().starts_with(r"\\.\") {
        Kind::Device
    } else {
        Kind::Plain
    }
}
