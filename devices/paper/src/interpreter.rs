//! One interpreter for every language: bytes in, events out.

use cueline_model::Language;

use crate::escpos::Escpos;
use crate::fgl::Fgl;
use crate::head::Head;
use crate::sheet::Sheet;
use crate::zpl::Zpl;

/// What the bytes so far came to. Each belongs to all bytes since the last event but those of a
/// command that is only begun ([`Interpreter::begun_bytes`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A command that belongs to the ticket, whether it left a mark or not.
    Drawn,
    /// ESC/POS `ESC @`: as [`Event::Drawn`], and the device forgets what it was asked to tell.
    Initialized,
    /// A command that belongs to the talk between host and device and to no ticket.
    Talk(Talk),
    /// What was on the page is gone without having been printed: FGL `<CB>`, a new `^XA`, `~JA`.
    Cleared,
    /// A sheet comes out, and more of the same after it.
    Printed {
        /// What it looks like.
        sheet: Sheet,
        /// How often, 1 or more.
        copies: u32,
    },
}

/// What a host asks of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Talk {
    /// ESC/POS `DLE EOT n` or another command that is obeyed when it is received.
    RealTime,
    /// ESC/POS `GS r n`.
    TransmitStatus(u8),
    /// ESC/POS `GS ( H` function 48.
    ProcessId([u8; 4]),
    /// ESC/POS `GS a n`.
    StatusBack(u8),
    /// FGL `<S1>`.
    Status,
    /// FGL `<S2>`.
    TicketCount,
    /// ZPL `~HS`.
    HostStatus,
    /// ZPL `~HQES`.
    HostQuery,
    /// ZPL `~HI`.
    HostIdentification,
    /// ZPL `~JA`: formats that are not printed yet are gone.
    CancelAll,
    /// ZPL `~PP` and `~PS`: no label is begun from here, until it is told to go on.
    Pause(bool),
    /// Known, and without an answer: ZPL `~SD`, `~JC` and their like.
    Setting,
}

/// An interpreter of one language.
#[derive(Debug)]
pub struct Interpreter {
    language: Inner,
}

#[derive(Debug)]
enum Inner {
    Escpos(Box<Escpos>),
    Fgl(Box<Fgl>),
    Zpl(Box<Zpl>),
}

impl Interpreter {
    /// One that was just switched on. None for languages that are no command bytes.
    #[must_use]
    pub fn new(language: Language, head: Head) -> Option<Self> {
        let language = match language {
            Language::Escpos => Inner::Escpos(Box::new(Escpos::new(head))),
            Language::Fgl => Inner::Fgl(Box::new(Fgl::new(head))),
            Language::Zpl => Inner::Zpl(Box::new(Zpl::new(head))),
            Language::Pdf | Language::Raw => return None,
        };
        Some(Self { language })
    }

    /// Takes one byte; gives what it completes, if it does.
    pub fn push(&mut self, byte: u8) -> Option<Event> {
        match &mut self.language {
            Inner::Escpos(escpos) => escpos.push(byte),
            Inner::Fgl(fgl) => fgl.push(byte),
            Inner::Zpl(zpl) => zpl.push(byte),
        }
    }

    /// Bytes of a command that is begun and not complete.
    #[must_use]
    pub fn begun_bytes(&self) -> usize {
        match &self.language {
            Inner::Escpos(escpos) => escpos.begun_bytes(),
            Inner::Fgl(fgl) => fgl.begun_bytes(),
            Inner::Zpl(zpl) => zpl.begun_bytes(),
        }
    }

    /// Whether nothing is on the page, or on the paper since it was last cut.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match &self.language {
            Inner::Escpos(escpos) => escpos.is_blank(),
            Inner::Fgl(fgl) => fgl.is_blank(),
            Inner::Zpl(zpl) => zpl.is_blank(),
        }
    }

    /// Rows of paper that came out since the last ticket: a receipt printer prints while it reads; the
    /// others print whole pages, so there are none.
    #[must_use]
    pub fn fed_rows(&self) -> usize {
        match &self.language {
            Inner::Escpos(escpos) => escpos.fed_rows(),
            Inner::Fgl(_) | Inner::Zpl(_) => 0,
        }
    }

    /// The line is cut or the host gone: a command that is only begun is void.
    pub fn break_off(&mut self) {
        match &mut self.language {
            Inner::Escpos(escpos) => escpos.break_off(),
            Inner::Fgl(fgl) => fgl.break_off(),
            Inner::Zpl(zpl) => zpl.break_off(),
        }
    }

    /// Tears off what came out of a receipt printer since its last cut. None where nothing did, and
    /// for printers of whole pages: their page stays where it is, in memory.
    pub fn tear_off(&mut self) -> Option<Sheet> {
        match &mut self.language {
            Inner::Escpos(escpos) => escpos.tear_off(),
            Inner::Fgl(_) | Inner::Zpl(_) => None,
        }
    }

    /// Whether a page is being made: ZPL between `^XA` and `^XZ`.
    #[must_use]
    pub fn in_format(&self) -> bool {
        match &self.language {
            Inner::Zpl(zpl) => zpl.in_format(),
            Inner::Escpos(_) | Inner::Fgl(_) => !self.is_blank(),
        }
    }

    /// Commands that were passed over because they are not known.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        match &self.language {
            Inner::Escpos(escpos) => escpos.unknown(),
            Inner::Fgl(fgl) => fgl.unknown(),
            Inner::Zpl(zpl) => zpl.unknown(),
        }
    }

    /// Commands that are known and could not be carried out: data no code can hold, places off the
    /// ticket, pictures of a kind that is not read here.
    #[must_use]
    pub fn refused(&self) -> u64 {
        match &self.language {
            Inner::Escpos(escpos) => escpos.refused(),
            Inner::Fgl(fgl) => fgl.refused(),
            Inner::Zpl(zpl) => zpl.refused(),
        }
    }
}

/// All sheets that command bytes make, at most `sheets_max`, the last one torn where the bytes end
/// before it is cut. Empty for languages that are no command bytes.
#[must_use]
pub fn sheets(language: Language, head: Head, bytes: &[u8], sheets_max: usize) -> Vec<Sheet> {
    let Some(mut interpreter) = Interpreter::new(language, head) else {
        return Vec::new();
    };
    let mut sheets = Vec::new();
    for byte in bytes {
        if sheets.len() >= sheets_max {
            return sheets;
        }
        if let Some(Event::Printed { sheet, copies }) = interpreter.push(*byte) {
            let copies = usize::try_from(copies).unwrap_or(usize::MAX);
            let room = sheets_max - sheets.len();
            sheets.extend(std::iter::repeat_n(sheet, copies.min(room)));
        }
    }
    if sheets.len() < sheets_max {
        sheets.extend(interpreter.tear_off());
    }
    sheets
}
