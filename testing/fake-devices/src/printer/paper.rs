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

    /// The paper as a PNG of four colours: paper, ink, edge, and what is behind the paper.
    pub(super) fn to_png(&self, edge: Edge) -> io::Result<Vec<u8>> {
        const PALETTE: [[u8; 3]; 4] = [
            [0xfb, 0xfa, 0xf6],
            [0x1c, 0x1a, 0x1f],
            [0xcf, 0xcc, 0xc4],
            [0xe9, 0xea, 0xec],
        ];
        let height = TOP_DOTS + self.rows.len() + BOTTOM_DOTS;
        let edges = Edges::new(edge);
        let mut data = Vec::with_capacity(PAPER_DOTS / 4 * height);
        for y in 0..height {
            let mut colors = edges.row(y, height);
            if let Some(row) = y.checked_sub(TOP_DOTS).and_then(|y| self.rows.get(y)) {
                print_row(row, &mut colors[MARGIN_DOTS..]);
            }
            data.extend(
                colors
                    .chunks_exact(4)
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
}

/// Indices into the palette.
const PAPER: u8 = 0;
const INK: u8 = 1;
const EDGE: u8 = 2;
const BEHIND: u8 = 3;

fn print_row(row: &[u8; HEAD_BYTES], colors: &mut [u8]) {
    for (dots, colors) in row.iter().zip(colors.chunks_exact_mut(8)) {
        if *dots == 0 {
            continue;
        }
        for (bit, color) in colors.iter_mut().enumerate() {
            if dots & (0x80 >> bit) != 0 {
                *color = INK;
            }
        }
    }
}

/// Where the paper begins and ends in each column.
struct Edges {
    top: Vec<usize>,
    bottom: Vec<usize>,
}

impl Edges {
    fn new(edge: Edge) -> Self {
        let cut = |x| saw(x, 8, 4);
        let torn = |x| saw(x, 90, 22) + saw(x + 13, 34, 9);
        Self {
            top: (0..PAPER_DOTS).map(cut).collect(),
            bottom: match edge {
                Edge::Cut => (0..PAPER_DOTS).map(cut).collect(),
                Edge::Torn => (0..PAPER_DOTS).map(torn).collect(),
            },
        }
    }

    /// One row of bare paper with its edges.
    fn row(&self, y: usize, height: usize) -> [u8; PAPER_DOTS] {
        let mut colors = [PAPER; PAPER_DOTS];
        colors[0] = EDGE;
        colors[PAPER_DOTS - 1] = EDGE;
        let below = height - 1 - y;
        if y.min(below) < BOTTOM_DOTS {
            for (x, color) in colors.iter_mut().enumerate() {
                if y < self.top[x] || below < self.bottom[x] {
                    *color = BEHIND;
                } else if y == self.top[x] || below == self.bottom[x] {
                    *color = EDGE;
                }
            }
        }
        colors
    }
}

/// A saw's edge: up and down again over `period` dots, `depth` at most.
fn saw(x: usize, period: usize, depth: usize) -> usize {
    let phase = x % period;
    phase.min(period - phase) * depth * 2 / period
}
