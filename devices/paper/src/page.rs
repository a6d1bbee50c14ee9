//! A page that is drawn on before it is printed: fixed in size or growing with what is on it.

use cueline_documents::Bits;
use cueline_documents::codes::{Bars, Matrix};
use cueline_model::Rotation;

use crate::font;
use crate::head::ROWS_MAX;
use crate::sheet::{Edge, Sheet};

/// Lines of text remembered for one ticket, and characters of one.
const TEXT_LINES_MAX: usize = 1_000;
const TEXT_CHARS_MAX: usize = 1_000;
/// Dots that may be drawn onto one page, one over the other: some ten times what the longest has. It
/// keeps a few bytes from costing minutes.
const WORK_DOTS_MAX: u64 = 40_000_000;

/// How ink goes onto a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Black over what is there.
    Over,
    /// White over what is there.
    Bare,
    /// What is there turned round.
    Reverse,
}

/// A page in the making.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    bits: Bits,
    fixed_height: Option<usize>,
    /// Where each line of text stands and what it says.
    lines: Vec<(isize, isize, String)>,
    drawn: bool,
    work_dots_left: u64,
}

impl Page {
    pub(crate) fn new(width: usize, fixed_height: Option<usize>) -> Self {
        Self {
            bits: Bits::blank(width, fixed_height.unwrap_or(0)),
            fixed_height,
            lines: Vec::new(),
            drawn: false,
            work_dots_left: WORK_DOTS_MAX,
        }
    }

    pub(crate) fn width(&self) -> usize {
        self.bits.width_dots()
    }

    /// Rows there are, or may be.
    pub(crate) fn height_max(&self) -> usize {
        self.fixed_height.unwrap_or(ROWS_MAX)
    }

    /// Whether nothing was put on it yet.
    pub(crate) fn is_blank(&self) -> bool {
        !self.drawn
    }

    /// Whether a block of this size may still be made for this page.
    pub(crate) fn affords(&mut self, width: usize, height: usize) -> bool {
        let dots = u64::try_from(width.saturating_mul(height)).unwrap_or(u64::MAX);
        let left = self.work_dots_left.checked_sub(dots);
        self.work_dots_left = left.unwrap_or(self.work_dots_left);
        left.is_some()
    }

