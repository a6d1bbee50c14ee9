//! PDF: codes stay crisp, pages are chosen, turned and fitted, and what is bad is refused by its name.

use std::time::{Duration, Instant};

use cueline_documents::codes::{Level, code128, qr};
use cueline_documents::{Bits, DocumentError, PageSetup, PdfError};
use cueline_model::{ContentType, Fit, Rotation};

use crate::made::{all_pages, bars, pdf, pdf_with, points, qr as qr_content};
use crate::scan;

const ENCRYPTED: &[u8] = include_bytes!("fixtures/encrypted.pdf");

fn roll() -> PageSetup {
    PageSetup::new(203, 576, None)
}

fn error_of(document: &[u8], setup: &PageSetup) -> DocumentError {
    all_pages(document, ContentType::Pdf, setup).unwrap_err()
}

fn pdf_error(document: &[u8]) -> PdfError {
    match error_of(document, &roll()) {
        DocumentError::Pdf(error) => error,
        other => panic!("{other}"),
    }
}

/// A page with a black rectangle of `width` x `height` points at its top left corner.
fn marked(page: (f64, f64), width: f64, height: f64) -> (f64, f64, String) {
    let y = page.1 - height;
    (page.0, page.1, format!("0 {y} {width} {height} re f"))
}

fn inked(bits: &Bits) -> (usize, usize) {
    let width = (0..bits.width_dots())
        .rfind(|x| (0..bits.height_dots()).any(|y| bits.get(*x, y)))
        .map_or(0, |x| x + 1);
    (width, bits.inked_rows())
}

#[test]
fn vector_codes_come_out_in_whole_dots_and_are_read_back() {
    let barcode = code128("8F3K22Q7-014").unwrap();
    let matrix = qr(b"https://lyceum.example/t/8F3K22Q7-014", Level::M).unwrap();
    for dpi in [203_u16, 300] {
        let dot = 72.0 / f64::from(dpi);
        let content = bars(&barcode, 20.0 * dot, points(100.0), 2.0 * dot, 40.0)
            + &qr_content(&matrix, 20.0 * dot, points(40.0), 4.0 * dot);
        let document = pdf(&[(points(72.0), points(150.0), content)]);
        let setup = PageSetup::new(dpi, (dpi / 10) * 29, None);
        let (made, _) = all_pages(&document, ContentType::Pdf, &setup).unwrap();
        let codes = scan::codes(&made[0], dpi);
        assert_eq!(
            codes,
            [
                "CODE-128:8F3K22Q7-014",
                "QR-Code:https://lyceum.example/t/8F3K22Q7-014"
            ],
            "at {dpi} dpi"
        );
        // Every bar has exactly the dots of its modules.
        let y = (150.0 - 100.0 - 7.0) * f64::from(dpi) / 25.4;
        let row: Vec<bool> = (0..made[0].width_dots())
            .map(|x| made[0].get(x, y as usize))
            .collect();
        let runs: Vec<usize> = row.chunk_by(|a, b| a == b).map(<[bool]>::len).collect();
        let wanted: Vec<usize> = barcode
            .runs
            .iter()
            .map(|run| usize::from(*run) * 2)
            .collect();
        assert_eq!(&runs[1..=wanted.len()], wanted, "at {dpi} dpi");
    }
}

#[test]
fn bare_margins_are_given_up_before_a_page_is_shrunk() {
    let barcode = code128("8F3K22Q7-014").unwrap();
    let dot = 72.0 / 203.0;
    // 80 mm paper has 639 dots, the head 576; the code is in the middle 72 mm.
    let content = bars(&barcode, points(10.0), 40.0, 3.0 * dot, 40.0);
    let document = pdf(&[(points(80.0), points(50.0), content)]);
    let (made, _) = all_pages(&document, ContentType::Pdf, &roll()).unwrap();
    assert_eq!(made[0].width_dots(), 576);
    assert_eq!(scan::codes(&made[0], 203), ["CODE-128:8F3K22Q7-014"]);
    let widest = made[0].rows().map(|row| Bits::new(row.len(), row.to_vec()));
    let ink = widest.map(|row| row.ink_dots()).max().unwrap();
    let wanted: usize = barcode.bars().map(|(_, width)| width * 3).sum();
    assert_eq!(ink, wanted, "every bar in its own size");

    // With ink up to the edges it is shrunk, and as asked if it is asked for.
    let full = pdf(&[marked((points(80.0), points(50.0)), points(80.0), 50.0)]);
    let (made, _) = all_pages(&full, ContentType::Pdf, &roll()).unwrap();
    assert_eq!(inked(&made[0]).0, 576);
    let setup = PageSetup {
        fit: Some(Fit::Shrink),
        ..roll()
    };
    let (shrunk, _) = all_pages(&document, ContentType::Pdf, &setup).unwrap();
    assert!(
        shrunk[0].height_dots() < 50 * 8 * 576 / 639 + 8,
        "{shrunk:?}"
    );
}

