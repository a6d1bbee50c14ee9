//! The printers' built-in font: characters to dots in any size.
//!
//! The bitmaps are Spleen's, in three sizes; a size in between is made of the next larger bitmap. The
//! crate's own lookup finds only glyphs that stand for one character alone, so the tables are read
//! here: `Ë` shares its glyph with a Cyrillic letter.

use std::collections::HashMap;
use std::sync::OnceLock;

use cueline_documents::Bits;
use spleen_font::{FONT_5X8, FONT_12X24, FONT_32X64, Glyph, PSF2Font};

/// One size of the font.
struct Source {
    width: usize,
    height: usize,
    data: &'static [u8],
    glyphs: OnceLock<HashMap<char, u32>>,
}

impl Source {
    const fn new(width: usize, height: usize, data: &'static [u8]) -> Self {
        Self {
            width,
            height,
            data,
            glyphs: OnceLock::new(),
        }
    }
}

/// Smallest first.
static SOURCES: [Source; 3] = [
    Source::new(5, 8, FONT_5X8),
    Source::new(12, 24, FONT_12X24),
    Source::new(32, 64, FONT_32X64),
];
/// The size that has the most characters.
const FULLEST: usize = 1;

/// A character drawn `width` dots wide and `height` high; a hollow box where the font lacks it.
pub(crate) fn glyph(character: char, width: usize, height: usize) -> Bits {
    let (width, height) = (width.max(1), height.max(1));
    let Some((source, dots)) = find(character, height) else {
        return hollow_box(width, height);
    };
    let mut bits = Bits::blank(width, height);
    if width >= source.width && height >= source.height {
        enlarge(source, &dots, &mut bits);
    } else {
        reduce(source, &dots, &mut bits);
    }
    bits
}

/// Each dot becomes a rectangle.
fn enlarge(source: &Source, dots: &[bool], bits: &mut Bits) {
    let (width, height) = (bits.width_dots(), bits.height_dots());
    for (index, _) in dots.iter().enumerate().filter(|(_, ink)| **ink) {
        let (column, row) = (index % source.width, index / source.width);
        let edge = |at: usize, old: usize, new: usize| (at * new).div_ceil(old);
        let (left, right) = (
            edge(column, source.width, width),
            edge(column + 1, source.width, width),
        );
        let (top, bottom) = (
            edge(row, source.height, height),
            edge(row + 1, source.height, height),
        );
        bits.fill(left, top, right - left, bottom - top);
    }
}

/// A dot is ink where a third of what it covers is: thin strokes stay.
fn reduce(source: &Source, dots: &[bool], bits: &mut Bits) {
    let (width, height) = (bits.width_dots(), bits.height_dots());
    for y in 0..height {
        let rows = span(y, height, source.height);
        for x in 0..width {
            let columns = span(x, width, source.width);
            let covered: usize = rows
                .clone()
                .map(|row| &dots[row * source.width..][columns.clone()])
                .map(|dots| dots.iter().filter(|ink| **ink).count())
                .sum();
            if covered * 3 >= rows.len() * columns.len() {
                bits.set(x, y, true);
            }
        }
    }
}

/// The old dots that a new one covers.
fn span(index: usize, count: usize, old: usize) -> std::ops::Range<usize> {
    let start = index * old / count;
    start..((index + 1) * old / count).clamp(start + 1, old.max(start + 1))
}

/// The smallest bitmap of a character that is high enough, or else the largest.
fn find(character: char, height: usize) -> Option<(&'static Source, Vec<bool>)> {
    let first = SOURCES
        .iter()
        .position(|source| source.height >= height)
        .unwrap_or(SOURCES.len() - 1);
    // 25 to 30 dots look better as the sharp 24 than as 64 made smaller.
    let first = if height <= 30 && first == 2 {
        FULLEST
    } else {
        first
    };
    [first, FULLEST].into_iter().find_map(|index| {
        let dots = SOURCES[index].dots(character)?;
        // The small sizes have places for letters that nobody has drawn yet.
        let is_drawn = character.is_whitespace() || dots.contains(&true);
        is_drawn.then_some((&SOURCES[index], dots))
    })
}

impl Source {
    fn dots(&self, character: char) -> Option<Vec<bool>> {
        let index = self.glyphs().get(&character)?;
        let font = PSF2Font::new(self.data).ok()?;
        let bytes = font.glyph_by_idx(*index)?;
        let mut dots = Vec::with_capacity(self.width * self.height);
        for row in Glyph::new(bytes, self.width) {
            let before = dots.len();
            dots.extend(row.take(self.width));
            dots.resize(before + self.width, false);
        }
        dots.resize(self.width * self.height, false);
        Some(dots)
    }

    /// Characters to glyph numbers, from the font's own table (PSF version 2: one record a glyph, its
    /// characters in UTF-8, ended by FFH; FEH starts sequences, of which this font has none).
    fn glyphs(&self) -> &HashMap<char, u32> {
        self.glyphs.get_or_init(|| {
            let Ok(font) = PSF2Font::new(self.data) else {
                return HashMap::new();
            };
            let table = (font.header_size + font.num_glyphs * font.bytes_per_glyph) as usize;
            let records = self.data.get(table..).unwrap_or_default();
            (0..font.num_glyphs)
                .zip(records.split(|byte| *byte == 0xff))
                .flat_map(|(index, record)| {
                    let characters = std::str::from_utf8(record).unwrap_or_default();
                    characters.chars().map(move |character| (character, index))
                })
                .collect()
        })
    }
}

fn hollow_box(width: usize, height: usize) -> Bits {
    let mut bits = Bits::blank(width, height);
    let (left, top) = (width / 12, height / 6);
    let (inner_width, inner_height) = (width - 2 * left, height - 2 * top);
    let line = (height / 24).max(1);
    bits.fill(left, top, inner_width, inner_height);
    bits.clear(
        left + line,
        top + line,
        inner_width.saturating_sub(2 * line),
        inner_height.saturating_sub(2 * line),
    );
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_have_glyphs_in_every_size_and_what_has_none_gets_a_box() {
        for (width, height) in [(5, 7), (8, 16), (12, 24), (17, 31), (46, 91)] {
            for letter in ['A', 'z', '0', 'é', 'Ë', 'ß', '€', '£', '─', '█'] {
                let dots = glyph(letter, width, height);
                assert_ne!(dots, hollow_box(width, height), "{letter} {width}");
                assert!(dots.ink_dots() > 0, "{letter} {width}");
            }
            assert_eq!(
                glyph('漢', width, height),
                hollow_box(width, height),
                "{width}"
            );
            assert_eq!(glyph(' ', width, height).ink_dots(), 0, "{width}");
        }
    }

    #[test]
    fn sizes_without_bounds_do_no_harm() {
        for (width, height) in [(0, 0), (1, 1), (1, 400), (400, 1), (300, 300)] {
            let dots = glyph('W', width, height);
            assert_eq!(dots.width_dots(), width.max(1));
            let _box = glyph('漢', width, height);
        }
    }
}
