//! Tests of the interpreter as a whole; what hosts see of it is tested with the virtual printer.

use cueline_model::Language;
use proptest::prelude::*;

use super::*;
use crate::head::ROWS_MAX;
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

/// The most that a command may hold: `GS ( k` with all its data.
const KEPT_BYTES_MAX: usize = 5 + 65_535;

/// Pushes bytes as they come off a line in pieces, and looks after each that nothing has grown past its limit;
/// gives how many sheets came out.
fn push_bounded(escpos: &mut Escpos, piece: &[u8]) -> usize {
    let mut sheets = 0;
    for byte in piece {
        if let Some(Event::Printed { sheet, copies }) = escpos.push(*byte) {
            assert_eq!(copies, 1);
            assert!(sheet.bits.height_dots() <= ROWS_MAX);
            sheets += 1;
        }
    }
    assert!(escpos.parser.kept_bytes() <= KEPT_BYTES_MAX);
    assert!(escpos.fed_rows() <= ROWS_MAX);
    sheets
}

/// Heads of commands that have data or set something that lasts.
const HEADS: [&[u8]; 22] = [
    b"\x1b@",
    b"\x1d!",
    b"\x1ba",
    b"\x1bt",
    b"\x1bd",
    b"\x1bJ",
    b"\x1b3",
    b"\x1dv0",
    b"\x1d(k",
    b"\x1d(L",
    b"\x1d8L",
    b"\x1dk",
    b"\x1dV",
    b"\x1da",
    b"\x1dr",
    b"\x1d(H",
    b"\x10\x04",
    b"\x1b*",
    b"\x1dh",
    b"\x1dw",
    b"\x1cp",
    b"\x1dH",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_in_any_pieces_make_it_panic_or_grow(
        pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..120), 0..12)
    ) {
        let mut escpos = Escpos::new(Head::new(Language::Escpos));
        for piece in &pieces {
            push_bounded(&mut escpos, piece);
        }
        escpos.break_off();
        escpos.tear_off();
        prop_assert!(escpos.is_blank());
    }

    #[test]
    fn no_commands_make_it_panic_or_grow(
        parts in proptest::collection::vec(
            (0..HEADS.len(), proptest::collection::vec(any::<u8>(), 0..8), "[ -~\n]{0,30}"), 0..60),
        breaks in any::<bool>(),
    ) {
        let mut escpos = Escpos::new(Head::new(Language::Escpos));
        for (head, data, text) in &parts {
            push_bounded(&mut escpos, HEADS[*head]);
            push_bounded(&mut escpos, data);
            push_bounded(&mut escpos, text.as_bytes());
            if breaks {
                // A host that went away in mid-command.
                escpos.break_off();
                prop_assert_eq!(escpos.begun_bytes(), 0);
            }
        }
    }

    #[test]
    fn what_is_cut_up_comes_out_as_what_is_not(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        cut in 1_usize..50,
    ) {
        let mut whole = Escpos::new(Head::new(Language::Escpos));
        let mut cut_up = Escpos::new(Head::new(Language::Escpos));
        let sheets: usize = bytes.chunks(cut).map(|piece| push_bounded(&mut cut_up, piece)).sum();
        prop_assert_eq!(push_bounded(&mut whole, &bytes), sheets);
        prop_assert_eq!(whole.tear_off(), cut_up.tear_off());
    }
}

#[test]
fn a_picture_and_a_block_larger_than_any_memory_are_taken_byte_by_byte() {
    let mut escpos = Escpos::new(Head::new(Language::Escpos));
    // 65535 bytes across and 65535 rows down; then 4 GiB of a graphics block.
    for head in [
        b"\x1dv0\x00\xff\xff\xff\xff".as_slice(),
        b"\x1d8L\xff\xff\xff\xff",
    ] {
        push_bounded(&mut escpos, head);
        for _ in 0..50 {
            push_bounded(&mut escpos, &[0x55; 8_192]);
            assert!(escpos.parser.kept_bytes() < 1_000);
        }
        escpos.break_off();
    }
}
