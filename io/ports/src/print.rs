//! A print over a byte stream, written once for all of them: written while reading, held when the
//! printer says so, counted ticket by ticket, and waited for until it is proven.
//!
//! While the printer reports a fault, or takes no data by its own wish, the clock of the print stands
//! still and that of the fault runs; when it is over the print's clock starts again. A printer that takes
//! no data is asked why, where its language lets it be asked then: its X-OFF may have been noise.

use std::io;
use std::time::Duration;

use cueline_model::Proof;
use cueline_printers::{Outgoing, Session, SessionEvent, Tickets, busy};
use tokio::time::Instant;

use crate::device::{DeviceTimeouts, Extent, PrintError, PrintEvent, SoFar, Watch};
use crate::faults;
use crate::stream::Connection;

/// How long a printer may hold us up (X-OFF) before it is told: most do so for moments in every print.
const BUSY_TOLD_AFTER: Duration = Duration::from_secs(2);

/// From the first question to a printer that holds us up to the second, twice as long to the third and
/// so on, up to the most: its receive buffer may be as good as full.
const HELD_PAUSE: Duration = Duration::from_secs(1);
const HELD_PAUSE_MAX: Duration = Duration::from_secs(8);

/// One print on one connection.
pub(crate) struct StreamPrint<'a> {
    pub(crate) connection: &'a mut Connection,
    pub(crate) session: &'a mut Session,
    pub(crate) so_far: &'a mut SoFar,
    pub(crate) watch: Watch<'a>,
}

/// How far it has come.
struct Progress<'t> {
    outgoing: Outgoing<'t>,
    /// What is left of a question that was begun behind the print, or between its tickets.
    question: Vec<u8>,
    total: u32,
    /// The last moment that a byte was accepted, a ticket proven, or a fault over.
    moved_at: Instant,
    /// When the last byte accepted has left a line of known speed: a system takes more than the line
    /// has carried, and a question behind it is not unanswered before the printer can have read it.
    left_at: Instant,
    /// Since when the printer takes nothing by its own wish.
    held_since: Option<Instant>,
    /// From the next question about that to the one after.
    held_pause: Duration,
    /// Since when something is wrong, by what the printer says.
    fault_since: Option<Instant>,
    /// Whether the watcher knows of a fault.
    is_told: bool,
    ask_at: Instant,
}

