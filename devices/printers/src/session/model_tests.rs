//! Random streams and printers that die: whatever comes back, no more is called printed than is on paper.

use cueline_model::{Language, Proof};
use proptest::prelude::*;

use crate::{Profile, Session, Tickets};

const LANGUAGES: [Language; 3] = [Language::Escpos, Language::Fgl, Language::Zpl];

/// A printer that prints one ticket at a time, says so in its language, and stops for good after some.
struct Printer {
    language: Language,
    received: Vec<u8>,
    /// Tickets that still come out.
    strength: u32,
    on_paper: u32,
}

impl Printer {
    /// What ends a ticket's bytes.
    fn end_of_ticket(language: Language) -> &'static [u8] {
        match language {
            Language::Escpos => b"\x1dV\x00",
            Language::Fgl => b"<p>",
            _ => b"^XZ",
        }
    }

    /// Takes bytes; gives what the printer answers to them.
    fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut answer = Vec::new();
        for byte in bytes {
            self.received.push(*byte);
            if self.received.ends_with(Self::end_of_ticket(self.language)) && self.strength > 0 {
                self.strength -= 1;
                self.on_paper += 1;
                if self.language == Language::Fgl {
                    answer.push(0x06);
                }
            }
            let marked = self.received.len().checked_sub(11);
            if let Some(start) = marked
                && self.received[start..].starts_with(b"\x1d(H\x06\x0000")
                && self.strength > 0
            {
                let id = &self.received[start + 7..];
                answer.extend([b"\x37\x22", id, b"\x00"].concat());
            }
        }
        answer
    }

    /// The answer to `~HS`.
    fn host_status(&self, total: u32) -> Vec<u8> {
        let left = total - self.on_paper;
        let (formats, labels) = (left.saturating_sub(1), left.min(1));
        format!(
            "\x02030,0,0,1245,{formats:03},0,0,0,000,0,0,0\x03\r\n\
             \x02000,0,0,0,0,2,4,0,{labels:08},1,000\x03\r\n\x021234,0\x03\r\n"
        )
        .into_bytes()
    }
}

fn print_of(language: Language, count: u32) -> Tickets {
    let mut tickets = Tickets::default();
    for _ in 0..count {
        tickets.push(&[b"ticket", Printer::end_of_ticket(language)].concat());
    }
    tickets
}

/// Hands `bytes` over in pieces as long as `cuts` says, over and over.
fn in_pieces(session: &mut Session, mut bytes: &[u8], cuts: &[usize]) {
    for cut in cuts.iter().cycle() {
        let (head, tail) = bytes.split_at((*cut).clamp(1, bytes.len().max(1)).min(bytes.len()));
        session.handle_bytes(head);
        bytes = tail;
        if bytes.is_empty() {
            return;
        }
    }
}

proptest! {
    #[test]
    fn a_printer_that_dies_after_some_tickets_has_no_more_called_printed(
        language in prop::sample::select(&LANGUAGES),
        count in 1_u32..12,
        strength in 0_u32..14,
        step in 1_usize..40,
        cuts in prop::collection::vec(1_usize..9, 1..4),
    ) {
        let mut session = Session::new(&Profile::new(language), 9_995);
        // A dead printer does not echo the mark behind its last ticket; a living one does.
        let mut printer = Printer { language, received: Vec::new(), strength, on_paper: 0 };
        let tickets = print_of(language, count);
        let mut outgoing = session.begin(&tickets);
        while !outgoing.is_done() {
            let taken = outgoing.rest().len().min(step);
            let bytes = outgoing.rest()[..taken].to_vec();
            session.advance(&mut outgoing, taken);
            let answer = printer.take(&bytes);
            in_pieces(&mut session, &answer, &cuts);
            prop_assert!(session.printed() <= printer.on_paper);
        }
        if language == Language::Zpl {
            for _ in 0..3 {
                session.status_query();
                in_pieces(&mut session, &printer.host_status(count), &cuts);
            }
        }
        let expected = match language {
            Language::Fgl => strength.min(count),
            // The last one's mark is not answered by a printer that has no strength left.
            Language::Escpos => if strength > count { count } else { strength.saturating_sub(1) },
            _ if strength >= count => count,
            _ => strength.saturating_sub(0),
        };
        prop_assert_eq!(session.printed(), expected);
        prop_assert_eq!(session.proof() == Proof::Printed, expected == count);
    }

    #[test]
    fn noise_never_panics_and_proves_nothing_that_it_does_not_say(
        language in prop::sample::select(&LANGUAGES),
        noise in prop::collection::vec(any::<u8>(), 0..400),
        cuts in prop::collection::vec(1_usize..9, 1..4),
        written in 0_u32..4,
    ) {
        let mut session = Session::new(&Profile::new(language), 0);
        let tickets = print_of(language, 3);
        let mut outgoing = session.begin(&tickets);
        while outgoing.complete() < written && !outgoing.is_done() {
            session.advance(&mut outgoing, 1);
        }
        for byte_cut in cuts.iter().cycle().take(3) {
            in_pieces(&mut session, &noise, &[*byte_cut]);
            session.status_query();
        }
        prop_assert!(session.printed() <= written);
        // An acknowledgement of FGL is one byte, so noise that begins with it cannot be told apart.
        let before_doubt = noise
            .iter()
            .take_while(|byte| matches!(byte, 0x01..=0x11 | 0x13 | 0x14 | 0x16..=0x18 | 0x1a | 0x1c..=0x1f))
            .filter(|byte| **byte == 0x06)
            .count();
        let said = match language {
            Language::Fgl if noise.iter().any(|byte| matches!(byte, 0x00 | 0x12 | 0x15 | 0x19 | 0x1b | 0x20..)) => {
                u32::try_from(before_doubt).unwrap()
            }
            Language::Fgl => 3,
            Language::Escpos => if noise.contains(&0x22) { 3 } else { 0 },
            _ => if noise.contains(&b',') { 3 } else { 0 },
        };
        prop_assert!(session.printed() <= said);
    }
}
