//! Every code a ticket can have, read back by a scanner.

use cueline_documents::codes;
use cueline_documents::ticket::TicketDocument;
use serde_json::{Value, json};

use crate::scan;

const DPI: [u16; 2] = [203, 300];

fn scanned(document: &Value, dpi: u16) -> Vec<String> {
    let document = document.to_string();
    let ticket = TicketDocument::parse(document.as_bytes()).unwrap();
    let layout = ticket.preview(0, dpi).unwrap();
    scan::codes(&layout.draw(), dpi)
}

#[test]
fn every_barcode_is_read_back_however_it_is_turned() {
    let codes = [
        ("code128", "Cue-2026 #42", "CODE-128:Cue-2026 #42"),
        ("code39", "CUE-39 $7", "CODE-39:CUE-39 $7"),
        ("ean13", "400638133393", "EAN-13:4006381333931"),
        ("ean8", "9638507", "EAN-8:96385074"),
        // A UPC-A is an EAN-13 that begins with 0.
        ("upca", "03600029145", "EAN-13:0036000291452"),
        ("itf", "0012345678", "I2/5:0012345678"),
    ];
    for dpi in DPI {
        for rotate in [0, 90, 180, 270] {
            for (code, data, wanted) in codes {
                let document = json!({
                    "cueline_ticket": 1,
                    "size": { "width_mm": 110, "height_mm": 110 },
                    "elements": [{
                        "type": "barcode", "code": code, "data": data, "x_mm": 10, "y_mm": 10,
                        "height_mm": 12, "module_mm": 0.25, "rotate": rotate,
                    }],
                });
                let codes = scanned(&document, dpi);
                assert_eq!(codes, [wanted], "{code} at {dpi} dpi turned by {rotate}");
            }
        }
    }
}

#[test]
fn every_level_of_qr_is_read_back() {
    for dpi in DPI {
        for level in ["L", "M", "Q", "H"] {
            for data in ["8F3K-22Q7", "https://lyceum.example/t/8F3K22Q7-014?n=Zoë"] {
                let document = json!({
                    "cueline_ticket": 1,
                    "size": { "width_mm": 60, "height_mm": "auto" },
                    "elements": [{
                        "type": "qr", "data": data, "level": level, "x_mm": 30, "y_mm": 6,
                        "align": "center", "size_mm": 22,
                    }],
                });
                let wanted = format!("QR-Code:{data}");
                assert_eq!(scanned(&document, dpi), [wanted], "{level} at {dpi} dpi");
            }
        }
    }
}

#[test]
fn code128_is_read_back_whatever_it_changes_between() {
    let data = [
        "1234567890",
        "123456789",
        "A1B22C333D4444E55555F666666",
        "aB1234567cD",
        "~!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}",
        "00",
        "7",
        "lower UPPER 0011",
    ];
    for data in data {
        let document = json!({
            "cueline_ticket": 1,
            "size": { "width_mm": 150, "height_mm": 30 },
            "elements": [{
                "type": "barcode", "code": "code128", "data": data, "x_mm": 75, "y_mm": 4,
                "align": "center", "height_mm": 12,
            }],
        });
        assert_eq!(scanned(&document, 203), [format!("CODE-128:{data}")]);
    }
}

#[test]
fn bars_of_escpos_data_are_those_a_scanner_reads() {
    let bars = codes::code128_escpos(b"{BNo. {C\x12\x05{Bx").unwrap();
    let mut bits = cueline_documents::Bits::blank((bars.modules() + 20) * 2, 80);
    for (start, width) in bars.bars() {
        bits.fill((start + 10) * 2, 0, width * 2, 80);
    }
    assert_eq!(scan::codes(&bits, 203), ["CODE-128:No. 1805x"]);
}
