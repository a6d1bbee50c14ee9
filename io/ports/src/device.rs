//! One physical printer behind one address: open it, print on it, close it.

use std::time::Duration;

use cueline_model::{Capabilities, Fault, FaultCode, Proof, TicketCount};
use cueline_printers::{Print, Profile, RENDERED_BYTES_MAX, Session, Tickets, capabilities};

use crate::print::StreamPrint;
use crate::spool::{JobTaker, Spool};
use crate::stream::{Connection, is_device};
use crate::{PortAddress, faults, snmp};

/// How long each step may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceTimeouts {
    /// To be connected, name resolution included; to open a file.
    pub connect: Duration,
    /// To answer whether it is ready.
    pub readiness: Duration,
    /// Without a single byte accepted while a print is being written.
    pub stall: Duration,
    /// From the last byte, or the last ticket that was proven, to the next proof: the printer's word, or
    /// the peer's end of file. Of a queue: how long it may leave every question unanswered.
    pub proof: Duration,
    /// How long a fault that the device reports (paper out) may last before the print is given up. Of a
    /// queue: how long a job may stand still.
    pub fault_patience: Duration,
    /// Between questions about faults while a proof is awaited.
    pub poll_period: Duration,
}

impl Default for DeviceTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            readiness: Duration::from_secs(3),
            stall: Duration::from_secs(30),
            proof: Duration::from_secs(30),
            fault_patience: Duration::from_secs(600),
            poll_period: Duration::from_millis(250),
        }
    }
}

/// How much of a print that failed can have reached the printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extent {
    /// Not a byte; it may be tried again.
    NothingSent,
    /// Not a byte, and never will be: whoever takes jobs here refuses this one as it is.
    Refused,
    /// Some or all; it may be on paper and must not be repeated by software.
    InDoubt,
}

/// A print that was not proven.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct PrintError {
    /// How much can have reached the printer.
    pub extent: Extent,
    /// What went wrong, for the clerk.
    pub fault: Fault,
    /// Which tickets are proven, which are in doubt; `None` where a whole document was sent.
    pub tickets: Option<TicketCount>,
}

impl PrintError {
    /// What was refused before anything was taken would be refused again. Not of a printer's own word on
    /// its line: that may be about what it was sent before.
    fn for_good_if_refused(mut self) -> Self {
        if self.extent == Extent::NothingSent && self.fault.code == FaultCode::DataRefused {
            self.extent = Extent::Refused;
        }
        self
    }
}

/// How far a print has come, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SoFar {
    /// How much can have reached the printer.
    pub extent: Extent,
    /// The tickets that are proven and, as `unknown`, those after them up to the last of which a byte
    /// may have left; `None` where a whole document is sent.
    pub tickets: Option<TicketCount>,
}

