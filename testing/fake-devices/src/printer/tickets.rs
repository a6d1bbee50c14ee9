//! Where tickets end up: a PNG each, and one line in `tickets.jsonl`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use cueline_model::Language;
use cueline_paper::{Edge, Sheet};
use serde::{Deserialize, Serialize};

const LIST: &str = "tickets.jsonl";

/// One ticket that came out, as its line in `tickets.jsonl` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Counted from 1, going on after a restart.
    pub number: u32,
    /// When it came out, RFC 3339 in UTC.
    pub time: String,
    /// What the printer understands.
    #[serde(default = "before_languages")]
    pub language: Language,
    /// SHA-256 of the bytes that made it, from the first after the last ticket's end up to its own end,
    /// without what is only talk with the host (`DLE EOT`, `GS r`, `GS a`, `GS ( H`, `<S1>`, `~HS`) and
    /// line ends between tickets. From where it last cleared the page, where it did (`<CB>`, `^XA`). Of
    /// a document, all of it.
    pub sha256: String,
    /// How many bytes that were.
    pub bytes: u64,
    /// Lines of text on it, top to bottom, blank ones left out.
    pub text: Vec<String>,
    /// Its picture, beside the list.
    pub file: String,
    /// It came off before it was finished: the connection ended or the power went, paper ran out or
    /// jammed in mid-ticket, or the paper reached its limit.
    pub torn: bool,
    /// It goes on where the torn ticket before it ended, on another roll.
    #[serde(default)]
    pub continued: bool,
}

/// The language of tickets that were written down before there was more than one.
const fn before_languages() -> Language {
    Language::Escpos
}

/// What made a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Origin {
    /// SHA-256 of its bytes, in hexadecimal.
    pub(super) sha256: String,
    /// How many they were.
    pub(super) bytes: u64,
    /// Whether it goes on where the one before ended.
    pub(super) continued: bool,
}

/// The directory that tickets are written to.
#[derive(Debug)]
pub(super) struct TicketTray {
    language: Language,
    directory: PathBuf,
    list: File,
    next_number: u32,
}

impl TicketTray {
    /// Opens or begins a directory; numbers go on where its list ends.
    pub(super) fn open(language: Language, directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let mut list = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(directory.join(LIST))?;
        end_last_line(&mut list)?;
        let last = read_tickets(directory)?
            .last()
            .map_or(0, |ticket| ticket.number);
        Ok(Self {
            language,
            directory: directory.to_owned(),
            list,
            next_number: last + 1,
        })
    }

    /// Writes a ticket. It is with the operating system when this returns, so a killed process
    /// does not lose it.
    pub(super) fn put(&mut self, sheet: &Sheet, origin: Origin) -> io::Result<Ticket> {
        let ticket = Ticket {
            number: self.next_number,
            time: jiff::Timestamp::now().to_string(),
            language: self.language,
            sha256: origin.sha256,
            bytes: origin.bytes,
            text: sheet.text.clone(),
            file: format!("{:04}.png", self.next_number),
            torn: sheet.edge == Edge::Torn,
            continued: origin.continued,
        };
        fs::write(self.directory.join(&ticket.file), sheet.to_png()?)?;
        let mut line = serde_json::to_vec(&ticket)?;
        line.push(b'\n');
        self.list.write_all(&line)?;
        self.list.flush()?;
        self.next_number += 1;
        tracing::info!(
            number = ticket.number,
            torn = ticket.torn,
            file = ticket.file,
            "ticket"
        );
        Ok(ticket)
    }
}

/// Every ticket in a directory, oldest first; a line that a killed process left torn is left out.
///
/// # Errors
///
/// The list exists but cannot be read.
pub fn read_tickets(directory: &Path) -> io::Result<Vec<Ticket>> {
    let list = match File::open(directory.join(LIST)) {
        Ok(list) => list,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut tickets = Vec::new();
    for line in BufReader::new(list).split(b'\n') {
        if let Ok(ticket) = serde_json::from_slice(&line?) {
            tickets.push(ticket);
        }
    }
    Ok(tickets)
}

/// So that the next line does not run into one that was left torn.
fn end_last_line(list: &mut File) -> io::Result<()> {
    if list.seek(SeekFrom::End(0))? == 0 {
        return Ok(());
    }
    list.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    list.read_exact(&mut last)?;
    if last != *b"\n" {
        list.write_all(b"\n")?;
    }
    Ok(())
}
