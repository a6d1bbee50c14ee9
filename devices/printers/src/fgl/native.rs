//! A laid out ticket in FGL's own text, codes and boxes.
//!
//! The resident fonts have characters all of one width, so they write the texts whose design has that too,
//! those of the mono family. Proportional text is drawn and sent as a picture among the rest: set in
//! resident letters it is no shorter than a few hundred bytes and looks torn apart beside what is drawn.
//! Drawn too is what FGL cannot do as the layout has it: inverted text, letters its fonts may not have,
//! turned codes.
//!
//! Text in the printer's own fonts differs from the preview: the letters are Boca's, set to the pitch that
//! makes the line as long as in the preview (`<BS>`), and at most a quarter higher or lower. Codes are the
//! printer's own encoding of the same data. Boxes and lines are the same.
//!
//! Source: Boca, "FGL Programming Guide", font, rotation, bar code, QR and box commands.

use std::fmt::Write;

use cueline_documents::Bits;
use cueline_documents::codes::{Level, Symbology};
use cueline_documents::ticket::{
    Family, Frame, Layout, Placed, PlacedBarcode, PlacedQr, PlacedText, Style,
};
use cueline_model::Rotation;

use super::commands;

/// Number, width and height of the letters of a resident font, in dots.
const FONTS: [(u8, f64, f64); 6] = [
    (2, 8.0, 16.0),
    (9, 13.0, 20.0),
    (3, 17.0, 31.0),
    (10, 25.0, 41.0),
    (6, 30.0, 52.0),
    (12, 46.0, 91.0),
];
/// How far a letter's height may be from the preview's, by what it is multiplied.
const HEIGHT_RATIO: std::ops::RangeInclusive<f64> = 0.75..=1.25;
/// Of a font's height in the layout, what its capitals and figures take with what hangs below.
const LETTERS_OF_SIZE: f64 = 0.92;
/// Of a resident letter's height, what stands on the base line.
const ABOVE_BASE_LINE: f64 = 0.8;
/// `<HW>` takes no more.
const MULTIPLE_MAX: u8 = 16;
/// The height of bars is given in these.
const BAR_UNIT_DOTS: u32 = 8;
/// `<X#>` takes no more.
const MODULE_DOTS_MAX: u32 = 9;

/// The commands of a ticket, without print.
pub(crate) fn commands(layout: &Layout) -> Vec<u8> {
    let mut out = String::new();
    let mut rest = Bits::blank(layout.width_dots, layout.height_dots);
    for item in &layout.items {
        match native(item) {
            Some(command) => out.push_str(&command),
            None => item.draw(&mut rest),
        }
    }
    [out.as_bytes(), &commands::picture(&rest)].concat()
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

/// A resident font, how often its letters are repeated in height and width, and their pitch in dots.
struct Setting {
    font: u8,
    high: u8,
    wide: u8,
    letter_height: f64,
    pitch: f64,
}

fn text_command(text: &PlacedText) -> Option<String> {
    let fits = text.family == Family::Mono
        && matches!(text.style, Style::Regular | Style::Bold)
        && !text.invert
        && text.tracking_dots == 0.0
        && is_plain(&text.text);
    if !fits {
        return None;
    }
    let setting = setting(text)?;
    // From the base line up, so that letters of different fonts stand on one line.
    let top = f64::from(text.baseline_dots) - setting.letter_height * ABOVE_BASE_LINE;
    let (row, column) = anchor(text.frame, text.start_dots, top.round() as i32)?;
    let mut out = String::new();
    let Setting {
        font, high, wide, ..
    } = setting;
    // The box is multiplied with its letter.
    let box_width = (setting.pitch / f64::from(wide)).round().max(1.0);
    let box_height = (setting.letter_height / f64::from(high)).round() + 2.0;
    let turn = turn(text.frame.rotation);
    write!(
        out,
        "{turn}<RC{row},{column}><F{font}><HW{high},{wide}><BS{box_width},{box_height}>{}",
        text.text
    )
    .ok()?;
    Some(out)
}

/// Printable, with no sign that begins a command.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| matches!(byte, 0x20..=0x7e) && !matches!(byte, b'<' | b'>' | b'{' | b'}'))
}

/// The resident letters nearest to those of the layout, if any are near enough.
fn setting(text: &PlacedText) -> Option<Setting> {
    let wanted_height = text.size_dots * LETTERS_OF_SIZE;
    let wanted_pitch = text.advance_dots / text.text.chars().count() as f64;
    let multiples = (1..=MULTIPLE_MAX).flat_map(|high| (1..=high).map(move |wide| (high, wide)));
    multiples
        .flat_map(|(high, wide)| FONTS.map(|font| (high, wide, font)))
        .filter_map(|(high, wide, (font, width, height))| {
            let letter_height = height * f64::from(high);
            let ratio = letter_height / wanted_height;
            let filled = width * f64::from(wide) / wanted_pitch;
            // Letters that touch cannot be read, letters far apart make no word.
            let near = HEIGHT_RATIO.contains(&ratio) && (0.6..=0.97).contains(&filled);
            let off = (ratio - 1.0).abs() + (filled - 0.85).abs();
            near.then_some((
                off,
                Setting {
                    font,
                    high,
                    wide,
                    letter_height,
                    pitch: wanted_pitch,
                },
            ))
        })
        .min_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, setting)| setting)
}