impl StreamPrint<'_> {
    /// Prints and waits for the strongest proof there is. The connection is left with its `is_printing`
    /// set unless the print is proven.
    pub(crate) async fn run(mut self, tickets: &Tickets) -> Result<Proof, PrintError> {
        let total = tickets.count();
        self.connection
            .check_alive()
            .map_err(|fault| self.so_far.error(fault))?;
        let now = Instant::now();
        let mut progress = Progress {
            outgoing: self.session.begin(tickets),
            question: Vec::new(),
            total,
            moved_at: now,
            left_at: now,
            held_since: None,
            held_pause: HELD_PAUSE,
            fault_since: None,
            is_told: false,
            ask_at: now,
        };
        self.connection.is_printing = true;
        let proof = self.write(&mut progress).await?;
        let proof = match proof {
            Some(proof) => proof,
            None => self.end(&progress).await?,
        };
        self.connection.is_printing = false;
        Ok(proof)
    }

    /// Writes everything and, where the printer tells of each ticket, waits until it has told of the
    /// last; `None` if there is nothing to wait for.
    async fn write(&mut self, progress: &mut Progress<'_>) -> Result<Option<Proof>, PrintError> {
        let is_proven = self.connection.hears() && self.session.proves() == Proof::Printed;
        let timeouts = self.connection.timeouts;
        loop {
            self.note_events(progress);
            if is_proven && self.session.proof() == Proof::Printed {
                return Ok(Some(Proof::Printed));
            }
            if progress.outgoing.written() == 0
                && !self.connection.is_writing()
                && let Some(fault) = self.session.fault()
            {
                return Err(self.so_far.error(fault.clone()));
            }
            if progress.outgoing.is_done() && !is_proven {
                return Ok(None);
            }
            let give_up_at = progress.give_up_at(&timeouts);
            if Instant::now() >= give_up_at {
                return Err(self.gave_up(progress));
            }
            if !self.connection.is_writing() {
                progress.ask_when_due(self.session, is_proven, timeouts.poll_period);
            }
            let wake_at = progress.wake_at(give_up_at, self.connection.is_writing());
            let out = progress.rest(self.session.may_send());
            if self.connection.writes_late() && !out.is_empty() && progress.question.is_empty() {
                // Dropped meanwhile, these may have left.
                self.so_far
                    .started(true, progress.outgoing.started_with_next());
            }
            let moved = self.connection.exchange(out, self.session, wake_at).await;
            match moved {
                Ok(moved) => {
                    progress.accepted(moved.accepted, self.session, self.connection);
                }
                // The last word may have come together with the end of the connection.
                Err(_) if is_proven && self.session.proof() == Proof::Printed => {}
                Err(error) => {
                    self.note_events(progress);
                    self.count(progress);
                    return Err(self.so_far.error(self.connection.lost(&error)));
                }
            }
            self.count(progress);
        }
    }

    /// Nothing tells of tickets: waits until all bytes have left, and where there is one for the
    /// peer's own end.
    async fn end(&mut self, progress: &Progress<'_>) -> Result<Proof, PrintError> {
        let lost = |this: &mut Self, error| {
            let fault = this.connection.lost(&error);
            this.so_far.error(fault)
        };
        let leave_by = Instant::now() + self.connection.timeouts.stall;
        match self.connection.end(self.session, leave_by).await {
            Ok(true) => {}
            Ok(false) => return Err(self.gave_up(progress)),
            Err(error) => return Err(lost(self, error)),
        }
        if !self.connection.is_ended_by_peer() {
            return Ok(Proof::Sent);
        }
        let give_up_at = Instant::now() + self.connection.timeouts.proof;
        while Instant::now() < give_up_at {
            match self
                .connection
                .exchange(&[], self.session, give_up_at)
                .await
            {
                Ok(_) => while self.session.poll_event().is_some() {},
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(Proof::Sent);
                }
                Err(error) => return Err(lost(self, error)),
            }
        }
        let fault = faults::not_confirmed(self.connection.peer());
        Err(self.so_far.error(fault))
    }

    /// Tells the watcher what became known, and keeps the clocks.
    fn note_events(&mut self, progress: &mut Progress<'_>) {
        while let Some(event) = self.session.poll_event() {
            match event {
                SessionEvent::Fault(fault) => {
                    progress.fault_since.get_or_insert_with(Instant::now);
                    progress.is_told = true;
                    (self.watch)(PrintEvent::Fault(Some(&fault)));
                }
                SessionEvent::Warning(warning) => {
                    (self.watch)(PrintEvent::Warning(warning.as_ref()));
                }
                SessionEvent::Tickets { printed } => {
                    progress.moved_at = Instant::now();
                    self.so_far.printed(printed);
                    let total = progress.total;
                    (self.watch)(PrintEvent::Tickets { printed, total });
                }
                SessionEvent::Ready | SessionEvent::Finished => {
                    if progress.fault_since.take().is_some() {
                        progress.moved_at = Instant::now();
                    }
                    self.tell_no_fault(progress);
                }
            }
        }
        self.note_held(progress);
    }

    fn note_held(&mut self, progress: &mut Progress<'_>) {
        if self.session.may_send() {
            if progress.held_since.take().is_some() {
                progress.moved_at = Instant::now();
                progress.ask_at = progress.moved_at;
                if progress.fault_since.is_none() {
                    self.tell_no_fault(progress);
                }
            }
            return;
        }
        let since = match progress.held_since {
            Some(since) => since,
            None => {
                let now = Instant::now();
                progress.held_pause = HELD_PAUSE;
                if !progress.outgoing.is_done() {
                    progress.ask_at = now + BUSY_TOLD_AFTER;
                }
                *progress.held_since.insert(now)
            }
        };
        if !progress.is_told && since.elapsed() >= BUSY_TOLD_AFTER {
            progress.is_told = true;
            (self.watch)(PrintEvent::Fault(Some(&busy())));
        }
    }

    fn tell_no_fault(&mut self, progress: &mut Progress<'_>) {
        if progress.is_told {
            progress.is_told = false;
            (self.watch)(PrintEvent::Fault(None));
        }
    }

    /// Notes how far it came, so that it is known whatever happens next.
    fn count(&mut self, progress: &Progress<'_>) {
        let (mut written, mut started) = (progress.outgoing.written(), progress.outgoing.started());
        if self.connection.is_writing() && progress.question.is_empty() {
            written += 1;
            started = progress.outgoing.started_with_next();
        }
        self.so_far.started(written > 0, started);
    }

    fn gave_up(&mut self, progress: &Progress<'_>) -> PrintError {
        self.count(progress);
        let peer = self.connection.peer();
        let fault = match self.session.fault() {
            Some(fault) => fault.clone(),
            None if !self.session.may_send() => busy(),
            None if !progress.outgoing.is_done() => {
                faults::not_taking(peer, self.so_far.extent == Extent::InDoubt)
            }
            None => faults::not_confirmed(peer),
        };
        self.so_far.error(fault)
    }
}

