//! A fault with its moment: what goes wrong, when in the life of which ticket, and for how long.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::fault::{PrinterFault, UnknownFault};

/// A fault and when it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedFault {
    /// What goes wrong.
    pub fault: PrinterFault,
    /// When.
    pub moment: Moment,
    /// After how long all is well again by itself; none is until it is told so.
    pub lasting: Option<Duration>,
}

/// When a fault happens. Tickets are counted from the moment it was planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// At once.
    Now,
    /// When so many tickets have come out.
    AfterTickets(u32),
    /// In the middle of a ticket, the first being 1.
    InTicket {
        /// Which.
        ticket: u32,
        /// Where in it.
        place: Place,
    },
}

/// A place in a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// So many rows of its feed are printed. A page printer prints over its time for a ticket; a
    /// receipt printer prints as it reads.
    Rows(u32),
    /// So many bytes of it are read out of the receive buffer.
    Bytes(u64),
}

impl PlannedFault {
    /// At a moment, until told otherwise.
    #[must_use]
    pub const fn at(fault: PrinterFault, moment: Moment) -> Self {
        Self {
            fault,
            moment,
            lasting: None,
        }
    }

    /// The same, over by itself after a time.
    #[must_use]
    pub const fn lasting(mut self, time: Duration) -> Self {
        self.lasting = Some(time);
        self
    }
}

impl From<PrinterFault> for PlannedFault {
    fn from(fault: PrinterFault) -> Self {
        Self::at(fault, Moment::Now)
    }
}

impl fmt::Display for PlannedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fault)?;
        match self.moment {
            Moment::Now => {}
            Moment::AfterTickets(tickets) => write!(f, " after_tickets={tickets}")?,
            Moment::InTicket { ticket, place } => {
                write!(f, " in_ticket={ticket}")?;
                match place {
                    Place::Rows(rows) => write!(f, " after_rows={rows}")?,
                    Place::Bytes(bytes) => write!(f, " after_bytes={bytes}")?,
                }
            }
        }
        match self.lasting {
            Some(time) => write!(f, " for_ms={}", time.as_millis()),
            None => Ok(()),
        }
    }
}

impl FromStr for PlannedFault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        read(text).ok_or_else(|| UnknownFault::new(text))
    }
}

fn read(text: &str) -> Option<PlannedFault> {
    let mut words = text.split_whitespace();
    let word = words.next()?;
    let mut parameters: Vec<(&str, u64)> = words
        .map(|word| {
            let (name, number) = word.split_once('=')?;
            Some((name, number.parse().ok()?))
        })
        .collect::<Option<_>>()?;
    let mut take = |name: &str| {
        let index = parameters.iter().position(|(given, _)| *given == name)?;
        Some(parameters.swap_remove(index).1)
    };
    let fault = PrinterFault::read(word, &mut take)?;
    let lasting = take("for_ms").map(Duration::from_millis);
    let moment = match (take("after_tickets"), take("in_ticket")) {
        (None, None) => Moment::Now,
        (Some(tickets), None) => Moment::AfterTickets(tickets.try_into().ok()?),
        (None, Some(ticket)) => Moment::InTicket {
            ticket: ticket.try_into().ok().filter(|ticket| *ticket > 0)?,
            place: match (take("after_rows"), take("after_bytes")) {
                (Some(rows), None) => Place::Rows(rows.try_into().ok()?),
                (None, Some(bytes)) => Place::Bytes(bytes),
                _ => return None,
            },
        },
        (Some(_), Some(_)) => return None,
    };
    parameters.is_empty().then_some(PlannedFault {
        fault,
        moment,
        lasting,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_back_as_written() {
        for text in [
            "none",
            "paper_low",
            "paper_out",
            "path_out path=2",
            "cover_open",
            "jam",
            "cutter",
            "ribbon_low",
            "ribbon_out",
            "offline",
            "busy",
            "stall",
            "silent",
            "hang",
            "refuse",
            "unplugged",
            "off",
            "cut_connection after=77",
            "garbage bytes=30 seed=7",
        ] {
            let fault: PrinterFault = text.parse().unwrap();
            assert_eq!(fault.to_string(), text);
        }
        for text in [
            "paper_out after_tickets=3 for_ms=500",
            "jam in_ticket=2 after_rows=100",
            "unplugged in_ticket=1 after_bytes=33 for_ms=9",
        ] {
            let plan: PlannedFault = text.parse().unwrap();
            assert_eq!(plan.to_string(), text);
            assert!(text.parse::<PrinterFault>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_fault_is_refused() {
        for text in [
            "",
            "paper",
            "cut_connection",
            "cut_connection after=-1",
            "none none",
            "path_out path=3",
            "jam in_ticket=0 after_rows=1",
            "jam in_ticket=1",
            "jam in_ticket=1 after_rows=1 after_bytes=1",
            "jam after_tickets=1 in_ticket=1 after_rows=1",
            "jam sometime=1",
        ] {
            assert!(text.parse::<PlannedFault>().is_err(), "{text:?}");
        }
    }
}
