//! A virtual card terminal: a till's language on one side, a ledger on disk on the other.
//!
//! ```text
//! serve (TCP) -> zvt (a face: packets) -> payments (one payment, step by step) -> ledger (a file)
//! control (scripts, keys, power) -> panel, which both look at
//! ```
//!
//! The faces for other languages, `caisse_ap` and `adyen` (over HTTPS), stand beside `zvt` and use the same
//! [`Payments`].

mod adyen;
mod caisse_ap;
mod control;
mod face;
mod ledger;
mod panel;
mod payments;
mod receipt;
mod script;
mod serve;
mod settings;
mod step;
mod zvt;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use cueline_model::{Sha256, TerminalProtocol};
use cueline_terminals::adyen::SecurityKey;
use tokio::task::JoinHandle;

use crate::control_port;

pub use adyen::{AdyenDeed, AdyenFace};
pub use caisse_ap::CaisseApFace;
pub use ledger::{AskedBy, LedgerEntry, LedgerKind, read_ledger, standing};
pub use payments::Payments;
pub use script::{Script, UnknownScript};
pub use settings::{AdyenTerminal, TerminalSettings};
pub use step::{Alone, Pace, Refusal, Request, Step};
pub use zvt::{Deed, ZvtFace};

/// A running virtual terminal. Dropped, it is switched off at once; its ledger stays.
#[derive(Debug)]
pub struct VirtualTerminal {
    address: SocketAddr,
    control_address: SocketAddr,
    directory: PathBuf,
    pin: Option<Sha256>,
    panel: Arc<panel::Panel>,
    terminal: JoinHandle<io::Result<()>>,
    control: JoinHandle<io::Result<()>>,
}

impl VirtualTerminal {
    /// Switches a terminal on. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// A port cannot be opened (taken, or the control port is not on loopback), or the ledger cannot
    /// be read or written.
    pub async fn start(settings: TerminalSettings) -> io::Result<Self> {
        let ledger = ledger::Ledger::open(&settings.directory)?;
        let listener = serve::listen(settings.listen)?;
        let control_listener = control_port::listen(settings.control).await?;
        let address = listener.local_addr()?;
        let control_address = control_listener.local_addr()?;
        let directory = settings.directory.clone();
        let panel = Arc::new(panel::Panel::new(Payments::new(ledger, settings.pace)));
        let controls = Arc::clone(&panel);
        let inside = Arc::clone(&panel);
        let mut pin = None;
        let terminal = match settings.protocol {
            TerminalProtocol::Zvt => {
                let face = Box::new(ZvtFace::new(settings.leak_card_number));
                tokio::spawn(serve::serve(listener, inside, face, settings))
            }
            TerminalProtocol::CaisseAp => {
                let face = Box::new(CaisseApFace::default());
                tokio::spawn(serve::serve(listener, inside, face, settings))
            }
            TerminalProtocol::AdyenLocal => {
                let shared = &settings.adyen;
                let key = SecurityKey::new(
                    &shared.key_identifier,
                    shared.key_version,
                    &shared.passphrase,
                )
                .map_err(io::Error::other)?;
                let shown = adyen::certificate::open(&directory, &shared.poi_id)?;
                pin = Some(shown.pin);
                let leak = settings.leak_card_number;
                let face = AdyenFace::open(key, Some(&directory), leak)?;
                let off = settings.power_off;
                tokio::spawn(adyen::serve::serve(
                    listener,
                    inside,
                    face,
                    shown.config,
                    off,
                ))
            }
        };
        Ok(Self {
            address,
            control_address,
            directory,
            pin,
            terminal,
            control: tokio::spawn(control_port::serve(control_listener, move |line| {
                control::answer(line, &controls)
            })),
            panel,
        })
    }

    /// Where it takes connections of tills.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The SHA-256 of the certificate it shows, where it speaks over TLS.
    #[must_use]
    pub fn pin(&self) -> Option<Sha256> {
        self.pin
    }

    /// Where its control port is.
    #[must_use]
    pub fn control_address(&self) -> SocketAddr {
        self.control_address
    }

    /// What becomes of the next payment that has no script yet.
    pub fn script(&self, script: Script) {
        self.panel.payments().script(script);
    }

    /// Whether it refuses everything as being at something else.
    pub fn set_busy(&self, busy: bool) {
        self.panel.payments().set_busy(busy);
    }

    /// Whether a payment is under way.
    #[must_use]
    pub fn is_paying(&self) -> bool {
        self.panel.payments().is_paying()
    }

    /// Switches its power on or off.
    pub fn switch(&self, on: bool) {
        self.panel.switch(on);
    }

    /// Presses the customer's stop key; whether that stopped anything.
    pub fn press_stop(&self) -> bool {
        self.panel.press_stop()
    }

    /// Somebody sells with the terminal's own keys.
    ///
    /// # Errors
    ///
    /// The ledger cannot be written.
    pub fn key_sale(&self, amount_minor: i64, currency: &str) -> io::Result<LedgerEntry> {
        self.panel.key_sale(amount_minor, currency)
    }

    /// Everything in the ledger's file, oldest first, earlier runs' included.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn ledger(&self) -> io::Result<Vec<LedgerEntry>> {
        read_ledger(&self.directory)
    }

    /// Waits until the terminal fails by itself, which it does when the ledger cannot be written.
    pub async fn failed(&mut self) -> io::Error {
        let ended = tokio::select! {
            ended = &mut self.terminal => ended,
            ended = &mut self.control => ended,
        };
        match ended {
            Ok(Err(error)) => error,
            Ok(Ok(())) => io::Error::other("the terminal stopped serving"),
            Err(panicked) => io::Error::other(panicked),
        }
    }

    /// Switches it off and waits until its ports are closed.
    pub async fn stop(mut self) {
        self.terminal.abort();
        self.control.abort();
        let _cancelled = (&mut self.terminal).await;
        let _cancelled = (&mut self.control).await;
    }
}

impl Drop for VirtualTerminal {
    fn drop(&mut self) {
        self.terminal.abort();
        self.control.abort();
    }
}
