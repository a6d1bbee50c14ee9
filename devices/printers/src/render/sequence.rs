//! In which order the tickets of a job come out: copies, collation, and where a reprint begins.

use super::{RENDERED_BYTES_MAX, RenderError, RenderOptions, TICKETS_MAX};
use crate::Tickets;

/// One page or raw piece of the document, by its place in it, as the `place`th ticket of the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) page: usize,
    /// Counted from 1 through all copies; the first one where several come out of it.
    pub(super) place: u32,
    pub(super) tickets: u32,
}

/// The order of a job and how many tickets it has, those included that a reprint leaves out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sequence {
    pub(super) turns: Vec<Turn>,
    pub(super) total: u32,
}

/// The order for pages that so many tickets come out of each.
pub(super) fn sequence(pages: &[u32], options: &RenderOptions) -> Result<Sequence, RenderError> {
    let copies = usize::from(options.copies);
    let each: u64 = pages.iter().map(|count| u64::from(*count)).sum();
    let got = each * copies as u64;
    let total = u32::try_from(got)
        .ok()
        .filter(|total| *total <= TICKETS_MAX)
        .ok_or(RenderError::TooManyTickets { got })?;
    let order: Vec<usize> = if options.options.collate == Some(false) {
        (0..pages.len())
            .flat_map(|page| std::iter::repeat_n(page, copies))
            .collect()
    } else {
        (0..copies).flat_map(|_| 0..pages.len()).collect()
    };
    let first = options.options.from_ticket.unwrap_or(1);
    if first > total.max(1) {
        return Err(RenderError::NoSuchTicket {
            asked: first,
            total,
        });
    }
    let mut turns = Vec::with_capacity(order.len());
    let mut place = 1;
    for page in order {
        let tickets = pages[page];
        let next = place + tickets;
        if place < first && next > first {
            return Err(RenderError::OneCommand {
                asked: first,
                first: place,
                last: next - 1,
            });
        }
        // What prints nothing sets the printer up for what comes after it.
        if place >= first || tickets == 0 {
            turns.push(Turn {
                page,
                place,
                tickets,
            });
        }
        place = next;
    }
    Ok(Sequence { turns, total })
}

/// Puts the tickets together, within the limit.
pub(super) fn assemble(
    sequence: &Sequence,
    copies: u16,
    mut ticket: impl FnMut(Turn) -> Vec<u8>,
) -> Result<Tickets, RenderError> {
    let mut tickets = Tickets::default();
    for turn in &sequence.turns {
        let bytes = ticket(*turn);
        let together = tickets.bytes().len() + bytes.len();
        if together > RENDERED_BYTES_MAX {
            return Err(RenderError::TooLong {
                copies,
                each_bytes: together / usize::from(copies),
            });
        }
        tickets.push_several(&bytes, turn.tickets);
    }
    Ok(tickets)
}

#[cfg(test)]
mod tests {
    use cueline_model::PrintOptions;

    use super::*;

    fn options(copies: u16, collate: Option<bool>, from_ticket: Option<u32>) -> RenderOptions {
        RenderOptions {
            copies,
            options: PrintOptions {
                collate,
                from_ticket,
                ..PrintOptions::default()
            },
            ..RenderOptions::default()
        }
    }

    fn order(pages: &[u32], options: &RenderOptions) -> Vec<(usize, u32)> {
        let sequence = sequence(pages, options).unwrap();
        let turns = sequence.turns.iter();
        turns.map(|turn| (turn.page, turn.place)).collect()
    }

    #[test]
    fn copies_are_collated_unless_it_is_asked_off() {
        assert_eq!(
            order(&[1, 1], &options(2, None, None)),
            [(0, 1), (1, 2), (0, 3), (1, 4)]
        );
        assert_eq!(
            order(&[1, 1], &options(2, Some(false), None)),
            [(0, 1), (0, 2), (1, 3), (1, 4)]
        );
    }

    #[test]
    fn a_reprint_begins_where_it_is_asked_to() {
        assert_eq!(order(&[1, 1], &options(2, None, Some(3))), [(0, 3), (1, 4)]);
        assert_eq!(
            order(&[0, 1, 5, 1], &options(1, None, Some(7))),
            [(0, 1), (3, 7)]
        );
        let error = sequence(&[1, 5], &options(1, None, Some(3))).unwrap_err();
        assert!(matches!(
            error,
            RenderError::OneCommand {
                asked: 3,
                first: 2,
                last: 6
            }
        ));
        let error = sequence(&[1, 1], &options(2, None, Some(5))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot print from ticket 5 on: the job has 4, counted from 1"
        );
    }

    #[test]
    fn tickets_are_bounded() {
        let error = sequence(&[u32::MAX, 1], &options(100, None, None)).unwrap_err();
        assert!(matches!(error, RenderError::TooManyTickets { .. }));
        assert!(sequence(&[TICKETS_MAX], &options(1, None, None)).is_ok());
    }
}
