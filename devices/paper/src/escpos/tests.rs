//! Tests of the interpreter as a whole; what hosts see of it is tested with the virtual printer.

use cueline_model::Language;

use super::*;
use crate::interpreter::sheets;

fn printed(bytes: &[u8]) -> Vec<Sheet> {
    sheets(Language::Escpos, Head::new(Language::Escpos), bytes, 10)
}

#[test]
fn a_receipt_has_its_lines_and_its_edges() {
    let got = printed(b"\x1b@THE TEMPEST\n\x1bt\x10Price \x80 24\n\x1dVB\x10left over");
    assert_eq!(got.len(), 2);
    assert_eq!(got[0].text, ["THE TEMPEST", "Price € 24"]);
    assert_eq!(got[0].edge, Edge::Cut);
    assert_eq!(got[0].bits.height_dots(), 2 * 30 + 16);
    assert_eq!(
        (got[1].text[0].as_str(), got[1].edge),
        ("left over", Edge::Torn)
    );
}

#[test]
fn a_command_that_was_only_begun_belongs_to_nothing_yet() {
    let mut escpos = Escpos::new(Head::new(Language::Escpos));
    for byte in b"\x1dV" {
        assert_eq!(escpos.push(*byte), None);
    }
    assert_eq!(escpos.begun_bytes(), 2);
    escpos.break_off();
    assert_eq!(escpos.begun_bytes(), 0);
    assert_eq!(escpos.push(b'A'), Some(Event::Drawn));
}

#[test]
fn codes_that_cannot_be_printed_are_counted() {
    let mut escpos = Escpos::new(Head::new(Language::Escpos));
    for byte in b"\x1dk\x02123\x00\x1dkI\x03abc" {
        escpos.push(*byte);
    }
    assert_eq!(escpos.refused(), 2);
    assert!(escpos.is_blank());
}
