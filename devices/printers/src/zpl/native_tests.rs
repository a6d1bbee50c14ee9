//! Tests of laid out tickets in ZPL: where things are anchored, and what is drawn instead.

use cueline_documents::codes::{self, Level, Symbology};
use cueline_documents::ticket::{
    Family, Frame, Layout, Placed, PlacedBarcode, PlacedBox, PlacedQr, PlacedText, Style,
};
use cueline_model::Rotation;

use super::{commands, escaped};

const FRAME: Frame = Frame {
    x: 100,
    y: 50,
    width: 200,
    height: 30,
    rotation: Rotation::R0,
};

fn text() -> PlacedText {
    PlacedText {
        frame: FRAME,
        text: "Row F".to_owned(),
        family: Family::Sans,
        style: Style::Bold,
        size_dots: 30.0,
        start_dots: 2,
        baseline_dots: 24,
        advance_dots: 80.0,
        tracking_dots: 0.0,
        invert: false,
    }
}

fn readable(item: Placed) -> String {
    let layout = Layout {
        width_dots: 600,
        height_dots: 384,
        items: vec![item],
    };
    let text = String::from_utf8(commands(&layout)).unwrap();
    text.strip_prefix("^LL384").unwrap().to_owned()
}

#[test]
fn text_stands_on_its_base_line_whichever_way_it_is_turned() {
    for (rotation, (width, height), place) in [
        (Rotation::R0, (200, 30), "^FT102,74^A0N"),
        (Rotation::R90, (30, 200), "^FT106,52^A0R"),
        (Rotation::R180, (200, 30), "^FT298,56^A0I"),
        (Rotation::R270, (30, 200), "^FT124,248^A0B"),
    ] {
        let frame = Frame {
            width,
            height,
            rotation,
            ..FRAME
        };
        assert_eq!(
            readable(Placed::Text(PlacedText { frame, ..text() })),
            format!("{place},30,34^FH^FDRow F^FS")
        );
    }
}

#[test]
fn text_that_font_0_cannot_write_is_drawn() {
    for text in [
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
            text: "Dvořák".to_owned(),
            ..text()
        },
    ] {
        let commands = readable(Placed::Text(text));
        assert!(
            commands.contains("^GFA") && !commands.contains("^FD"),
            "{commands}"
        );
    }
}

#[test]
fn no_character_of_a_field_begins_a_command() {
    assert_eq!(
        escaped("^XZ ~JA _5E Zoë £5"),
        "_5EXZ _7EJA _5F5E Zo_C3_AB _C2_A35"
    );
}

#[test]
fn lines_boxes_and_pictures_stand_where_they_are() {
    assert_eq!(
        readable(Placed::Line(Frame { height: 3, ..FRAME })),
        "^FO100,50^GB200,3,3^FS"
    );
    let shape = |fill| PlacedBox {
        frame: FRAME,
        thickness_dots: 2,
        fill,
    };
    assert_eq!(
        readable(Placed::Box(shape(false))),
        "^FO100,50^GB200,30,2^FS"
    );
    assert_eq!(
        readable(Placed::Box(shape(true))),
        "^FO100,50^GB200,30,30^FS"
    );
    // What hangs over the edge cannot be named and is drawn.
    let over = Frame { x: -4, ..FRAME };
    assert!(readable(Placed::Line(over)).starts_with("^FO0,50^GFA,"));
}

#[test]
fn codes_are_the_printers_own() {
    for (code, data, expected) in [
        (Symbology::Code128, "A-1_", "^BCN,30,N,N,N,A^FH^FDA-1_5F^FS"),
        (Symbology::Code39, "A-1", "^B3N,N,30,N,N^FH^FDA-1^FS"),
        (Symbology::Itf, "123456", "^B2N,30,N,N,N^FH^FD123456^FS"),
        (
            Symbology::Upca,
            "03600029145",
            "^BUN,30,N,N,Y^FH^FD03600029145^FS",
        ),
        (
            Symbology::Ean13,
            "400638133393",
            "^BEN,30,N,N^FH^FD400638133393^FS",
        ),
        (Symbology::Ean8, "9638507", "^B8N,30,N,N^FH^FD9638507^FS"),
    ] {
        let placed = PlacedBarcode {
            frame: FRAME,
            code,
            data: data.to_owned(),
            module_dots: 2,
            bars: code.bars(data).unwrap(),
        };
        assert_eq!(
            readable(Placed::Barcode(placed)),
            format!("^BY2,3,30^FO100,50{expected}")
        );
    }
    let matrix = codes::qr(b"A^1", Level::Q).unwrap();
    let side = matrix.side() as u32 * 4;
    let qr = PlacedQr {
        frame: Frame {
            width: side,
            height: side,
            ..FRAME
        },
        data: "A^1".to_owned(),
        level: Level::Q,
        module_dots: 4,
        matrix,
    };
    assert_eq!(
        readable(Placed::Qr(qr.clone())),
        "^BY1,2,10^FO100,40^BQN,2,4^FH^FDQA,A_5E1^FS"
    );
    let at_the_top = PlacedQr {
        frame: Frame { y: 3, ..qr.frame },
        ..qr
    };
    assert!(readable(Placed::Qr(at_the_top)).contains("^GFA"));
}