impl Progress<'_> {
    /// What to write next, now that the printer takes data or does not.
    fn rest(&self, may_send: bool) -> &[u8] {
        if !self.question.is_empty() {
            &self.question
        } else if may_send {
            self.outgoing.rest()
        } else {
            &[]
        }
    }

    fn accepted(&mut self, count: usize, session: &mut Session, connection: &Connection) {
        if count == 0 {
            return;
        }
        let now = Instant::now();
        if self.question.is_empty() {
            session.advance(&mut self.outgoing, count);
            let bytes = u32::try_from(count).unwrap_or(u32::MAX);
            // Of the print alone: questions are asked as long as its proof is awaited.
            self.left_at = self.left_at.max(now) + connection.time_a_byte.saturating_mul(bytes);
            self.moved_at = now;
            self.ask_at = self.left_at.max(now + connection.timeouts.poll_period);
        } else {
            self.question.drain(..count.min(self.question.len()));
        }
    }

    /// Puts the next question behind what was written, or between two tickets while the printer takes
    /// none; never into a ticket, where it would be taken for a part of it.
    fn ask_when_due(&mut self, session: &mut Session, is_proven: bool, poll_period: Duration) {
        let now = Instant::now();
        if !self.question.is_empty() || now < self.ask_at {
            return;
        }
        let pause = if !session.may_send() && self.outgoing.is_between() {
            self.question = session.held_query();
            let longer = (self.held_pause * 2).min(HELD_PAUSE_MAX);
            std::mem::replace(&mut self.held_pause, longer)
        } else if is_proven && self.outgoing.is_done() {
            self.question = session.status_query().to_vec();
            poll_period
        } else {
            return;
        };
        self.ask_at = now + pause;
    }

    fn give_up_at(&self, timeouts: &DeviceTimeouts) -> Instant {
        match self.fault_since.into_iter().chain(self.held_since).min() {
            Some(since) => since + timeouts.fault_patience,
            None if !self.outgoing.is_done() => self.moved_at + timeouts.stall,
            None => self.moved_at.max(self.left_at) + timeouts.proof,
        }
    }

    fn wake_at(&self, give_up_at: Instant, is_writing: bool) -> Instant {
        let has_place =
            self.outgoing.is_done() || self.held_since.is_some() && self.outgoing.is_between();
        let asks = has_place && self.question.is_empty() && !is_writing;
        let asks = asks.then_some(self.ask_at);
        let tells = self
            .held_since
            .filter(|_| !self.is_told)
            .map(|since| since + BUSY_TOLD_AFTER);
        asks.into_iter().chain(tells).fold(give_up_at, Instant::min)
    }
}