#[test]
fn pages_are_fitted_as_asked() {
    // 144 x 72 points: 2 by 1 inches.
    let document = pdf(&[marked((144.0, 72.0), 144.0, 72.0)]);
    for (fit, head, height, wanted) in [
        (None, 576, None, (406, 203)),
        (None, 203, None, (203, 102)),
        (Some(Fit::None), 203, None, (203, 203)),
        (Some(Fit::None), 300, Some(100), (300, 100)),
        (Some(Fit::Shrink), 576, Some(102), (204, 102)),
        (Some(Fit::Page), 576, None, (576, 288)),
        (Some(Fit::Page), 576, Some(144), (288, 144)),
    ] {
        let mut setup = PageSetup::new(203, head, height);
        setup.fit = fit;
        let (made, _) = all_pages(&document, ContentType::Pdf, &setup).unwrap();
        assert_eq!(inked(&made[0]), wanted, "{fit:?} {head} {height:?}");
    }
}

#[test]
fn pages_are_turned_clockwise() {
    // A mark of 100 x 50 dots in the top left corner of a page of 400 x 200.
    let dot = 72.0 / 203.0;
    let page = (400.0 * dot, 200.0 * dot);
    let document = pdf(&[marked(page, 100.0 * dot, 50.0 * dot)]);
    let corner = |bits: &Bits, right: bool, bottom: bool| {
        let x = if right { bits.width_dots() - 5 } else { 5 };
        let y = if bottom { bits.height_dots() - 5 } else { 5 };
        bits.get(x, y)
    };
    for (rotate, right, bottom) in [
        (Rotation::R0, false, false),
        (Rotation::R90, true, false),
        (Rotation::R180, true, true),
        (Rotation::R270, false, true),
    ] {
        let setup = PageSetup { rotate, ..roll() };
        let (made, _) = all_pages(&document, ContentType::Pdf, &setup).unwrap();
        let is_high = made[0].height_dots() > made[0].width_dots();
        let sideways = matches!(rotate, Rotation::R90 | Rotation::R270);
        assert_eq!(is_high, sideways, "{rotate:?}");
        assert!(corner(&made[0], right, bottom), "{rotate:?}");
        assert_eq!(made[0].ink_dots(), 5000, "{rotate:?} {:?}", made[0]);
    }
}

#[test]
fn only_pages_that_are_asked_for_are_made() {
    let pages: Vec<_> = (1..=9)
        .map(|page| marked((144.0, 72.0), f64::from(page) * 10.0, 10.0))
        .collect();
    let document = pdf(&pages);
    let setup = PageSetup {
        pages: Some("2,4-5,9-".parse().unwrap()),
        ..roll()
    };
    let (made, count) = all_pages(&document, ContentType::Pdf, &setup).unwrap();
    assert_eq!((count.in_document, count.made), (9, 4));
    let widths: Vec<usize> = made.iter().map(|bits| inked(bits).0).collect();
    assert_eq!(widths, [56, 113, 141, 254]);
    let setup = PageSetup {
        pages: Some("10-".parse().unwrap()),
        ..roll()
    };
    assert_eq!(
        error_of(&document, &setup).to_string(),
        "cannot print page 10-: the document has 9; ask for pages that are there"
    );
}

#[test]
fn several_pages_share_a_side() {
    let page = marked((72.0, 144.0), 72.0, 144.0);
    let document = pdf(&vec![page; 5]);
    // Two upright pages on a sheet of 4 by 4 inches, side by side, 2 mm between them.
    let setup = PageSetup {
        nup: 2,
        ..PageSetup::new(203, 812, Some(812))
    };
    let (made, count) = all_pages(&document, ContentType::Pdf, &setup).unwrap();
    assert_eq!((made.len(), count.made), (3, 3));
    assert_eq!((made[0].width_dots(), made[0].height_dots()), (812, 812));
    assert!(made[0].get(200, 400) && made[0].get(600, 400));
    assert!(!made[0].get(406, 400), "the gap is bare");
    // On a roll the side ends with its last page.
    let setup = PageSetup { nup: 4, ..roll() };
    let (made, _) = all_pages(&document, ContentType::Pdf, &setup).unwrap();
    assert_eq!(made.len(), 2);
    assert!(made[1].height_dots() < made[0].height_dots());
}

