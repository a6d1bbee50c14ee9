//! Documents made to break what reads them: each ends with a clear sentence, a child that is gone, and
//! a parent whose memory is as it was.

use std::process::Command;
use std::time::Duration;

use cueline_decoder::{DecodeError, Decoder, DecoderSettings, Pictures, Profile, RenderOptions};
use cueline_model::{ContentType, FailureCode, Language};
use libtest_mimic::Trial;

use crate::limits::block_on;
use crate::pdf;

/// A named test.
type Test = (&'static str, fn());

pub fn tests() -> Vec<Trial> {
    let tests: [Test; 10] = [
        (
            "a_document_is_rendered_as_it_would_be_here",
            a_document_is_rendered_as_it_would_be_here,
        ),
        ("a_good_document_is_pictured", a_good_document_is_pictured),
        (
            "raw_bytes_are_pictured_as_their_printer_draws_them",
            raw_bytes_are_pictured_as_their_printer_draws_them,
        ),
        ("a_bomb_ends_a_child", a_bomb_ends_a_child),
        ("depth_ends_a_child_at_most", depth_ends_a_child_at_most),
        (
            "a_long_document_has_its_first_pages_pictured",
            a_long_document_has_its_first_pages_pictured,
        ),
        (
            "a_huge_picture_is_refused_unread",
            a_huge_picture_is_refused_unread,
        ),
        (
            "an_encrypted_document_is_named_so",
            an_encrypted_document_is_named_so,
        ),
        ("what_is_cut_off_is_refused", what_is_cut_off_is_refused),
        ("garbage_is_refused", garbage_is_refused),
    ];
    tests
        .into_iter()
        .map(|(name, test)| {
            Trial::test(format!("documents::{name}"), move || {
                test();
                Ok(())
            })
        })
        .collect()
}

/// As agent and hub have it, but for less time: a test build is slow, and a bomb lasts as long as it may.
fn decoder() -> Decoder {
    let mut settings = DecoderSettings::this_program().unwrap();
    settings.limits.cpu = Duration::from_secs(4);
    Decoder::new(settings)
}

fn pictured(document: &[u8], content_type: ContentType) -> Result<Pictures, DecodeError> {
    let profile = Profile::new(Language::Escpos);
    let options = RenderOptions::default();
    block_on(decoder().picture(document, content_type, &profile, &options, 2))
}

/// What is said of a document that cannot be printed.
fn refused(document: &[u8], content_type: ContentType) -> String {
    let error = pictured(document, content_type).unwrap_err();
    assert!(!error.is_of_this_machine(), "{error}");
    let failure = error.to_failure();
    assert_eq!(failure.code, FailureCode::BadDocument);
    failure.text
}

/// What is said of a document that can be pictured and not printed.
fn unprintable(document: &[u8], content_type: ContentType) -> String {
    let profile = Profile::new(Language::Zpl);
    let options = RenderOptions::default();
    let rendered = block_on(decoder().render(document, content_type, &profile, &options));
    rendered.unwrap_err().to_failure().text
}

fn a_document_is_rendered_as_it_would_be_here() {
    let document = pdf::pages(3);
    for language in [
        Language::Escpos,
        Language::Fgl,
        Language::Zpl,
        Language::Pdf,
    ] {
        let options = RenderOptions {
            copies: 2,
            title: Some("three squares".to_owned()),
            ..RenderOptions::default()
        };
        let profile = Profile::new(language);
        let here = cueline_printers::render(&document, ContentType::Pdf, &profile, &options);
        let there = decoder();
        let there = there.render(&document, ContentType::Pdf, &profile, &options);
        assert_eq!(block_on(there).unwrap(), here.unwrap(), "{language}");
    }
}

fn a_good_document_is_pictured() {
    let document = pdf::pages(1);
    let pictures = pictured(&document, ContentType::Pdf).unwrap();
    assert_eq!((pictures.total, pictures.pages.len()), (1, 1));
    let decoder = png::Decoder::new(std::io::Cursor::new(&pictures.pages[0]));
    let header = decoder.read_info().unwrap();
    assert_eq!(header.info().width, 576);
}

fn a_long_document_has_its_first_pages_pictured() {
    let pictures = pictured(&pdf::pages(10_000), ContentType::Pdf).unwrap();
    assert_eq!((pictures.total, pictures.pages.len()), (10_000, 2));
    // Far more than anybody prints on tickets.
    let text = refused(&pdf::pages(100_000), ContentType::Pdf);
    assert!(text.contains("100004 objects; expected at most"), "{text}");
    let text = unprintable(&pdf::pages(10_000), ContentType::Pdf);
    assert!(text.contains("10000 pages"), "{text}");
}

fn raw_bytes_are_pictured_as_their_printer_draws_them() {
    let picture = |bytes: &[u8], language| {
        let options = RenderOptions::default();
        let profile = Profile::new(language);
        block_on(decoder().picture(bytes, ContentType::Raw, &profile, &options, 2))
    };
    for (bytes, language, total) in [
        (
            &b"\x1b@Hello\n\x1dVB\x00World\n\x1dVB\x00"[..],
            Language::Escpos,
            2,
        ),
        (b"<RC10,10><F6>Hello<p>", Language::Fgl, 1),
        (b"^XA^FO40,40^A0N,40,40^FDHello^FS^PQ5^XZ", Language::Zpl, 5),
    ] {
        let pictures = picture(bytes, language).unwrap();
        assert_eq!(pictures.total, total, "{language}");
        assert_eq!(pictures.pages.len(), 2.min(total as usize), "{language}");
    }
    let error = picture(b"Hello", Language::Raw).unwrap_err();
    assert_eq!(error.to_failure().code, FailureCode::UnsupportedContent);
}

fn a_bomb_ends_a_child() {
    for (bomb, document) in [
        ("content that unpacks to 600 MiB", pdf::with_bomb(600)),
        ("forms drawn 10,000,000,000 times", pdf::with_forms(10, 10)),
        ("a picture of 60,000 x 60,000", pdf::with_picture(60_000)),
    ] {
        assert!(document.len() < 1024 * 1024, "{bomb}: {}", document.len());
        let text = refused(&document, ContentType::Pdf);
        let ended = text.contains("needs more than") || text.contains("page 1");
        assert!(ended, "{bomb}: {text}");
    }
}

/// Depth that a reader bounds by itself is read or refused; what it does not bound ends the child.
fn depth_ends_a_child_at_most() {
    for (depth, document) in [
        ("arrays in arrays", pdf::nested_arrays(2_000_000)),
        ("pages below pages", pdf::page_tree_of_depth(200_000)),
        ("a form that draws itself", pdf::with_forms(1, 1)),
    ] {
        if let Err(error) = pictured(&document, ContentType::Pdf) {
            assert!(!error.is_of_this_machine(), "{depth}: {error}");
        }
    }
}

fn a_huge_picture_is_refused_unread() {
    let text = refused(&png_header(60_000, 60_000), ContentType::Png);
    assert!(text.contains("60000 x 60000"), "{text}");
}

fn an_encrypted_document_is_named_so() {
    let folder = std::env::temp_dir().join(format!("cueline-qpdf-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (plain, locked) = (folder.join("plain.pdf"), folder.join("locked.pdf"));
    std::fs::write(&plain, pdf::pages(1)).unwrap();
    let status = Command::new("qpdf")
        .args(["--encrypt", "secret", "owner", "256", "--"])
        .args([&plain, &locked])
        .status()
        .expect("qpdf is there: Debian's qpdf, installed by `cargo xtask test`");
    assert!(status.success());
    let document = std::fs::read(&locked).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let text = refused(&document, ContentType::Pdf);
    assert!(text.contains("encrypted with a password"), "{text}");
}

fn what_is_cut_off_is_refused() {
    let whole = pdf::pages(3);
    for cut in [whole.len() / 3, whole.len() / 2, whole.len() - 40] {
        let text = refused(&whole[..cut], ContentType::Pdf);
        assert!(text.starts_with("cannot print the PDF"), "{text}");
    }
    let picture = png_header(100, 100);
    let text = refused(&picture[..40], ContentType::Png);
    assert!(text.starts_with("cannot print the picture"), "{text}");
    let text = refused(b"\xff\xd8\xff\xe0\x00\x10JFIF", ContentType::Jpeg);
    assert!(text.starts_with("cannot print the picture"), "{text}");
}

fn garbage_is_refused() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut noise = |length: usize| -> Vec<u8> {
        let bytes = (0..length).map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        });
        bytes.collect()
    };
    for (begins, content_type) in [
        (&b"%PDF-1.7\n"[..], ContentType::Pdf),
        (b"\x89PNG\r\n\x1a\n", ContentType::Png),
        (b"\xff\xd8\xff\xe0", ContentType::Jpeg),
        (b"{\"", ContentType::Ticket),
    ] {
        for length in [10, 1_000, 100_000] {
            let document = [begins, &noise(length), b"\n%%EOF\n"].concat();
            let text = refused(&document, content_type);
            assert!(
                text.starts_with("cannot print the "),
                "{content_type}: {text}"
            );
        }
    }
}

/// A PNG as far as its header, with a right checksum, and a picture of nothing.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    // Its end is written when it is dropped.
    drop(encoder.write_header().unwrap());
    bytes
}
