//! A laid out ticket in ZPL's own text, codes and boxes.
//!
//! What ZPL cannot do as the layout has it (serifs, slanted and inverted text, letters beyond Latin-1,
//! spaced letters) is drawn and sent as pictures among the rest.
//!
//! Text in the printer's own font differs from the preview: it is Zebra's font 0, a bold condensed face
//! without serifs, scaled to the same height and set on the same base line, so lines are a little longer
//! or shorter. Codes are the printer's own encoding of the same data. Boxes and lines are the same.
//!
//! Source: Zebra, "ZPL II Programming Guide", `^A0`, `^FT`, `^FH`, `^BY`, `^BC`, `^B2`, `^B3`, `^B8`, `^BE`,
//! `^BU`, `^BQ`, `^GB`, `^GF`.

use std::fmt::Write;

use cueline_documents::Bits;
use cueline_documents::codes::Symbology;
use cueline_documents::ticket::{
    Family, Frame, Layout, Placed, PlacedBarcode, PlacedQr, PlacedText, Style,
};
use cueline_model::Rotation;

use super::commands;

/// Font 0 is narrower than the layout's fonts by this.
const WIDER: f64 = 1.12;
/// `^BY` takes modules no wider.
const MODULE_DOTS_MAX: u32 = 10;
/// `^BQ` takes modules no wider.
const QR_MODULE_DOTS_MAX: u32 = 10;
/// A QR code is printed so much below its field's origin, the height `^BY` gives bars at first.
const QR_BELOW_ORIGIN: i32 = 10;

/// The commands of a label, without its start and end.
pub(crate) fn commands(layout: &Layout) -> Vec<u8> {
    let mut out = commands::length(layout.height_dots);
    let mut rest = Bits::blank(layout.width_dots, layout.height_dots);
    for item in &layout.items {
        match native(item) {
            Some(command) => out.push_str(&command),
            None => item.draw(&mut rest),
        }
    }
    for (x, y, picture) in islands(&rest) {
        out.push_str(&commands::graphic(x, y, &picture));
    }
    out.into_bytes()
}

/// The inked parts of a page, from one stretch of bare rows to the next.
fn islands(page: &Bits) -> Vec<(i32, i32, Bits)> {
    /// Bare rows that cost less than another command.
    const GAP_ROWS: usize = 24;
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    let inked = page.rows().enumerate();
    for (y, _) in inked.filter(|(_, row)| row.iter().any(|dots| *dots != 0)) {
        match stretches.last_mut() {
            Some((_, end)) if y - *end < GAP_ROWS => *end = y + 1,
            _ => stretches.push((y, y + 1)),
        }
    }
    stretches
        .into_iter()
        .filter_map(|(top, bottom)| {
            let rows: Vec<&[u8]> = page.rows().skip(top).take(bottom - top).collect();
            let first = |row: &&[u8]| row.iter().position(|dots| *dots != 0);
            let last = |row: &&[u8]| row.iter().rposition(|dots| *dots != 0);
            let left = rows.iter().filter_map(first).min()? * 8;
            let right = (rows.iter().filter_map(last).max()? + 1) * 8;
            let part = page.cropped(left, top, right - left, bottom - top);
            Some((i32::try_from(left).ok()?, i32::try_from(top).ok()?, part))
        })
        .collect()
}

fn native(item: &Placed) -> Option<String> {
    match item {
        Placed::Text(text) => text_command(text),
        Placed::Barcode(code) => barcode(code),
        Placed::Qr(code) => qr(code),
        Placed::Line(frame) => box_command(*frame, frame.width.min(frame.height)),
        Placed::Box(shape) if shape.fill => {
            box_command(shape.frame, shape.frame.width.min(shape.frame.height))
        }
        Placed::Box(shape) => box_command(shape.frame, shape.thickness_dots),
        Placed::Image(_) => None,
    }
}

fn text_command(text: &PlacedText) -> Option<String> {
    let fits = text.family == Family::Sans
        && matches!(text.style, Style::Regular | Style::Bold)
        && !text.invert
        && text.tracking_dots == 0.0
        && text
            .text
            .chars()
            .all(|char| matches!(char, ' '..='~' | '\u{a1}'..='ÿ'));
    if !fits || text.text.is_empty() {
        return None;
    }
    let height = text.size_dots.round() as u32;
    let width = (text.size_dots * WIDER).round() as u32;
    let (x, y) = base_line(text)?;
    Some(format!(
        "^FT{x},{y}^A0{},{height},{width}^FH^FD{}^FS",
        turn(text.frame.rotation),
        escaped(&text.text)
    ))
}