#[test]
fn what_is_no_whole_readable_pdf_is_refused_by_its_name() {
    let whole = pdf(&[marked((144.0, 72.0), 10.0, 10.0)]);
    assert_eq!(pdf_error(b"%!PS-Adobe"), PdfError::NotPdf);
    assert_eq!(pdf_error(b""), PdfError::NotPdf);
    for length in (9..whole.len() - 6).step_by(17) {
        assert_eq!(
            pdf_error(&whole[..length]),
            PdfError::CutOff { got_bytes: length },
            "cut at {length}"
        );
    }
    assert_eq!(pdf_error(ENCRYPTED), PdfError::Password);
    assert_eq!(pdf_error(&pdf(&[])), PdfError::Empty);
    assert_eq!(pdf_error(b"%PDF-1.4\nnothing\n%%EOF"), PdfError::Damaged);
    // Spaces and zeros behind the end are common and harmless.
    let padded = [whole, vec![0; 4000], b"\r\n".to_vec()].concat();
    all_pages(&padded, ContentType::Pdf, &roll()).unwrap();
}

#[test]
fn a_hundred_thousand_pages_are_refused_before_they_are_listed() {
    let document = pdf(&vec![(144.0, 72.0, String::new()); 100_000]);
    let setup = PageSetup {
        pages: Some("1-2".parse().unwrap()),
        ..roll()
    };
    let started = Instant::now();
    let error = error_of(&document, &setup).to_string();
    assert!(
        error.starts_with("cannot print the PDF: it is made of 200004 objects"),
        "{error}"
    );
    assert!(started.elapsed() < Duration::from_secs(10));

    // Of what is listed, only what is asked for is drawn.
    let document = pdf(&vec![(144.0, 72.0, String::new()); 20_000]);
    let (made, count) = all_pages(&document, ContentType::Pdf, &setup).unwrap();
    assert_eq!((made.len(), count.in_document), (2, 20_000));
    let error = error_of(&document, &roll()).to_string();
    assert!(error.contains("20000 pages in one job"), "{error}");
}

#[test]
fn a_page_over_the_limit_is_refused_before_it_is_drawn() {
    let document = pdf(&[(14_400.0, 14_400.0, String::new())]);
    let setup = PageSetup {
        fit: Some(Fit::None),
        ..roll()
    };
    assert_eq!(
        error_of(&document, &setup).to_string(),
        "cannot print the PDF: page 1 is 5080 x 5080 mm, 40600 x 40600 dots; expected at most \
         16777216 dots in all and 16384 on a side; make it smaller"
    );
    // Shrunk to the head it is small.
    let (made, _) = all_pages(&document, ContentType::Pdf, &roll()).unwrap();
    assert_eq!(made[0].width_dots(), 576);
    // Thin and long: the side counts too.
    let document = pdf(&[(72.0, 14_400.0, String::new())]);
    assert!(matches!(pdf_error(&document), PdfError::TooLarge { .. }));
}

#[test]
fn a_picture_that_says_it_is_huge_is_refused_before_it_is_unpacked() {
    let page = [(72.0, 72.0, "72 0 0 72 0 0 cm /X1 Do".to_owned())];
    let picture = |pixels: u32| {
        format!(
            "<< /Type /XObject /Subtype /Image /Width {pixels} /Height {pixels} /BitsPerComponent 1 \
             /ColorSpace /DeviceGray /Length 8 >>\nstream\n\0\0\0\0\0\0\0\0\nendstream"
        )
    };
    let wanted = PdfError::ImageTooLarge {
        page: 1,
        width: 60_000,
        height: 60_000,
        pixels_max: 33_554_432,
    };
    assert_eq!(pdf_error(&pdf_with(&page, &[picture(60_000)])), wanted);
    // Inside a form that draws itself too. Objects 1 to 5 are the document's and the page's.
    let form = "<< /Type /XObject /Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /X1 6 0 R \
                /X2 7 0 R >> >> /Length 6 >>\nstream\n/X2 Do\nendstream";
    let document = pdf_with(&page, &[form.to_owned(), picture(60_000)]);
    assert_eq!(pdf_error(&document), wanted);
    // One that is small is drawn: eight rows of eight dark pixels.
    let (made, _) = all_pages(&pdf_with(&page, &[picture(8)]), ContentType::Pdf, &roll()).unwrap();
    assert_eq!(made[0].ink_dots(), 203 * 203);
}
