//! The printer's built-in font: code pages to glyphs of 12 x 24 dots.
//!
//! The bitmaps are Spleen's. The crate's own lookup finds only glyphs that stand for one character
//! alone, so the table is read here: `Ë` shares its glyph with a Cyrillic letter.

use std::collections::HashMap;
use std::sync::OnceLock;

use spleen_font::{FONT_12X24, Glyph, PSF2Font};

/// Dots across one character of normal size.
pub(super) const GLYPH_WIDTH: usize = 12;
/// Dots down one character of normal size.
pub(super) const GLYPH_HEIGHT: usize = 24;

/// The upper halves of the code pages, 80H to FFH.
const PAGE_437: &str = "\
     ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
     áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
     └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
     αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
const PAGE_850: &str = "\
     ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ\
     áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
     └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
     ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";
const PAGE_1252: &str = "\
     €�‚ƒ„…†‡ˆ‰Š‹Œ�Ž��‘’“”•–—˜™š›œ�žŸ\
     \u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿\
     ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß\
     àáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ";

/// The character that a byte stands for on a code page, by its number in `ESC t` (Epson: 0 is 437,
/// 2 is 850, 16 is Windows 1252, 19 is 858, which is 850 with a euro sign).
pub(super) fn character(byte: u8, code_page: u8) -> char {
    let Some(index) = byte.checked_sub(0x80) else {
        return char::from(byte);
    };
    let page = match code_page {
        19 if byte == 0xd5 => return '€',
        2 | 19 => PAGE_850,
        16 => PAGE_1252,
        _ => PAGE_437,
    };
    page.chars()
        .nth(usize::from(index))
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The dots of a character, rows of booleans; a hollow box where the font has no glyph for it.
pub(super) fn dots(character: char) -> [[bool; GLYPH_WIDTH]; GLYPH_HEIGHT] {
    let mut dots = [[false; GLYPH_WIDTH]; GLYPH_HEIGHT];
    let Some(index) = glyphs().get(&character) else {
        return hollow_box();
    };
    let font = PSF2Font::new(FONT_12X24).expect("the font is part of the program");
    let Some(bytes) = font.glyph_by_idx(*index) else {
        return hollow_box();
    };
    for (row, glyph_row) in dots.iter_mut().zip(Glyph::new(bytes, GLYPH_WIDTH)) {
        for (dot, ink) in row.iter_mut().zip(glyph_row) {
            *dot = ink;
        }
    }
    dots
}

fn hollow_box() -> [[bool; GLYPH_WIDTH]; GLYPH_HEIGHT] {
    std::array::from_fn(|y| {
        std::array::from_fn(|x| {
            let inside = (1..11).contains(&x) && (4..20).contains(&y);
            let core = (2..10).contains(&x) && (5..19).contains(&y);
            inside && !core
        })
    })
}

/// Characters to glyph numbers, from the font's own table (PSF version 2: one record a glyph, its
/// characters in UTF-8, ended by FFH; FEH starts sequences, of which this font has none).
fn glyphs() -> &'static HashMap<char, u32> {
    static GLYPHS: OnceLock<HashMap<char, u32>> = OnceLock::new();
    GLYPHS.get_or_init(|| {
        let font = PSF2Font::new(FONT_12X24).expect("the font is part of the program");
        let table = (font.header_size + font.num_glyphs * font.bytes_per_glyph) as usize;
        let records = FONT_12X24[table..].split(|byte| *byte == 0xff);
        (0..font.num_glyphs)
            .zip(records)
            .flat_map(|(index, record)| {
                let characters = std::str::from_utf8(record).unwrap_or_default();
                characters.chars().map(move |character| (character, index))
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_128_characters_above_ascii() {
        for page in [PAGE_437, PAGE_850, PAGE_1252] {
            assert_eq!(page.chars().count(), 128);
        }
        assert_eq!(character(b'A', 0), 'A');
        assert_eq!(character(0x82, 0), 'é');
        assert_eq!(character(0x9c, 2), '£');
        assert_eq!(character(0xd5, 19), '€');
        assert_eq!(character(0x80, 16), '€');
    }

    #[test]
    fn letters_have_glyphs_and_what_has_none_gets_a_box() {
        for letter in ['A', 'z', '0', 'é', 'Ë', 'ß', '€', '£', '─', '█'] {
            assert!(glyphs().contains_key(&letter), "{letter}");
            assert_ne!(dots(letter), hollow_box(), "{letter}");
        }
        assert_eq!(dots('漢'), hollow_box());
        assert!(dots(' ').iter().flatten().all(|dot| !dot));
    }
}
