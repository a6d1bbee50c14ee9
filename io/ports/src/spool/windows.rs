//! Queues of the Windows spooler: command bytes as they are (RAW), documents through the printer's driver.
//!
//! The spooler's calls wait, so they run on a thread. A job's status proves little: the spooler says
//! "printed" when the port's monitor took the last byte, and only monitors that talk to the printer say
//! "complete" when it has.

mod status;

use std::io;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use cueline_documents::{Limits, PageSetup};
use cueline_model::{Capabilities, ContentType, Fault, FaultCode, OptionName, PrintOptions, Proof};
use cueline_printers::Print;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use super::JobTaker;
use crate::device::{DeviceTimeouts, PrintError, PrintEvent, SoFar, Watch};
use crate::faults;
use crate::windows_calls::{Canvas, JobState, Queue};
use status::{End, job_end, job_fault, printer_fault, printer_warning};

/// Bytes handed over in one call; between two of them a cancel is seen.
const WRITE_BYTES: usize = 64 * 1024;

/// The queues of this computer: name, and description with the driver's name.
pub(crate) fn queues() -> Vec<(String, String)> {
    crate::windows_calls::queues().unwrap_or_else(|error| {
        tracing::debug!("cannot list the spooler's queues: {error}");
        Vec::new()
    })
}

/// One queue.
#[derive(Debug)]
pub(crate) struct WindowsQueue {
    name: String,
    timeouts: DeviceTimeouts,
    /// Shared with the thread that is at work; `None` while it is not open.
    queue: Option<Arc<Mutex<Queue>>>,
    warning: Option<Fault>,
}

impl WindowsQueue {
    pub(crate) fn new(name: String, timeouts: DeviceTimeouts) -> Self {
        Self {
            name,
            timeouts,
            queue: None,
            warning: None,
        }
    }

    fn fault(&self, attempted: &str, error: &io::Error) -> Fault {
        faults::port_error(&self.name, attempted, error)
    }
}

/// Runs a call of the spooler on a thread.
async fn on_thread<T: Send + 'static>(
    queue: &Arc<Mutex<Queue>>,
    call: impl FnOnce(&mut Queue) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let queue = Arc::clone(queue);
    let done = spawn_blocking(move || {
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        call(&mut queue)
    });
    done.await
        .unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
}

impl JobTaker for WindowsQueue {
    async fn open(&mut self) -> Result<(), Fault> {
        self.queue = None;
        let name = self.name.clone();
        let opened = spawn_blocking(move || {
            let mut queue = Queue::open(&name)?;
            let status = queue.status()?;
            Ok((queue, status))
        });
        let opened = opened
            .await
            .unwrap_or_else(|panicked| Err(io::Error::other(panicked)));
        let (queue, status) = opened.map_err(|error| self.fault("opened", &error))?;
        self.warning = printer_warning(&self.name, status);
        if let Some(fault) = printer_fault(&self.name, status) {
            return Err(fault);
        }
        self.queue = Some(Arc::new(Mutex::new(queue)));
        Ok(())
    }

    async fn print(
        &mut self,
        print: &Print,
        so_far: &mut SoFar,
        watch: Watch<'_>,
    ) -> Result<Proof, PrintError> {
        let Some(queue) = self.queue.take() else {
            return Err(so_far.error(faults::not_open(&self.name)));
        };
        let job = match print {
            Print::Tickets(tickets) => {
                let bytes = tickets.bytes().to_vec();
                self.hand_over(&queue, bytes, "Tickets", so_far).await?
            }
            Print::Document {
                bytes,
                content_type: ContentType::Raw,
                copies,
                title,
                ..
            } => {
                let bytes = bytes.repeat(usize::from(*copies));
                let title = title.as_deref().unwrap_or("Document");
                self.hand_over(&queue, bytes, title, so_far).await?
            }
            Print::Document {
                bytes,
                content_type,
                copies,
                options,
                title,
            } => {
                let document = Drawn {
                    queue: self.name.clone(),
                    bytes: bytes.clone(),
                    content_type: *content_type,
                    copies: *copies,
                    options: options.as_ref().clone(),
                    title: title.clone().unwrap_or_else(|| "Document".to_owned()),
                };
                so_far.all_started();
                let drawn = spawn_blocking(move || document.draw()).await;
                let drawn = drawn.unwrap_or_else(|panicked| Err(io::Error::other(panicked)));
                drawn.map_err(|error| {
                    // A job that is aborted before its end prints nothing.
                    so_far.started(false, 0);
                    so_far.error(self.fault("printed on", &error))
                })?
            }
        };
        let mut made = Made {
            queue: Arc::clone(&queue),
            job,
            is_over: false,
        };
        let result = self.follow(&queue, job, so_far, watch).await;
        made.is_over = result.is_ok();
        result
    }

    fn close(&mut self) {
        self.queue = None;
    }

    fn warning(&self) -> Option<&Fault> {
        self.warning.as_ref()
    }

    fn capabilities(&self) -> Option<Capabilities> {
        Some(Capabilities {
            proves: Proof::Spooled,
            options: [
                OptionName::Fit,
                OptionName::Nup,
                OptionName::Pages,
                OptionName::Rotate,
            ]
            .into(),
            ..Capabilities::default()
        })
    }
}

