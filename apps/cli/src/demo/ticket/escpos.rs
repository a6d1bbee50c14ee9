//! The few ESC/POS commands a ticket is made of.
//!
//! Source: Epson, "ESC/POS Command Reference". Text is Windows code page 1252, which every printer
//! of the last twenty years has as page 16.

/// Bytes for a printer, in the making.
pub struct Escpos(Vec<u8>);

/// Where the rest of the ticket stands on its line.
#[derive(Clone, Copy)]
pub enum Align {
    Left = 0,
    Centre = 1,
}

/// A picture of one bit a dot, packed in rows of whole bytes, most significant bit leftmost.
pub struct Raster {
    pub width_bytes: u16,
    pub rows: u16,
    pub dots: Vec<u8>,
}

impl Escpos {
    /// Starts with the printer's settings as they are after power on.
    pub fn new() -> Self {
        Self(b"\x1b@\x1bt\x10".to_vec())
    }

    pub fn align(&mut self, align: Align) -> &mut Self {
        self.put(&[0x1b, b'a', align as u8])
    }

    pub fn bold(&mut self, on: bool) -> &mut Self {
        self.put(&[0x1b, b'E', u8::from(on)])
    }

    /// White on black.
    pub fn invert(&mut self, on: bool) -> &mut Self {
        self.put(&[0x1d, b'B', u8::from(on)])
    }

    /// Times the normal width and height, 1 to 8 each.
    pub fn size(&mut self, across: u8, down: u8) -> &mut Self {
        debug_assert!((1..=8).contains(&across) && (1..=8).contains(&down));
        self.put(&[0x1d, b'!', (across - 1) << 4 | (down - 1)])
    }

    /// Dots from one line's top to the next one's; a taller line takes what it needs.
    pub fn line_spacing(&mut self, dots: u8) -> &mut Self {
        self.put(&[0x1b, b'3', dots])
    }

    pub fn default_line_spacing(&mut self) -> &mut Self {
        self.put(b"\x1b2")
    }

    pub fn feed(&mut self, dots: u8) -> &mut Self {
        self.put(&[0x1b, b'J', dots])
    }

    pub fn line(&mut self, text: &str) -> &mut Self {
        let bytes: Vec<u8> = text.chars().map(code_page_1252).collect();
        self.put(&bytes).put(b"\n")
    }

    pub fn picture(&mut self, picture: &Raster) -> &mut Self {
        let [x_low, x_high] = picture.width_bytes.to_le_bytes();
        let [y_low, y_high] = picture.rows.to_le_bytes();
        self.put(&[0x1d, b'v', b'0', 0, x_low, x_high, y_low, y_high])
            .put(&picture.dots)
    }

    /// A QR code, model 2, error correction M, with squares of `module_dots`.
    pub fn qr(&mut self, text: &str, module_dots: u8) -> &mut Self {
        let length = u16::try_from(text.len() + 3).expect("a ticket's code is short");
        let [low, high] = length.to_le_bytes();
        self.put(&[0x1d, b'(', b'k', 4, 0, 49, 65, 50, 0])
            .put(&[0x1d, b'(', b'k', 3, 0, 49, 67, module_dots])
            .put(&[0x1d, b'(', b'k', 3, 0, 49, 69, 49])
            .put(&[0x1d, b'(', b'k', low, high, 49, 80, 48])
            .put(text.as_bytes())
            .put(&[0x1d, b'(', b'k', 3, 0, 49, 81, 48])
    }

    /// CODE128 in code set B with its text below.
    pub fn code128(&mut self, text: &str, module_dots: u8, height_dots: u8) -> &mut Self {
        let length = u8::try_from(text.len() + 2).expect("an order's number is short");
        self.put(&[0x1d, b'h', height_dots, 0x1d, b'w', module_dots])
            .put(&[0x1d, b'H', 2, 0x1d, b'k', 73, length])
            .put(b"{B")
            .put(text.as_bytes())
    }

    /// Feeds to the knife and cuts.
    pub fn cut(&mut self) -> Vec<u8> {
        self.put(&[0x1d, b'V', 66, 0]);
        std::mem::take(&mut self.0)
    }

    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }
}

/// Latin 1 is page 1252 from A0H on; what else a ticket writes is named here.
fn code_page_1252(character: char) -> u8 {
    match character {
        '€' => 0x80,
        '’' => 0x92,
        '•' => 0x95,
        '–' => 0x96,
        other => u8::try_from(other).unwrap_or(b'?'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_code_page_1252() {
        let bytes = Escpos::new().line("£5 · é €’ 漢").cut();
        assert_eq!(&bytes[5..], b"\xa35 \xb7 \xe9 \x80\x92 ?\n\x1dV\x42\x00");
    }

    #[test]
    fn a_qr_code_counts_its_text() {
        let bytes = Escpos::new().qr("ABC", 6).cut();
        let store = [&[0x1d, b'(', b'k', 6, 0, 49, 80, 48], b"ABC".as_slice()].concat();
        assert!(bytes.windows(store.len()).any(|part| part == store));
    }
}
