//! Where tickets end up: a PNG each, and one line in `tickets.jsonl`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::interpreter::Sheet;
use super::paper::Edge;

const LIST: &str = "tickets.jsonl";

/// One ticket that came out, as its line in `tickets.jsonl` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Counted from 1, going on after a restart.
    pub number: u32,
    /// When it came out, RFC 3339 in UTC.
    pub time: String,
    /// SHA-256 of the bytes that made it, from the first after the last cut up to its own cut,
    /// without what is only talk with the host (`DLE EOT`, `GS r`, `GS a`, `GS ( H`).
    pub sha256: String,
    /// How many bytes that were.
    pub bytes: u64,
    /// Lines of text on it, top to bottom, blank ones left out.
    pub text: Vec<String>,
    /// Its picture, beside the list.
    pub file: String,
    /// It was not cut: the connection ended before, or the paper reached its limit.
    pub torn: bool,
}

/// The directory that tickets are written to.
#[derive(Debug)]
pub(super) struct TicketTray {
    directory: PathBuf,
    list: File,
    next_number: u32,
}

impl TicketTray {
    /// Opens or begins a directory; numbers go on where its list ends.
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
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
            directory: directory.to_owned(),
            list,
            next_number: last + 1,
        })
    }

    /// Writes a ticket. It is with the operating system when this returns, so a killed process
    /// does not lose it.
    pub(super) fn put(
        &mut self,
        sheet: &Sheet,
        edge: Edge,
        sha256: String,
        bytes: u64,
    ) -> io::Result<Ticket> {
        let ticket = Ticket {
            number: self.next_number,
            time: jiff::Timestamp::now().to_string(),
            sha256,
            bytes,
            text: sheet.text_lines.clone(),
            file: format!("{:04}.png", self.next_number),
            torn: edge == Edge::Torn,
        };
        fs::write(self.directory.join(&ticket.file), sheet.paper.to_png(edge)?)?;
        let mut line = serde_json::to_vec(&ticket)?;
        line.push(b'\n');
        self.list.write_all(&line)?;
        self.list.flush()?;
        self.next_number += 1;
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
