//! Tests of laid out tickets in FGL: where things are anchored, and what is drawn instead.

use cueline_documents::codes::{self, Level, Symbology};
use cueline_documents::ticket::{
    Family, Frame, Layout, Placed, PlacedBarcode, PlacedBox, PlacedQr, PlacedText, Style,
};
use cueline_model::Rotation;

use super::commands;

const FRAME: Frame = Frame {
    x: 100,
    y: 50,
    width: 200,
    height: 30,
    rotation: Rotation::R0,
};

/// Ten characters of 28 dots' size, 14 dots apart: as Courier of 8 points at 203 dpi.
fn text() -> PlacedText {
    PlacedText {
        frame: Frame {
            width: 140,
            height: 28,
            ..FRAME
        },
        text: "Row F 1234".to_owned(),
        family: Family::Mono,
        style: Style::Bold,
        size_dots: 22.0,
        start_dots: 0,
        baseline_dots: 22,
        advance_dots: 155.0,
        tracking_dots: 0.0,
        invert: false,
    }
}

fn of(item: Placed) -> Vec<u8> {
    commands(&Layout {
        width_dots: 600,
        height_dots: 384,
        items: vec![item],
    })
}

fn readable(item: Placed) -> String {
    String::from_utf8(of(item)).unwrap()
}

fn turned(rotation: Rotation) -> PlacedText {
    let frame = match rotation {
        Rotation::R90 | Rotation::R270 => Frame {
            width: 28,
            height: 140,
            rotation,
            ..FRAME
        },
        _ => Frame {
            width: 140,
            height: 28,
            rotation,
            ..FRAME
        },
    };
    PlacedText { frame, ..text() }
}

#[test]
fn text_is_anchored_at_the_corner_that_it_is_built_from() {
    // Letters of 20 dots, 16 of them above a base line 22 dots down: 6 dots from the frame's top.
    for (rotation, place) in [
        (Rotation::R0, "<NR><RC56,100>"),
        (Rotation::R90, "<RR><RC50,121>"),
        (Rotation::R180, "<RU><RC71,239>"),
        (Rotation::R270, "<RL><RC189,106>"),
    ] {
        assert_eq!(
            readable(Placed::Text(turned(rotation))),
            format!("{place}<F9><HW1,1><BS16,22>Row F 1234")
        );
    }
}

#[test]
fn text_that_the_resident_fonts_cannot_write_is_drawn() {
    let drawn = [
        PlacedText {
            family: Family::Sans,
            ..text()
        },
        PlacedText {
            family: Family::Serif,
            ..text()
        },
        PlacedText {
            style: Style::Italic,
            ..text()
        },
        PlacedText {
            invert: true,
            ..text()
        },
        PlacedText {
            tracking_dots: 2.0,
            ..text()
        },
        PlacedText {
            text: "Café".to_owned(),
            ..text()
        },
        PlacedText {
            text: "a <p> b".to_owned(),
            ..text()
        },
        // No resident letters are as large.
        PlacedText {
            size_dots: 22.0,
            advance_dots: 600.0,
            ..text()
        },
    ];
    for text in drawn {
        let bytes = of(Placed::Text(text.clone()));
        let begin = bytes.escape_ascii().to_string();
        assert!(
            begin.contains("<G") && !begin.contains("<F"),
            "{text:?}: {begin}"
        );
    }
}

#[test]
fn lines_and_boxes_are_boxes() {
    assert_eq!(
        readable(Placed::Line(Frame { height: 3, ..FRAME })),
        "<NR><RC50,100><LT3><BX3,200>"
    );
    let shape = |fill| PlacedBox {
        frame: FRAME,
        thickness_dots: 2,
        fill,
    };
    assert_eq!(
        readable(Placed::Box(shape(false))),
        "<NR><RC50,100><LT2><BX30,200>"
    );
    assert_eq!(
        readable(Placed::Box(shape(true))),
        "<NR><RC50,100><LT30><BX30,200>"
    );
}

fn barcode(code: Symbology, data: &str) -> PlacedBarcode {
    let bars = code.bars(data).unwrap();
    PlacedBarcode {
        frame: Frame {
            height: 64,
            ..FRAME
        },
        code,
        data: data.to_owned(),
        module_dots: 2,
        bars,
    }
}

#[test]
fn codes_have_their_own_delimiters() {
    for (code, data, expected) in [
        (Symbology::Code128, "A-1", "<oP8>^A-1^"),
        (Symbology::Code39, "A-1", "<nXP8>*A-1*"),
        (Symbology::Itf, "123456", "<fXP8>:123456:"),
        (Symbology::Upca, "03600029145", "<uP8>J036000K291452L"),
        (Symbology::Ean13, "400638133393", "<eP8>4J006381K333931L"),
    ] {
        assert_eq!(
            readable(Placed::Barcode(barcode(code, data))),
            format!("<NR><RC50,100><X2>{expected}")
        );
    }
}

#[test]
fn codes_that_fgl_cannot_make_are_drawn() {
    let mut turned = barcode(Symbology::Code128, "A-1");
    turned.frame.rotation = Rotation::R90;
    let mut thick = barcode(Symbology::Code128, "A-1");
    thick.module_dots = 10;
    for code in [
        turned,
        thick,
        barcode(Symbology::Code128, "A^1"),
        barcode(Symbology::Ean8, "9638507"),
    ] {
        let bytes = of(Placed::Barcode(code));
        assert!(bytes.escape_ascii().to_string().contains("<G"));
    }
}

#[test]
fn a_qr_code_is_native_only_where_its_fixed_sizes_come_near() {
    let qr = |data: &str, module_dots: u32| {
        let matrix = codes::qr(data.as_bytes(), Level::M).unwrap();
        let side = matrix.side() as u32 * module_dots;
        PlacedQr {
            frame: Frame {
                width: side,
                height: side,
                ..FRAME
            },
            data: data.to_owned(),
            level: Level::M,
            module_dots,
            matrix,
        }
    };
    // Version 2 holds 26 bytes and is what the layout has.
    assert_eq!(
        readable(Placed::Qr(qr("https://t.example/8F3K", 4))),
        "<NR><QRV2><RC50,100><HW1,1><QR4,0,0,0>{https://t.example/8F3K}"
    );
    // Version 3 is not among them, and version 7 in its place has modules of half the size.
    let longer = of(Placed::Qr(qr("https://tickets.example/8F3K22Q7-014", 5)));
    assert!(longer.escape_ascii().to_string().contains("<G"));
    let tilde = of(Placed::Qr(qr("https://t.example/~8F3K", 4)));
    assert!(tilde.escape_ascii().to_string().contains("<G"));
}
