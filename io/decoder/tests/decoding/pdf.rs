//! PDFs written by hand (ISO 32000-1, 7.5): good ones, long ones, and ones made to break a reader.

/// A PDF in the making.
struct Writer {
    bytes: Vec<u8>,
    /// Where each object begins, from 1.
    offsets: Vec<usize>,
}

impl Writer {
    fn new() -> Self {
        Self {
            bytes: b"%PDF-1.7\n".to_vec(),
            offsets: Vec::new(),
        }
    }

    /// Adds the next object.
    fn object(&mut self, content: &[u8]) {
        self.offsets.push(self.bytes.len());
        let number = self.offsets.len();
        self.bytes
            .extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        self.bytes.extend_from_slice(content);
        self.bytes.extend_from_slice(b"\nendobj\n");
    }

    fn stream(&mut self, dictionary: &str, content: &[u8]) {
        let head = format!("<< {dictionary} /Length {} >>\nstream\n", content.len());
        self.object(&[head.as_bytes(), content, b"\nendstream"].concat());
    }

    /// The table of objects and the end; object 1 is the catalogue.
    fn end(mut self) -> Vec<u8> {
        let table = self.bytes.len();
        let count = self.offsets.len() + 1;
        let mut end = format!("xref\n0 {count}\n0000000000 65535 f \n");
        for offset in &self.offsets {
            end.push_str(&format!("{offset:010} 00000 n \n"));
        }
        end.push_str(&format!(
            "trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"
        ));
        self.bytes.extend_from_slice(end.as_bytes());
        self.bytes
    }
}

const SQUARE: &[u8] = b"10 10 100 100 re f";

/// So many pages of 80 x 50 mm, each with a black square.
pub fn pages(count: usize) -> Vec<u8> {
    let mut pdf = Writer::new();
    let kids: Vec<String> = (0..count).map(|page| format!("{} 0 R", page + 4)).collect();
    pdf.object(b"<< /Type /Catalog /Pages 2 0 R >>");
    pdf.object(
        format!(
            "<< /Type /Pages /Count {count} /Kids [{}] >>",
            kids.join(" ")
        )
        .as_bytes(),
    );
    pdf.stream("", SQUARE);
    for _ in 0..count {
        pdf.object(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 227 142] /Contents 3 0 R /Resources << >> >>",
        );
    }
    pdf.end()
}

/// One page whose content unpacks to so many MiB of spaces.
pub fn with_bomb(mebibytes: usize) -> Vec<u8> {
    let inner = deflated(mebibytes, &[b' '; 1024 * 1024]);
    let outer = deflated(1, &inner);
    let mut pdf = Writer::new();
    pdf.object(b"<< /Type /Catalog /Pages 2 0 R >>");
    pdf.object(b"<< /Type /Pages /Count 1 /Kids [4 0 R] >>");
    pdf.stream("/Filter [/FlateDecode /FlateDecode]", &outer);
    pdf.object(
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 227 142] /Contents 3 0 R /Resources << >> >>",
    );
    pdf.end()
}

/// One page with `levels` of forms below it, each of which draws the next one `times` times; the last
/// one draws a square, or the first one again where there is one level.
pub fn with_forms(levels: usize, times: usize) -> Vec<u8> {
    let mut pdf = Writer::new();
    pdf.object(b"<< /Type /Catalog /Pages 2 0 R >>");
    pdf.object(b"<< /Type /Pages /Count 1 /Kids [4 0 R] >>");
    let drawn = "/F Do ".repeat(times);
    pdf.stream("", drawn.as_bytes());
    pdf.object(
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 227 142] /Contents 3 0 R \
          /Resources << /XObject << /F 5 0 R >> >> >>",
    );
    for level in 1..=levels {
        let below = if level == 1 && levels == 1 {
            5
        } else {
            level + 5
        };
        let content = if level == levels && levels > 1 {
            SQUARE
        } else {
            drawn.as_bytes()
        };
        let dictionary = format!(
            "/Type /XObject /Subtype /Form /BBox [0 0 227 142] \
             /Resources << /XObject << /F {below} 0 R >> >>"
        );
        pdf.stream(&dictionary, content);
    }
    pdf.end()
}

/// One page with a grey picture that says it has so many pixels square, and a MiB of them.
pub fn with_picture(side: usize) -> Vec<u8> {
    let mebibyte = [0xff; 1024 * 1024];
    let pixels = deflated(1, &mebibyte);
    let mut pdf = Writer::new();
    pdf.object(b"<< /Type /Catalog /Pages 2 0 R >>");
    pdf.object(b"<< /Type /Pages /Count 1 /Kids [4 0 R] >>");
    pdf.stream("", b"100 0 0 100 0 0 cm /P Do");
    pdf.object(
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 227 142] /Contents 3 0 R \
          /Resources << /XObject << /P 5 0 R >> >> >>",
    );
    let dictionary = format!(
        "/Type /XObject /Subtype /Image /Width {side} /Height {side} /BitsPerComponent 8 \
         /ColorSpace /DeviceGray /Filter /FlateDecode"
    );
    pdf.stream(&dictionary, &pixels);
    pdf.end()
}

/// A page whose content is an array in an array in an array.
pub fn nested_arrays(depth: usize) -> Vec<u8> {
    let mut content = vec![b'['; depth];
    content.extend(vec![b']'; depth]);
    content.extend_from_slice(b" TJ");
    let mut pdf = Writer::new();
    pdf.object(b"<< /Type /Catalog /Pages 2 0 R >>");
    pdf.object(b"<< /Type /Pages /Count 1 /Kids [4 0 R] >>");
    pdf.stream("", &content);
    pdf.object(
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 227 142] /Contents 3 0 R /Resources << >> >>",
    );
    pdf.end()
}

/// A tree of pages in which each has one below it.
pub fn page_tree_of_depth(depth: usize) -> Vec<u8> {
    let mut pdf = Writer::new();
    pdf.object(b"<< /Type /Catalog /Pages 2 0 R >>");
    for level in 0..depth {
        let below = level + 3;
        pdf.object(format!("<< /Type /Pages /Count 1 /Kids [{below} 0 R] >>").as_bytes());
    }
    pdf.object(b"<< /Type /Page /MediaBox [0 0 227 142] /Resources << >> >>");
    pdf.end()
}

/// `piece` so many times, deflated.
fn deflated(times: usize, piece: &[u8]) -> Vec<u8> {
    use std::io::Write as _;

    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..times {
        encoder.write_all(piece).unwrap();
    }
    encoder.finish().unwrap()
}
