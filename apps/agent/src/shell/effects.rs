//! Doing what the core says: each effect becomes a task, a request to the journal, or a log line.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use cueline_agent_core::{Effect, Event, LinkId, PrinterConfig, PrinterOp, ReportId};
use cueline_decoder::Decoder;
use cueline_journal::{Request, WriterQueue};
use cueline_model::PrinterName;
use cueline_wire::cloud::Report;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

use super::installed::Installed;
use super::notices::NoticeLog;
use super::printer::{Ask, Orders, PrinterCommand, PrinterTask};
use super::submit;
use crate::config::PrinterSetting;
use crate::ending::{Code, Ending};
use crate::hub::{
    AskError, HeldRequest, HubClient, OfferCheck, fetch, hold, send_inventory, send_report,
};
use crate::payments::{NewsDoor, event_of};

/// The core uses a printer for one thing at a time: opening, printing or releasing.
const PRINTER_COMMANDS_MAX: usize = 16;

/// What the effects are done with.
pub struct Means {
    /// Signed requests to the hub.
    pub hub: Arc<HubClient>,
    /// What job offers are checked against.
    pub offers: Arc<OfferCheck>,
    /// Decodes documents, away from this process.
    pub decoder: Decoder,
    /// What is installed here.
    pub installed: Arc<Installed>,
    /// Where news of payments go.
    pub payments: NewsDoor,
}

impl Means {
    /// The way to the hub as it is now, under which a learned ping is remembered.
    pub fn path_at_start(&self) -> String {
        self.hub.uplink.path().unwrap_or_else(|error| {
            tracing::warn!("{error}");
            "direct".to_owned()
        })
    }
}

impl From<&PrinterSetting> for PrinterConfig {
    fn from(printer: &PrinterSetting) -> Self {
        Self {
            name: printer.name.clone(),
            content_types: cueline_printers::supported(printer.profile.language).to_vec(),
            watch: printer.watch,
        }
    }
}

/// The tasks and queues behind the effects.
pub struct Effects {
    means: Means,
    installed: Arc<Installed>,
    events: mpsc::Sender<Event>,
    journal: WriterQueue,
    printers: BTreeMap<PrinterName, PrinterDoor>,
    links: BTreeMap<LinkId, AbortHandle>,
    path: Arc<watch::Sender<String>>,
    notices: NoticeLog,
    tasks: JoinSet<()>,
}

/// Where a printer's task takes its orders.
struct PrinterDoor {
    commands: mpsc::Sender<PrinterCommand>,
    stop: watch::Sender<Option<PrinterOp>>,
}

impl Effects {
    pub fn start(
        means: Means,
        printers: &[PrinterSetting],
        events: mpsc::Sender<Event>,
        journal: WriterQueue,
    ) -> Self {
        let mut tasks = JoinSet::new();
        let installed = Arc::clone(&means.installed);
        let start = |printer: &PrinterSetting| {
            let (commands_in, commands) = mpsc::channel(PRINTER_COMMANDS_MAX);
            let (stop_in, stop) = watch::channel(None);
            let (events, journal) = (events.clone(), journal.clone());
            let (decoder, installed) = (means.decoder.clone(), Arc::clone(&installed));
            let task = PrinterTask::new(printer, decoder, events, journal, installed);
            tasks.spawn(task.run(Orders { commands, stop }));
            let door = PrinterDoor {
                commands: commands_in,
                stop: stop_in,
            };
            (printer.name.clone(), door)
        };
        Self {
            printers: printers.iter().map(start).collect(),
            means,
            installed,
            events,
            journal,
            links: BTreeMap::new(),
            path: Arc::default(),
            notices: NoticeLog::default(),
            tasks,
        }
    }

