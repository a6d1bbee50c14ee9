//! Tests of the ticket document: what is refused and in which words, and where things are placed.

use cueline_model::Fit;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::Bits;

fn document(elements: Value) -> Value {
    json!({
        "cueline_ticket": 1,
        "size": { "width_mm": 72, "height_mm": 50 },
        "fields": { "show": "The Tempest", "seat": 14 },
        "elements": elements,
    })
}

fn preview(document: &Value) -> Result<Layout, TicketError> {
    TicketDocument::parse(document.to_string().as_bytes())?.preview(0, 203)
}

fn error_of(elements: Value) -> String {
    preview(&document(elements)).unwrap_err().to_string()
}

fn placed(elements: Value) -> Layout {
    preview(&document(elements)).unwrap()
}

#[test]
fn an_error_names_its_element_and_what_was_expected() {
    let text =
        |text: &str| json!({ "type": "text", "text": text, "x_mm": 2, "y_mm": 2, "size_pt": 10 });
    let code = |code: &str, data: &str| json!({ "type": "barcode", "code": code, "data": data, "x_mm": 5, "y_mm": 20, "height_mm": 8 });
    let line = json!({ "type": "line", "x_mm": 1, "y_mm": 1, "length_mm": 10 });
    for (elements, wanted) in [
        (
            json!([line, text("{{venue}}")]),
            "element 2 (text): there is no field \"venue\"; give it in `fields`, which has seat, show",
        ),
        (
            json!([text("{{show")]),
            "element 1 (text): `{{` without `}}` in \"{{show\"; write a field as `{{name}}`",
        ),
        (
            json!([text("Иван и Ии")]),
            "element 1 (text): the fonts have no \"Иавин\"; send the text as an image, or set \
             `missing` to `box` to print an empty box instead",
        ),
        (
            json!([{ "type": "text", "text": "a", "x_mm": 2, "y_mm": 2 }]),
            "element 1 (text): expected one of size_pt and size_mm",
        ),
        (
            json!([{ "type": "text", "text": "a", "x_mm": 2, "size_pt": 9 }]),
            "element 1 (text): expected one of y_mm and baseline_mm",
        ),
        (
            json!([{ "type": "text", "text": "a", "x_mm": -1, "y_mm": 2, "size_pt": 9 }]),
            "element 1 (text): x_mm: expected 0 to 2000 mm, got -1",
        ),
        (
            json!([{ "type": "text", "txt": "a" }]),
            "element 1 (text): unknown field `txt`, expected one of `text`, `x_mm`, `y_mm`, \
             `baseline_mm`, `size_pt`, `size_mm`, `max_width_mm`, `font`, `style`, `align`, \
             `tracking_em`, `rotate`, `invert`, `missing`",
        ),
        (
            json!([{ "type": "circle" }]),
            "element 1 (circle): expected a type of text, paragraph, image, barcode, qr, line or box, \
             got \"circle\"",
        ),
        (
            json!([7]),
            "element 1 (no type): expected a type of text, paragraph, image, barcode, qr, line or \
             box, got none",
        ),
        (
            json!([line, line, code("ean13", "12345")]),
            "element 3 (barcode): ean13 takes 12 digits, or 13 with the check digit, got 5",
        ),
        (json!([code("code128", "1234567890"), line]), ""),
        (
            json!([{ "type": "barcode", "code": "code128", "data": "1234567890", "x_mm": 1,
                     "y_mm": 20, "height_mm": 8 }]),
            "element 1 (barcode): its quiet zone is not bare: the edge of the ticket is in it; leave \
             2.6 mm on the left, 2.6 on the right and 0 above and below",
        ),
        (
            json!([{ "type": "qr", "data": "x", "x_mm": 10, "y_mm": 10 },
                   { "type": "text", "text": "near", "x_mm": 21, "y_mm": 12, "size_pt": 8 }]),
            "element 1 (qr): its quiet zone is not bare: element 2 (text) is in it; leave 2.1 mm on \
             the left, 2.1 on the right and 2.1 above and below",
        ),
        (
            json!([{ "type": "qr", "data": "x", "x_mm": 10, "y_mm": 10, "size_mm": 2 }]),
            "element 1 (qr): it needs at least 2.7 mm here and size_mm is 2; make it larger or \
             shorten the data",
        ),
        (
            json!([{ "type": "box", "x_mm": 10, "y_mm": 10, "width_mm": 64, "height_mm": 5 }]),
            "element 1 (box): it hangs over the right edge of the ticket by 2.1 mm; move it or make it \
             smaller",
        ),
        (
            json!([{ "type": "text", "text": "Midsummer", "x_mm": 2, "y_mm": 2, "size_pt": 20,
                     "max_width_mm": 10 }]),
            "element 1 (text): \"Midsummer\" does not fit: it needs 18.5 mm of max_width_mm 10 even \
             at half its size; shorten it or give it more room",
        ),
        (
            json!([{ "type": "image", "data": "!", "x_mm": 2, "y_mm": 2, "width_mm": 9 }]),
            "element 1 (image): data: expected a PNG or JPEG in base64: Invalid symbol 33, offset 0.",
        ),
        (
            json!([{ "type": "image", "data": "AAAA", "x_mm": 2, "y_mm": 2, "width_mm": 9 }]),
            "element 1 (image): data: it is neither a PNG nor a JPEG by its first bytes; export it as \
             one of them",
        ),
    ] {
        if wanted.is_empty() {
            placed(elements);
            continue;
        }
        assert_eq!(error_of(elements.clone()), wanted, "{elements}");
    }
}