/// Where the first letter stands on its base line.
fn base_line(text: &PlacedText) -> Option<(i32, i32)> {
    let frame = text.frame;
    let right = frame.x.checked_add_unsigned(frame.width)?;
    let bottom = frame.y.checked_add_unsigned(frame.height)?;
    let (start, down) = (text.start_dots, text.baseline_dots);
    let (x, y) = match frame.rotation {
        Rotation::R0 => (frame.x + start, frame.y + down),
        Rotation::R90 => (right - down, frame.y + start),
        Rotation::R180 => (right - start, bottom - down),
        Rotation::R270 => (frame.x + down, bottom - start),
    };
    (x >= 0 && y >= 0).then_some((x, y))
}

/// What would begin a command, and bytes beyond ASCII, as `_` and two digits.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if matches!(byte, 0x20..=0x7e) && !matches!(byte, b'^' | b'~' | b'_' | b'\\') {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "_{byte:02X}");
        }
    }
    out
}

fn turn(rotation: Rotation) -> char {
    match rotation {
        Rotation::R0 => 'N',
        Rotation::R90 => 'R',
        Rotation::R180 => 'I',
        Rotation::R270 => 'B',
    }
}

fn barcode(code: &PlacedBarcode) -> Option<String> {
    let frame = code.frame;
    if frame.x < 0 || frame.y < 0 || !(1..=MODULE_DOTS_MAX).contains(&code.module_dots) {
        return None;
    }
    let (turn, height) = (turn(frame.rotation), frame.upright().1);
    let digits = &code.bars.text;
    let is = |count| digits.len() == count && digits.bytes().all(|byte| byte.is_ascii_digit());
    let plain = code.data.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
    let (command, data) = match code.code {
        // `>` begins what chooses a subset.
        Symbology::Code128 if plain && !code.data.contains('>') => {
            (format!("^BC{turn},{height},N,N,N,A"), code.data.clone())
        }
        Symbology::Code39 if plain => (format!("^B3{turn},N,{height},N,N"), code.data.clone()),
        Symbology::Itf if digits.len().is_multiple_of(2) => {
            (format!("^B2{turn},{height},N,N,N"), digits.clone())
        }
        Symbology::Ean13 if is(13) => (format!("^BE{turn},{height},N,N"), digits[..12].to_owned()),
        Symbology::Ean8 if is(8) => (format!("^B8{turn},{height},N,N"), digits[..7].to_owned()),
        Symbology::Upca if is(12) => (format!("^BU{turn},{height},N,N,Y"), digits[..11].to_owned()),
        _ => return None,
    };
    Some(format!(
        "^BY{},3,{height}^FO{},{}{command}^FH^FD{}^FS",
        code.module_dots,
        frame.x,
        frame.y,
        escaped(&data)
    ))
}

fn qr(code: &PlacedQr) -> Option<String> {
    let frame = code.frame;
    let plain = code.data.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
    let fits = frame.rotation == Rotation::R0
        && (1..=QR_MODULE_DOTS_MAX).contains(&code.module_dots)
        && frame.x >= 0
        && frame.y >= QR_BELOW_ORIGIN
        && plain;
    fits.then(|| {
        format!(
            "^BY1,2,{QR_BELOW_ORIGIN}^FO{},{}^BQN,2,{}^FH^FD{}A,{}^FS",
            frame.x,
            frame.y - QR_BELOW_ORIGIN,
            code.module_dots,
            code.level.letter(),
            escaped(&code.data)
        )
    })
}

fn box_command(frame: Frame, thickness: u32) -> Option<String> {
    let fits = frame.x >= 0 && frame.y >= 0 && frame.width > 0 && frame.height > 0;
    fits.then(|| {
        format!(
            "^FO{},{}^GB{},{},{}^FS",
            frame.x,
            frame.y,
            frame.width,
            frame.height,
            thickness.max(1)
        )
    })
}

#[cfg(test)]
#[path = "native_tests.rs"]
mod tests;
