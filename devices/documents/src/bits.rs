//! A page of dots: what a print head burns, what a preview shows, what an interpreter draws.

use std::fmt;
use std::io;

use cueline_model::Rotation;

/// Black dots, one bit each (1 is ink), most significant bit leftmost, rows padded to whole bytes.
/// The padding is never ink.
#[derive(Clone, PartialEq, Eq)]
pub struct Bits {
    width_dots: usize,
    row_bytes: usize,
    bytes: Vec<u8>,
}

impl Bits {
    /// Rows of `row_bytes` bytes each, which `bytes` holds one after the other; every bit is a dot.
    /// Bytes after the last whole row are left out.
    #[must_use]
    pub fn new(row_bytes: usize, bytes: Vec<u8>) -> Self {
        Self::from_rows(row_bytes * 8, bytes)
    }

    /// Rows of `width_dots` dots, each padded to whole bytes, which `bytes` holds one after the
    /// other. Padding is made bare; bytes after the last whole row are left out.
    #[must_use]
    pub fn from_rows(width_dots: usize, mut bytes: Vec<u8>) -> Self {
        let row_bytes = width_dots.div_ceil(8);
        let rows = bytes.len().checked_div(row_bytes).unwrap_or(0);
        bytes.truncate(rows * row_bytes);
        if !width_dots.is_multiple_of(8) {
            let mask = 0xff_u8 << (8 - width_dots % 8);
            for row in bytes.chunks_exact_mut(row_bytes) {
                row[row_bytes - 1] &= mask;
            }
        }
        Self {
            width_dots,
            row_bytes,
            bytes,
        }
    }

    /// A bare page.
    #[must_use]
    pub fn blank(width_dots: usize, height_dots: usize) -> Self {
        let row_bytes = width_dots.div_ceil(8);
        Self {
            width_dots,
            row_bytes,
            bytes: vec![0; row_bytes * height_dots],
        }
    }

    /// Dots across.
    #[must_use]
    pub fn width_dots(&self) -> usize {
        self.width_dots
    }

    /// Dots down.
    #[must_use]
    pub fn height_dots(&self) -> usize {
        self.bytes.len().checked_div(self.row_bytes).unwrap_or(0)
    }

    /// Bytes of one row.
    #[must_use]
    pub fn row_bytes(&self) -> usize {
        self.row_bytes
    }

