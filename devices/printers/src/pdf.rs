//! Pages of dots as a PDF, for devices that take documents but not a ticket document.
//!
//! Source: ISO 32000-1, sections 7.5 (file structure) and 8.9 (images). A page is one image mask in its
//! own size; nothing is compressed, since a ticket at 300 dpi is about 200 kB.

use cueline_documents::Bits;

/// Writes a PDF page by page.
#[derive(Debug)]
pub(crate) struct Writer {
    dpi: f64,
    out: Vec<u8>,
    /// Where each object begins; the first is number 1.
    offsets: Vec<usize>,
    pages: Vec<usize>,
}

/// The numbers of the catalog and of the list of pages, which are written last.
const CATALOG: usize = 1;
const PAGE_LIST: usize = 2;

impl Writer {
    pub(crate) fn new(dpi: u16) -> Self {
        Self {
            dpi: f64::from(dpi.max(1)),
            out: b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n".to_vec(),
            offsets: vec![0, 0],
            pages: Vec::new(),
        }
    }

    /// Bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    /// Adds a page exactly as large as its dots.
    pub(crate) fn push(&mut self, bits: &Bits) {
        let (width, height) = (bits.width_dots().max(1), bits.height_dots().max(1));
        let points = |dots: usize| dots as f64 * 72.0 / self.dpi;
        let (across, down) = (points(width), points(height));
        let image = self.begin();
        let header = format!(
            "<</Type/XObject/Subtype/Image/Width {width}/Height {height}/ImageMask true\
             /BitsPerComponent 1/Decode[1 0]/Length {}>>stream\n",
            bits.bytes().len()
        );
        self.out.extend_from_slice(header.as_bytes());
        self.out.extend_from_slice(bits.bytes());
        self.end("\nendstream");
        let drawing = format!("{across:.3} 0 0 {down:.3} 0 0 cm /I Do");
        let contents = self.begin();
        let length = drawing.len();
        self.end(&format!("<</Length {length}>>stream\n{drawing}\nendstream"));
        let page = self.begin();
        self.end(&format!(
            "<</Type/Page/Parent {PAGE_LIST} 0 R/MediaBox[0 0 {across:.3} {down:.3}]\
             /Resources<</XObject<</I {image} 0 R>>>>/Contents {contents} 0 R>>"
        ));
        self.pages.push(page);
    }

    /// Writes what leads to the pages.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let kids: Vec<String> = self
            .pages
            .iter()
            .map(|page| format!("{page} 0 R"))
            .collect();
        self.object(
            PAGE_LIST,
            &format!(
                "<</Type/Pages/Count {}/Kids[{}]>>",
                kids.len(),
                kids.join(" ")
            ),
        );
        self.object(CATALOG, &format!("<</Type/Catalog/Pages {PAGE_LIST} 0 R>>"));
        let table = self.out.len();
        let count = self.offsets.len() + 1;
        self.text(&format!("xref\n0 {count}\n0000000000 65535 f \n"));
        for offset in self.offsets.clone() {
            self.text(&format!("{offset:010} 00000 n \n"));
        }
        self.text(&format!(
            "trailer<</Size {count}/Root {CATALOG} 0 R>>\nstartxref\n{table}\n%%EOF\n"
        ));
        self.out
    }

    /// Begins a new object and gives its number.
    fn begin(&mut self) -> usize {
        self.offsets.push(self.out.len());
        let number = self.offsets.len();
        self.text(&format!("{number} 0 obj\n"));
        number
    }

    fn object(&mut self, number: usize, body: &str) {
        self.offsets[number - 1] = self.out.len();
        self.text(&format!("{number} 0 obj\n"));
        self.end(body);
    }

    fn end(&mut self, rest: &str) {
        self.text(rest);
        self.text("\nendobj\n");
    }

    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use cueline_documents::{Limits, PageSetup, pages};
    use cueline_model::ContentType;

    use super::*;

    #[test]
    fn pages_read_back_dot_for_dot() {
        let page = |width, height| {
            let mut bits = Bits::blank(width, height);
            bits.fill(3, 2, 5, 7);
            bits.set(width - 1, height - 1, true);
            bits
        };
        let written = [page(203, 100), page(64, 301)];
        let mut writer = Writer::new(203);
        for bits in &written {
            writer.push(bits);
        }
        let file = writer.finish();
        let mut read = Vec::new();
        let setup = PageSetup::new(203, 576, None);
        pages(
            &file,
            ContentType::Pdf,
            &setup,
            &Limits::default(),
            &mut |bits| {
                read.push(bits);
                ControlFlow::Continue(())
            },
        )
        .unwrap();
        assert_eq!(read.len(), 2);
        for (written, read) in written.iter().zip(&read) {
            assert_eq!(read.ink_dots(), written.ink_dots());
            assert!(read.get(3, 2) && read.get(7, 8) && !read.get(8, 8));
        }
    }
}