#[test]
fn what_is_no_ticket_document_is_refused() {
    let error = |text: &str| {
        TicketDocument::parse(text.as_bytes())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        error("{"),
        "it is not a ticket document that can be read: EOF while parsing an object at line 1 column 1"
    );
    let with = |key: &str, value: Value| {
        let mut document =
            document(json!([{ "type": "line", "x_mm": 1, "y_mm": 1, "length_mm": 9 }]));
        document[key] = value;
        error(&document.to_string())
    };
    assert_eq!(
        with("cueline_ticket", json!(2)),
        "it says cueline_ticket 2; expected 1"
    );
    assert_eq!(
        with("size", json!({ "width_mm": 0, "height_mm": 9 })),
        "size.width_mm: expected 5 to 2000 mm, got 0"
    );
    assert!(
        with("size", json!({ "width_mm": 72, "height_mm": "high" }))
            .contains("height_mm: expected a number of millimetres or \"auto\", got \"high\"")
    );
    assert!(with("sise", json!(1)).contains("unknown field `sise`"));
    assert!(
        with("fields", json!({ "seat": [1] }))
            .contains("field \"seat\": expected a text or a number")
    );
    assert_eq!(
        with("elements", json!([])),
        "elements: expected 1 to 500, got 0"
    );
    assert_eq!(
        with("tickets", json!([])),
        "tickets: expected 1 to 500, got 0"
    );
}

#[test]
fn each_ticket_has_its_own_fields_over_the_common_ones() {
    let mut document = document(json!([
        { "type": "text", "text": "{{show}} {{ seat }}", "x_mm": 2, "y_mm": 2, "size_pt": 10 }
    ]));
    document["tickets"] = json!([{ "seat": 15 }, { "show": "Hamlet {{seat}}" }, {}]);
    let ticket = TicketDocument::parse(document.to_string().as_bytes()).unwrap();
    assert_eq!(ticket.count(), 3);
    let texts: Vec<String> = (0..3)
        .map(
            |index| match &ticket.preview(index, 203).unwrap().items[0] {
                Placed::Text(text) => text.text.clone(),
                other => panic!("{other:?}"),
            },
        )
        .collect();
    // What a field says is not filled again.
    assert_eq!(
        texts,
        ["The Tempest 15", "Hamlet {{seat}} 14", "The Tempest 14"]
    );

    document["tickets"] = json!([{}, { "seat": "Ж" }]);
    let ticket = TicketDocument::parse(document.to_string().as_bytes()).unwrap();
    let error = ticket.preview(1, 203).unwrap_err().to_string();
    assert!(
        error.starts_with("ticket 2, element 1 (text): the fonts have no \"Ж\""),
        "{error}"
    );
}

#[test]
fn a_text_stands_where_its_alignment_says() {
    for (align, wanted) in [("left", 240), ("center", 240 - 54), ("right", 240 - 108)] {
        let layout = placed(
            json!([{ "type": "text", "text": "Tempest", "x_mm": 30.03, "y_mm": 10,
            "size_pt": 10, "align": align }]),
        );
        let frame = layout.items[0].frame();
        assert_eq!(
            (frame.x, frame.y, frame.width, frame.height),
            (wanted, 80, 108, 28),
            "{align}"
        );
    }
    let layout = placed(
        json!([{ "type": "text", "text": "Tempest", "x_mm": 30, "baseline_mm": 10,
        "size_pt": 10 }]),
    );
    let Placed::Text(text) = &layout.items[0] else {
        panic!("{layout:?}");
    };
    assert_eq!(text.frame.y + text.baseline_dots, 80);
}

