//! ZPL command bytes of a rendered label.
//!
//! Source: Zebra, "ZPL II Programming Guide", `^XA`, `^PW`, `^LL`, `^LH`, `^FO`, `^GF`, `^MM`, `~SD`,
//! and "Alternative data compression scheme" of `^GF` and `~DG`.

use std::fmt::Write;

use cueline_documents::Bits;

use crate::Profile;
use crate::compile::Around;
use crate::profile::Cutter;

/// In the top left corner, over whatever is there.
pub(crate) const DUPLICATE_HEADLINE: &[u8] = b"^FO8,8^A0N,40,40^FD** DUPLICATE **^FS";
/// The darkest that `~SD` takes.
const DARKNESS_MAX: u16 = 30;

/// A picture from the label's top left corner.
pub(crate) fn picture(bits: &Bits) -> Vec<u8> {
    let bits = trimmed(bits);
    let mut out = length(bits.height_dots());
    out.push_str(&graphic(0, 0, &bits));
    out.into_bytes()
}

/// Tells how long the label is, for paper without gaps or marks.
pub(super) fn length(height_dots: usize) -> String {
    format!("^LL{}", height_dots.max(1))
}

/// Without what is bare on the right.
fn trimmed(bits: &Bits) -> Bits {
    let used = |row: &[u8]| {
        row.iter()
            .rposition(|dots| *dots != 0)
            .map_or(0, |at| at + 1)
    };
    let row_bytes = bits.rows().map(used).max().unwrap_or(0).max(1);
    bits.cropped(0, 0, row_bytes * 8, bits.height_dots())
}

/// A picture at a place, its rows in hexadecimal and shortened.
pub(super) fn graphic(x: i32, y: i32, bits: &Bits) -> String {
    let total = bits.bytes().len();
    let mut out = format!("^FO{x},{y}^GFA,{total},{total},{},", bits.row_bytes());
    let mut before: Option<&[u8]> = None;
    for row in bits.rows() {
        if before == Some(row) {
            out.push(':');
        } else {
            write_row(&mut out, row);
        }
        before = Some(row);
    }
    out.push_str("^FS");
    out
}

/// A row of digits: `,` fills it up with zeros; a count comes before a digit that is repeated. `!`, which
/// would fill it up with ones, is not understood by everything that reads ZPL.
fn write_row(out: &mut String, row: &[u8]) {
    let digits: Vec<u8> = row.iter().flat_map(|dots| [dots >> 4, dots & 15]).collect();
    let kept = digits.iter().rposition(|digit| *digit != 0);
    let kept = kept.map_or(0, |last| last + 1);
    for run in digits[..kept].chunk_by(|one, next| one == next) {
        write_count(out, run.len());
        let digit = char::from_digit(u32::from(run[0]), 16).unwrap_or('0');
        out.push(digit.to_ascii_uppercase());
    }
    if kept < digits.len() {
        out.push(',');
    }
}

/// `z` is 400, `g` 20, `Y` 19, `G` 1; the letters of a count add up. One needs none.
fn write_count(out: &mut String, mut count: usize) {
    if count == 1 {
        return;
    }
    while count >= 20 {
        let twenties = (count / 20).min(20);
        out.push(char::from(b'f' + twenties as u8));
        count -= twenties * 20;
    }
    if count > 0 {
        out.push(char::from(b'F' + count as u8));
    }
}

/// One label: what comes before, its page, its end.
pub(crate) fn ticket(page: &[u8], profile: &Profile, around: Around) -> Vec<u8> {
    let mut start = String::new();
    if let Some(per_cent) = around.darkness {
        let steps = u16::from(per_cent.min(100)) * DARKNESS_MAX / 100;
        // Writing to a string does not fail.
        let _ = write!(start, "~SD{steps:02}");
    }
    let _ = write!(start, "^XA^CI28^LH0,0^PW{}", profile.width_dots);
    let has_cutter = profile.quirks.cutter != Cutter::None;
    match around.cut.filter(|_| has_cutter) {
        Some(true) => start.push_str("^MMC"),
        Some(false) => start.push_str("^MMT"),
        None => {}
    }
    let headline = if around.duplicate {
        DUPLICATE_HEADLINE
    } else {
        &[]
    };
    [start.as_bytes(), page, headline, b"^XZ\n"].concat()
}

#[cfg(test)]
mod tests {
    use cueline_model::Language;

    use super::*;

    #[test]
    fn a_picture_is_shortened_as_zebra_shortens_it() {
        let mut bits = Bits::blank(400, 6);
        bits.fill(0, 0, 400, 1);
        bits.fill(0, 2, 8, 2);
        bits.fill(396, 4, 4, 1);
        bits.set(3, 5, true);
        assert_eq!(
            String::from_utf8(picture(&bits)).unwrap(),
            "^LL6^FO0,0^GFA,300,300,50,kF,HF,:jY0F1,^FS"
        );
    }

    #[test]
    fn a_count_is_the_sum_of_its_letters() {
        let count = |number| {
            let mut out = String::new();
            write_count(&mut out, number);
            out
        };
        assert_eq!(
            [1, 2, 19, 20, 21, 39, 400, 419, 420, 820].map(count),
            ["", "H", "Y", "g", "gG", "gY", "z", "zY", "zg", "zzg"]
        );
    }

    #[test]
    fn a_label_says_how_it_is_wanted() {
        let mut profile = Profile::new(Language::Zpl);
        let around = |duplicate, cut, darkness| Around {
            duplicate,
            cut,
            drawer: false,
            darkness,
        };
        let text = |profile: &Profile, around| {
            String::from_utf8(ticket(b"page", profile, around)).unwrap()
        };
        assert_eq!(
            text(&profile, around(false, Some(true), None)),
            "^XA^CI28^LH0,0^PW832page^XZ\n"
        );
        profile.quirks.cutter = Cutter::Full;
        assert_eq!(
            text(&profile, around(true, Some(true), Some(50))),
            "~SD15^XA^CI28^LH0,0^PW832^MMCpage^FO8,8^A0N,40,40^FD** DUPLICATE **^FS^XZ\n"
        );
        assert!(text(&profile, around(false, Some(false), None)).contains("^MMT"));
    }
}
