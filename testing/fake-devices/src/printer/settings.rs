//! How a virtual printer is set up.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use cueline_model::Language;
use cueline_paper::Head;

use super::fault::PrinterFault;
use super::plan::PlannedFault;

/// The receive buffer that receipt and ticket printers have.
const RECEIVE_BYTES: usize = 4 * 1024;
/// A label printer's.
const RECEIVE_BYTES_ZPL: usize = 64 * 1024;

/// What becomes of a host that connects while another one is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SecondHost {
    /// It waits in the listen queue.
    #[default]
    Wait,
    /// Its connection is closed at once.
    Refuse,
}

/// How a virtual printer is set up.
#[derive(Debug, Clone)]
pub struct PrinterSettings {
    /// What it understands: `Escpos`, `Fgl`, `Zpl` over a raw TCP port, `Pdf` over IPP.
    pub language: Language,
    /// Its head and its stock.
    pub head: Head,
    /// Where it takes connections; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where it is told what to do wrong; loopback only, port 0 takes a free one.
    pub control: SocketAddr,
    /// Where tickets go, made if it is not there.
    pub output: PathBuf,
    /// What is wrong from the start, or will be.
    pub fault: PlannedFault,
    /// How long a ticket takes from its last byte to the tray.
    pub ticket_time: Duration,
    /// Bytes it takes before it has to print some.
    pub receive_bytes: usize,
    /// What becomes of a second host at once.
    pub second_host: SecondHost,
    /// ZPL: whether `~HS` has no answer while media or ribbon is out or the head is open, as Zebra's
    /// guide says; if not, the answer names it, as many models do.
    pub silent_in_fault: bool,
}

impl PrinterSettings {
    /// A receipt printer on free ports of 127.0.0.1, with nothing wrong, at no time at all.
    #[must_use]
    pub fn local(output: impl Into<PathBuf>) -> Self {
        Self::of(Language::Escpos, output)
    }

    /// A printer of a language on free ports of 127.0.0.1, with nothing wrong, at no time at all.
    #[must_use]
    pub fn of(language: Language, output: impl Into<PathBuf>) -> Self {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            language,
            head: Head::new(language),
            listen: any_port,
            control: any_port,
            output: output.into(),
            fault: PrinterFault::None.into(),
            ticket_time: Duration::ZERO,
            receive_bytes: match language {
                Language::Zpl => RECEIVE_BYTES_ZPL,
                _ => RECEIVE_BYTES,
            },
            second_host: SecondHost::Wait,
            silent_in_fault: false,
        }
    }
}
