//! A serial line in software: a pseudo-terminal whose bytes reach the printer no faster than a real line
//! would carry them, both ways.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Bits on the line for a byte: a start bit, eight of data, a stop bit.
const BITS_PER_BYTE: u64 = 10;
/// Carried at a time: 1.4 ms at 115,200 baud, as much as the usual UART buffers.
const CARRIED_AT_ONCE: usize = 16;

/// A line to one printer. It carries until this process ends.
pub struct Line {
    port: String,
    to_printer: Arc<AtomicU64>,
    /// Kept open, so that the line stays when the agent closes its end.
    _agent_end: File,
}

impl Line {
    /// Lays a line of `baud` to the printer that listens at `tcp_port` of loopback.
    ///
    /// # Errors
    /// When there is no pseudo-terminal, or the printer takes no connection.
    pub fn start(tcp_port: u16, baud: u64) -> anyhow::Result<Self> {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).context("open a terminal")?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let port = ptsname(&ours, Vec::new())?
            .into_string()
            .context("a terminal's name of plain characters")?;
        let agent_end = File::options().read(true).write(true).open(&port)?;
        // Or bytes written before the agent has set its end to raw would come back as an echo.
        let mut settings = rustix::termios::tcgetattr(&agent_end)?;
        settings.make_raw();
        rustix::termios::tcsetattr(&agent_end, rustix::termios::OptionalActions::Now, &settings)?;
        let ours = File::from(ours);
        let printer =
            TcpStream::connect(("127.0.0.1", tcp_port)).context("connect to a printer")?;
        printer.set_nodelay(true)?;
        let to_printer = Arc::new(AtomicU64::new(0));
        let (from_agent, printer_in) = (ours.try_clone()?, printer.try_clone()?);
        let carried = Arc::clone(&to_printer);
        std::thread::spawn(move || carry(from_agent, printer_in, baud, &carried));
        std::thread::spawn(move || carry(printer, ours, baud, &AtomicU64::new(0)));
        Ok(Self {
            port,
            to_printer,
            _agent_end: agent_end,
        })
    }

    /// The agent's end as its configuration names it.
    #[must_use]
    pub fn address(&self, baud: u64) -> String {
        format!("serial://{}?baud={baud}", self.port)
    }

    /// Bytes that the printer has had so far.
    #[must_use]
    pub fn carried(&self) -> u64 {
        self.to_printer.load(Ordering::Relaxed)
    }
}

/// Carries bytes one way until an end is gone.
fn carry(mut from: impl Read + AsFd, mut to: impl Write, baud: u64, carried: &AtomicU64) {
    let mut buffer = [0; CARRIED_AT_ONCE];
    // When the byte before has left the line.
    let mut free_at = Instant::now();
    loop {
        // A sleep that came late is made up for where the next byte was waiting, and nowhere else.
        let was_waiting = is_waiting(&from);
        let Ok(count @ 1..) = from.read(&mut buffer) else {
            return;
        };
        let begins_at = if was_waiting {
            free_at
        } else {
            free_at.max(Instant::now())
        };
        free_at = begins_at + time_on_line(count, baud);
        std::thread::sleep(free_at.saturating_duration_since(Instant::now()));
        if to.write_all(&buffer[..count]).is_err() {
            return;
        }
        carried.fetch_add(count as u64, Ordering::Relaxed);
    }
}

fn is_waiting(from: &impl AsFd) -> bool {
    let mut polled = [PollFd::new(from, PollFlags::IN)];
    poll(&mut polled, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
}

fn time_on_line(bytes: usize, baud: u64) -> Duration {
    Duration::from_nanos(bytes as u64 * BITS_PER_BYTE * 1_000_000_000 / baud)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_carries_a_tenth_of_the_baud() {
        assert_eq!(time_on_line(11_520, 115_200), Duration::from_secs(1));
    }
}
