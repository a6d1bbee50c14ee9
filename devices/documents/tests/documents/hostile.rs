//! Documents anybody may have sent: cut, changed and put together anew, they are an error or pages, and
//! never a panic.

use cueline_documents::ticket::TicketDocument;
use cueline_documents::{Limits, PageSetup};
use cueline_model::ContentType;
use proptest::prelude::*;

use crate::made::{all_pages, pdf};

const STUB: &[u8] = include_bytes!("../../samples/theatre-stub.json");
const ROLL: &[u8] = include_bytes!("../../samples/theatre-roll.json");
const JPEG: &[u8] = include_bytes!("fixtures/progressive.jpg");
const ENCRYPTED: &[u8] = include_bytes!("fixtures/encrypted.pdf");

/// A place in a document and what is done there.
#[derive(Debug, Clone)]
enum Change {
    Byte(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Repeat(prop::sample::Index, u8),
    Number(prop::sample::Index, u32),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let place = any::<prop::sample::Index>;
    let change = prop_oneof![
        6 => (place(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        1 => place().prop_map(Change::Cut),
        1 => (place(), 1..64_u8).prop_map(|(at, length)| Change::Repeat(at, length)),
        3 => (place(), any::<u32>()).prop_map(|(at, number)| Change::Number(at, number)),
    ];
    prop::collection::vec(change, 1..6)
}

fn changed(document: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = document.to_vec();
    for change in changes {
        if bytes.is_empty() {
            break;
        }
        match change {
            Change::Byte(at, byte) => *at.get_mut(&mut bytes) = *byte,
            Change::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Change::Repeat(at, length) => {
                let start = at.index(bytes.len());
                let end = (start + usize::from(*length)).min(bytes.len());
                let piece = bytes[start..end].to_vec();
                bytes.splice(start..start, piece);
            }
            // The next digits become others.
            Change::Number(at, number) => {
                let start = at.index(bytes.len());
                if let Some(digit) = bytes[start..].iter().position(u8::is_ascii_digit) {
                    let digit = start + digit;
                    let length = bytes[digit..]
                        .iter()
                        .take_while(|byte| byte.is_ascii_digit())
                        .count();
                    bytes.splice(digit..digit + length, number.to_string().into_bytes());
                }
            }
        }
    }
    bytes
}

fn sample_pdf() -> Vec<u8> {
    let text = "BT /F1 18 Tf 10 40 Td (The Tempest) Tj ET 1 0 0 rg 5 5 50 10 re f 0 0 m 60 9 l S";
    pdf(&vec![(144.0, 72.0, text.to_owned()); 3])
}

fn png() -> Vec<u8> {
    let mut bits = cueline_documents::Bits::blank(40, 30);
    bits.fill(3, 4, 20, 9);
    bits.to_png(203)
}

fn setup() -> PageSetup {
    PageSetup::new(203, 384, None)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_ticket_is_an_error_or_a_ticket(changes in changes(), roll in any::<bool>()) {
        let document = changed(if roll { ROLL } else { STUB }, &changes);
        if let Ok(ticket) = TicketDocument::parse(&document) {
            let _either = ticket.layout(0, &setup(), &Limits::default());
        }
    }

    #[test]
    fn a_changed_picture_is_an_error_or_a_page(changes in changes(), jpeg in any::<bool>()) {
        let document = if jpeg { changed(JPEG, &changes) } else { changed(&png(), &changes) };
        let _either = all_pages(&document, ContentType::Png, &setup());
    }

    #[test]
    fn a_changed_pdf_is_an_error_or_pages(changes in changes(), encrypted in any::<bool>()) {
        let document = if encrypted { ENCRYPTED.to_vec() } else { sample_pdf() };
        let _either = all_pages(&changed(&document, &changes), ContentType::Pdf, &setup());
    }

    #[test]
    fn any_bytes_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 0..4_usize) {
        let kinds = [ContentType::Png, ContentType::Jpeg, ContentType::Pdf, ContentType::Ticket];
        prop_assert!(all_pages(&bytes, kinds[kind], &setup()).is_err());
    }
}
