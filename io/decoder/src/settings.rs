//! Which program decodes, and how much it may take.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use cueline_model::limits::DOCUMENT_BYTES_MAX;

/// The hidden verb with which a program starts itself to decode one document.
pub const VERB: &str = "decode";

/// What a document may take to decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Address space of the child.
    pub memory_bytes: u64,
    /// Processor time of the child, whole seconds.
    pub cpu: Duration,
    /// From start to end of the child, whoever else keeps the machine busy.
    pub wall: Duration,
    /// The document itself.
    pub document_bytes: u64,
    /// What comes back: tickets with all copies, or all pictures.
    pub output_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 512 * 1024 * 1024,
            cpu: Duration::from_secs(10),
            wall: Duration::from_secs(60),
            document_bytes: DOCUMENT_BYTES_MAX,
            output_bytes: cueline_printers::RENDERED_BYTES_MAX as u64,
        }
    }
}

/// How a [`crate::Decoder`] works.
#[derive(Debug, Clone)]
pub struct DecoderSettings {
    /// The program that serves [`VERB`] with [`crate::child_main`].
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// What each document may take.
    pub limits: Limits,
    /// Children at once; further documents wait for their turn.
    pub children_max: usize,
}

impl DecoderSettings {
    /// This very program, started with [`VERB`].
    ///
    /// # Errors
    /// The system does not say which program this is.
    pub fn this_program() -> io::Result<Self> {
        // The running image, even where an update has put another in its place meanwhile.
        #[cfg(target_os = "linux")]
        let program = PathBuf::from("/proc/self/exe");
        #[cfg(not(target_os = "linux"))]
        let program = std::env::current_exe()?;
        Ok(Self::of_program(program))
    }

    /// A program by its path, started with [`VERB`].
    #[must_use]
    pub fn of_program(program: PathBuf) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            program,
            args: vec![VERB.into()],
            limits: Limits::default(),
            children_max: processors.clamp(1, 4),
        }
    }
}