    /// Puts a block's ink on, its top left corner at a place that may be outside.
    pub(crate) fn draw(&mut self, block: &Bits, x: isize, y: isize, ink: Ink) {
        self.drawn = true;
        self.reach(y.saturating_add_unsigned(block.height_dots()));
        match ink {
            Ink::Over => self.bits.draw(block, x, y),
            Ink::Bare => self.bits.erase(block, x, y),
            Ink::Reverse => {
                for (block_y, row) in block.rows().enumerate() {
                    for (index, byte) in row.iter().enumerate().filter(|(_, byte)| **byte != 0) {
                        for bit in (0..8).filter(|bit| byte & (0x80 >> bit) != 0) {
                            let x = x.saturating_add_unsigned(index * 8 + bit);
                            let y = y.saturating_add_unsigned(block_y);
                            if let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) {
                                let there = self.bits.get(x, y);
                                self.bits.set(x, y, !there);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Fills a rectangle; what of it is outside is left out.
    pub(crate) fn fill(&mut self, x: isize, y: isize, width: usize, height: usize, ink: Ink) {
        self.drawn = true;
        self.reach(y.saturating_add_unsigned(height));
        let clipped = |start: isize, length: usize| {
            let end = start.saturating_add_unsigned(length).max(0).unsigned_abs();
            let start = start.max(0).unsigned_abs();
            (start, end.saturating_sub(start))
        };
        let ((x, width), (y, height)) = (clipped(x, width), clipped(y, height));
        match ink {
            Ink::Over => self.bits.fill(x, y, width, height),
            Ink::Bare => self.bits.clear(x, y, width, height),
            Ink::Reverse => self.bits.invert(x, y, width, height),
        }
    }

    /// Remembers a line of text and where it stands.
    pub(crate) fn note(&mut self, text: &str, x: isize, y: isize) {
        let text = text.trim();
        if !text.is_empty() && self.lines.len() < TEXT_LINES_MAX {
            let text = text.chars().take(TEXT_CHARS_MAX).collect();
            self.lines.push((y, x, text));
        }
    }

    /// The page as it comes out, `height` rows long or as long as what is on it.
    pub(crate) fn into_sheet(mut self, height: Option<usize>, edge: Edge) -> Sheet {
        self.lines.sort_by_key(|(y, x, _)| (*y, *x));
        let height = height
            .or(self.fixed_height)
            .unwrap_or_else(|| self.bits.inked_rows());
        Sheet {
            bits: self.bits.with_height(height.min(ROWS_MAX)),
            text: self.lines.into_iter().map(|(_, _, text)| text).collect(),
            edge,
        }
    }

    /// Makes a growing page long enough.
    fn reach(&mut self, bottom: isize) {
        let bottom = bottom.max(0).unsigned_abs().min(ROWS_MAX);
        if self.fixed_height.is_none() && bottom > self.bits.height_dots() {
            let bits = std::mem::replace(&mut self.bits, Bits::blank(0, 0));
            self.bits = bits.with_height(bottom);
        }
    }
}

/// Where a part of an upright block lies once the block is turned and put at (`x`, `y`): the part's
/// `(x, y, width, height)` within a block of `size`.
pub(crate) fn within(
    rotation: Rotation,
    (x, y): (isize, isize),
    size: (usize, usize),
    part: (usize, usize, usize, usize),
) -> (isize, isize) {
    let signed = |dots: usize| isize::try_from(dots).unwrap_or(isize::MAX);
    let (across, down, width, height) = (
        signed(part.0),
        signed(part.1),
        signed(part.2),
        signed(part.3),
    );
    let (block_width, block_height) = (signed(size.0), signed(size.1));
    let (dx, dy) = match rotation {
        Rotation::R0 => (across, down),
        Rotation::R90 => (
            block_height.saturating_sub(down).saturating_sub(height),
            across,
        ),
        Rotation::R180 => (
            block_width.saturating_sub(across).saturating_sub(width),
            block_height.saturating_sub(down).saturating_sub(height),
        ),
        Rotation::R270 => (
            down,
            block_width.saturating_sub(across).saturating_sub(width),
        ),
    };
    (x.saturating_add(dx), y.saturating_add(dy))
}

/// One character in its cell, the rest of the cell bare.
pub(crate) fn cell(character: char, glyph: (usize, usize), cell: (usize, usize)) -> Bits {
    let mut bits = Bits::blank(cell.0.max(1), cell.1.max(1));
    bits.draw(&font::glyph(character, glyph.0, glyph.1), 0, 0);
    bits
}

/// The bars of a code, upright, each module as wide as `width_of` says.
pub(crate) fn bars(bars: &Bars, width_of: impl Fn(u8) -> usize, height: usize) -> Bits {
    let total: usize = bars.runs.iter().map(|run| width_of(*run)).sum();
    let mut bits = Bits::blank(total, height);
    let mut x = 0;
    for (index, run) in bars.runs.iter().enumerate() {
        let width = width_of(*run);
        if index % 2 == 0 {
            bits.fill(x, 0, width, height);
        }
        x += width;
    }
    bits
}

/// A matrix code, each module a square of `module` dots.
pub(crate) fn matrix(code: &Matrix, module: usize) -> Bits {
    let side = code.side();
    let mut bits = Bits::blank(side * module, side * module);
    for y in 0..side {
        for x in (0..side).filter(|x| code.is_dark(*x, y)) {
            bits.fill(x * module, y * module, module, module);
        }
    }
    bits
}
