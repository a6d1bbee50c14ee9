//! A virtual ESC/POS printer: a TCP port on one side, PNG tickets on the other.
//!
//! ```text
//! serve (connection) -> mechanism (buffer, cutter) -> command (bytes to commands)
//!                                                  -> interpreter (commands to paper)
//!                                                  -> tickets (paper to files)
//! ```

mod barcode;
mod command;
mod control;
mod fault;
mod font;
mod interpreter;
mod mechanism;
mod paper;
mod serve;
mod tickets;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use fault::{PrinterFault, UnknownFault};
pub use tickets::{Ticket, read_tickets};

/// How a virtual printer is set up.
#[derive(Debug, Clone)]
pub struct PrinterSettings {
    /// Where it takes connections; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where it is told what to do wrong; loopback only, port 0 takes a free one.
    pub control: SocketAddr,
    /// Where tickets go, made if it is not there.
    pub output: PathBuf,
    /// What is wrong from the start.
    pub fault: PrinterFault,
}

impl PrinterSettings {
    /// On free ports of 127.0.0.1, with nothing wrong.
    #[must_use]
    pub fn local(output: impl Into<PathBuf>) -> Self {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            listen: any_port,
            control: any_port,
            output: output.into(),
            fault: PrinterFault::None,
        }
    }
}

/// A running virtual printer. Dropped, it is switched off at once.
#[derive(Debug)]
pub struct VirtualPrinter {
    address: SocketAddr,
    control_address: SocketAddr,
    output: PathBuf,
    fault: Arc<watch::Sender<PrinterFault>>,
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
        if !settings.control.ip().is_loopback() {
            let problem = format!(
                "the control port is for this machine alone: expected a loopback address, got {}",
                settings.control
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
        let tray = tickets::TicketTray::open(&settings.output)?;
        let listener = serve::listen(settings.listen)?;
        let control_listener = tokio::net::TcpListener::bind(settings.control).await?;
        let address = listener.local_addr()?;
        let control_address = control_listener.local_addr()?;
        let (sender, receiver) = watch::channel(settings.fault);
        let fault = Arc::new(sender);
        let controls = control::Controls {
            fault: Arc::clone(&fault),
            output: settings.output.clone(),
        };
        let mechanism = mechanism::Mechanism::new(tray);
        Ok(Self {
            address,
            control_address,
            output: settings.output,
            fault,
            printer: tokio::spawn(serve::serve(listener, receiver, mechanism)),
            control: tokio::spawn(control::serve(control_listener, controls)),
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

    /// Makes something go wrong, or nothing any more.
    pub fn set_fault(&self, fault: PrinterFault) {
        self.fault.send_replace(fault);
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