impl WindowsQueue {
    /// Makes a job of command bytes. The spooler prints none of it before its end, unless the queue is
    /// set to print while it takes: in doubt from the first byte on.
    async fn hand_over(
        &self,
        queue: &Arc<Mutex<Queue>>,
        bytes: Vec<u8>,
        title: &str,
        so_far: &mut SoFar,
    ) -> Result<u32, PrintError> {
        let title = title.to_owned();
        let job = on_thread(queue, move |queue| queue.begin_raw(&title))
            .await
            .map_err(|error| so_far.error(self.fault("opened", &error)))?;
        let mut made = Made {
            queue: Arc::clone(queue),
            job,
            is_over: false,
        };
        so_far.all_started();
        for piece in bytes.chunks(WRITE_BYTES) {
            let mut piece = piece.to_vec();
            while !piece.is_empty() {
                let (rest, written) = on_thread(queue, move |queue| {
                    queue.write(&piece).map(|written| (piece, written))
                })
                .await
                .map_err(|error| so_far.error(self.fault("written", &error)))?;
                if written == 0 {
                    let error = io::ErrorKind::WriteZero.into();
                    return Err(so_far.error(self.fault("written", &error)));
                }
                piece = rest[written..].to_vec();
            }
        }
        on_thread(queue, Queue::end_raw)
            .await
            .map_err(|error| so_far.error(self.fault("written", &error)))?;
        made.is_over = true;
        Ok(job)
    }

    /// Asks again and again until the job has ended.
    async fn follow(
        &self,
        queue: &Arc<Mutex<Queue>>,
        job: u32,
        so_far: &mut SoFar,
        watch: Watch<'_>,
    ) -> Result<Proof, PrintError> {
        let mut moved_at = Instant::now();
        let mut seen: Option<JobState> = None;
        let (mut told, mut warned) = (None, None);
        loop {
            let asked = on_thread(queue, move |queue| {
                Ok((queue.job(job)?, queue.status().unwrap_or(0)))
            });
            let (state, status) = asked
                .await
                .map_err(|error| so_far.error(self.fault("asked", &error)))?;
            if state != seen {
                moved_at = Instant::now();
            }
            match job_end(seen, state) {
                Some(End::Done(proof)) => {
                    if told.is_some() {
                        watch(PrintEvent::Fault(None));
                    }
                    if proof == Proof::Printed {
                        so_far.printed(u32::MAX);
                    }
                    return Ok(proof);
                }
                Some(End::Deleted) => {
                    let text = format!("The job was deleted from the queue {}.", self.name);
                    return Err(so_far.error(Fault::new(FaultCode::DeviceError, text)));
                }
                None => {}
            }
            seen = state;
            let warning = printer_warning(&self.name, status);
            if warning != warned {
                watch(PrintEvent::Warning(warning.as_ref()));
                warned = warning;
            }
            let fault = state
                .and_then(|state| job_fault(&self.name, state.status))
                .or_else(|| printer_fault(&self.name, status));
            if fault != told {
                watch(PrintEvent::Fault(fault.as_ref()));
                told = fault;
            }
            if moved_at.elapsed() >= self.timeouts.fault_patience {
                let fault = told.unwrap_or_else(|| faults::not_confirmed(&self.name));
                return Err(so_far.error(fault));
            }
            sleep(self.timeouts.poll_period).await;
        }
    }
}

/// A document that is drawn page by page.
struct Drawn {
    queue: String,
    bytes: Vec<u8>,
    content_type: ContentType,
    copies: u16,
    options: PrintOptions,
    title: String,
}

impl Drawn {
    /// Draws it; the job's number. Nothing is printed if it fails.
    fn draw(&self) -> io::Result<u32> {
        let mut canvas = Canvas::open(&self.queue)?;
        let (dpi, width_dots, height_dots) = canvas.measure();
        let setup = PageSetup::new(dpi, width_dots, Some(height_dots)).with_options(&self.options);
        let limits = Limits {
            // A page of A3 at 1200 dots to the inch.
            pixels_max: 300_000_000,
            ..Limits::default()
        };
        let job = canvas.begin(&self.title)?;
        let drawn = (0..self.copies).try_for_each(|_| {
            let mut failed = None;
            cueline_documents::pages(
                &self.bytes,
                self.content_type,
                &setup,
                &limits,
                &mut |page| match canvas.page(&page) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(error) => {
                        failed = Some(error);
                        ControlFlow::Break(())
                    }
                },
            )
            .map_err(io::Error::other)?;
            failed.map_or(Ok(()), Err)
        });
        let ended = drawn.and_then(|()| canvas.end());
        if ended.is_err() {
            canvas.abort();
        }
        ended.map(|()| job)
    }
}

/// A job that the spooler has. Dropped before it is over, it is deleted.
struct Made {
    queue: Arc<Mutex<Queue>>,
    job: u32,
    is_over: bool,
}

impl Drop for Made {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let (queue, job) = (Arc::clone(&self.queue), self.job);
        // The queue may be in use by a call that waits.
        std::thread::spawn(move || {
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = queue.delete(job) {
                tracing::debug!("the job {job} was not deleted: {error}");
            }
        });
    }
}
