//! Tests of what is made for which printer: copies, bounds, refusals.

use cueline_documents::Bits;
use cueline_model::{Cut, FailureCode, Rotation};

use super::*;

fn options(copies: u16, duplicate: bool) -> RenderOptions {
    RenderOptions {
        copies,
        duplicate,
        ..RenderOptions::default()
    }
}

/// All bytes of what comes out, and how many tickets that is.
fn raw(document: &[u8], language: Language, options: &RenderOptions) -> (Vec<u8>, u32) {
    let print = render(document, ContentType::Raw, &Profile::new(language), options).unwrap();
    match print {
        Print::Tickets(tickets) => (tickets.bytes().to_vec(), tickets.count()),
        Print::Document { .. } => panic!("no whole document was asked for"),
    }
}

#[test]
fn raw_bytes_pass_unchanged_once_per_copy() {
    for language in [Language::Escpos, Language::Raw] {
        let (bytes, count) = raw(b"<S1>\x00\xff", language, &options(3, false));
        assert_eq!(bytes, b"<S1>\x00\xff<S1>\x00\xff<S1>\x00\xff");
        assert_eq!(count, 3);
    }
}

#[test]
fn a_duplicate_is_headed_where_the_language_has_text() {
    let (bytes, _) = raw(b"ticket", Language::Escpos, &options(2, true));
    let text = String::from_utf8_lossy(&bytes);
    assert_eq!(text.matches("DUPLICATE").count(), 2);
    assert!(text.find("DUPLICATE") < text.find("ticket"));

    let (bytes, _) = raw(b"ticket", Language::Raw, &options(2, true));
    assert_eq!(bytes, b"ticketticket");
}

#[test]
fn what_a_printer_cannot_take_is_refused_with_what_it_can() {
    let raw = Profile::new(Language::Raw);
    for content_type in [ContentType::Png, ContentType::Pdf, ContentType::Ticket] {
        let error = render(b"x", content_type, &raw, &RenderOptions::default()).unwrap_err();
        let failure = error.to_failure();
        assert_eq!(failure.code, FailureCode::UnsupportedContent);
        assert!(failure.text.contains(content_type.as_str()), "{failure:?}");
        assert!(!supported(raw.language).contains(&content_type));
    }
    assert_eq!(
        render(b"x", ContentType::Png, &raw, &RenderOptions::default())
            .unwrap_err()
            .to_string(),
        "cannot print a png document on a printer that takes raw: it takes raw; \
         send one of these or use another printer"
    );
}

#[test]
fn copies_are_bounded_in_number_and_in_bytes() {
    let profile = Profile::new(Language::Raw);
    for copies in [0, COPIES_MAX + 1] {
        let error = render(b"x", ContentType::Raw, &profile, &options(copies, false)).unwrap_err();
        assert!(matches!(error, RenderError::Copies { got } if got == copies));
    }
    let long = vec![0; RENDERED_BYTES_MAX / 100 + 1];
    let error = render(&long, ContentType::Raw, &profile, &options(100, false)).unwrap_err();
    assert!(matches!(error, RenderError::TooLong { copies: 100, .. }));
    assert_eq!(error.to_failure().code, FailureCode::BadDocument);
}

/// A ticket document of so many tickets, with nothing but a line on each.
fn ticket_document(count: usize) -> Vec<u8> {
    let tickets = vec!["{}"; count].join(",");
    format!(
        r#"{{"cueline_ticket": 1, "size": {{"width_mm": 40, "height_mm": 20}}, "tickets": [{tickets}],
            "elements": [{{"type": "line", "x_mm": 2, "y_mm": 4, "length_mm": 30}}]}}"#
    )
    .into_bytes()
}

fn tickets(print: Print) -> Vec<Vec<u8>> {
    match print {
        Print::Tickets(tickets) => tickets
            .ranges()
            .map(|range| tickets.bytes()[range].to_vec())
            .collect(),
        Print::Document { .. } => panic!("no whole document was asked for"),
    }
}

fn asking(options: PrintOptions) -> RenderOptions {
    RenderOptions {
        copies: 2,
        options,
        ..RenderOptions::default()
    }
}

#[test]
fn each_page_of_each_copy_is_a_ticket_and_cut_where_it_is_asked_to_be() {
    let document = ticket_document(3);
    let cut_at = |cut, from_ticket| {
        let options = asking(PrintOptions {
            cut,
            from_ticket,
            ..PrintOptions::default()
        });
        let profile = Profile::new(Language::Fgl);
        let print = render(&document, ContentType::Ticket, &profile, &options).unwrap();
        let is_cut = |ticket: Vec<u8>| ticket.ends_with(b"<p>");
        tickets(print).into_iter().map(is_cut).collect::<Vec<_>>()
    };
    assert_eq!(cut_at(None, None), [true; 6]);
    assert_eq!(cut_at(Some(Cut::Each), Some(5)), [true; 2]);
    assert_eq!(cut_at(Some(Cut::None), None), [false; 6]);
    assert_eq!(
        cut_at(Some(Cut::End), None),
        [false, false, false, false, false, true]
    );
}