#[test]
fn a_long_text_is_set_smaller_and_a_paragraph_broken() {
    let layout = placed(
        json!([{ "type": "text", "text": "A Midsummer Night’s Dream", "x_mm": 2,
        "y_mm": 2, "size_pt": 20, "max_width_mm": 60 }]),
    );
    let frame = layout.items[0].frame();
    assert!((440..=480).contains(&frame.width), "{frame:?}");

    let paragraph = json!([{ "type": "paragraph", "x_mm": 2, "y_mm": 2, "width_mm": 30,
        "text": "Latecomers are admitted at the interval only.\nNo refunds.", "size_pt": 9,
        "align": "right" }]);
    let layout = placed(paragraph);
    let lines: Vec<&str> = layout
        .items
        .iter()
        .map(|item| match item {
            Placed::Text(text) => text.text.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        lines,
        [
            "Latecomers are",
            "admitted at the",
            "interval only.",
            "No refunds."
        ]
    );
    for item in &layout.items {
        assert_eq!(item.frame().area().right, 16 + 240, "{item:?}");
    }
}

#[test]
fn a_roll_is_as_high_as_its_lowest_element() {
    let mut document = document(json!([
        { "type": "box", "x_mm": 0, "y_mm": 10, "width_mm": 72, "height_mm": 20, "fill": true },
        { "type": "text", "text": "", "x_mm": 0, "y_mm": 400, "size_pt": 10 },
    ]));
    document["size"]["height_mm"] = json!("auto");
    let layout = preview(&document).unwrap();
    assert_eq!((layout.width_dots, layout.height_dots), (575, 240));
    document["elements"] = json!([{ "type": "qr", "data": "x", "x_mm": 10, "y_mm": 10 }]);
    // 21 modules of 4 dots, and the quiet zone below.
    assert_eq!(preview(&document).unwrap().height_dots, 80 + 84 + 16);
}

#[test]
fn a_ticket_is_shrunk_to_a_narrower_head_or_refused_as_asked() {
    let document = document(json!([
        { "type": "box", "x_mm": 0, "y_mm": 0, "width_mm": 72, "height_mm": 50 }
    ]));
    let ticket = TicketDocument::parse(document.to_string().as_bytes()).unwrap();
    let layout = |fit, width, height| {
        let setup = PageSetup {
            fit,
            ..PageSetup::new(203, width, height)
        };
        let layout = ticket.layout(0, &setup, &Limits::default())?;
        Ok::<_, TicketError>((layout.width_dots, layout.height_dots))
    };
    assert_eq!(layout(None, 576, None).unwrap(), (575, 400));
    assert_eq!(layout(None, 384, None).unwrap(), (384, 267));
    assert_eq!(layout(None, 576, Some(200)).unwrap(), (288, 200));
    assert_eq!(layout(Some(Fit::Page), 832, None).unwrap(), (832, 578));
    assert_eq!(
        layout(Some(Fit::None), 384, None).unwrap_err().to_string(),
        "it is 71.9 x 50 mm and the printer prints 48 mm across; make it smaller, turn it, or ask \
         for fit shrink"
    );
}

#[test]
fn a_turned_layout_draws_the_turned_picture() {
    for sample in [
        include_bytes!("../../samples/theatre-stub.json").as_slice(),
        include_bytes!("../../samples/theatre-roll.json").as_slice(),
    ] {
        let ticket = TicketDocument::parse(sample).unwrap();
        let layout = ticket.preview(0, 203).unwrap();
        let upright = layout.draw();
        for rotation in [Rotation::R90, Rotation::R180, Rotation::R270] {
            let turned = layout.clone().turned(rotation).draw();
            assert!(turned == upright.turned(rotation), "{rotation:?}");
        }
    }
}

#[test]
fn an_inverted_text_is_bare_on_ink() {
    let layout = placed(
        json!([{ "type": "text", "text": "ADMIT", "x_mm": 10, "y_mm": 10,
        "size_pt": 12, "style": "bold", "invert": true }]),
    );
    let bits = layout.draw();
    let frame = layout.items[0].frame();
    let all = (frame.width * frame.height) as usize;
    assert!(
        (all / 2..all).contains(&bits.ink_dots()),
        "{} of {all}",
        bits.ink_dots()
    );
}

#[test]
fn every_letter_of_europe_has_ink_in_every_font() {
    let letters = "AÁÂÃÄÅÆĀĂĄBCĆČĊDĎĐEÉĒĖĘĚFGĞĢHIÍĪĮİJKĶLĹĻĽŁMNŃŅŇÑOÓÖŌŐØŒPQRŔŘSŚŠŞȘTŤȚUÚŪŮŰŲVWŴXYÝŶŸZŹŻŽ\
                   aąćčďđęěğįķľłńňőŕřśşșťțůűųŵŷźżžßþð€£„”‘’–…";
    for family in ["sans", "serif", "mono"] {
        for style in ["regular", "bold", "italic", "bold_italic"] {
            for letter in letters.chars() {
                let layout = placed(
                    json!([{ "type": "text", "text": letter.to_string(), "x_mm": 20,
                    "y_mm": 20, "size_pt": 14, "font": family, "style": style }]),
                );
                assert!(layout.draw().ink_dots() > 4, "{letter} in {family} {style}");
            }
        }
    }
}

/// Any element, most of them possible.
fn element() -> impl Strategy<Value = Value> {
    let place = || (0.0..70.0_f64, 0.0..48.0_f64);
    let turn = prop::sample::select(vec![0, 90, 180, 270]);
    let align = prop::sample::select(vec!["left", "center", "right"]);
    let font = prop::sample::select(vec!["sans", "serif", "mono"]);
    let style = prop::sample::select(vec!["regular", "bold", "italic", "bold_italic"]);
    let text = (
        place(),
        "[ -~À-ž]{0,12}",
        3.0..40.0_f64,
        turn.clone(),
        align.clone(),
        font,
        style,
        any::<bool>(),
    )
        .prop_map(|((x, y), text, size, rotate, align, font, style, invert)| {
            json!({ "type": "text", "text": text, "x_mm": x, "y_mm": y, "size_pt": size,
                    "rotate": rotate, "align": align, "font": font, "style": style,
                    "invert": invert, "missing": "box" })
        });
    let paragraph = (
        place(),
        "[a-z ]{0,60}",
        3.0..20.0_f64,
        5.0..70.0_f64,
        turn.clone(),
        align.clone(),
    )
        .prop_map(|((x, y), text, size, width, rotate, align)| {
            json!({ "type": "paragraph", "text": text, "x_mm": x, "y_mm": y, "size_pt": size,
                    "width_mm": width, "rotate": rotate, "align": align })
        });
    let barcode = (
        place(),
        "[ -z]{1,8}",
        2.0..20.0_f64,
        0.1..0.6_f64,
        turn,
        align,
    )
        .prop_map(|((x, y), data, height, module, rotate, align)| {
            json!({ "type": "barcode", "code": "code128", "data": data, "x_mm": x, "y_mm": y,
                    "height_mm": height, "module_mm": module, "rotate": rotate, "align": align })
        });
    let qr = (place(), "[ -z]{1,20}", 0.1..1.0_f64).prop_map(|((x, y), data, module)| {
        json!({ "type": "qr", "data": data, "x_mm": x, "y_mm": y, "module_mm": module })
    });
    let line = (place(), 0.1..70.0_f64, 0.05..3.0_f64, 0.1..3.0_f64).prop_map(
        |((x, y), length, thickness, dash)| {
            json!({ "type": "line", "x_mm": x, "y_mm": y, "length_mm": length,
                    "thickness_mm": thickness, "dash_mm": dash, "direction": "down" })
        },
    );
    let shape = (place(), 0.1..70.0_f64, 0.1..48.0_f64, any::<bool>()).prop_map(
        |((x, y), width, height, fill)| {
            json!({ "type": "box", "x_mm": x, "y_mm": y, "width_mm": width, "height_mm": height,
                    "fill": fill })
        },
    );
    prop_oneof![3 => text, 2 => paragraph, 2 => barcode, 1 => qr, 1 => line, 1 => shape]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Drawn on a larger page, a ticket that was placed leaves everything around it bare.
    #[test]
    fn nothing_is_placed_outside(element in element(), dpi in 150..310_u16) {
        let document = document(json!([element]));
        let ticket = TicketDocument::parse(document.to_string().as_bytes()).unwrap();
        if let Ok(mut layout) = ticket.preview(0, dpi) {
            const MARGIN: usize = 300;
            let (width, height) = (layout.width_dots, layout.height_dots);
            for item in &mut layout.items {
                let frame = item.frame_mut();
                *frame = frame.moved(MARGIN as i32, MARGIN as i32);
            }
            layout.width_dots += 2 * MARGIN;
            layout.height_dots += 2 * MARGIN;
            let mut bits: Bits = layout.draw();
            bits.clear(MARGIN, MARGIN, width, height);
            prop_assert_eq!(bits.ink_dots(), 0, "{:?}", layout.items);
        }
    }
}
