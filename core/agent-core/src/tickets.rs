//! How far the tickets of one job have come, over all its prints, and how much of that is recorded.
//!
//! Tickets are counted from the first that the job prints, through all copies. A printer's count is
//! recorded while the print goes on and never waited for: at most one record is on its way, and what
//! comes meanwhile is in the next.

use cueline_model::TicketCount;

use crate::record::Proven;

/// What is known of one job's tickets.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    /// `None`: nothing has been counted.
    known: Option<Known>,
    /// What the newest record says, durable or not.
    recorded: Option<Proven>,
    recording: bool,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    /// The first so many are proven printed.
    printed: u32,
    /// None after this one can be on paper from a print that is over.
    reach: u32,
    total: u32,
}

impl Tickets {
    /// What the journal has: all that was not proven may be on paper.
    pub(crate) fn recovered(proven: Option<Proven>) -> Self {
        Self {
            known: proven.map(|Proven { printed, total }| Known {
                printed: printed.min(total),
                reach: total,
                total,
            }),
            recorded: proven,
            recording: false,
        }
    }

    /// The printer has proven so many. `again`: an earlier print of the job is in doubt.
    pub(crate) fn count(&mut self, proven: Proven, again: bool) {
        let Proven { printed, total } = proven;
        let printed = printed.min(total);
        match &mut self.known {
            Some(known) if known.total == total => known.printed = known.printed.max(printed),
            // Counted otherwise than before (another version, other settings): only this print's
            // own count can be believed.
            known => {
                let reach = if again { total } else { printed };
                *known = Some(Known {
                    printed,
                    reach,
                    total,
                });
            }
        }
    }

    /// A print ended in doubt, and this is what its printer says about it.
    pub(crate) fn in_doubt(&mut self, told: Option<TicketCount>, again: bool) {
        if let Some(told) = told {
            let TicketCount { printed, total, .. } = told;
            self.count(Proven { printed, total }, again);
        }
        if let Some(known) = &mut self.known {
            let reach = told.map_or(known.total, |told| {
                told.printed.saturating_add(told.unknown).min(known.total)
            });
            known.reach = known.reach.max(reach);
        }
    }

    /// Which tickets are where, once nothing is being printed.
    pub(crate) fn known(&self) -> Option<TicketCount> {
        self.known.map(|known| TicketCount {
            printed: known.printed,
            unknown: known.reach.saturating_sub(known.printed),
            total: known.total,
        })
    }

    /// What the next print can leave out.
    pub(crate) fn proven(&self) -> Option<Proven> {
        let known = self.known.filter(|known| known.printed > 0)?;
        Some(Proven {
            printed: known.printed,
            total: known.total,
        })
    }

    /// Whether every ticket is proven printed.
    pub(crate) fn all_printed(&self) -> bool {
        self.known
            .is_some_and(|known| known.total > 0 && known.printed == known.total)
    }

    /// What is to be recorded now, if anything. The last ticket is not: the job's end follows at once.
    pub(crate) fn take_due(&mut self) -> Option<Proven> {
        let due = self.proven().filter(|_| !self.recording)?;
        if self.all_printed() || self.recorded == Some(due) {
            return None;
        }
        self.recorded = Some(due);
        self.recording = true;
        Some(due)
    }

    /// The newest record is durable.
    pub(crate) fn recorded(&mut self) {
        self.recording = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proven(printed: u32, total: u32) -> Proven {
        Proven { printed, total }
    }

    fn told(printed: u32, unknown: u32, total: u32) -> Option<TicketCount> {
        Some(TicketCount {
            printed,
            unknown,
            total,
        })
    }

    #[test]
    fn one_record_at_a_time_and_what_comes_meanwhile_is_in_the_next() {
        let mut tickets = Tickets::default();
        assert_eq!(tickets.take_due(), None);
        tickets.count(proven(1, 9), false);
        assert_eq!(tickets.take_due(), Some(proven(1, 9)));
        tickets.count(proven(2, 9), false);
        tickets.count(proven(4, 9), false);
        assert_eq!(tickets.take_due(), None);
        tickets.recorded();
        assert_eq!(tickets.take_due(), Some(proven(4, 9)));
        tickets.recorded();
        assert_eq!(tickets.take_due(), None, "nothing new");
        tickets.count(proven(9, 9), false);
        assert_eq!(tickets.take_due(), None, "the end follows");
    }

    #[test]
    fn a_count_neither_goes_back_nor_over_its_total() {
        let mut tickets = Tickets::default();
        tickets.count(proven(6, 10), false);
        tickets.count(proven(2, 10), false);
        assert_eq!(tickets.proven(), Some(proven(6, 10)));
        tickets.count(proven(99, 10), false);
        assert!(tickets.all_printed());
    }

    #[test]
    fn what_an_earlier_print_left_in_doubt_stays_in_doubt() {
        let mut tickets = Tickets::default();
        tickets.in_doubt(told(2, 5, 10), false);
        assert_eq!(tickets.known(), told(2, 5, 10));
        tickets.in_doubt(told(3, 1, 10), true);
        assert_eq!(tickets.known(), told(3, 4, 10));
        // A print of which nothing was counted may have come to the end.
        tickets.in_doubt(None, true);
        assert_eq!(tickets.known(), told(3, 7, 10));
    }

    #[test]
    fn after_a_print_that_was_not_counted_everything_is_unknown() {
        let mut tickets = Tickets::default();
        tickets.in_doubt(None, false);
        assert_eq!(tickets.known(), None);
        tickets.in_doubt(told(1, 1, 4), true);
        assert_eq!(tickets.known(), told(1, 3, 4));
    }

    #[test]
    fn another_total_starts_over() {
        let mut tickets = Tickets::recovered(Some(proven(6, 10)));
        assert_eq!(tickets.known(), told(6, 4, 10));
        tickets.count(proven(1, 12), true);
        assert_eq!(tickets.known(), told(1, 11, 12));
    }
}
