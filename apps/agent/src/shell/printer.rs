//! One task for each printer: it alone owns the device, so prints come out one after another.

mod changes;
mod rendering;
mod sending;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use cueline_agent_core::{Event, PrintEnd, PrinterOp, Proven};
use cueline_decoder::Decoder;
use cueline_journal::{KeptDocument, Request, WriterQueue};
use cueline_model::{Fault, FaultCode, JobKey, PrintOptions, PrinterName};
use cueline_ports::Device;
use tokio::sync::{mpsc, oneshot, watch};

use super::installed::Installed;
use super::submit;
use crate::config::PrinterSetting;
use rendering::{Rendered, Rendering, unavailable};

/// What the core asks of a printer.
#[derive(Debug, PartialEq, Eq)]
pub enum PrinterCommand {
    /// Open it and ask whether it is ready.
    Open { op: PrinterOp },
    /// Print on the open printer, then close it.
    Print(Box<Ask>),
    /// Close it.
    Release,
}

/// A print that is asked for; see [`cueline_agent_core::Effect::Print`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub op: PrinterOp,
    pub job: JobKey,
    pub copies: u16,
    pub duplicate: bool,
    pub options: PrintOptions,
    pub proven: Option<Proven>,
}

/// A printer's task.
pub struct PrinterTask {
    name: PrinterName,
    device: Device,
    rendering: Rendering,
    events: mpsc::Sender<Event>,
    journal: WriterQueue,
    installed: Arc<Installed>,
    /// Why the last try to open it failed, as the log has it.
    not_ready: Option<Fault>,
}

/// What reaches a printer's task.
pub struct Orders {
    pub commands: mpsc::Receiver<PrinterCommand>,
    /// The newest print that is to stop; told past the commands, since it cannot wait for its turn.
    pub stop: watch::Receiver<Option<PrinterOp>>,
}

impl PrinterTask {
    pub fn new(
        printer: &PrinterSetting,
        decoder: Decoder,
        events: mpsc::Sender<Event>,
        journal: WriterQueue,
        installed: Arc<Installed>,
    ) -> Self {
        let (address, profile) = (printer.address.clone(), printer.profile);
        Self {
            name: printer.name.clone(),
            device: Device::new(address, profile, printer.timeouts),
            rendering: Rendering { decoder, profile },
            events,
            journal,
            installed,
            not_ready: None,
        }
    }

    /// Does what comes, in order, until the shell is gone.
    pub async fn run(mut self, mut orders: Orders) {
        while let Some(command) = orders.commands.recv().await {
            match command {
                PrinterCommand::Open { op } => {
                    let event = self.open(op).await;
                    self.tell(event).await;
                    self.learn_capabilities().await;
                }
                PrinterCommand::Print(ask) => {
                    let (op, printer, job) = (ask.op, self.name.clone(), ask.job);
                    let end = self.print(*ask, &mut orders.stop).await;
                    self.device.close().await;
                    log_end(&printer, job, &end);
                    self.tell(Event::PrintEnded { op, printer, end }).await;
                }
                PrinterCommand::Release => self.device.close().await,
            }
        }
    }

    async fn tell(&self, event: Event) {
        self.events.send(event).await.ok();
    }

    async fn open(&mut self, op: PrinterOp) -> Event {
        let printer = self.name.clone();
        let opened = self.device.open().await;
        let warning = self.device.warning().cloned();
        match opened {
            Ok(()) => {
                if self.not_ready.take().is_some() {
                    tracing::info!(%printer, "ready again");
                }
                Event::PrinterReady {
                    op,
                    printer,
                    warning,
                }
            }
            Err(fault) => {
                // Told once: a printer may be switched off all night, and is tried every few seconds.
                if self.not_ready.as_ref() != Some(&fault) {
                    tracing::warn!(%printer, "not ready: {fault}");
                    self.not_ready = Some(fault.clone());
                }
                Event::PrinterNotReady {
                    op,
                    printer,
                    fault,
                    warning,
                }
            }
        }
    }

    /// Some printers say what they can do when they are opened.
    async fn learn_capabilities(&self) {
        if self.installed.learn(&self.name, self.device.capabilities()) {
            tracing::info!(printer = %self.name, "what it can do is known, or has changed");
            self.tell(Event::InventoryChanged).await;
        }
    }

    async fn print(&mut self, ask: Ask, stop: &mut watch::Receiver<Option<PrinterOp>>) -> PrintEnd {
        let prepared = tokio::select! {
            prepared = self.prepare(&ask) => prepared,
            () = stopped(stop, ask.op) => Err(PrintEnd::NothingSent(stopped_early())),
        };
        let Rendered { print, left_out } = match prepared {
            Ok(rendered) => rendered,
            Err(end) => return end,
        };
        let (printer, job) = (&self.name, ask.job);
        tracing::info!(%printer, job = %job.job, attempt = job.attempt, left_out, "printing");
        self.send(ask.op, &print, left_out, stop).await
    }

    async fn prepare(&self, ask: &Ask) -> Result<Rendered, PrintEnd> {
        let kept = self.load(ask.job).await.ok_or_else(|| {
            PrintEnd::Unprintable(unavailable("the journal does not have its document"))
        })?;
        self.rendering
            .render(kept, ask, &self.device.capabilities())
            .await
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

/// Waits until this print is to stop.
async fn stopped(stop: &mut watch::Receiver<Option<PrinterOp>>, op: PrinterOp) {
    if stop.wait_for(|asked| *asked == Some(op)).await.is_err() {
        // The shell is gone, and with it whoever could ask.
        std::future::pending().await
    }
}

/// The core only stops what its printer told a fault of, so there is a better word for it.
fn stopped_early() -> Fault {
    Fault::new(FaultCode::Offline, "The printer did not get on.")
}

fn log_end(printer: &PrinterName, job: JobKey, end: &PrintEnd) {
    let (id, attempt) = (job.job, job.attempt);
    match end {
        PrintEnd::Done(proof) => tracing::info!(%printer, job = %id, attempt, "{}", proof.as_str()),
        PrintEnd::NothingSent(fault) => {
            tracing::warn!(%printer, job = %id, attempt, "nothing was sent: {fault}");
        }
        PrintEnd::InDoubt { fault, tickets } => {
            let tickets = tickets.map(|count| count.to_string()).unwrap_or_default();
            tracing::warn!(%printer, job = %id, attempt, tickets, "may or may not be on paper: {fault}");
        }
        PrintEnd::Unprintable(failure) => {
            tracing::warn!(%printer, job = %id, attempt, "cannot be printed: {}", failure.text);
        }
    }
}
