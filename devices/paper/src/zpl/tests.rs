//! Tests of ZPL: where things fall, what ends a label, and what bad input does.

use cueline_model::Language;
use proptest::prelude::*;

use super::*;
use crate::interpreter::{Interpreter, sheets};
use crate::sheet::Sheet;

fn printed(bytes: &[u8]) -> Vec<Sheet> {
    sheets(Language::Zpl, Head::new(Language::Zpl), bytes, 20)
}

fn label(fields: &str) -> Sheet {
    let mut all = printed(format!("^XA{fields}^XZ").as_bytes());
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
fn a_label_has_its_lines_top_to_bottom() {
    let sheet = label(
        "^CI28^PW800^LL400^FO30,120^A0N,30,30^FDRow C\r\n Seat 12^FS^FO30,20^A0N,60^FDTHE TEMPEST^FS\
         ^FO30,200^CFD,18^FH^FDPrice _E2_82_AC 24^FS^FO30,260^A0N,20^FB200,3,0,C^FDno refunds or exchanges^FS",
    );
    assert_eq!(
        sheet.text,
        [
            "THE TEMPEST",
            "Row C Seat 12",
            "Price € 24",
            "no refunds or",
            "exchanges"
        ]
    );
    assert_eq!(
        (sheet.bits.width_dots(), sheet.bits.height_dots()),
        (832, 400)
    );
    assert_eq!(sheet.edge, Edge::Whole);
}

#[test]
fn labels_end_and_repeat_and_are_given_up() {
    let all = printed(
        b"^XA^FDlost^XA^MMC^FO1,1^FDone^FS^PQ2^XZ ^XA^LH0,0^XZ^XA^FDgiven up^FS~JA^XZ^XA^FDtwo^FS^XZ^XA^FDthree",
    );
    let texts: Vec<(&str, Edge)> = all
        .iter()
        .map(|sheet| (sheet.text[0].as_str(), sheet.edge))
        .collect();
    assert_eq!(
        texts,
        [("one", Edge::Cut), ("one", Edge::Cut), ("two", Edge::Cut)]
    );
}

#[test]
fn boxes_fall_where_they_are_put() {
    assert_eq!(ink(&label("^FO20,10^GB300,50,4^FS")), (20, 319, 10, 59));
    assert_eq!(
        ink(&label("^LH5,5^FO20,10^GB300,0,3^FS")),
        (25, 324, 15, 17)
    );
    let hollow = label("^FO0,0^GB100,100,100^FS^FO10,10^GB80,80,80,W^FS");
    assert_eq!(hollow.bits.ink_dots(), 100 * 100 - 80 * 80);
    let reversed = label("^FO0,0^GB100,100,100^FS^FO50,0^FR^GB100,100,100^FS");
    assert_eq!(reversed.bits.ink_dots(), 50 * 100 * 2);
    let turned = label("^POI^LL200^FO0,0^GB10,10,10^FS");
    assert_eq!(ink(&turned), (822, 831, 190, 199));
}

#[test]
fn text_is_placed_by_its_corner_or_by_its_base_line() {
    let (left, right, top, bottom) = ink(&label("^FO100,50^A0N,40,40^FDLLLL^FS"));
    assert!(left >= 100 && right < 180 && top >= 50 && bottom < 90);
    let (_, _, _, bottom) = ink(&label("^FT100,150^A0N,40,40^FDLLLL^FS"));
    assert!((146..152).contains(&bottom), "{bottom}");
    let (left, right, top, bottom) = ink(&label("^FO100,50^A0R,40,40^FDLLLL^FS"));
    assert!(left >= 100 && right < 140 && top >= 50 && bottom < 130);
}

#[test]
fn pictures_are_read_and_follow_what_came_raw() {
    let raw = printed(b"^XA^FO8,0^GFB,2,2,1,^~^FS^FO30,40^FDafter^FS^XZ");
    assert_eq!(raw[0].text, ["after"]);
    assert!(raw[0].bits.get(9, 0), "5EH is 01011110B");
    let hexadecimal = label("^FO0,0^GFA,4,4,2,FF00:^FS");
    assert_eq!(hexadecimal.bits.ink_dots(), 16);
}

#[test]
fn what_is_not_known_is_passed_over_and_counted() {
    let mut interpreter = Interpreter::new(Language::Zpl, Head::new(Language::Zpl)).unwrap();
    for byte in
        b"^XA^QQ1,2^FO1,1^BXN,4,200^FDdata matrix^FS^FO1,1^BEN,50^FD12x^FS^GFA,1,1,1,??^FS^XZ"
    {
        interpreter.push(*byte);
    }
    assert_eq!(interpreter.unknown(), 2);
    assert_eq!(interpreter.refused(), 2);
}

#[test]
fn talk_is_whole_at_its_last_letter() {
    let mut zpl = Zpl::new(Head::new(Language::Zpl));
    let mut events = Vec::new();
    for byte in b"^XA^FDa~HS~HQES~JA" {
        events.extend(zpl.push(*byte).map(|event| (event, zpl.begun_bytes())));
    }
    assert_eq!(
        events,
        [
            (Event::Drawn, 0),
            // The tilde that ended the data is the first byte of the question.
            (Event::Drawn, 1),
            (Event::Talk(Talk::HostStatus), 0),
            (Event::Talk(Talk::HostQuery), 0),
            (Event::Talk(Talk::CancelAll), 0),
        ]
    );
    assert!(!zpl.in_format());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        printed(&[b"^XA", bytes.as_slice(), b"^XZ"].concat());
    }

    #[test]
    fn no_commands_make_it_panic(
        parts in proptest::collection::vec(
            (0..COMMANDS.len(), "[NRIBA-Z0-9]{0,3}", -70_000_i64..70_000, -9_i64..99_999, "[ -~]{0,8}"), 0..30)
    ) {
        let text: String = parts
            .iter()
            .map(|(index, a, b, c, data)| format!("^{}{a},{b},{c}^FD{data}^FS", COMMANDS[*index]))
            .collect();
        printed(format!("^XA{text}^XZ").as_bytes());
    }
}

const COMMANDS: [&str; 30] = [
    "FO", "FT", "A0", "A@", "AD", "CF", "FW", "FB", "FR", "BY", "BC", "B3", "BE", "B8", "BU", "B2",
    "BQ", "GB", "GFA", "GFB", "PW", "LL", "LH", "PQ", "CI", "LS", "LT", "PO", "FH", "XA",
];