    /// Does it, or starts a task that does. `Break` when the program is over.
    ///
    /// # Errors
    /// Where a printer's queue is full or gone, which only a fault of the shell can cause.
    pub async fn carry_out(&mut self, effect: Effect) -> Result<ControlFlow<()>, Ending> {
        match effect {
            Effect::Connect { link, ping, mode } => {
                let held = HeldRequest {
                    link,
                    ping,
                    mode,
                    events: self.events.clone(),
                    offers: Arc::clone(&self.means.offers),
                    path: Arc::clone(&self.path),
                };
                let task = self.tasks.spawn(hold(Arc::clone(&self.means.hub), held));
                self.links.retain(|_, task| !task.is_finished());
                self.links.insert(link, task);
            }
            Effect::Disconnect { link } => {
                if let Some(task) = self.links.remove(&link) {
                    task.abort();
                }
            }
            Effect::Append { batch, records } => {
                submit(&self.journal, Request::Append { batch, records }).await;
            }
            Effect::SendReport { report, body } => {
                let hub = Arc::clone(&self.means.hub);
                self.spawn_told(async move { report_sent(&hub, report, &body).await });
            }
            Effect::SendInventory => {
                let hub = Arc::clone(&self.means.hub);
                let installed = Arc::clone(&self.installed);
                self.spawn_told(async move { inventory_sent(&hub, &installed).await });
            }
            Effect::Fetch { job, document } => {
                let (hub, events) = (Arc::clone(&self.means.hub), self.events.clone());
                let journal = self.journal.clone();
                self.tasks.spawn(async move {
                    match fetch(&hub, job, document).await {
                        // Told to the core by the journal, once it is durable.
                        Ok(body) => submit(&journal, Request::StoreDocument { job, body }).await,
                        Err(error) => {
                            events.send(Event::FetchFailed { job, error }).await.ok();
                        }
                    }
                });
            }
            Effect::OpenPrinter { op, printer } => {
                self.command(&printer, PrinterCommand::Open { op })?;
            }
            Effect::Print {
                op,
                printer,
                job,
                copies,
                duplicate,
                options,
                proven,
            } => {
                let ask = Ask {
                    op,
                    job,
                    copies,
                    duplicate,
                    options,
                    proven,
                };
                self.command(&printer, PrinterCommand::Print(Box::new(ask)))?;
            }
            Effect::StopPrint { op, printer } => {
                if let Some(door) = self.printers.get(&printer) {
                    door.stop.send_replace(Some(op));
                }
            }
            Effect::ReleasePrinter { printer, .. } => {
                self.command(&printer, PrinterCommand::Release)?
            }
            // Gone only where the program is about to end.
            Effect::Payments(news) => {
                self.means.payments.send(event_of(news)).await.ok();
            }
            Effect::Notice(notice) => self.notices.write(&notice, &self.path.borrow()),
            Effect::Exit => return Ok(ControlFlow::Break(())),
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Waits until a task has failed by a fault of its own; others are forgotten as they end.
    pub async fn failed_task(&mut self) -> Ending {
        loop {
            match self.tasks.join_next().await {
                Some(Err(error)) if error.is_panic() => {
                    let text =
                        format!("a task of the agent failed: {error}; start the agent again");
                    return Ending::new(Code::Other, text);
                }
                Some(_) => {}
                // Without printers and between tries there is no task at all.
                None => std::future::pending().await,
            }
        }
    }

    fn spawn_told(&mut self, task: impl Future<Output = Event> + Send + 'static) {
        let events = self.events.clone();
        self.tasks.spawn(async move {
            events.send(task.await).await.ok();
        });
    }

    fn command(&self, printer: &PrinterName, command: PrinterCommand) -> Result<(), Ending> {
        let sent = self
            .printers
            .get(printer)
            .map(|door| door.commands.try_send(command));
        match sent {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => {
                let text =
                    format!("use printer {printer}: its task takes no more commands ({error})");
                Err(Ending::new(Code::Other, text))
            }
            None => {
                let text = format!("use printer {printer}: it is not configured");
                Err(Ending::new(Code::Other, text))
            }
        }
    }
}

async fn report_sent(hub: &HubClient, report: ReportId, body: &Report) -> Event {
    match send_report(hub, body).await {
        Ok(reply) => Event::ReportAnswered { report, reply },
        Err(error) => {
            log_failure("report to the hub", &error);
            let retry_after = error.retry_after();
            Event::ReportFailed {
                report,
                retry_after,
            }
        }
    }
}

async fn inventory_sent(hub: &HubClient, installed: &Installed) -> Event {
    match send_inventory(hub, installed.descriptions(), installed.stations()).await {
        Ok(()) => Event::InventoryStored,
        Err(error) => {
            log_failure("tell the hub what is installed", &error);
            Event::InventoryFailed
        }
    }
}

/// Where the hub cannot be reached the link says so; here it would only be said twice.
fn log_failure(attempt: &str, error: &AskError) {
    match error {
        AskError::NoAnswer(_) => tracing::debug!("{attempt}: {error}"),
        AskError::Refused(_) | AskError::Unreadable(_) => tracing::warn!("{attempt}: {error}"),
    }
}