#[test]
fn the_drawer_opens_once_and_not_again_for_a_reprint() {
    let profile = Profile::new(Language::Escpos);
    let kicks = |from_ticket| {
        let options = asking(PrintOptions {
            drawer: Some(true),
            from_ticket,
            ..PrintOptions::default()
        });
        let print = render(&ticket_document(1), ContentType::Ticket, &profile, &options).unwrap();
        let kicked = |ticket: &Vec<u8>| ticket.windows(2).any(|part| part == b"\x1bp");
        tickets(print).iter().map(kicked).collect::<Vec<_>>()
    };
    assert_eq!(kicks(None), [true, false]);
    assert_eq!(kicks(Some(2)), [false]);
}

#[test]
fn a_strict_job_is_refused_what_the_printer_cannot_and_another_goes_without() {
    let mut options = asking(PrintOptions {
        darkness: Some(80),
        rotate: Some(Rotation::R90),
        ..PrintOptions::default()
    });
    let profile = Profile::new(Language::Fgl);
    let document = ticket_document(1);
    let without = render(&document, ContentType::Ticket, &profile, &options).unwrap();
    options.options.on_unsupported = OnUnsupported::Strict;
    let error = render(&document, ContentType::Ticket, &profile, &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot print as asked: darkness 80: the printer cannot do that"
    );
    assert_eq!(error.to_failure().code, FailureCode::UnsupportedContent);
    options.options.darkness = None;
    let with = render(&document, ContentType::Ticket, &profile, &options).unwrap();
    assert_eq!(with, without);
    let raw = render(b"<p>", ContentType::Raw, &profile, &options).unwrap_err();
    assert!(raw.to_string().contains("rotate 90"), "{raw}");
}

#[test]
fn a_raw_job_in_another_language_is_refused() {
    let profile = Profile::new(Language::Escpos);
    let options = RenderOptions::default();
    let error = render(b"^XA^FDx^FS^XZ", ContentType::Raw, &profile, &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot print the raw document: the printer takes escpos and this is ZPL; send it with its \
         own content type, or to a printer that takes it"
    );
    let error = render(b"not a pdf", ContentType::Pdf, &profile, &options).unwrap_err();
    assert!(matches!(error, RenderError::Document(_)));
}

#[test]
fn a_device_of_documents_gets_them_whole() {
    let profile = Profile::new(Language::Pdf);
    let options = RenderOptions {
        title: Some("Tickets".to_owned()),
        ..asking(PrintOptions {
            pages: "2".parse().ok(),
            cut: Some(Cut::None),
            ..PrintOptions::default()
        })
    };
    let print = render(b"%PDF-1.7", ContentType::Pdf, &profile, &options).unwrap();
    let as_it_is = Print::Document {
        bytes: b"%PDF-1.7".to_vec(),
        content_type: ContentType::Pdf,
        copies: 2,
        options: Box::new(options.options.clone()),
        title: options.title.clone(),
    };
    assert_eq!(print, as_it_is);

    let print = render(&ticket_document(3), ContentType::Ticket, &profile, &options).unwrap();
    let Print::Document {
        bytes,
        content_type,
        options: left,
        ..
    } = print
    else {
        panic!("expected a document")
    };
    assert_eq!(content_type, ContentType::Pdf);
    assert!(bytes.starts_with(b"%PDF-") && bytes.ends_with(b"%%EOF\n"));
    assert_eq!(
        bytes
            .windows(11)
            .filter(|part| part == b"/Type/Page/")
            .count(),
        1
    );
    assert_eq!(
        (left.pages, left.cut),
        (None, Some(Cut::None)),
        "what is done is done"
    );
}

#[test]
fn pictures_of_every_language_are_bounded() {
    // Noise does not get shorter: 64 tickets of it are over the limit.
    let mut state = 1_u64;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    let bits = Bits::new(72, (0..72 * 9_500).map(|_| noise()).collect());
    let file = bits.to_png(203);
    let options = RenderOptions {
        copies: 100,
        ..RenderOptions::default()
    };
    for language in [Language::Escpos, Language::Fgl, Language::Zpl] {
        let mut profile = Profile::new(language);
        profile.height_dots = None;
        let error = render(&file, ContentType::Png, &profile, &options).unwrap_err();
        assert!(matches!(error, RenderError::TooLong { .. }), "{error}");
    }
}