    /// All rows, top to bottom.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Row by row, top to bottom.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = &[u8]> + ExactSizeIterator {
        self.bytes.chunks_exact(self.row_bytes.max(1))
    }

    /// Whether there is ink at a place; there is none outside.
    #[must_use]
    pub fn get(&self, x: usize, y: usize) -> bool {
        x < self.width_dots
            && self
                .bytes
                .get(y * self.row_bytes + x / 8)
                .is_some_and(|byte| byte & (0x80 >> (x % 8)) != 0)
    }

    /// Puts ink at a place or takes it away; nothing happens outside.
    pub fn set(&mut self, x: usize, y: usize, ink: bool) {
        if x >= self.width_dots {
            return;
        }
        if let Some(byte) = self.bytes.get_mut(y * self.row_bytes + x / 8) {
            let bit = 0x80 >> (x % 8);
            if ink {
                *byte |= bit;
            } else {
                *byte &= !bit;
            }
        }
    }

    /// Makes a rectangle ink; what of it is outside is left out.
    pub fn fill(&mut self, x: usize, y: usize, width: usize, height: usize) {
        self.change(x, y, width, height, |byte, mask| *byte |= mask);
    }

    /// Makes a rectangle bare; what of it is outside is left out.
    pub fn clear(&mut self, x: usize, y: usize, width: usize, height: usize) {
        self.change(x, y, width, height, |byte, mask| *byte &= !mask);
    }

    /// Turns ink to bare paper and back in a rectangle; what of it is outside is left out.
    pub fn invert(&mut self, x: usize, y: usize, width: usize, height: usize) {
        self.change(x, y, width, height, |byte, mask| *byte ^= mask);
    }

    fn change(
        &mut self,
        x: usize,
        y: usize,
        width: usize,
        height: usize,
        each: impl Fn(&mut u8, u8),
    ) {
        let right = x.saturating_add(width).min(self.width_dots);
        let bottom = y.saturating_add(height).min(self.height_dots());
        if x >= right {
            return;
        }
        let (first, last) = (x / 8, (right - 1) / 8);
        let first_mask = 0xff_u8 >> (x % 8);
        let last_mask = 0xff_u8 << (7 - (right - 1) % 8);
        for y in y..bottom {
            let row = &mut self.bytes[y * self.row_bytes..][first..=last];
            let end = row.len() - 1;
            for (index, byte) in row.iter_mut().enumerate() {
                let mut mask = 0xff;
                if index == 0 {
                    mask &= first_mask;
                }
                if index == end {
                    mask &= last_mask;
                }
                each(byte, mask);
            }
        }
    }

    /// Draws another page's ink over this one's, its top left corner at a place that may be outside.
    pub fn draw(&mut self, other: &Self, x: isize, y: isize) {
        self.draw_where(other, x, y, |bits, x, y| bits.set(x, y, true));
    }

    /// Takes away the ink of this page wherever the other one has some: text in a black box.
    pub fn erase(&mut self, other: &Self, x: isize, y: isize) {
        self.draw_where(other, x, y, |bits, x, y| bits.set(x, y, false));
    }

    fn draw_where(
        &mut self,
        other: &Self,
        x: isize,
        y: isize,
        each: impl Fn(&mut Self, usize, usize),
    ) {
        for (row_y, row) in other.rows().enumerate() {
            let Some(to_y) = y.checked_add_unsigned(row_y) else {
                return;
            };
            let Ok(to_y) = usize::try_from(to_y) else {
                continue;
            };
            if to_y >= self.height_dots() {
                return;
            }
            for (index, byte) in row.iter().enumerate().filter(|(_, byte)| **byte != 0) {
                for bit in (0..8).filter(|bit| byte & (0x80 >> bit) != 0) {
                    let to_x = x.checked_add_unsigned(index * 8 + bit);
                    if let Some(Ok(to_x)) = to_x.map(usize::try_from) {
                        each(self, to_x, to_y);
                    }
                }
            }
        }
    }

    /// A rectangle of this page; what of it is outside is bare.
    #[must_use]
    pub fn cropped(&self, x: usize, y: usize, width: usize, height: usize) -> Self {
        let mut part = Self::blank(width, height);
        let offset = |start: usize| isize::try_from(start).map_or(isize::MIN, |start| -start);
        part.draw(self, offset(x), offset(y));
        part
    }

    /// The page turned clockwise.
    #[must_use]
    pub fn turned(&self, rotation: Rotation) -> Self {
        let (width, height) = (self.width_dots, self.height_dots());
        let (new_width, new_height) = match rotation {
            Rotation::R0 => return self.clone(),
            Rotation::R180 => (width, height),
            Rotation::R90 | Rotation::R270 => (height, width),
        };
        let mut turned = Self::blank(new_width, new_height);
        for (y, row) in self.rows().enumerate() {
            for (index, byte) in row.iter().enumerate().filter(|(_, byte)| **byte != 0) {
                for bit in (0..8).filter(|bit| byte & (0x80 >> bit) != 0) {
                    let x = index * 8 + bit;
                    let (x, y) = match rotation {
                        Rotation::R0 => (x, y),
                        Rotation::R90 => (height - 1 - y, x),
                        Rotation::R180 => (width - 1 - x, height - 1 - y),
                        Rotation::R270 => (y, width - 1 - x),
                    };
                    turned.set(x, y, true);
                }
            }
        }
        turned
    }

    /// Dots that are ink.
    #[must_use]
    pub fn ink_dots(&self) -> usize {
        self.bytes
            .iter()
            .map(|byte| byte.count_ones() as usize)
            .sum()
    }

    /// Rows down to the last one with ink: what a roll has to be fed.
    #[must_use]
    pub fn inked_rows(&self) -> usize {
        self.rows()
            .rposition(|row| row.iter().any(|byte| *byte != 0))
            .map_or(0, |last| last + 1)
    }

    /// The page cut at a height, or made longer with bare rows.
    #[must_use]
    pub fn with_height(mut self, height_dots: usize) -> Self {
        self.bytes.resize(height_dots * self.row_bytes, 0);
        self
    }

    /// A PNG of one bit a pixel, its resolution noted, so that viewers can show it in its true size.
    #[must_use]
    pub fn to_png(&self, dpi: u16) -> Vec<u8> {
        let mut out = Vec::new();
        if let Err(error) = self.write_png(&mut out, dpi) {
            // A page is at least a dot in each direction there, and a `Vec` takes everything.
            unreachable!("a PNG in memory: {error}");
        }
        out
    }

    fn write_png(&self, out: impl io::Write, dpi: u16) -> Result<(), png::EncodingError> {
        // PNG knows no empty picture (section 11.2.1): an empty page is one bare dot.
        let width = self.width_dots.max(1);
        let height = self.height_dots().max(1);
        let side = |dots: usize| u32::try_from(dots).unwrap_or(u32::MAX);
        let mut encoder = png::Encoder::new(out, side(width), side(height));
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let dots_per_metre = (u32::from(dpi) * 10_000 + 127) / 254;
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: dots_per_metre,
            yppu: dots_per_metre,
            unit: png::Unit::Meter,
        }));
        // In a PNG 0 is black.
        let mut rows: Vec<u8> = self.bytes.iter().map(|byte| !byte).collect();
        rows.resize(width.div_ceil(8) * height, 0xff);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&rows)?;
        writer.finish()
    }
}

impl fmt::Debug for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = (self.width_dots, self.height_dots());
        write!(f, "Bits({width} x {height}, {} ink)", self.ink_dots())
    }
}

#[cfg(test)]
#[path = "bits_tests.rs"]
mod tests;
