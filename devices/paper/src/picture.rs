//! A sheet as a picture of the piece of paper it is: bare paper around the dots, cut or torn edges.

use std::io;

use crate::sheet::{Edge, Sheet};

/// Bare paper left and right of the head.
const MARGIN_DOTS: usize = 32;
/// Paper between the cutter and the first line, and below the last line before a cut.
const TOP_DOTS: usize = 40;
const BOTTOM_DOTS: usize = 48;

/// Indices into the palette.
const PAPER: u8 = 0;
const INK: u8 = 1;
const EDGE: u8 = 2;
const BEHIND: u8 = 3;

impl Sheet {
    /// A PNG of four colours: paper, ink, edge, and what is behind the paper. One dot is one pixel.
    ///
    /// # Errors
    /// None that can be met: a picture in memory has no reason to fail, but its encoder may say so.
    pub fn to_png(&self) -> io::Result<Vec<u8>> {
        const PALETTE: [[u8; 3]; 4] = [
            [0xfb, 0xfa, 0xf6],
            [0x1c, 0x1a, 0x1f],
            [0xcf, 0xcc, 0xc4],
            [0xe9, 0xea, 0xec],
        ];
        // Four pixels share a byte.
        let width = (self.bits.width_dots() + 2 * MARGIN_DOTS).next_multiple_of(4);
        let height = TOP_DOTS + self.bits.height_dots() + BOTTOM_DOTS;
        let edges = Edges::new(self.edge, width);
        let mut data = Vec::with_capacity(width / 4 * height);
        for y in 0..height {
            let mut colors = edges.row(y, height);
            if let Some(y) = y.checked_sub(TOP_DOTS) {
                let start = y * self.bits.row_bytes();
                let row = self.bits.bytes().get(start..start + self.bits.row_bytes());
                print_row(row.unwrap_or_default(), &mut colors[MARGIN_DOTS..]);
            }
            let fours = colors.chunks_exact(4);
            data.extend(fours.map(|four| four.iter().fold(0, |byte, color| byte << 2 | color)));
        }
        let side = |dots: usize| u32::try_from(dots).map_err(io::Error::other);
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, side(width)?, side(height)?);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Two);
        encoder.set_palette(PALETTE.concat());
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&data)?;
        writer.finish()?;
        Ok(out)
    }
}

fn print_row(row: &[u8], colors: &mut [u8]) {
    for (dots, colors) in row.iter().zip(colors.chunks_mut(8)) {
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
    fn new(edge: Edge, width: usize) -> Self {
        let cut = |x| saw(x, 8, 4);
        let straight = |_| 0;
        let torn = |x| saw(x, 90, 22) + saw(x + 13, 34, 9);
        let (top, bottom): (Vec<usize>, Vec<usize>) = match edge {
            Edge::Cut => ((0..width).map(cut).collect(), (0..width).map(cut).collect()),
            Edge::Whole => (
                (0..width).map(straight).collect(),
                (0..width).map(straight).collect(),
            ),
            Edge::Torn => (
                (0..width).map(cut).collect(),
                (0..width).map(torn).collect(),
            ),
        };
        Self { top, bottom }
    }

    /// One row of bare paper with its edges.
    fn row(&self, y: usize, height: usize) -> Vec<u8> {
        let mut colors = vec![PAPER; self.top.len()];
        if let [first, .., last] = colors.as_mut_slice() {
            (*first, *last) = (EDGE, EDGE);
        }
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
