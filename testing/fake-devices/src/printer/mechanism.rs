//! The printer behind its connection: receive buffer, interpreter, cutter, answers.
//!
//! Outlives connections, as a real one does: what a host left in the buffer while paper was out is
//! printed when there is paper again.

use std::collections::VecDeque;
use std::io;

use ring::digest::{Context, SHA256};

use super::command::{Command, Parser};
use super::fault::PrinterFault;
use super::interpreter::Interpreter;
use super::paper::Edge;
use super::tickets::TicketTray;

/// The receive buffer; full, nothing more is read. The size that receipt printers have.
const RECEIVE_BYTES_MAX: usize = 4 * 1024;

/// What one connection sent and was not processed yet.
#[derive(Debug, Default)]
struct Received {
    bytes: VecDeque<u8>,
    /// The connection has ended; whatever is on the paper after these bytes is torn off.
    ended: bool,
    /// There was more than status requests in it.
    has_print_data: bool,
    /// The last two bytes before the next, to find `DLE EOT n` wherever it stands.
    last: [u8; 2],
}

/// The printer.
pub(super) struct Mechanism {
    received: VecDeque<Received>,
    received_bytes: usize,
    parser: Parser,
    interpreter: Interpreter,
    /// Bytes of the command that is not complete yet.
    command_bytes: Vec<u8>,
    digest: Context,
    digest_bytes: u64,
    status_back: bool,
    tray: TicketTray,
}

/// What processing came to.
#[derive(Debug, Default)]
pub(super) struct Processed {
    /// To be sent to the host.
    pub(super) answers: Vec<u8>,
    /// The fault says that the connection is to be dropped now.
    pub(super) cut_connection: bool,
}

impl Mechanism {
    pub(super) fn new(tray: TicketTray) -> Self {
        Self {
            received: VecDeque::new(),
            received_bytes: 0,
            parser: Parser::default(),
            interpreter: Interpreter::default(),
            command_bytes: Vec::new(),
            digest: Context::new(&SHA256),
            digest_bytes: 0,
            status_back: false,
            tray,
        }
    }

    /// How many more bytes fit into the receive buffer.
    pub(super) fn room(&self) -> usize {
        RECEIVE_BYTES_MAX.saturating_sub(self.received_bytes)
    }

    pub(super) fn connected(&mut self) {
        self.received.push_back(Received::default());
    }

    /// Takes bytes into the buffer; gives the answers to real-time requests among them. These are
    /// seen wherever they stand, inside a picture too (Epson's notes on `DLE EOT`).
    pub(super) fn receive(&mut self, bytes: &[u8], fault: PrinterFault) -> Vec<u8> {
        let Some(received) = self.received.back_mut() else {
            return Vec::new();
        };
        let mut answers = Vec::new();
        for byte in bytes {
            if received.last == [0x10, 0x04] {
                answers.extend(fault.real_time_status(*byte));
            }
            let is_request = matches!(
                (received.last, byte),
                (_, 0x10) | ([_, 0x10], 0x04) | ([0x10, 0x04], 1..=4)
            );
            received.has_print_data |= !is_request;
            received.last = [received.last[1], *byte];
        }
        received.bytes.extend(bytes);
        self.received_bytes += bytes.len();
        answers
    }

    /// The connection is gone. If nothing but status requests is left of it, that is forgotten, or
    /// hosts that only look would fill the buffer of a printer without paper.
    pub(super) fn disconnected(&mut self) {
        if let Some(received) = self.received.back_mut() {
            received.ended = true;
            if !received.has_print_data {
                self.received_bytes -= received.bytes.len();
                received.bytes.clear();
            }
        }
    }

    /// Status that is due by itself when the fault changes.
    pub(super) fn fault_changed(&self, fault: PrinterFault) -> Vec<u8> {
        if self.status_back {
            fault.status_back().to_vec()
        } else {
            Vec::new()
        }
    }

    /// Prints what is in the buffer, as far as the fault allows.
    pub(super) fn process(&mut self, fault: PrinterFault) -> io::Result<Processed> {
        let mut processed = Processed::default();
        while !fault.halts()
            && let Some(front) = self.received.front_mut()
        {
            let Some(byte) = front.bytes.pop_front() else {
                if !front.ended {
                    break;
                }
                self.received.pop_front();
                self.tear_off()?;
                continue;
            };
            self.received_bytes -= 1;
            self.command_bytes.push(byte);
            if let Some(command) = self.parser.push(byte) {
                self.carry_out(&command, fault, &mut processed.answers)?;
            }
            if let PrinterFault::CutConnection { after_bytes } = fault
                && self.digest_bytes + self.command_bytes.len() as u64 >= after_bytes
                && self.digest_bytes > 0
            {
                processed.cut_connection = true;
                self.drop_received();
                break;
            }
        }
        Ok(processed)
    }

    fn drop_received(&mut self) {
        if let Some(front) = self.received.front_mut() {
            self.received_bytes -= front.bytes.len();
            front.bytes.clear();
        }
    }

    fn carry_out(
        &mut self,
        command: &Command,
        fault: PrinterFault,
        answers: &mut Vec<u8>,
    ) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.command_bytes);
        if !command.is_talk() {
            self.digest.update(&bytes);
            self.digest_bytes += bytes.len() as u64;
        }
        self.interpreter.apply(command);
        match command {
            Command::Cut { feed_dots } => self.finish_ticket(*feed_dots, Edge::Cut)?,
            Command::TransmitStatus(n) => answers.extend(fault.transmitted_status(*n)),
            Command::ProcessId(id) => {
                answers.extend_from_slice(&[0x37, 0x22]);
                answers.extend_from_slice(id);
                answers.push(0);
                self.forget_if_blank();
            }
            Command::StatusBack(n) => {
                self.status_back = *n != 0;
                answers.extend(self.fault_changed(fault));
            }
            // Epson: ESC @ ends automatic status back.
            Command::Initialize => self.status_back = false,
            _ => {}
        }
        if self.interpreter.is_full() {
            self.finish_ticket(0, Edge::Torn)?;
        }
        Ok(())
    }

    /// The end of a connection: an unfinished command is void, unfinished paper is torn off.
    fn tear_off(&mut self) -> io::Result<()> {
        self.parser = Parser::default();
        self.command_bytes.clear();
        self.status_back = false;
        if self.interpreter.is_blank() {
            self.forget_if_blank();
            return Ok(());
        }
        self.finish_ticket(0, Edge::Torn)
    }

    /// What made no mark (a drawer kick after the cut) belongs to no ticket to come.
    fn forget_if_blank(&mut self) {
        if self.interpreter.is_blank() {
            self.digest = Context::new(&SHA256);
            self.digest_bytes = 0;
        }
    }

    fn finish_ticket(&mut self, feed_dots: u8, edge: Edge) -> io::Result<()> {
        let sheet = self.interpreter.take_sheet(feed_dots);
        let digest = std::mem::replace(&mut self.digest, Context::new(&SHA256)).finish();
        let sha256 = digest
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let bytes = std::mem::take(&mut self.digest_bytes);
        let ticket = self.tray.put(&sheet, edge, sha256, bytes)?;
        tracing::info!(
            number = ticket.number,
            torn = ticket.torn,
            file = ticket.file,
            "ticket"
        );
        Ok(())
    }
}
