//! The bare paper around codes, without which no scanner finds them.

use cueline_model::Rotation;

use super::error::ElementFault;
use super::layout::{Area, Placed};
use crate::codes::Matrix;

/// An item, the element it is of, from 1, and the rectangles its ink is in.
pub(super) struct Owned {
    pub(super) element: usize,
    pub(super) kind: &'static str,
    pub(super) item: Placed,
    pub(super) ink: Vec<Area>,
}

/// The area that must be bare around a code, the code included; none for other items.
pub(super) fn zone(item: &Placed) -> Option<Area> {
    let frame = item.frame();
    let code = frame.area();
    match item {
        Placed::Qr(qr) => {
            let quiet = dots(Matrix::QUIET, qr.module_dots);
            Some(Area {
                left: code.left - quiet,
                top: code.top - quiet,
                right: code.right + quiet,
                bottom: code.bottom + quiet,
            })
        }
        Placed::Barcode(barcode) => {
            let before = dots(usize::from(barcode.bars.quiet_left), barcode.module_dots);
            let after = dots(usize::from(barcode.bars.quiet_right), barcode.module_dots);
            let mut zone = code;
            match frame.rotation {
                Rotation::R0 => (zone.left, zone.right) = (code.left - before, code.right + after),
                Rotation::R180 => {
                    (zone.left, zone.right) = (code.left - after, code.right + before);
                }
                Rotation::R90 => (zone.top, zone.bottom) = (code.top - before, code.bottom + after),
                Rotation::R270 => {
                    (zone.top, zone.bottom) = (code.top - after, code.bottom + before);
                }
            }
            Some(zone)
        }
        _ => None,
    }
}

fn dots(modules: usize, module_dots: u32) -> i32 {
    i32::try_from(modules * module_dots as usize).unwrap_or(i32::MAX / 2)
}

/// Checks that a code's zone is on the paper and that nothing else is in it.
pub(super) fn check(
    code: &Owned,
    all: &[Owned],
    paper: Area,
    mm: impl Fn(i32) -> f64,
) -> Result<(), ElementFault> {
    let Some(zone) = zone(&code.item) else {
        return Ok(());
    };
    let disturbed = |what: String| {
        let frame = code.item.frame().area();
        let around = (frame.top - zone.top)
            .max(zone.bottom - frame.bottom)
            .max(0);
        ElementFault::NotQuiet {
            what,
            left_mm: mm(frame.left - zone.left),
            right_mm: mm(zone.right - frame.right),
            around_mm: mm(around),
        }
    };
    let is_on_paper = zone.left >= paper.left
        && zone.top >= paper.top
        && zone.right <= paper.right
        && zone.bottom <= paper.bottom;
    if !is_on_paper {
        return Err(disturbed("the edge of the ticket".to_owned()));
    }
    let others = all.iter().filter(|other| !std::ptr::eq(*other, code));
    for other in others {
        if other.ink.iter().any(|ink| ink.overlaps(zone)) {
            let (number, kind) = (other.element, other.kind);
            return Err(disturbed(format!("element {number} ({kind})")));
        }
    }
    Ok(())
}
