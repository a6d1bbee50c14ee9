//! The printer behind its connection: receive buffer, interpreter, print mechanism.
//!
//! Outlives connections, as a real one does: what a host left in the buffer while paper was out is
//! printed when there is paper again.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use cueline_model::Language;
use cueline_paper::{Edge, Event, Feed, Head, Interpreter, Sheet, Talk};

use super::digest::Digest;
use super::fault::PrinterFault;
use super::panel::{Change, Panel};
use super::settings::PrinterSettings;
use super::sheet_run::{MidSheet, SheetRun, mid_sheet};
use super::tickets::{Origin, TicketTray};
use super::voice::{Line, Situation, Urgent, Voice};

/// What one connection sent and was not processed yet.
#[derive(Debug, Default)]
struct Received {
    bytes: VecDeque<u8>,
    /// The connection has ended; whatever a receipt printer has put out after these bytes is torn off.
    ended: bool,
    line: Line,
}

/// The printer.
pub(super) struct Mechanism {
    language: Language,
    head: Head,
    receive_bytes_max: usize,
    ticket_time: std::time::Duration,
    panel: Arc<Panel>,
    received: VecDeque<Received>,
    received_bytes: usize,
    interpreter: Interpreter,
    /// Bytes that no event was made of yet.
    command_bytes: Vec<u8>,
    digest: Digest,
    /// What is on the paper goes on where a torn ticket ended.
    continued: bool,
    refused_seen: u64,
    /// The sheet that is coming out.
    run: Option<SheetRun>,
    paused: bool,
    tickets: u32,
    label_rows: usize,
    voice: Voice,
    tray: TicketTray,
    /// The host's connection has to be cut.
    cut: bool,
}

impl Mechanism {
    /// None for languages that no bytes over a port are read in.
    pub(super) fn new(
        settings: &PrinterSettings,
        panel: Arc<Panel>,
        tray: TicketTray,
    ) -> Option<Self> {
        Some(Self {
            language: settings.language,
            head: settings.head,
            receive_bytes_max: settings.receive_bytes.max(1),
            ticket_time: settings.ticket_time,
            panel,
            received: VecDeque::new(),
            received_bytes: 0,
            interpreter: Interpreter::new(settings.language, settings.head)?,
            command_bytes: Vec::new(),
            digest: Digest::default(),
            continued: false,
            refused_seen: 0,
            run: None,
            paused: false,
            tickets: 0,
            label_rows: 0,
            voice: Voice::new(settings.language, settings.silent_in_fault),
            tray,
            cut: false,
        })
    }

    /// How many more bytes fit into the receive buffer.
    pub(super) fn room(&self) -> usize {
        self.receive_bytes_max.saturating_sub(self.received_bytes)
    }

    /// What waits to be sent to the host, and what was sent of it.
    pub(super) fn voice(&mut self) -> &mut Voice {
        &mut self.voice
    }

    /// Whether the host's connection has to be cut; asked once.
    pub(super) fn take_cut(&mut self) -> bool {
        std::mem::take(&mut self.cut)
    }

    pub(super) fn connected(&mut self) {
        self.received.push_back(Received::default());
        self.cut = false;
        self.voice.connected();
    }

    /// Takes bytes into the buffer; what is answered at once is answered.
    pub(super) fn receive(&mut self, bytes: &[u8]) {
        let Some(mut received) = self.received.pop_back() else {
            return;
        };
        let mut voice = std::mem::replace(&mut self.voice, Voice::new(self.language, false));
        for byte in bytes {
            // The byte is in the buffer before anything is said of the buffer.
            received.bytes.push_back(*byte);
            self.received_bytes += 1;
            voice.received(&[*byte], &mut received.line, |urgent| {
                match urgent {
                    Some(Urgent::CancelAll) => self.cancel_all(&mut received.bytes),
                    Some(Urgent::Pause(paused)) => self.paused = paused,
                    None => {}
                }
                self.situation(&received.bytes)
            });
        }
        self.voice = voice;
        self.received.push_back(received);
        if self.room() == 0 {
            self.voice.buffer(true);
        }
    }

    /// The connection is gone. If nothing but questions is left of it, that is forgotten, or hosts
    /// that only look would fill the buffer of a printer without paper.
    pub(super) fn disconnected(&mut self) {
        if let Some(received) = self.received.back_mut() {
            received.ended = true;
            if !received.line.has_print_data {
                self.received_bytes -= received.bytes.len();
                received.bytes.clear();
            }
        }
        self.voice.disconnected();
    }

    /// Does what can be done now; gives the moment at which there is more.
    ///
    /// # Errors
    /// A ticket cannot be written.
    pub(super) fn step(&mut self) -> io::Result<Option<Instant>> {
        loop {
            let fault = self.panel.fault();
            while let Some(change) = self.panel.take_change() {
                self.change(change)?;
            }
            // A change may have been set while the ones before were told.
            if fault != self.panel.fault() {
                continue;
            }
            if let Some(run) = &mut self.run {
                let due = mid_sheet(run, &self.panel, fault, self.language);
                match self.run_on(due)? {
                    Some(wait) => return Ok(self.earlier(wait)),
                    None => continue,
                }
            }
            if fault.halts() || self.paused || !self.read_one(fault)? {
                return Ok(self.earlier(None));
            }
        }
    }

