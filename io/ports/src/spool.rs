//! What takes whole jobs and sees to them by itself: plain files, IPP printers and queues, the Windows
//! spooler.

mod file;
pub(crate) mod ipp;
#[cfg(windows)]
pub(crate) mod windows;

use cueline_model::{Capabilities, Fault, Language, Proof};
use cueline_printers::Print;

use crate::PortAddress;
use crate::device::{DeviceTimeouts, PrintError, SoFar, Watch};

/// What each of them can be asked.
pub(crate) trait JobTaker {
    /// Asks whether it takes jobs and can do them.
    async fn open(&mut self) -> Result<(), Fault>;

    /// Hands a job over and follows it to its end. Dropped, the job is taken back as far as it can be.
    /// `so_far` is kept up to date all the while.
    async fn print(
        &mut self,
        print: &Print,
        so_far: &mut SoFar,
        watch: Watch<'_>,
    ) -> Result<Proof, PrintError>;

    /// Lets go of it.
    fn close(&mut self);

    /// What will soon be wrong, as it was last asked.
    fn warning(&self) -> Option<&Fault> {
        None
    }

    /// What it can do, as it was last asked.
    fn capabilities(&self) -> Option<Capabilities> {
        None
    }
}

/// One of them.
#[derive(Debug)]
pub(crate) enum Spool {
    File(file::PlainFile),
    Ipp(Box<ipp::IppPort>),
    #[cfg(windows)]
    Windows(Box<windows::WindowsQueue>),
}

impl Spool {
    /// The one that an address leads to; `None` for an address that is a byte stream's.
    pub(crate) fn new(
        address: &PortAddress,
        language: Language,
        timeouts: DeviceTimeouts,
    ) -> Option<Self> {
        match address {
            PortAddress::File { path } => {
                Some(Self::File(file::PlainFile::new(path.clone(), timeouts)))
            }
            PortAddress::Ipp { .. } => ipp::Target::of(address)
                .map(|target| Self::Ipp(Box::new(ipp::IppPort::new(target, language, timeouts)))),
            #[cfg(unix)]
            PortAddress::Spool { queue } => {
                let target = ipp::Target::local_queue(queue);
                Some(Self::Ipp(Box::new(ipp::IppPort::new(
                    target, language, timeouts,
                ))))
            }
            #[cfg(windows)]
            PortAddress::Spool { queue } => Some(Self::Windows(Box::new(
                windows::WindowsQueue::new(queue.clone(), timeouts),
            ))),
            PortAddress::Tcp { .. } | PortAddress::Serial { .. } | PortAddress::Usb { .. } => None,
        }
    }
}

macro_rules! each {
    ($spool:expr, $one:ident => $call:expr) => {
        match $spool {
            Self::File($one) => $call,
            Self::Ipp($one) => $call,
            #[cfg(windows)]
            Self::Windows($one) => $call,
        }
    };
}

impl JobTaker for Spool {
    async fn open(&mut self) -> Result<(), Fault> {
        each!(self, spool => spool.open().await)
    }

    async fn print(
        &mut self,
        print: &Print,
        so_far: &mut SoFar,
        watch: Watch<'_>,
    ) -> Result<Proof, PrintError> {
        each!(self, spool => spool.print(print, so_far, watch).await)
    }

    fn close(&mut self) {
        each!(self, spool => spool.close());
    }

    fn warning(&self) -> Option<&Fault> {
        each!(self, spool => spool.warning())
    }

    fn capabilities(&self) -> Option<Capabilities> {
        each!(self, spool => spool.capabilities())
    }
}
