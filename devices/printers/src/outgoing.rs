//! What is still to be written of one job: its tickets with the session's marks between them.

use crate::Tickets;

/// What is still to be written of one job; made by [`crate::Session::begin`].
///
/// ```text
/// while !outgoing.is_done() { let taken = write(outgoing.rest()); session.advance(&mut outgoing, taken); }
/// ```
#[derive(Debug)]
pub struct Outgoing<'a> {
    bytes: &'a [u8],
    parts: Vec<Part>,
    /// The part that is being written.
    at: usize,
    /// Bytes of it that were taken.
    taken: usize,
    /// Bytes taken in all.
    written: usize,
}

#[derive(Debug)]
struct Part {
    /// Where it stands in the job's bytes; a mark of the session's own otherwise.
    body: Result<std::ops::Range<usize>, Vec<u8>>,
    /// Tickets of this and the parts before it.
    tickets: u32,
}

impl<'a> Outgoing<'a> {
    /// `first`, which belongs to no ticket, and all pieces of a job, each followed by what `mark` gives
    /// for it and its number of tickets.
    pub(crate) fn new(
        first: &[u8],
        tickets: &'a Tickets,
        mut mark: impl FnMut(u32) -> Vec<u8>,
    ) -> Self {
        let mut parts = vec![Part {
            body: Err(first.to_vec()),
            tickets: 0,
        }];
        let mut sum: u32 = 0;
        for (range, count) in tickets.pieces() {
            sum = sum.saturating_add(count);
            parts.push(Part {
                body: Ok(range),
                tickets: sum,
            });
            parts.push(Part {
                body: Err(mark(count)),
                tickets: sum,
            });
        }
        let mut outgoing = Self {
            bytes: tickets.bytes(),
            parts,
            at: 0,
            taken: 0,
            written: 0,
        };
        outgoing.pass_ended();
        outgoing
    }

    /// What to write next, in one piece; empty once everything is written.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        self.parts
            .get(self.at)
            .map_or(&[], |part| &self.body(part)[self.taken..])
    }

    /// `count` bytes of [`Outgoing::rest`] were taken.
    pub(crate) fn advance(&mut self, count: usize) {
        let count = count.min(self.rest().len());
        self.taken += count;
        self.written += count;
        self.pass_ended();
    }

    /// Whether everything was taken.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.at == self.parts.len()
    }

    /// Whether what comes next begins a ticket, or stands behind one: only here can something else be
    /// written in between.
    #[must_use]
    pub fn is_between(&self) -> bool {
        self.taken == 0
    }

    /// Bytes taken so far, marks included.
    #[must_use]
    pub fn written(&self) -> usize {
        self.written
    }

    /// [`Outgoing::started`] if the first byte of [`Outgoing::rest`] is on its way too.
    #[must_use]
    pub fn started_with_next(&self) -> u32 {
        self.parts
            .get(self.at)
            .map_or_else(|| self.started(), |part| part.tickets)
    }

    /// Tickets of which at least one byte was taken: no more than these can be on paper.
    #[must_use]
    pub fn started(&self) -> u32 {
        let begun = if self.taken > 0 { self.at + 1 } else { self.at };
        begun
            .checked_sub(1)
            .and_then(|last| self.parts.get(last))
            .map_or(0, |part| part.tickets)
    }

    /// Tickets of which every byte was taken: no more than these can be proven.
    #[must_use]
    pub fn complete(&self) -> u32 {
        let bodies = self.parts[..self.at].iter().rev();
        // The mark behind a ticket proves it and is no part of it.
        bodies.map(|part| part.tickets).next().unwrap_or(0)
    }

    fn body<'b>(&'b self, part: &'b Part) -> &'b [u8] {
        match &part.body {
            Ok(range) => &self.bytes[range.clone()],
            Err(mark) => mark,
        }
    }

    fn pass_ended(&mut self) {
        while let Some(part) = self.parts.get(self.at)
            && self.taken == self.body(part).len()
        {
            self.at += 1;
            self.taken = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_goes_out_in_order_and_tickets_count_from_their_first_byte() {
        let mut tickets = Tickets::default();
        tickets.push(b"aa");
        tickets.push_several(b"bbb", 2);
        tickets.push_several(b"", 0);
        for step in 1..=10 {
            let mut outgoing = Outgoing::new(&[], &tickets, |count| vec![b'0' + count as u8; 2]);
            let mut seen = Vec::new();
            assert_eq!(outgoing.started(), 0);
            while !outgoing.is_done() {
                let taken = outgoing.rest().len().min(step);
                seen.extend_from_slice(&outgoing.rest()[..taken]);
                outgoing.advance(taken);
                let started = match seen.len() {
                    0 => 0,
                    1..=4 => 1,
                    _ => 3,
                };
                assert_eq!(outgoing.started(), started, "after {seen:?}");
                let between = matches!(seen.len(), 2 | 4 | 7 | 9 | 11);
                assert_eq!(outgoing.is_between(), between, "after {seen:?}");
                let with_next = if seen.len() < 4 { 1 } else { 3 };
                assert_eq!(outgoing.started_with_next(), with_next);
                let complete = match seen.len() {
                    0..=1 => 0,
                    2..=6 => 1,
                    _ => 3,
                };
                assert_eq!(outgoing.complete(), complete, "after {seen:?}");
            }
            assert_eq!(seen, b"aa11bbb2200");
            assert_eq!(outgoing.written(), seen.len());
            assert!(outgoing.rest().is_empty());
        }
    }
}