    /// The next moment at which something happens by itself.
    fn earlier(&self, moment: Option<Instant>) -> Option<Instant> {
        [moment, self.panel.until()].into_iter().flatten().min()
    }

    fn change(&mut self, change: Change) -> io::Result<()> {
        match change {
            Change::Noise { bytes, seed } => self.voice.noise(bytes, seed),
            Change::Button => {
                let sheet = test_ticket(self.language, self.head);
                self.tray.put(&sheet, Origin::default())?;
                self.voice.button();
            }
            Change::Fault { from, to } => {
                if to == PrinterFault::Off {
                    self.power_off()?;
                }
                if to.cuts_connection() {
                    self.cut = true;
                }
                if to.is_out_of_paper() && self.interpreter.fed_rows() > 0 {
                    self.tear_off()?;
                    self.continued = true;
                }
                self.voice.fault_changed(from, to);
            }
        }
        Ok(())
    }

    /// Lets the sheet that is coming out come out as far as it can. None where it was finished or
    /// given up; else when it goes on, if that is known.
    fn run_on(&mut self, due: MidSheet) -> io::Result<Option<Option<Instant>>> {
        match due {
            MidSheet::Wait(moment) => return Ok(Some(moment)),
            MidSheet::Fault { rows } => {
                if let Some(run) = &mut self.run {
                    run.hold_at(rows);
                }
                self.panel.rows_printed(rows);
            }
            MidSheet::Tear { rows } => {
                if let Some(run) = &mut self.run {
                    let torn = run.sheet.torn_after(rows, feed(self.language));
                    let origin = run.origin.clone();
                    run.start_again();
                    if rows > 0 {
                        self.tray.put(&torn, origin)?;
                    }
                }
            }
            MidSheet::Done => {
                if let Some(mut run) = self.run.take() {
                    if run.uncut {
                        run.sheet.edge = Edge::Whole;
                    }
                    self.label_rows = run.sheet.bits.height_dots();
                    self.tray.put(&run.sheet, run.origin.clone())?;
                    self.tickets = self.tickets.wrapping_add(1);
                    self.run = run.next_copy();
                    self.voice.ticket_out();
                    self.panel.ticket_out();
                }
            }
        }
        Ok(None)
    }

    /// Reads one byte out of the buffer; whether there was one.
    fn read_one(&mut self, fault: PrinterFault) -> io::Result<bool> {
        let Some(front) = self.received.front_mut() else {
            return Ok(false);
        };
        let Some(byte) = front.bytes.pop_front() else {
            if !front.ended {
                return Ok(false);
            }
            self.received.pop_front();
            self.host_gone()?;
            return Ok(true);
        };
        self.received_bytes -= 1;
        self.command_bytes.push(byte);
        if let Some(event) = self.interpreter.push(byte) {
            self.carry_out(event, fault);
        }
        if self.received_bytes * 2 <= self.receive_bytes_max {
            self.voice.buffer(false);
        }
        let so_far = self.digest.bytes() + self.command_bytes.len() as u64;
        if self.panel.bytes_read(so_far) {
            // The cable was cut here: what came after this byte did not arrive.
            if self.panel.fault() == PrinterFault::Unplugged {
                self.drop_received();
            }
        } else if let PrinterFault::CutConnection { after_bytes } = fault
            && so_far >= after_bytes
            && self.digest.bytes() > 0
        {
            self.cut = true;
            self.drop_received();
        }
        let rows = self.interpreter.fed_rows();
        if rows > 0 {
            self.panel.rows_printed(rows);
        }
        Ok(true)
    }

    fn carry_out(&mut self, event: Event, fault: PrinterFault) {
        let whole = self.command_bytes.len() - self.interpreter.begun_bytes();
        let bytes: Vec<u8> = self.command_bytes.drain(..whole).collect();
        match &event {
            Event::Talk(_) => {}
            Event::Cleared => {
                self.digest = Digest::default();
                self.digest.add(&bytes);
            }
            // Line ends between tickets belong to none.
            _ if self.digest.bytes() == 0 && self.language != Language::Escpos => {
                self.digest.add(bytes.trim_ascii_start());
            }
            _ => self.digest.add(&bytes),
        }
        match event {
            Event::Drawn | Event::Cleared => {}
            Event::Initialized => self.voice.initialized(),
            Event::Talk(talk) => {
                let situation = Situation {
                    fault,
                    ..self.situation(&VecDeque::new())
                };
                self.voice.talk(talk, &situation);
                // What made no mark (a drawer kick after the cut) belongs to no ticket to come.
                if matches!(talk, Talk::ProcessId(_) | Talk::CancelAll)
                    && self.interpreter.is_blank()
                {
                    self.digest = Digest::default();
                }
            }
            Event::Printed { sheet, copies } => {
                let refused = self.interpreter.refused();
                if std::mem::replace(&mut self.refused_seen, refused) != refused {
                    self.voice.illegal_data();
                }
                let origin = self.origin();
                self.run = Some(SheetRun::new(
                    sheet,
                    copies,
                    origin,
                    self.ticket_time,
                    feed(self.language),
                ));
            }
        }
    }

