//! One physical printer behind one address: open it, print on it, close it.

use std::time::Duration;

use cueline_model::{Fault, Language, Proof};
use cueline_printers::{Profile, Session};

use crate::file::FilePort;
use crate::tcp::TcpPort;
use crate::{PortAddress, faults};

/// How long each step may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceTimeouts {
    /// To be connected, name resolution included; to open a file.
    pub connect: Duration,
    /// To answer whether it is ready.
    pub readiness: Duration,
    /// Without a single byte accepted while a print is being written.
    pub stall: Duration,
    /// From the last byte to the proof: the echo of the end marker, or the peer's end of file.
    pub proof: Duration,
    /// How long a fault that the device reports (paper out) may last before the print is given up.
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
            poll_period: Duration::from_secs(1),
        }
    }
}

/// How much of a print that failed can have reached the printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extent {
    /// Not a byte; it may be tried again.
    NothingSent,
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
}

impl PrintError {
    pub(crate) fn nothing_sent(fault: Fault) -> Self {
        Self {
            extent: Extent::NothingSent,
            fault,
        }
    }

    /// Nothing sent if not a byte was accepted, in doubt otherwise.
    pub(crate) fn after(accepted_bytes: usize, fault: Fault) -> Self {
        if accepted_bytes == 0 {
            Self::nothing_sent(fault)
        } else {
            Self::in_doubt(fault)
        }
    }

    pub(crate) fn in_doubt(fault: Fault) -> Self {
        Self {
            extent: Extent::InDoubt,
            fault,
        }
    }
}

/// One physical printer. Exactly one task owns it, so that prints come out one after another.
#[derive(Debug)]
pub struct Device {
    address: PortAddress,
    timeouts: DeviceTimeouts,
    language: Language,
    session: Session,
    port: Port,
}

#[derive(Debug)]
enum Port {
    Tcp {
        host: String,
        port: u16,
        connection: Option<TcpPort>,
    },
    File(FilePort),
}

impl Device {
    /// A device that is not open yet; nothing is touched.
    #[must_use]
    pub fn new(address: PortAddress, profile: Profile, timeouts: DeviceTimeouts) -> Self {
        let port = match &address {
            PortAddress::Tcp { host, port } => Port::Tcp {
                host: host.clone(),
                port: *port,
                connection: None,
            },
            PortAddress::File { path } => Port::File(FilePort::new(path.clone(), timeouts)),
        };
        Self {
            address,
            timeouts,
            language: profile.language,
            session: Session::new(profile.language, first_marker()),
            port,
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
    /// `PortError`, or what it reports itself (`PaperOut`, `CoverOpen`, `Offline`, `DeviceError`).
    /// The connection is closed.
    pub async fn open(&mut self) -> Result<(), Fault> {
        self.close().await;
        let (host, port, connection) = match &mut self.port {
            Port::File(file) => return file.open().await,
            Port::Tcp {
                host,
                port,
                connection,
            } => (host, port, connection),
        };
        self.session.handle_connected();
        let mut tcp = TcpPort::connect(host, *port, self.timeouts).await?;
        match tcp.ask_readiness(&mut self.session).await {
            Ok(()) => {
                *connection = Some(tcp);
                Ok(())
            }
            Err(fault) => {
                tcp.close().await;
                Err(fault)
            }
        }
    }

    /// Prints `bytes` (made by [`cueline_printers::render`]) and waits for the strongest proof the
    /// device can give.
    ///
    /// | Device | Proof | by |
    /// |---|---|---|
    /// | ESC/POS over TCP | [`Proof::Printed`] | the echo of an end marker |
    /// | raw over TCP | [`Proof::Sent`] | the peer's end of file after ours |
    /// | device file | [`Proof::Sent`] | every byte written and synced |
    /// | plain file | [`Proof::Spooled`] | appended and synced |
    ///
    /// `on_fault` is called with each fault the device reports meanwhile, and with `None` when it
    /// is over; waiting goes on for [`DeviceTimeouts::fault_patience`].
    ///
    /// The device stays open after a proven ESC/POS print and after a file's; raw TCP and every
    /// error leave it closed. Dropping the future in mid-print closes it too, with the print in
    /// doubt.
    ///
    /// # Errors
    ///
    /// [`PrintError`], whose extent says whether a byte can have reached the printer. A device that
    /// is not open is an error with nothing sent.
    pub async fn print(
        &mut self,
        bytes: &[u8],
        on_fault: impl FnMut(Option<&Fault>),
    ) -> Result<Proof, PrintError> {
        let connection = match &mut self.port {
            Port::File(file) => return file.print(bytes).await,
            Port::Tcp { connection, .. } => connection,
        };
        let Some(mut tcp) = connection.take() else {
            let fault = faults::not_open(&self.address.to_string());
            return Err(PrintError::nothing_sent(fault));
        };
        match self.language {
            Language::Escpos => {
                let proof = tcp.print_proven(bytes, &mut self.session, on_fault).await?;
                *connection = Some(tcp);
                Ok(proof)
            }
            Language::Raw => tcp.print_to_end_of_file(bytes, &mut self.session).await,
        }
    }

    /// Closes the connection; nothing if there is none.
    pub async fn close(&mut self) {
        match &mut self.port {
            Port::Tcp { connection, .. } => {
                if let Some(tcp) = connection.take() {
                    tcp.close().await;
                }
            }
            Port::File(file) => file.close(),
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
