//! A virtual printer as a process of its own, and the tickets that came out of it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::box_office::two_free_ports;
use crate::program::{PATIENCE, Program};

/// How often a new printer is started before one is taken for broken.
const STARTS_MAX: usize = 3;

/// A virtual printer that keeps its ports and paper over restarts.
pub struct Paper {
    /// The process; `None` while it is off.
    pub program: Option<Program>,
    output: PathBuf,
    port: u16,
    control_port: u16,
    arguments: Vec<String>,
}

/// A ticket as the virtual printer wrote it down.
#[derive(Debug, Clone, Deserialize)]
pub struct Ticket {
    /// Counted from 1 over the printer's life.
    pub number: u64,
    /// The lines of text on it.
    pub text: Vec<String>,
    /// Its picture, within the output folder.
    pub file: String,
    /// Whether the connection ended before the cut.
    #[serde(default)]
    pub torn: bool,
    /// It goes on where the torn one before it ended, on another roll.
    #[serde(default)]
    pub continued: bool,
}

/// Says one line to a virtual device's control port and gives its answer.
pub(crate) fn control(port: u16, command: &str) -> anyhow::Result<String> {
    let mut stream =
        TcpStream::connect(("127.0.0.1", port)).context("connect to a control port")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{command}\n").as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    if answer.is_empty() || answer.starts_with("error") {
        bail!("the virtual device refused {command:?}: {answer:?}");
    }
    Ok(answer.trim().to_owned())
}

impl Paper {
    /// Switches a new ESC/POS printer on.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(folder: &Path, name: &str) -> anyhow::Result<Self> {
        Self::start_with(folder, name, &[])
    }

    /// Switches a new printer on with further arguments, such as `--language fgl`.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_with(folder: &Path, name: &str, arguments: &[&str]) -> anyhow::Result<Self> {
        let (port, control_port) = two_free_ports()?;
        let mut paper = Self {
            program: None,
            output: folder.join(format!("paper-{name}")),
            port,
            control_port,
            arguments: arguments.iter().map(ToString::to_string).collect(),
        };
        std::fs::create_dir_all(&paper.output)?;
        for _ in 0..STARTS_MAX {
            if paper.restart().is_ok() {
                return Ok(paper);
            }
            // Somebody else may have been faster at one of its ports.
            (paper.port, paper.control_port) = two_free_ports()?;
        }
        paper.restart()?;
        Ok(paper)
    }

    /// Switches it on (again).
    ///
    /// # Errors
    /// When it does not come up.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.program = None;
        let log = self.output.with_extension("log");
        let _ = std::fs::remove_file(&log);
        let mut program = Program::start("cueline-virtual-printer", &log, |command| {
            command
                .args(["--listen", &format!("127.0.0.1:{}", self.port)])
                .args(["--control", &format!("127.0.0.1:{}", self.control_port)])
                .arg("--output")
                .arg(&self.output)
                .args(&self.arguments);
        })?;
        program.wait_for("listening on")?;
        self.program = Some(program);
        Ok(())
    }

    /// Its address as an agent's configuration names it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    /// Its port on loopback.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Where its tickets' pictures lie.
    #[must_use]
    pub fn output(&self) -> &Path {
        &self.output
    }

    /// Says one line to the control port, such as `fault paper_out`, and gives the answer.
    ///
    /// # Errors
    /// When the printer is off or does not know the command.
    pub fn control(&self, command: &str) -> anyhow::Result<String> {
        control(self.control_port, command)
    }

    /// All tickets so far, torn ones included, in the order in which they came out.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub fn tickets(&self) -> anyhow::Result<Vec<Ticket>> {
        let list = self.output.join("tickets.jsonl");
        let text = match std::fs::read_to_string(&list) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).context(list.display().to_string()),
        };
        text.lines()
            .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()))
            .collect()
    }

    /// The first line of text of each ticket that was cut, in order.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub fn titles(&self) -> anyhow::Result<Vec<String>> {
        let tickets = self.tickets()?;
        Ok(tickets
            .into_iter()
            .filter(|ticket| !ticket.torn)
            .map(|ticket| ticket.text.first().cloned().unwrap_or_default())
            .collect())
    }

    /// The running process.
    ///
    /// # Panics
    /// When it is off.
    pub fn process(&mut self) -> &mut Program {
        self.program.as_mut().expect("the printer is on")
    }
}

/// The bytes of a ticket whose first line is `title`: a line, a feed and a cut.
#[must_use]
pub fn ticket(title: &str) -> Vec<u8> {
    let mut bytes = b"\x1b@".to_vec();
    bytes.extend_from_slice(title.as_bytes());
    bytes.extend_from_slice(b"\nrow C seat 12\n\x1dV\x42\x00");
    bytes
}

/// As [`ticket`], with at least `bytes` bytes more that print nothing (`ESC @`, initialise).
#[must_use]
pub fn long_ticket(title: &str, bytes: usize) -> Vec<u8> {
    let mut long = b"\x1b@".repeat(bytes.div_ceil(2));
    long.extend(ticket(title));
    long
}
