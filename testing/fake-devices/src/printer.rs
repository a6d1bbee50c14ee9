//! A virtual printer: a port on one side, PNG tickets on the other.
//!
//! ```text
//! serve (raw TCP) -> mechanism (buffer, print mechanism) -> cueline_paper (bytes to sheets)
//!                        voice (status bytes)            -> tickets (sheets to files)
//! ipp (IPP)       -> cueline_documents (documents to pages) -> tickets
//! control (faults) -> panel, which both look at
//! ```

mod control;
mod digest;
mod fault;
mod ipp;
mod mechanism;
mod panel;
mod plan;
mod serve;
mod settings;
mod sheet_run;
mod tickets;
mod voice;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use cueline_model::Language;
use tokio::task::JoinHandle;

use crate::control_port;

pub use fault::{PrinterFault, UnknownFault};
pub use plan::{Moment, Place, PlannedFault};
pub use settings::{PrinterSettings, SecondHost};
pub use tickets::{Ticket, read_tickets};

/// A running virtual printer. Dropped, it is switched off at once.
#[derive(Debug)]
pub struct VirtualPrinter {
    address: SocketAddr,
    control_address: SocketAddr,
    output: PathBuf,
    panel: Arc<panel::Panel>,
    language: Language,
    printer: JoinHandle<io::Result<()>>,
    control: JoinHandle<io::Result<()>>,
}

impl VirtualPrinter {
    /// Switches a printer on. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// A port cannot be opened (taken, or the control port is not on loopback), or the output
    /// directory cannot be made or written.
    pub async fn start(settings: PrinterSettings) -> io::Result<Self> {
        let tray = tickets::TicketTray::open(settings.language, &settings.output)?;
        let listener = serve::listen(settings.listen)?;
        let control_listener = control_port::listen(settings.control).await?;
        let address = listener.local_addr()?;
        let control_address = control_listener.local_addr()?;
        let panel = Arc::new(panel::Panel::new(settings.fault, settings.second_host));
        let controls = control::Controls {
            panel: Arc::clone(&panel),
            output: settings.output.clone(),
        };
        let printer = if settings.language == Language::Pdf {
            tokio::spawn(ipp::serve(
                listener,
                Arc::clone(&panel),
                settings.clone(),
                tray,
            ))
        } else {
            let mechanism = mechanism::Mechanism::new(&settings, Arc::clone(&panel), tray);
            let mechanism = mechanism.ok_or_else(|| {
                let problem = format!(
                    "there is no virtual printer for {}: expected escpos, fgl, zpl or pdf",
                    settings.language
                );
                io::Error::new(io::ErrorKind::InvalidInput, problem)
            })?;
            tokio::spawn(serve::serve(listener, Arc::clone(&panel), mechanism))
        };
        Ok(Self {
            address,
            control_address,
            output: settings.output,
            panel,
            language: settings.language,
            printer,
            control: tokio::spawn(control_port::serve(control_listener, move |line| {
                control::answer(line, &controls)
            })),
        })
    }

    /// Where it takes connections.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its control port is.
    #[must_use]
    pub fn control_address(&self) -> SocketAddr {
        self.control_address
    }

    /// Its address as settings write it: `tcp://…`, or `ipp://…` for documents.
    #[must_use]
    pub fn uri(&self) -> String {
        match self.language {
            Language::Pdf => format!("ipp://{}{}", self.address, ipp::PATH),
            _ => format!("tcp://{}", self.address),
        }
    }

    /// Makes something go wrong, now or later, or nothing any more.
    pub fn set_fault(&self, fault: impl Into<PlannedFault>) {
        self.panel.plan(fault.into());
    }

    /// What is wrong now.
    #[must_use]
    pub fn fault(&self) -> PrinterFault {
        self.panel.fault()
    }

    /// What becomes of a second host from now on.
    pub fn set_second_host(&self, what: SecondHost) {
        self.panel.set_second_host(what);
    }

    /// Presses the test button: a ticket comes out that no host sent.
    pub fn press_button(&self) {
        self.panel.press();
    }

    /// Every ticket in the output directory, oldest first, earlier runs' included.
    ///
    /// # Errors
    ///
    /// The list of tickets cannot be read.
    pub fn tickets(&self) -> io::Result<Vec<Ticket>> {
        read_tickets(&self.output)
    }

    /// Waits until the printer fails by itself, which it does when tickets cannot be written.
    pub async fn failed(&mut self) -> io::Error {
        let ended = tokio::select! {
            ended = &mut self.printer => ended,
            ended = &mut self.control => ended,
        };
        match ended {
            Ok(Err(error)) => error,
            Ok(Ok(())) => io::Error::other("the printer stopped serving"),
            Err(panicked) => io::Error::other(panicked),
        }
    }

    /// Switches it off and waits until its ports are closed.
    pub async fn stop(mut self) {
        self.printer.abort();
        self.control.abort();
        let _cancelled = (&mut self.printer).await;
        let _cancelled = (&mut self.control).await;
    }
}

impl Drop for VirtualPrinter {
    fn drop(&mut self) {
        self.printer.abort();
        self.control.abort();
    }
}
