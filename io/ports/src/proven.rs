//! A print over TCP that the printer itself confirms: written, marked, waited for.
//!
//! While the device reports a fault the clock of the print stands still and that of the fault
//! runs; when the fault is over the print's clock starts again.

use std::time::Duration;

use cueline_model::{Fault, Proof};
use cueline_printers::{Session, SessionEvent};
use tokio::time::Instant;

use crate::device::{DeviceTimeouts, PrintError};
use crate::faults;
use crate::tcp::TcpPort;

/// How far one print has come.
struct Progress {
    /// The print, its end marker and, after them, questions about faults.
    out: Vec<u8>,
    /// Bytes of `out` that the system accepted.
    written: usize,
    /// Where print and marker end in `out`.
    job_end: usize,
    /// The last moment that a byte of them was accepted or a fault ended.
    moved_at: Instant,
    fault_since: Option<Instant>,
    poll_at: Instant,
}

impl TcpPort {
    /// Writes a print and its end marker, reading all the while, until the marker comes back.
    pub(crate) async fn print_proven(
        &mut self,
        bytes: &[u8],
        session: &mut Session,
        mut on_fault: impl FnMut(Option<&Fault>),
    ) -> Result<Proof, PrintError> {
        self.check_alive().map_err(PrintError::nothing_sent)?;
        let mut progress = Progress::new([bytes, &session.end_marker()].concat());
        loop {
            progress.note_events(session, &mut on_fault);
            if session.proof() == Proof::Printed {
                return Ok(Proof::Printed);
            }
            if progress.written == 0
                && let Some(fault) = session.fault()
            {
                return Err(PrintError::nothing_sent(fault.clone()));
            }
            let give_up_at = progress.give_up_at(&self.timeouts);
            if Instant::now() >= give_up_at {
                return Err(self.gave_up(&progress, session));
            }
            progress.ask_when_due(session, self.timeouts.poll_period);
            let wake_at = progress.wake_at(give_up_at);
            let rest = &progress.out[progress.written..];
            match self.exchange(rest, session, wake_at).await {
                Ok(accepted) => progress.accepted(accepted, self.timeouts.poll_period),
                // The echo may have come together with the end of the connection.
                Err(_) if session.proof() == Proof::Printed => {}
                Err(error) => {
                    let fault = self.lost(&error);
                    return Err(PrintError::after(progress.written, fault));
                }
            }
        }
    }

    fn gave_up(&self, progress: &Progress, session: &Session) -> PrintError {
        let fault = match session.fault() {
            Some(fault) => fault.clone(),
            None if progress.written < progress.job_end => {
                faults::not_taking(self.peer(), progress.written)
            }
            None => faults::not_confirmed(self.peer()),
        };
        PrintError::after(progress.written, fault)
    }
}

impl Progress {
    fn new(out: Vec<u8>) -> Self {
        let now = Instant::now();
        Self {
            job_end: out.len(),
            out,
            written: 0,
            moved_at: now,
            fault_since: None,
            poll_at: now,
        }
    }

    fn note_events(&mut self, session: &mut Session, on_fault: &mut impl FnMut(Option<&Fault>)) {
        while let Some(event) = session.poll_event() {
            match event {
                SessionEvent::Fault(fault) => {
                    self.fault_since.get_or_insert_with(Instant::now);
                    on_fault(Some(&fault));
                }
                SessionEvent::Ready | SessionEvent::Finished => {
                    if self.fault_since.take().is_some() {
                        self.moved_at = Instant::now();
                        on_fault(None);
                    }
                }
            }
        }
    }

    fn accepted(&mut self, count: usize, poll_period: Duration) {
        if count == 0 {
            return;
        }
        let now = Instant::now();
        if self.written < self.job_end {
            self.moved_at = now;
            self.poll_at = now + poll_period;
        }
        self.written += count;
    }

    /// Puts the next question behind what was written; never into the print itself, where it
    /// would be taken for a part of it.
    fn ask_when_due(&mut self, session: &mut Session, poll_period: Duration) {
        let now = Instant::now();
        if self.written == self.out.len() && now >= self.poll_at {
            self.out.truncate(self.job_end);
            self.written = self.job_end;
            self.out.extend_from_slice(session.readiness_query());
            self.poll_at = now + poll_period;
        }
    }

    fn give_up_at(&self, timeouts: &DeviceTimeouts) -> Instant {
        match self.fault_since {
            Some(since) => since + timeouts.fault_patience,
            None if self.written < self.job_end => self.moved_at + timeouts.stall,
            None => self.moved_at + timeouts.proof,
        }
    }

    fn wake_at(&self, give_up_at: Instant) -> Instant {
        if self.written == self.out.len() {
            give_up_at.min(self.poll_at)
        } else {
            give_up_at
        }
    }
}
