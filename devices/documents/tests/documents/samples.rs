//! The sample tickets: both print on every head they are made for, and every code on them is read back.

use cueline_documents::ticket::TicketDocument;
use cueline_documents::{Limits, PageSetup};
use cueline_model::Rotation;

use crate::scan;

const STUB: &[u8] = include_bytes!("../../samples/theatre-stub.json");
const ROLL: &[u8] = include_bytes!("../../samples/theatre-roll.json");
const CODES: [&str; 2] = [
    "CODE-128:8F3K22Q7-014",
    "QR-Code:https://lyceum.example/t/8F3K22Q7-014",
];

#[test]
fn the_samples_read_back_at_both_resolutions() {
    for (name, sample) in [("stub", STUB), ("roll", ROLL)] {
        for dpi in [203, 300] {
            let ticket = TicketDocument::parse(sample).unwrap();
            let bits = ticket.preview(0, dpi).unwrap().draw();
            assert_eq!(scan::codes(&bits, dpi), CODES, "{name} at {dpi} dpi");
        }
    }
}

#[test]
fn the_stub_prints_sideways_on_a_two_inch_head() {
    for (dpi, head, height) in [(203, 408, 1216), (300, 603, 1796)] {
        let ticket = TicketDocument::parse(STUB).unwrap();
        let mut setup = PageSetup::new(dpi, head, Some(height));
        setup.rotate = Rotation::R90;
        let bits = ticket.layout(0, &setup, &Limits::default()).unwrap().draw();
        assert!(bits.width_dots() <= usize::from(head), "{bits:?}");
        assert_eq!(scan::codes(&bits, dpi), CODES, "at {dpi} dpi");
    }
}

#[test]
fn the_roll_prints_on_a_narrower_head_and_its_codes_keep_whole_dots() {
    // 58 mm paper has 384 dots: the ticket is shrunk to two thirds.
    let ticket = TicketDocument::parse(ROLL).unwrap();
    let setup = PageSetup::new(203, 384, None);
    let bits = ticket.layout(0, &setup, &Limits::default()).unwrap().draw();
    assert_eq!(bits.width_dots(), 384);
    assert_eq!(scan::codes(&bits, 203), CODES);
}

#[test]
fn the_example_in_the_documentation_prints() {
    let page = include_str!("../../../../docs/ticket-document.md");
    let (_, rest) = page.split_once("```json\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let ticket = TicketDocument::parse(example.as_bytes()).unwrap();
    assert_eq!(ticket.count(), 2);
    for (index, seat) in [(0, "014"), (1, "015")] {
        let bits = ticket.preview(index, 203).unwrap().draw();
        let wanted = [
            format!("CODE-128:8F3K22Q7-{seat}"),
            format!("QR-Code:https://lyceum.example/t/8F3K22Q7-{seat}"),
        ];
        assert_eq!(scan::codes(&bits, 203), wanted);
    }
}
