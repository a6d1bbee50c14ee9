//! Text of a field: lines in a block, justified, turned, and drawn character by character.

use cueline_model::Rotation;

use super::field::{Field, TextBlock};
use super::label::signed;
use crate::page::{self, Ink, Page, within};

/// Share of a character's height that is above the base line, in hundredths.
const ASCENT_HUNDREDTHS: usize = 79;

/// Draws a field's text; whether all of it was drawn.
pub(super) fn draw(
    page: &mut Page,
    field: &Field,
    text: &str,
    place: (isize, isize),
    ink: Ink,
) -> bool {
    let (glyph, cell) = field.font.cells();
    let lines = match &field.block {
        Some(block) => wrapped(text, block, cell.0),
        None => vec![text.to_owned()],
    };
    let advance = |line: &str| line.chars().count().saturating_mul(cell.0);
    let widest = lines.iter().map(|line| advance(line)).max().unwrap_or(0);
    let width = field.block.map_or(widest, |block| block.width);
    let spacing = field.block.map_or(0, |block| block.spacing);
    let step = usize::try_from(signed(cell.1).saturating_add(spacing as isize)).unwrap_or(0);
    let height = cell.1 + step * lines.len().saturating_sub(1);
    let size = (width, height);
    let descent = cell.1 - cell.1 * ASCENT_HUNDREDTHS / 100;
    let corner = corner(field, place, field.rotation, size, descent);
    let mut complete = true;
    for (index, line) in lines.iter().enumerate() {
        let free = width.saturating_sub(advance(line));
        let (start, gap) = match field.block.map(|block| block.justify) {
            Some(b'C') => (free / 2, 0),
            Some(b'R') => (free, 0),
            // All lines but the last are made as wide as the block.
            Some(b'J') if index + 1 < lines.len() => {
                (0, free.checked_div(line.matches(' ').count()).unwrap_or(0))
            }
            _ => (0, 0),
        };
        let down = index * step;
        let note = within(field.rotation, corner, size, (start, down, 0, 0));
        page.note(line, note.0, note.1);
        let mut across = start;
        for character in line.chars() {
            if character != ' ' {
                if !page.affords(cell.0, cell.1) {
                    complete = false;
                    break;
                }
                let part = (across, down, cell.0, cell.1);
                let (x, y) = within(field.rotation, corner, size, part);
                let block = page::cell(character, glyph, cell).turned(field.rotation);
                page.draw(&block, x, y, ink);
            }
            across = across.saturating_add(cell.0);
            if character == ' ' {
                across = across.saturating_add(gap);
            }
        }
    }
    complete
}

/// The top left corner on the page of a field's block of `size` (as it is read), whose base line or
/// bars end `below` dots above the block's lower edge.
pub(super) fn corner(
    field: &Field,
    (x, y): (isize, isize),
    rotation: Rotation,
    size: (usize, usize),
    below: usize,
) -> (isize, isize) {
    let (width, height) = (signed(size.0), signed(size.1));
    let back = if field.from_right { width } else { 0 };
    if !field.by_base_line {
        // The place is the corner of the turned block.
        return match rotation {
            Rotation::R0 | Rotation::R180 => (x.saturating_sub(back), y),
            Rotation::R90 | Rotation::R270 => (x, y.saturating_sub(back)),
        };
    }
    // The place is where the base line begins, whichever way it runs.
    let above = height.saturating_sub(signed(below));
    match rotation {
        Rotation::R0 => (x.saturating_sub(back), y.saturating_sub(above)),
        Rotation::R90 => (x.saturating_sub(signed(below)), y.saturating_sub(back)),
        Rotation::R180 => (
            x.saturating_sub(width).saturating_add(back),
            y.saturating_sub(signed(below)),
        ),
        Rotation::R270 => (
            x.saturating_sub(above),
            y.saturating_sub(width).saturating_add(back),
        ),
    }
}

/// The lines of a text block: broken at `\&` and between words; what is too much is left out, as the
/// printer writes it over the last line.
fn wrapped(text: &str, block: &TextBlock, cell_width: usize) -> Vec<String> {
    let chars_max = (block.width / cell_width.max(1)).max(1);
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.split("\\&") {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let mut word = word;
            let needed =
                line.chars().count() + usize::from(!line.is_empty()) + word.chars().count();
            if !line.is_empty() && needed > chars_max {
                lines.push(std::mem::take(&mut line));
            }
            // A word that is wider than the block is broken.
            while word.chars().count() > chars_max && line.is_empty() {
                let end = word
                    .char_indices()
                    .nth(chars_max)
                    .map_or(word.len(), |(at, _)| at);
                let (head, tail) = word.split_at(end);
                lines.push(head.to_owned());
                word = tail;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
        if lines.len() > block.lines {
            break;
        }
    }
    lines.truncate(block.lines);
    lines
}
