//! Thermal paper: rows of dots, and its picture as a PNG.

use std::io;

/// Dots across the print head: 80 mm paper at 203 dpi prints 72 mm.
pub(super) const HEAD_DOTS: usize = 576;
/// Bare paper left and right of the head.
const MARGIN_DOTS: usize = 32;
const PAPER_DOTS: usize = HEAD_DOTS + 2 * MARGIN_DOTS;
/// Paper between the cutter and the first line, and below the last line before a cut.
const TOP_DOTS: usize = 40;
const BOTTOM_DOTS: usize = 48;
/// Rows of one ticket, 2 m of paper; more is cut off into the next ticket.
pub(super) const ROWS_MAX: usize = 16_000;

const HEAD_BYTES: usize = HEAD_DOTS / 8;

/// How a piece of paper came off the roll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// By the cutter.
    Cut,
    /// Before it was cut.
    Torn,
}

/// Paper from the last cut on.
#[derive(Debug, Default)]
pub(super) struct Paper {
    rows: Vec<[u8; HEAD_BYTES]>,
}

impl Paper {
    pub(super) fn height(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows.len() >= ROWS_MAX
    }

    /// Moves the paper on; past the limit it stays.
    pub(super) fn feed(&mut self, dots: usize) {
        let rows = (self.rows.len() + dots).min(ROWS_MAX);
        self.rows.resize(rows, [0; HEAD_BYTES]);
    }

    /// Inks one dot of a row that was fed already; what is off the head is lost.
    pub(super) fn set(&mut self, x: usize, y: usize, ink: bool) {
        if x >= HEAD_DOTS {
            return;
        }
        if let Some(row) = self.rows.get_mut(y) {
            let mask = 0x80 >> (x % 8);
            if ink {
                row[x / 8] |= mask;
            } else {
                row[x / 8] &= !mask;
            }
        }
    }

    fn is_inked(&self, x: usize, y: usize) -> bool {
        self.rows[y][x / 8] & (0x80 >> (x % 8)) != 0
    }

    /// The paper as a PNG of four colours: paper, ink, edge, and what is behind the paper.
    pub(super) fn to_png(&self, edge: Edge) -> io::Result<Vec<u8>> {
        const PALETTE: [[u8; 3]; 4] = [
            [0xfb, 0xfa, 0xf6],
            [0x1c, 0x1a, 0x1f],
            [0xcf, 0xcc, 0xc4],
            [0xe9, 0xea, 0xec],
        ];
        let height = TOP_DOTS + self.rows.len() + BOTTOM_DOTS;
        let mut data = Vec::with_capacity(PAPER_DOTS / 4 * height);
        for y in 0..height {
            let colors: Vec<u8> = (0..PAPER_DOTS)
                .map(|x| self.color(x, y, height, edge))
                .collect();
            data.extend(
                colors
                    .chunks(4)
                    .map(|four| four.iter().fold(0, |byte, color| byte << 2 | color)),
            );
        }
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, PAPER_DOTS as u32, height as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Two);
        encoder.set_palette(PALETTE.concat());
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&data)?;
        writer.finish()?;
        Ok(out)
    }

    fn color(&self, x: usize, y: usize, height: usize, edge: Edge) -> u8 {
        const PAPER: u8 = 0;
        const INK: u8 = 1;
        const EDGE: u8 = 2;
        const BEHIND: u8 = 3;
        let head = x.checked_sub(MARGIN_DOTS).zip(y.checked_sub(TOP_DOTS));
        if let Some((x, y)) = head
            && x < HEAD_DOTS
            && y < self.rows.len()
        {
            return if self.is_inked(x, y) { INK } else { PAPER };
        }
        let bottom = match edge {
            Edge::Cut => saw(x, 8, 4),
            Edge::Torn => saw(x, 90, 22) + saw(x + 13, 34, 9),
        };
        let inside_top = y as i64 - saw(x, 8, 4) as i64;
        let inside_bottom = (height - 1 - y) as i64 - bottom as i64;
        match inside_top.min(inside_bottom) {
            ..0 => BEHIND,
            0 => EDGE,
            _ if x == 0 || x == PAPER_DOTS - 1 => EDGE,
            _ => PAPER,
        }
    }
}

/// A saw's edge: up and down again over `period` dots, `depth` at most.
fn saw(x: usize, period: usize, depth: usize) -> usize {
    let phase = x % period;
    phase.min(period - phase) * depth * 2 / period
}
