//! Tests of FGL: where things fall, what ends a ticket, and what bad input does.

use cueline_model::Language;
use proptest::prelude::*;

use super::*;
use crate::interpreter::{Interpreter, sheets};
use crate::sheet::Sheet;

fn printed(bytes: &[u8]) -> Vec<Sheet> {
    sheets(Language::Fgl, Head::new(Language::Fgl), bytes, 20)
}

fn ticket(bytes: &[u8]) -> Sheet {
    let mut all = printed(&[bytes, b"<p>"].concat());
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// First and last inked column and row.
fn ink(sheet: &Sheet) -> (usize, usize, usize, usize) {
    let bits = &sheet.bits;
    let places = || {
        (0..bits.height_dots())
            .flat_map(|y| (0..bits.width_dots()).map(move |x| (x, y)))
            .filter(|(x, y)| bits.get(*x, *y))
    };
    (
        places().map(|(x, _)| x).min().unwrap(),
        places().map(|(x, _)| x).max().unwrap(),
        places().map(|(_, y)| y).min().unwrap(),
        places().map(|(_, y)| y).max().unwrap(),
    )
}

#[test]
fn a_ticket_has_its_lines_top_to_bottom() {
    let sheet = ticket(
        b"<RC120,30><F3><HW1,1>Row C   Seat 12<RC20,30><F6>THE TEMPEST\r\n<RC80,30><F2>Globe <EI>Theatre<DI>",
    );
    assert_eq!(
        sheet.text,
        ["THE TEMPEST", "Globe", "Theatre", "Row C   Seat 12"]
    );
    assert_eq!(sheet.edge, Edge::Cut);
    assert_eq!(
        (sheet.bits.width_dots(), sheet.bits.height_dots()),
        (1050, 384)
    );
}

#[test]
fn every_end_of_a_ticket_is_known() {
    let all = printed(b"one<p>two<q>three\x0cfour<h><p>five<RE2><p>left over");
    let texts: Vec<(&str, Edge)> = all
        .iter()
        .map(|sheet| (sheet.text[0].as_str(), sheet.edge))
        .collect();
    assert_eq!(
        texts,
        [
            ("one", Edge::Cut),
            ("two", Edge::Whole),
            ("three", Edge::Cut),
            // Held, so it is on the next ticket too.
            ("four", Edge::Cut),
            ("four", Edge::Cut),
            ("five", Edge::Cut),
            ("five", Edge::Cut),
            ("five", Edge::Cut),
        ]
    );
}

#[test]
fn boxes_and_lines_begin_where_they_are_put() {
    assert_eq!(ink(&ticket(b"<RC10,20><LT4><BX50,300>")), (20, 319, 10, 59));
    assert_eq!(ink(&ticket(b"<RC10,20><LT3><HX200>")), (20, 219, 10, 12));
    assert_eq!(ink(&ticket(b"<RC10,20><VX80>")), (20, 20, 10, 89));
    // Thickness counts once.
    assert_eq!(
        ink(&ticket(b"<RC0,0><LT9><HX10><RC50,0><HX10>")),
        (0, 9, 0, 50)
    );
}

#[test]
fn text_runs_from_its_place_the_way_it_is_turned() {
    let (left, right, top, bottom) = ink(&ticket(b"<RC100,200><F8>LLLL"));
    assert!(left >= 200 && right < 280 && top >= 100 && bottom < 133);
    let (left, right, top, bottom) = ink(&ticket(b"<RC100,200><RR><F8>LLLL"));
    assert!(right <= 200 && left > 167 && top >= 100 && bottom < 180);
    let (left, right, top, bottom) = ink(&ticket(b"<RC100,200><RU><F8>LLLL"));
    assert!(right <= 200 && left > 120 && bottom <= 100 && top > 67);
    let (left, right, top, bottom) = ink(&ticket(b"<RC100,200><RL><F8>LLLL"));
    assert!(left >= 200 && right < 233 && bottom <= 100 && top > 20);
}

#[test]
fn graphics_are_columns_of_eight_dots() {
    let binary = ticket(b"<RC8,16><G3>\xff\x80<");
    let hexadecimal = ticket(b"<RC8,16><g6>FF803C");
    assert_eq!(binary.bits, hexadecimal.bits);
    assert_eq!(ink(&binary), (16, 18, 8, 15));
    assert_eq!(binary.bits.ink_dots(), 8 + 1 + 4);
}

#[test]
fn a_qr_code_may_be_told_its_version() {
    let side = |commands: &str| {
        let (left, right, ..) = ink(&ticket(commands.as_bytes()));
        right - left + 1
    };
    assert_eq!(side("<RC9,9><QR4>{1}"), 21 * 4);
    assert_eq!(side("<RC9,9><QRV2><QR4>{1}"), 25 * 4);
    assert_eq!(side("<RC9,9><QRV7><QR4,0,0,2>{1}"), 45 * 4);
}

#[test]
fn what_is_not_known_is_passed_over_and_counted() {
    let mut interpreter = Interpreter::new(Language::Fgl, Head::new(Language::Fgl)).unwrap();
    let mut last = None;
    for byte in b"<WHAT7><TRE><TT4><SD1><RC10,10>\xe2\x82\xac 5<bmp><G4>BMxx<OL4>nodata<XX>\
                  <RC10,300><NP4>*lower*<p>"
    {
        last = interpreter.push(*byte).or(last);
    }
    let Some(Event::Printed { sheet, .. }) = last else {
        panic!("no ticket: {last:?}")
    };
    assert_eq!(sheet.text[0], "€ 5");
    assert_eq!(interpreter.unknown(), 2);
    assert_eq!(interpreter.refused(), 3 + 1);
}

#[test]
fn status_requests_belong_to_no_ticket() {
    let mut fgl = Fgl::new(Head::new(Language::Fgl));
    let events: Vec<Event> = b"<S1>A<S2><CB>"
        .iter()
        .filter_map(|byte| fgl.push(*byte))
        .collect();
    assert_eq!(
        events,
        [
            Event::Talk(Talk::Status),
            Event::Drawn,
            Event::Talk(Talk::TicketCount),
            Event::Cleared
        ]
    );
    assert!(fgl.is_blank());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        printed(&bytes);
    }

    #[test]
    fn no_commands_make_it_panic(
        parts in proptest::collection::vec(
            (0..COMMANDS.len(), -70_000_i64..70_000, -9_i64..99_999, "[ -~]{0,8}"), 0..30)
    ) {
        let text: String = parts
            .iter()
            .map(|(index, a, b, data)| format!("<{}{a},{b}>{data}", COMMANDS[*index]))
            .collect();
        printed(text.as_bytes());
    }
}

const COMMANDS: [&str; 26] = [
    "RC", "F", "HW", "BS", "LT", "BX", "HX", "VX", "X", "NL", "nP", "OL", "oP", "FL", "EL", "UP",
    "QR", "CTR", "G", "g", "RE", "TTF", "RR", "RU", "EI", "q",
];
