//! Several pages of a PDF on one side of paper.

use cueline_model::Rotation;
use hayro::hayro_syntax::Pdf;

use super::{PdfError, page};
use crate::Bits;
use crate::setup::{Limits, PageSetup, is_sideways};

/// Bare paper between two pages.
const GAP_MM: f64 = 2.0;

/// How the pages of a sheet stand.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Grid {
    columns: usize,
    rows: usize,
    turn: Rotation,
    factor: f64,
}

/// Draws pages side by side and below each other, all in the size of the first, turned if they come
/// out larger so.
pub(super) fn draw(
    pdf: &Pdf,
    numbers: &[u32],
    setup: &PageSetup,
    limits: &Limits,
) -> Result<Bits, PdfError> {
    let size = page::size(pdf, numbers[0], setup)?;
    let gap = setup.dots(GAP_MM).round() as usize;
    let grid = grid(setup, size, gap);
    let width = usize::from(setup.width_dots);
    let cell_width = (width.saturating_sub(gap * (grid.columns - 1)) / grid.columns).max(1);
    let mut cells = Vec::with_capacity(numbers.len());
    for number in numbers {
        let turn = turned_further(setup.rotate, grid.turn);
        let bits = page::draw_at(pdf, *number, turn, grid.factor, setup, limits)?;
        cells.push(bits);
    }
    let tallest = cells.iter().map(Bits::height_dots).max().unwrap_or(0);
    let cell_height = setup.height_dots.map_or(tallest, |height| {
        usize::from(height).saturating_sub(gap * (grid.rows - 1)) / grid.rows
    });
    let rows = if setup.height_dots.is_some() {
        grid.rows
    } else {
        // A roll is not fed for pages that are not there.
        cells.len().div_ceil(grid.columns)
    };
    let height = rows * cell_height + gap * rows.saturating_sub(1);
    let mut sheet = Bits::blank(width, height);
    for (index, bits) in cells.iter().enumerate() {
        let (column, row) = (index % grid.columns, index / grid.columns);
        // Pages of another size than the first are cut at their cell.
        let cut = bits.cropped(
            0,
            0,
            bits.width_dots().min(cell_width),
            bits.height_dots().min(cell_height),
        );
        let x = column * (cell_width + gap) + (cell_width - cut.width_dots()) / 2;
        let y = row * (cell_height + gap) + (cell_height - cut.height_dots()) / 2;
        sheet.draw(&cut, x.cast_signed(), y.cast_signed());
    }
    Ok(sheet)
}

/// The way of standing in which the pages come out largest; upright where two are alike.
fn grid(setup: &PageSetup, (width, height): (f64, f64), gap: usize) -> Grid {
    let shapes: &[(usize, usize)] = match setup.nup {
        2 => &[(1, 2), (2, 1)],
        4 => &[(2, 2)],
        6 => &[(2, 3), (3, 2)],
        9 => &[(3, 3)],
        16 => &[(4, 4)],
        _ => &[(1, 1)],
    };
    let mut best = Grid {
        columns: 1,
        rows: 1,
        turn: Rotation::R0,
        factor: 0.0,
    };
    for turn in [Rotation::R0, Rotation::R90] {
        for &(columns, rows) in shapes {
            let (width, height) = if is_sideways(turn) {
                (height, width)
            } else {
                (width, height)
            };
            let cell = |dots: u16, count: usize| {
                let gaps = gap * (count - 1);
                (usize::from(dots).saturating_sub(gaps) / count).max(1) as f64
            };
            let across = cell(setup.width_dots, columns) / width;
            let down = setup
                .height_dots
                .map_or(f64::INFINITY, |dots| cell(dots, rows) / height);
            // On a roll the pages keep upright, and as many as can stand side by side.
            let on_roll = setup.height_dots.is_none();
            if on_roll && (turn != Rotation::R0 || columns < rows) && shapes.len() > 1 {
                continue;
            }
            let factor = across.min(down);
            if factor > best.factor * 1.001 {
                best = Grid {
                    columns,
                    rows,
                    turn,
                    factor,
                };
            }
        }
    }
    best
}

fn turned_further(rotation: Rotation, more: Rotation) -> Rotation {
    let degrees = (u16::from(rotation) + u16::from(more)) % 360;
    Rotation::try_from(degrees).unwrap_or(rotation)
}