    fn origin(&mut self) -> Origin {
        let bytes = self.digest.bytes();
        Origin {
            sha256: std::mem::take(&mut self.digest).finish(),
            bytes,
            continued: std::mem::take(&mut self.continued),
        }
    }

    /// The end of a connection: a command that was only begun is void, and what a receipt printer has
    /// put out is torn off. A page that is not printed stays in memory.
    fn host_gone(&mut self) -> io::Result<()> {
        self.interpreter.break_off();
        self.command_bytes.clear();
        if self.language != Language::Escpos {
            return Ok(());
        }
        if self.interpreter.is_blank() {
            self.digest = Digest::default();
            return Ok(());
        }
        self.tear_off()
    }

    fn tear_off(&mut self) -> io::Result<()> {
        if let Some(sheet) = self.interpreter.tear_off() {
            let origin = self.origin();
            self.tray.put(&sheet, origin)?;
        }
        Ok(())
    }

    /// The power goes: what is half out is torn off, everything else forgotten.
    fn power_off(&mut self) -> io::Result<()> {
        self.tear_off()?;
        if let Some(run) = self.run.take() {
            let rows = run.rows_now();
            if rows > 0 {
                let torn = run.sheet.torn_after(rows, feed(self.language));
                self.tray.put(&torn, run.origin)?;
            }
        }
        if let Some(new) = Interpreter::new(self.language, self.head) {
            self.interpreter = new;
        }
        self.refused_seen = 0;
        self.command_bytes.clear();
        self.digest = Digest::default();
        self.continued = false;
        self.paused = false;
        for received in &mut self.received {
            received.bytes.clear();
        }
        self.received_bytes = 0;
        self.voice.switched_off();
        Ok(())
    }

    fn drop_received(&mut self) {
        if let Some(front) = self.received.front_mut() {
            self.received_bytes -= front.bytes.len();
            front.bytes.clear();
        }
    }

    /// `~JA`: whole formats in the buffer are gone, but for the order itself; the label that is coming
    /// out is the last of its batch.
    fn cancel_all(&mut self, current: &mut VecDeque<u8>) {
        const ORDER: usize = b"~JA".len();
        for received in &mut self.received {
            self.received_bytes -= received.bytes.len();
            received.bytes.clear();
        }
        let gone = current.len().saturating_sub(ORDER);
        current.drain(..gone);
        self.received_bytes -= gone;
        self.interpreter.break_off();
        self.command_bytes.clear();
        if let Some(run) = &mut self.run {
            run.copies_left = 1;
        }
    }

    fn situation(&self, current: &VecDeque<u8>) -> Situation {
        let waiting = self.received.iter().map(|received| &received.bytes);
        let formats: usize = waiting.chain([current]).map(formats).sum();
        Situation {
            fault: self.panel.fault(),
            paused: self.paused,
            tickets: self.tickets,
            formats: formats + usize::from(self.run.is_some()),
            labels_left: self.run.as_ref().map_or(0, |run| run.copies_left),
            in_format: self.interpreter.in_format(),
            full: self.room() == 0,
            label_rows: self.label_rows,
        }
    }
}

/// Ends of ZPL formats among bytes.
fn formats(bytes: &VecDeque<u8>) -> usize {
    let after = bytes.iter().skip(1).zip(bytes.iter().skip(2));
    bytes
        .iter()
        .zip(after)
        .filter(|(a, (b, c))| {
            **a == b'^' && b.eq_ignore_ascii_case(&b'X') && c.eq_ignore_ascii_case(&b'Z')
        })
        .count()
}

/// Ticket printers feed the long side of a ticket.
const fn feed(language: Language) -> Feed {
    match language {
        Language::Fgl => Feed::Across,
        _ => Feed::Down,
    }
}

/// What comes out when somebody presses the test button.
fn test_ticket(language: Language, head: Head) -> Sheet {
    let bytes: &[u8] = match language {
        Language::Fgl => b"<RC40,40><F6>TEST TICKET<p>",
        Language::Zpl => b"^XA^FO40,40^A0N,60^FDTEST TICKET^FS^XZ",
        _ => b"TEST TICKET\n\x1dVB\x20",
    };
    let mut sheets = cueline_paper::sheets(language, head, bytes, 1);
    sheets.pop().unwrap_or_else(|| Sheet::blank(head))
}
