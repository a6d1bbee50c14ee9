//! One task for each printer: it alone owns the device, so prints come out one after another.

use cueline_agent_core::{Event, PrintEnd, PrinterOp};
use cueline_journal::{KeptDocument, Request, WriterQueue};
use cueline_model::{Failure, FailureCode, Fault, JobKey, PrinterName};
use cueline_ports::{Device, Extent};
use cueline_printers::{Profile, RenderOptions, render};
use tokio::sync::{mpsc, oneshot, watch};

use super::submit;
use crate::config::PrinterSetting;
use crate::hub::sha256;

/// What the core asks of a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrinterCommand {
    /// Open it and ask whether it is ready.
    Open { op: PrinterOp },
    /// Print on the open printer, then close it.
    Print {
        op: PrinterOp,
        job: JobKey,
        copies: u16,
        duplicate: bool,
    },
    /// Close it.
    Release,
}

/// A printer's task.
pub struct PrinterTask {
    name: PrinterName,
    profile: Profile,
    device: Device,
    events: mpsc::Sender<Event>,
    journal: WriterQueue,
    /// Why the last try to open it failed, as the log has it.
    not_ready: Option<Fault>,
}

impl PrinterTask {
    pub fn new(
        printer: &PrinterSetting,
        events: mpsc::Sender<Event>,
        journal: WriterQueue,
    ) -> Self {
        let (address, profile) = (printer.address.clone(), printer.profile);
        Self {
            name: printer.name.clone(),
            profile,
            device: Device::new(address, profile, printer.timeouts),
            events,
            journal,
            not_ready: None,
        }
    }

    /// Does what comes, in order, until the shell is gone.
    pub async fn run(mut self, mut commands: mpsc::Receiver<PrinterCommand>) {
        while let Some(command) = commands.recv().await {
            let event = match command {
                PrinterCommand::Open { op } => self.open(op).await,
                PrinterCommand::Print {
                    op,
                    job,
                    copies,
                    duplicate,
                } => {
                    let options = RenderOptions { copies, duplicate };
                    let end = self.print(op, job, options).await;
                    self.device.close().await;
                    log_end(&self.name, job, &end);
                    let printer = self.name.clone();
                    Event::PrintEnded { op, printer, end }
                }
                PrinterCommand::Release => {
                    self.device.close().await;
                    continue;
                }
            };
            self.events.send(event).await.ok();
        }
    }

    async fn open(&mut self, op: PrinterOp) -> Event {
        let printer = self.name.clone();
        match self.device.open().await {
            Ok(()) => {
                if self.not_ready.take().is_some() {
                    tracing::info!(%printer, "ready again");
                }
                Event::PrinterReady { op, printer }
            }
            Err(fault) => {
                // Told once: a printer may be switched off all night, and is tried every few seconds.
                if self.not_ready.as_ref() != Some(&fault) {
                    tracing::warn!(%printer, "not ready: {fault}");
                    self.not_ready = Some(fault.clone());
                }
                Event::PrinterNotReady { op, printer, fault }
            }
        }
    }

    async fn print(&mut self, op: PrinterOp, job: JobKey, options: RenderOptions) -> PrintEnd {
        let Some(kept) = self.load(job).await else {
            return PrintEnd::Unprintable(unavailable("the journal does not have its document"));
        };
        let profile = self.profile;
        let rendered =
            tokio::task::spawn_blocking(move || rendered(&kept, &profile, options)).await;
        let bytes = match rendered {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(failure)) => return PrintEnd::Unprintable(failure),
            // A decoder that fails on a document fails on it every time.
            Err(_) => {
                let text = "the decoder failed on the document".to_owned();
                let code = FailureCode::BadDocument;
                return PrintEnd::Unprintable(Failure { code, text });
            }
        };
        tracing::info!(printer = %self.name, job = %job.job, attempt = job.attempt, bytes = bytes.len(), "printing");
        self.send(op, &bytes).await
    }

    async fn send(&mut self, op: PrinterOp, bytes: &[u8]) -> PrintEnd {
        // Only the newest fault counts, so one place is queue enough.
        let (newest, mut faults) = watch::channel(None::<Fault>);
        let Self {
            device,
            events,
            name,
            ..
        } = self;
        let printing = async {
            let result = device
                .print(bytes, |fault| drop(newest.send_replace(fault.cloned())))
                .await;
            drop(newest);
            result
        };
        let telling = async {
            while faults.changed().await.is_ok() {
                let fault = faults.borrow_and_update().clone();
                let printer = name.clone();
                events
                    .send(Event::PrinterFault { op, printer, fault })
                    .await
                    .ok();
            }
        };
        match tokio::join!(printing, telling).0 {
            Ok(proof) => PrintEnd::Done(proof),
            Err(error) => match error.extent {
                Extent::NothingSent => PrintEnd::NothingSent(error.fault),
                Extent::InDoubt => PrintEnd::InDoubt(error.fault),
            },
        }
    }

    /// The document, read only now, so that waiting jobs take no memory for theirs.
    async fn load(&self, job: JobKey) -> Option<KeptDocument> {
        let (reply, answer) = oneshot::channel();
        let reply = Box::new(move |found| drop(reply.send(found)));
        submit(&self.journal, Request::LoadDocument { job, reply }).await;
        match answer.await {
            Ok(found) => found,
            // The journal has failed and the program is about to end: no outcome must be told.
            Err(_) => std::future::pending().await,
        }
    }
}

fn rendered(
    kept: &KeptDocument,
    profile: &Profile,
    options: RenderOptions,
) -> Result<Vec<u8>, Failure> {
    // The disk may have changed it since it was checked.
    if sha256(&kept.body) != kept.document.sha256 {
        return Err(unavailable("the journal's copy of the document is damaged"));
    }
    render(&kept.body, kept.document.content_type, profile, &options)
        .map_err(|error| error.to_failure())
}

fn unavailable(text: &str) -> Failure {
    Failure {
        code: FailureCode::DocumentUnavailable,
        text: format!("{text}; send the job again"),
    }
}

fn log_end(printer: &PrinterName, job: JobKey, end: &PrintEnd) {
    let (id, attempt) = (job.job, job.attempt);
    match end {
        PrintEnd::Done(proof) => tracing::info!(%printer, job = %id, attempt, "{}", proof.as_str()),
        PrintEnd::NothingSent(fault) => {
            tracing::warn!(%printer, job = %id, attempt, "nothing was sent: {fault}");
        }
        PrintEnd::InDoubt(fault) => {
            tracing::warn!(%printer, job = %id, attempt, "may or may not be on paper: {fault}");
        }
        PrintEnd::Unprintable(failure) => {
            tracing::warn!(%printer, job = %id, attempt, "cannot be printed: {}", failure.text);
        }
    }
}