/// What becomes known while a print is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrintEvent<'a> {
    /// Something is wrong, or something else is, or (`None`) nothing any more. It is waited for.
    Fault(Option<&'a Fault>),
    /// Something will soon be wrong, or no longer; it prints all the same.
    Warning(Option<&'a Fault>),
    /// So many tickets are proven printed.
    Tickets {
        /// The first so many.
        printed: u32,
        /// Of so many.
        total: u32,
    },
}

/// Who is told.
pub(crate) type Watch<'a> = &'a mut (dyn FnMut(PrintEvent<'_>) + Send);

/// One physical printer. Exactly one task owns it, so that prints come out one after another.
#[derive(Debug)]
pub struct Device {
    address: PortAddress,
    profile: Profile,
    timeouts: DeviceTimeouts,
    session: Session,
    /// An open way that carries bytes.
    connection: Option<Connection>,
    /// What takes jobs, where the address is one of these.
    spool: Option<Spool>,
    /// Asks a network printer whose language has no questions.
    snmp: snmp::Asker,
    snmp_warning: Option<Fault>,
    so_far: SoFar,
}

impl Device {
    /// A device that is not open yet; nothing is touched.
    #[must_use]
    pub fn new(address: PortAddress, profile: Profile, timeouts: DeviceTimeouts) -> Self {
        Self {
            timeouts,
            session: Session::new(&profile, first_marker()),
            connection: None,
            spool: Spool::new(&address, profile.language, timeouts),
            snmp: snmp::Asker::default(),
            snmp_warning: None,
            so_far: SoFar::nothing(None),
            address,
            profile,
        }
    }

    /// Where it is reached.
    #[must_use]
    pub fn address(&self) -> &PortAddress {
        &self.address
    }

    /// Connects and asks whether the printer is ready; sends nothing that prints.
    ///
    /// An open connection is closed first, so this is also how an idle printer is looked at.
    ///
    /// # Errors
    ///
    /// What keeps the printer from printing: `Unreachable`, `NoAnswer`, `ConnectionLost`,
    /// `PortError`, `InUse`, or what it reports itself (`PaperOut`, `CoverOpen`, …). It is closed.
    pub async fn open(&mut self) -> Result<(), Fault> {
        self.close().await;
        if let Some(spool) = self.spool_in_use() {
            return spool.open().await;
        }
        self.session.handle_connected();
        let mut connection = Connection::open(&self.address, self.timeouts).await?;
        let asked = connection.ask_readiness(&mut self.session).await?;
        if !asked && let PortAddress::Tcp { host, .. } = &self.address {
            let state = self.snmp.state(host).await;
            self.snmp_warning = state.warning;
            if let Some(fault) = state.fault {
                return Err(fault);
            }
        }
        self.connection = Some(connection);
        Ok(())
    }

    /// What will soon be wrong, as far as it was last heard; it prints all the same.
    #[must_use]
    pub fn warning(&self) -> Option<&Fault> {
        match &self.spool {
            Some(spool) => spool.warning(),
            None => self.session.warning().or(self.snmp_warning.as_ref()),
        }
    }

    /// What the printer can do: as its language and model have it, or, of one that takes whole
    /// documents, as it said itself when it was last open.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        let asked = self.spool.as_ref().and_then(Spool::capabilities);
        asked.unwrap_or_else(|| capabilities(&self.profile))
    }

    /// How far the last print came; also of one whose future was dropped.
    #[must_use]
    pub fn so_far(&self) -> SoFar {
        self.so_far
    }

    /// Prints (made by [`cueline_printers::render`]) and waits for the strongest proof the device can
    /// give.
    ///
    /// | Device | Proof | by |
    /// |---|---|---|
    /// | a byte stream (TCP, serial, USB, device file) to a printer that acknowledges | [`Proof::Printed`] | its word for each ticket |
    /// | TCP to any other | [`Proof::Sent`] | the peer's end of file after ours |
    /// | another byte stream to any other | [`Proof::Sent`] | every byte left |
    /// | plain file | [`Proof::Spooled`] | appended and synced |
    /// | IPP, a printer of its own | [`Proof::Printed`] | its job completed |
    /// | IPP, a queue before a device | [`Proof::Sent`] | its job completed: the device took it |
    /// | IPP, a queue before another | [`Proof::Spooled`] | its job completed: handed on |
    /// | Windows spooler | [`Proof::Spooled`], or what the port's monitor proves | its job printed or gone |
    ///
    /// `watch` is told what becomes known meanwhile; faults are waited for up to
    /// [`DeviceTimeouts::fault_patience`].
    ///
    /// The device stays open after a proof from a printer that acknowledges, and after a file's; all
    /// else and every error leave it closed. Dropping the future closes it too, takes back what can be
    /// (a queue's job is cancelled), and leaves [`Device::so_far`] to be asked.
    ///
    /// # Errors
    ///
    /// [`PrintError`], whose extent says whether a byte can have reached the printer. A device that
    /// is not open is an error with nothing sent.
    pub async fn print(
        &mut self,
        print: &Print,
        mut watch: impl FnMut(PrintEvent<'_>) + Send,
    ) -> Result<Proof, PrintError> {
        self.so_far = SoFar::nothing(match print {
            Print::Tickets(tickets) => Some(tickets.count()),
            Print::Document { .. } => None,
        });
        if self.spool_in_use().is_some()
            && let Some(spool) = &mut self.spool
        {
            let printed = spool.print(print, &mut self.so_far, &mut watch).await;
            return printed.map_err(PrintError::for_good_if_refused);
        }
        // Taken out, so that any way out but the good one leaves it closed.
        let Some(mut connection) = self.connection.take() else {
            let fault = faults::not_open(&self.address.to_string());
            return Err(self.so_far.error(fault));
        };
        let copied;
        let tickets = match print {
            Print::Tickets(tickets) => tickets,
            Print::Document { bytes, copies, .. } => {
                copied = repeated(bytes, *copies)
                    .map_err(|fault| self.so_far.error(fault).for_good_if_refused())?;
                &copied
            }
        };
        let proof = StreamPrint {
            connection: &mut connection,
            session: &mut self.session,
            so_far: &mut self.so_far,
            watch: &mut watch,
        }
        .run(tickets)
        .await?;
        if proof == Proof::Printed {
            self.connection = Some(connection);
        }
        Ok(proof)
    }

    /// Closes it; nothing if it is not open.
    pub async fn close(&mut self) {
        if let Some(spool) = &mut self.spool {
            spool.close();
        }
        if let Some(connection) = self.connection.take() {
            connection.close(&mut self.session).await;
        }
    }

    /// What takes jobs here. A file's path may lead to a plain file today and to a device tomorrow.
    fn spool_in_use(&mut self) -> Option<&mut Spool> {
        match &self.address {
            PortAddress::File { path } if is_device(path) => None,
            _ => self.spool.as_mut(),
        }
    }
}

/// A whole document for a printer that takes it as it is.
fn repeated(bytes: &[u8], copies: u16) -> Result<Tickets, Fault> {
    if bytes.len().saturating_mul(usize::from(copies)) > RENDERED_BYTES_MAX {
        return Err(Fault::new(
            FaultCode::DataRefused,
            format!(
                "{copies} copies of this document are too many for one print: print fewer at a time."
            ),
        ));
    }
    let mut tickets = Tickets::default();
    for _ in 0..copies {
        tickets.push(bytes);
    }
    Ok(tickets)
}

impl SoFar {
    /// Before the first byte.
    pub(crate) fn nothing(total: Option<u32>) -> Self {
        Self {
            extent: Extent::NothingSent,
            tickets: total.map(|total| TicketCount {
                printed: 0,
                unknown: 0,
                total,
            }),
        }
    }

    /// The first so many tickets are proven.
    pub(crate) fn printed(&mut self, printed: u32) {
        if let Some(tickets) = &mut self.tickets {
            let started = tickets.printed + tickets.unknown;
            tickets.printed = printed.min(tickets.total);
            tickets.unknown = started.saturating_sub(tickets.printed);
        }
    }

    /// `any`: at least one byte may have left; those of so many tickets.
    pub(crate) fn started(&mut self, any: bool, started: u32) {
        self.extent = if any {
            Extent::InDoubt
        } else {
            Extent::NothingSent
        };
        if let Some(tickets) = &mut self.tickets {
            tickets.unknown = started.min(tickets.total).saturating_sub(tickets.printed);
        }
    }

    /// Everything was handed over.
    pub(crate) fn all_started(&mut self) {
        self.started(true, u32::MAX);
    }

    /// A print that ends here, for this reason.
    pub(crate) fn error(&self, fault: Fault) -> PrintError {
        PrintError {
            extent: self.extent,
            fault,
            tickets: self.tickets,
        }
    }
}

/// Markers of two processes must not meet on one printer, so each starts from the clock.
fn first_marker() -> u16 {
    let since_1970 = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    (since_1970.as_millis() % 10_000) as u16
}
