//! A print over a byte stream, written once for all of them: written while reading, held when the
//! printer says so, counted ticket by ticket, and waited for until it is proven.
//!
//! While the printer reports a fault, or takes no data by its own wish, the clock of the print stands
//! still and that of the fault runs; when it is over the print's clock starts again.

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
    /// What is left of a question that was begun behind the print.
    question: &'static [u8],
    total: u32,
    /// The last moment that a byte was accepted, a ticket proven, or a fault over.
    moved_at: Instant,
    /// Since when the printer takes nothing by its own wish.
    held_since: Option<Instant>,
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
            question: &[],
            total,
            moved_at: now,
            held_since: None,
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
            if is_proven {
                progress.ask_when_due(self.session, timeouts.poll_period);
            }
            let wake_at = progress.wake_at(give_up_at);
            let out = if self.session.may_send() {
                progress.rest()
            } else {
                &[]
            };
            if self.connection.writes_late() && !out.is_empty() {
                // Dropped meanwhile, these may have left.
                self.so_far
                    .started(true, progress.outgoing.started_with_next());
            }
            let moved = self.connection.exchange(out, self.session, wake_at).await;
            match moved {
                Ok(moved) => {
                    progress.accepted(moved.accepted, self.session, timeouts.poll_period);
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
                if progress.fault_since.is_none() {
                    self.tell_no_fault(progress);
                }
            }
            return;
        }
        let since = *progress.held_since.get_or_insert_with(Instant::now);
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
        if self.connection.is_writing() {
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
    /// What to write next.
    fn rest(&self) -> &[u8] {
        if self.outgoing.is_done() {
            self.question
        } else {
            self.outgoing.rest()
        }
    }

    fn accepted(&mut self, count: usize, session: &mut Session, poll_period: Duration) {
        if count == 0 {
            return;
        }
        if self.outgoing.is_done() {
            self.question = self.question.get(count..).unwrap_or_default();
        } else {
            session.advance(&mut self.outgoing, count);
            self.moved_at = Instant::now();
            self.ask_at = self.moved_at + poll_period;
        }
    }

    /// Puts the next question behind what was written; never into the print itself, where it
    /// would be taken for a part of it.
    fn ask_when_due(&mut self, session: &mut Session, poll_period: Duration) {
        let now = Instant::now();
        if self.outgoing.is_done() && self.question.is_empty() && now >= self.ask_at {
            self.question = session.status_query();
            self.ask_at = now + poll_period;
        }
    }

    fn give_up_at(&self, timeouts: &DeviceTimeouts) -> Instant {
        match self.fault_since.into_iter().chain(self.held_since).min() {
            Some(since) => since + timeouts.fault_patience,
            None if !self.outgoing.is_done() => self.moved_at + timeouts.stall,
            None => self.moved_at + timeouts.proof,
        }
    }

    fn wake_at(&self, give_up_at: Instant) -> Instant {
        let asks = (self.outgoing.is_done() && self.question.is_empty()).then_some(self.ask_at);
        let tells = self
            .held_since
            .filter(|_| !self.is_told)
            .map(|since| since + BUSY_TOLD_AFTER);
        asks.into_iter().chain(tells).fold(give_up_at, Instant::min)
    }
}
