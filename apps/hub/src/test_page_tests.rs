//! Test pages for every head there is, and for those there are not.

use cueline_documents::ticket::Placed;
use cueline_model::WallTime;

use super::*;

fn page(language: Language, head: Head, names: (&str, &str)) -> TestPage {
    TestPage {
        printer: names.0.parse().unwrap(),
        agent: names.1.to_owned(),
        at: Timestamp(WallTime(1_777_663_800_125)),
        language,
        dpi: head.0,
        width_dots: head.1,
        height_dots: head.2,
    }
}

/// Dots to an inch, across and down.
type Head = (u16, u16, Option<u16>);

/// Heads of real printers, and the least and the most that a till may tell.
const HEADS: [(Language, Head); 13] = [
    (Language::Escpos, (203, 576, None)),
    (Language::Escpos, (180, 512, None)),
    (Language::Escpos, (203, 384, None)),
    (Language::Fgl, (203, 1_050, Some(384))),
    (Language::Fgl, (305, 1_575, Some(576))),
    (Language::Fgl, (203, 640, Some(384))),
    (Language::Zpl, (203, 832, None)),
    (Language::Zpl, (203, 832, Some(1_218))),
    (Language::Zpl, (203, 448, Some(254))),
    (Language::Zpl, (300, 1_248, Some(1_800))),
    (Language::Zpl, (600, 2_400, Some(1_200))),
    (Language::Pdf, (300, 2_480, Some(3_508))),
    (Language::Pdf, (203, 1_680, Some(2_374))),
];

#[test]
fn it_can_be_set_on_every_head() {
    let long = "n".repeat(64);
    for (language, head) in HEADS {
        for names in [
            ("front", "counter 1"),
            (long.as_str(), "Kasse größer {{field}} \u{1f3ad} Ωmega Ω"),
            ("a", &"W".repeat(100)),
        ] {
            let page = page(language, head, names);
            let (content_type, document) = page.document(&[ContentType::Ticket]).unwrap();
            assert_eq!(content_type, ContentType::Ticket);
            let ticket = TicketDocument::parse(&document).unwrap();
            let setup = PageSetup::new(head.0, head.1, head.2);
            let layout = ticket.layout(0, &setup, &Limits::default());
            let layout = layout.unwrap_or_else(|error| panic!("{head:?}: {error}"));
            let codes = layout
                .items
                .iter()
                .filter(|item| matches!(item, Placed::Qr(_) | Placed::Barcode(_)));
            assert_eq!(codes.count(), 2, "{head:?}");
            // The ruler reaches from edge to edge.
            let ruler = layout.items.iter().find_map(|item| match item {
                Placed::Line(frame) => Some(frame.width),
                _ => None,
            });
            let missing = i64::from(head.1) - i64::from(ruler.unwrap());
            assert!((0..=1).contains(&missing), "{head:?}: {missing} dots short");
        }
    }
}

#[test]
fn a_printer_of_bytes_gets_plain_text_and_others_without_tickets_none() {
    let of = |language| {
        page(
            language,
            (203, 576, None),
            ("front", "Kasse gr\u{f6}\u{df}er"),
        )
    };
    let raw = of(Language::Raw).document(&[ContentType::Raw]);
    let (content_type, text) = raw.unwrap();
    assert_eq!(content_type, ContentType::Raw);
    assert!(text.is_ascii());
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("agent   Kasse gr??er\r\n"), "{text}");
    assert!(text.ends_with("\r\n\x0c"), "{text}");
    assert_eq!(of(Language::Escpos).document(&[ContentType::Raw]), None);
}

#[test]
fn a_head_of_whatever_size_breaks_nothing() {
    let widths = [0, 1, 7, 64, 200, u16::MAX];
    let heights = [None, Some(0), Some(1), Some(100), Some(u16::MAX)];
    for dpi in [0, 1, 72, 203, 1_200, u16::MAX] {
        for (width, height) in widths
            .iter()
            .flat_map(|w| heights.iter().map(move |h| (*w, *h)))
        {
            let head = (dpi, width, height);
            let page = page(Language::Zpl, head, ("front", "till"));
            if let Some((_, document)) = page.document(&[ContentType::Ticket]) {
                TicketDocument::parse(&document).unwrap();
            }
        }
    }
}

#[test]
#[ignore = "writes pictures to look at: TEST_PAGES=folder cargo test -p cueline-hub test_page -- --ignored"]
fn pictures_to_look_at() {
    let folder = std::path::PathBuf::from(std::env::var_os("TEST_PAGES").unwrap());
    for (number, (language, head)) in HEADS.into_iter().enumerate() {
        let page = page(language, head, ("front", "counter 1"));
        let (_, document) = page.document(&[ContentType::Ticket]).unwrap();
        let ticket = TicketDocument::parse(&document).unwrap();
        let setup = PageSetup::new(head.0, head.1, head.2);
        let layout = ticket.layout(0, &setup, &Limits::default()).unwrap();
        let png = layout.draw().to_png(head.0);
        std::fs::write(folder.join(format!("{number}-{language}.png")), png).unwrap();
    }
}
