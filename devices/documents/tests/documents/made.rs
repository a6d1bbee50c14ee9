//! Small documents made for tests.

use std::fmt::Write;
use std::ops::ControlFlow;

use cueline_documents::codes::{Bars, Matrix};
use cueline_documents::{Bits, DocumentError, Limits, PageCount, PageSetup, pages};
use cueline_model::ContentType;

/// A PDF whose pages have these sizes in points and contents.
pub fn pdf(pages: &[(f64, f64, String)]) -> Vec<u8> {
    pdf_with(pages, &[])
}

/// The same with more objects, the first of which every page knows as the picture or form `/X1`.
pub fn pdf_with(pages: &[(f64, f64, String)], more: &[String]) -> Vec<u8> {
    let mut objects = vec!["<< /Type /Catalog /Pages 2 0 R >>".to_owned()];
    let mut kids = String::new();
    for index in 0..pages.len() {
        write!(kids, "{} 0 R ", 4 + 2 * index).unwrap();
    }
    objects.push(format!(
        "<< /Type /Pages /Count {} /Kids [{kids}] >>",
        pages.len()
    ));
    objects.push("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned());
    for (index, (width, height, content)) in pages.iter().enumerate() {
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {} 0 R \
             /Resources << /Font << /F1 3 0 R >> /XObject << /X1 {} 0 R >> >> >>",
            5 + 2 * index,
            4 + 2 * pages.len()
        ));
        let length = content.len();
        objects.push(format!(
            "<< /Length {length} >>\nstream\n{content}\nendstream"
        ));
    }
    objects.extend_from_slice(more);
    let mut file = "%PDF-1.7\n".to_owned();
    let mut table = String::new();
    for (index, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", file.len()).unwrap();
        write!(file, "{} 0 obj\n{object}\nendobj\n", index + 1).unwrap();
    }
    let start = file.len();
    let size = objects.len() + 1;
    write!(
        file,
        "xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n\
         startxref\n{start}\n%%EOF\n"
    )
    .unwrap();
    file.into_bytes()
}

/// Points of a length in millimetres.
pub fn points(mm: f64) -> f64 {
    mm * 72.0 / 25.4
}

/// Bars as content of a page, modules this many points wide.
pub fn bars(bars: &Bars, x: f64, y: f64, module: f64, height: f64) -> String {
    let mut content = String::new();
    for (start, width) in bars.bars() {
        let (left, width) = (x + start as f64 * module, width as f64 * module);
        writeln!(content, "{left:.4} {y} {width:.4} {height} re f").unwrap();
    }
    content
}

/// A QR code as content of a page.
pub fn qr(matrix: &Matrix, x: f64, y: f64, module: f64) -> String {
    let side = matrix.side();
    let mut content = String::new();
    for (column, row) in (0..side).flat_map(|row| (0..side).map(move |column| (column, row))) {
        if matrix.is_dark(column, row) {
            let left = x + column as f64 * module;
            let bottom = y + (side - 1 - row) as f64 * module;
            writeln!(
                content,
                "{left:.4} {bottom:.4} {module:.4} {module:.4} re f"
            )
            .unwrap();
        }
    }
    content
}

/// All pages of a document.
pub fn all_pages(
    document: &[u8],
    content_type: ContentType,
    setup: &PageSetup,
) -> Result<(Vec<Bits>, PageCount), DocumentError> {
    let mut made = Vec::new();
    let count = pages(
        document,
        content_type,
        setup,
        &Limits::default(),
        &mut |bits| {
            made.push(bits);
            ControlFlow::Continue(())
        },
    )?;
    Ok((made, count))
}