/// Row and column of the point `across` and `down` from the upright frame's top left corner: the corner
/// that FGL builds from, whichever way it is turned.
fn anchor(frame: Frame, across: i32, down: i32) -> Option<(i32, i32)> {
    let (right, bottom) = (
        frame.x.checked_add_unsigned(frame.width)? - 1,
        frame.y.checked_add_unsigned(frame.height)? - 1,
    );
    let (row, column) = match frame.rotation {
        Rotation::R0 => (frame.y + down, frame.x + across),
        Rotation::R90 => (frame.y + across, right - down),
        Rotation::R180 => (bottom - down, right - across),
        Rotation::R270 => (bottom - across, frame.x + down),
    };
    (row >= 0 && column >= 0).then_some((row, column))
}

fn turn(rotation: Rotation) -> &'static str {
    match rotation {
        Rotation::R0 => "<NR>",
        Rotation::R90 => "<RR>",
        Rotation::R180 => "<RU>",
        Rotation::R270 => "<RL>",
    }
}

fn barcode(code: &PlacedBarcode) -> Option<String> {
    let frame = code.frame;
    let (row, column) = anchor(frame, 0, 0)?;
    let units = frame.height / BAR_UNIT_DOTS;
    let upright = frame.rotation == Rotation::R0;
    if !upright || units == 0 || !(1..=MODULE_DOTS_MAX).contains(&code.module_dots) {
        return None;
    }
    let digits = &code.bars.text;
    let is = |count| digits.len() == count && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (letter, ratio, data) = match code.code {
        Symbology::Code128 if is_plain(&code.data) && !code.data.contains('^') => {
            ('o', "", format!("^{}^", code.data))
        }
        Symbology::Code39 if is_plain(&code.data) && !code.data.contains('*') => {
            ('n', "X", format!("*{}*", code.data))
        }
        Symbology::Itf if digits.len().is_multiple_of(2) => ('f', "X", format!(":{digits}:")),
        Symbology::Upca if is(12) => ('u', "", format!("J{}K{}L", &digits[..6], &digits[6..])),
        Symbology::Ean13 if is(13) => (
            'e',
            "",
            format!("{}J{}K{}L", &digits[..1], &digits[1..7], &digits[7..]),
        ),
        _ => return None,
    };
    let module = code.module_dots;
    Some(format!(
        "<NR><RC{row},{column}><X{module}><{letter}{ratio}P{units}>{data}"
    ))
}

/// The versions that FGL prints, the bytes each holds at levels L, M, Q and H, and its modules on a side.
const QR_VERSIONS: [(u8, [usize; 4], u32); 4] = [
    (2, [32, 26, 20, 14], 25),
    (7, [154, 122, 86, 64], 45),
    (11, [321, 251, 177, 137], 61),
    (15, [520, 412, 292, 220], 77),
];
/// Dots on a module's side that FGL takes.
const QR_MODULE_DOTS: std::ops::RangeInclusive<u32> = 3..=16;

/// Native where the fixed versions come to nearly the size of the layout's; centred in its place.
fn qr(code: &PlacedQr) -> Option<String> {
    if code.frame.rotation != Rotation::R0 || !is_plain(&code.data) || code.data.contains('~') {
        return None;
    }
    let (level, place) = match code.level {
        Level::L => (1, 0),
        Level::M => (0, 1),
        Level::Q => (3, 2),
        Level::H => (2, 3),
    };
    let (version, _, modules) = QR_VERSIONS
        .into_iter()
        .find(|(_, holds, _)| code.data.len() <= holds[place])?;
    let side = code.frame.width.min(code.frame.height);
    let module = (side / modules).min(*QR_MODULE_DOTS.end());
    let near = module * 4 >= code.module_dots * 3 && QR_MODULE_DOTS.contains(&module);
    if !near {
        return None;
    }
    let margin = i32::try_from((side - module * modules) / 2).ok()?;
    let (row, column) = anchor(code.frame, margin, margin)?;
    Some(format!(
        "<NR><QRV{version}><RC{row},{column}><HW1,1><QR{module},0,0,{level}>{{{}}}",
        code.data
    ))
}

fn box_command(frame: Frame, thickness: u32) -> Option<String> {
    let at = Frame {
        rotation: Rotation::R0,
        ..frame
    };
    let (row, column) = anchor(at, 0, 0)?;
    let (height, width) = (frame.height, frame.width);
    (height > 0 && width > 0).then(|| {
        format!(
            "<NR><RC{row},{column}><LT{}><BX{height},{width}>",
            thickness.max(1)
        )
    })
}

#[cfg(test)]
#[path = "native_tests.rs"]
mod tests;
