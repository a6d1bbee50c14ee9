//! Plain files, which keep what is printed for somebody else.
//!
//! Writes may block for ever in the system (a file on a network that went away), so they run on threads
//! of their own and are waited for only so long. While one still blocks, the file takes nothing else:
//! two prints must not mix, and threads must not pile up.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cueline_model::{Fault, Proof};
use cueline_printers::Print;
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::timeout;

use super::JobTaker;
use crate::device::{DeviceTimeouts, PrintError, SoFar, Watch};
use crate::faults;

/// Bytes handed over in one write; the stall time-out counts from one to the next.
const WRITE_BYTES: usize = 16 * 1024;

/// A file, open or not.
#[derive(Debug)]
pub(crate) struct PlainFile {
    path: PathBuf,
    timeouts: DeviceTimeouts,
    open: Option<Arc<File>>,
    /// The last piece of work on a thread; it may still block after it was given up.
    work: Option<AbortHandle>,
}

impl JobTaker for PlainFile {
    async fn open(&mut self) -> Result<(), Fault> {
        self.check_free()?;
        let path = self.path.clone();
        // A print must not be written over an earlier one.
        let open = move || OpenOptions::new().append(true).create(true).open(path);
        let opened = self
            .on_thread(self.timeouts.connect, open)
            .await
            .map_err(|error| self.fault("opened", &error))?;
        self.open = Some(Arc::new(opened));
        Ok(())
    }

    async fn print(
        &mut self,
        print: &Print,
        so_far: &mut SoFar,
        _watch: Watch<'_>,
    ) -> Result<Proof, PrintError> {
        self.check_free().map_err(|fault| so_far.error(fault))?;
        // Taken out, so that any way out but the good one leaves it closed.
        let Some(file) = self.open.take() else {
            return Err(so_far.error(faults::not_open(&self.shown())));
        };
        match print {
            Print::Tickets(tickets) => {
                let mut started = 0;
                for (range, count) in tickets.pieces() {
                    let piece = &tickets.bytes()[range];
                    self.append(&file, piece, started + count, so_far).await?;
                    started += count;
                }
            }
            Print::Document { bytes, copies, .. } => {
                for _ in 0..*copies {
                    self.append(&file, bytes, 0, so_far).await?;
                }
            }
        }
        let target = Arc::clone(&file);
        self.on_thread(self.timeouts.stall, move || target.sync_all())
            .await
            .map_err(|error| so_far.error(self.fault("written", &error)))?;
        self.open = Some(file);
        Ok(Proof::Spooled)
    }

    fn close(&mut self) {
        self.open = None;
    }
}

impl PlainFile {
    pub(crate) fn new(path: PathBuf, timeouts: DeviceTimeouts) -> Self {
        Self {
            path,
            timeouts,
            open: None,
            work: None,
        }
    }

    /// Appends bytes; with the first of them `started` tickets are begun.
    async fn append(
        &mut self,
        file: &Arc<File>,
        bytes: &[u8],
        started: u32,
        so_far: &mut SoFar,
    ) -> Result<(), PrintError> {
        let before = *so_far;
        let mut written = 0;
        while written < bytes.len() {
            let piece = bytes[written..bytes.len().min(written + WRITE_BYTES)].to_vec();
            let target = Arc::clone(file);
            // Given up or dropped meanwhile, it may still go through.
            so_far.started(true, started);
            match self
                .on_thread(self.timeouts.stall, move || (&*target).write(&piece))
                .await
            {
                Ok(accepted) if accepted > 0 => written += accepted,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Err(so_far.error(faults::not_taking(&self.shown(), true)));
                }
                failed => {
                    if written == 0 {
                        *so_far = before;
                    }
                    let error = failed
                        .err()
                        .unwrap_or_else(|| io::ErrorKind::WriteZero.into());
                    return Err(so_far.error(self.fault("written", &error)));
                }
            }
        }
        Ok(())
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
