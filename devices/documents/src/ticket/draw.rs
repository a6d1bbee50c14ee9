//! A laid out ticket as dots.

use cueline_model::Rotation;
use hayro::kurbo::{Affine, BezPath, Shape};
use hayro::vello_cpu::color::palette::css::{BLACK, WHITE};
use hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit};

use super::font::Face;
use super::layout::{Area, Frame, Layout, Placed, PlacedText};
use crate::Bits;

/// A dot of a letter is ink where the letter covers more than this of it, in 255ths: a little less than
/// half, because hair lines that fall between two dots would otherwise break.
const COVERED_FROM: u8 = 112;

impl Layout {
    /// The ticket as dots.
    #[must_use]
    pub fn draw(&self) -> Bits {
        let mut bits = Bits::blank(self.width_dots, self.height_dots);
        for item in &self.items {
            item.draw(&mut bits);
        }
        bits
    }
}

impl Placed {
    /// Draws it at its place.
    pub fn draw(&self, page: &mut Bits) {
        let frame = self.frame();
        let (x, y) = (frame.x as isize, frame.y as isize);
        match self {
            Self::Text(text) => draw_text(text, page),
            Self::Barcode(code) => {
                let (width, height) = frame.upright();
                let mut bits = Bits::blank(width as usize, height as usize);
                let module = code.module_dots as usize;
                for (start, modules) in code.bars.bars() {
                    bits.fill(start * module, 0, modules * module, height as usize);
                }
                page.draw(&bits.turned(frame.rotation), x, y);
            }
            Self::Qr(code) => {
                let side = code.matrix.side();
                let module = code.module_dots as usize;
                let mut bits = Bits::blank(side * module, side * module);
                for (column, row) in (0..side).flat_map(|y| (0..side).map(move |x| (x, y))) {
                    if code.matrix.is_dark(column, row) {
                        bits.fill(column * module, row * module, module, module);
                    }
                }
                page.draw(&bits.turned(frame.rotation), x, y);
            }
            Self::Line(frame) => fill(page, frame.area()),
            Self::Box(shape) if shape.fill => fill(page, frame.area()),
            Self::Box(shape) => {
                for side in sides(frame.area(), shape.thickness_dots) {
                    fill(page, side);
                }
            }
            Self::Image(image) => {
                let mut bits = image.bits.clone();
                if image.invert {
                    bits.invert(0, 0, usize::MAX, usize::MAX);
                }
                page.draw(&bits.turned(frame.rotation), x, y);
            }
        }
    }

    /// The rectangles its ink is in, none where it has none.
    pub(super) fn ink(&self) -> Vec<Area> {
        match self {
            Self::Text(text) => ink_of_text(text).into_iter().collect(),
            Self::Box(shape) if !shape.fill => {
                sides(shape.frame.area(), shape.thickness_dots).to_vec()
            }
            _ => vec![self.frame().area()],
        }
    }
}

/// The four lines of a box.
fn sides(outer: Area, thickness: u32) -> [Area; 4] {
    let line = i32::try_from(thickness).unwrap_or(i32::MAX);
    let inner_top = outer.top.saturating_add(line).min(outer.bottom);
    let inner_bottom = outer.bottom.saturating_sub(line).max(outer.top);
    let inner_left = outer.left.saturating_add(line).min(outer.right);
    let inner_right = outer.right.saturating_sub(line).max(outer.left);
    [
        Area {
            bottom: inner_top,
            ..outer
        },
        Area {
            top: inner_bottom,
            ..outer
        },
        Area {
            right: inner_left,
            ..outer
        },
        Area {
            left: inner_right,
            ..outer
        },
    ]
}

fn fill(page: &mut Bits, area: Area) {
    let dot = |at: i32| usize::try_from(at.max(0)).unwrap_or(0);
    let (left, top) = (dot(area.left), dot(area.top));
    page.fill(
        left,
        top,
        dot(area.right).saturating_sub(left),
        dot(area.bottom).saturating_sub(top),
    );
}

fn outlines(text: &PlacedText) -> Vec<BezPath> {
    let tracking = text.tracking_dots / text.size_dots;
    Face::new(text.family, text.style).outlines(&text.text, text.size_dots, tracking)
}

/// Where the ink of a text is on the paper.
fn ink_of_text(text: &PlacedText) -> Option<Area> {
    if text.invert {
        return Some(text.frame.area());
    }
    let boxes = outlines(text).into_iter().map(|path| path.bounding_box());
    let ink = boxes.reduce(|all, one| all.union(one))?;
    let (width, height) = text.frame.upright();
    let start = f64::from(text.start_dots);
    let baseline = f64::from(text.baseline_dots);
    // The outermost dots are ink from so much of them on.
    let covered = f64::from(COVERED_FROM) / 255.0;
    let first = |edge: f64| (edge - (1.0 - covered)).ceil() as i32;
    let end = |edge: f64| (edge + (1.0 - covered)).floor() as i32;
    let (left, top) = (first(ink.min_x() + start), first(ink.min_y() + baseline));
    let (right, bottom) = (end(ink.max_x() + start), end(ink.max_y() + baseline));
    let upright = Frame {
        x: left,
        y: top,
        width: (right - left).max(0).unsigned_abs(),
        height: (bottom - top).max(0).unsigned_abs(),
        rotation: Rotation::R0,
    };
    let side = |dots: u32| i32::try_from(dots).unwrap_or(i32::MAX);
    let turned = upright.turned(text.frame.rotation, side(width), side(height));
    Some(turned.moved(text.frame.x, text.frame.y).area())
}

fn draw_text(text: &PlacedText, page: &mut Bits) {
    let paths = outlines(text);
    if text.invert {
        fill(page, text.frame.area());
    }
    // Letters hang over the frame: slanted ones to the right, accents above.
    let margin = (text.size_dots.ceil() as i32).max(1);
    let (width, height) = text.frame.upright();
    let side = |dots: u32| u16::try_from(i64::from(dots) + 2 * i64::from(margin)).ok();
    let (Some(width), Some(height)) = (side(width), side(height)) else {
        return;
    };
    let origin = (
        f64::from(margin + text.start_dots),
        f64::from(margin + text.baseline_dots),
    );
    let bits = rasterised(&paths, origin, width, height).turned(text.frame.rotation);
    let x = (text.frame.x - margin) as isize;
    let y = (text.frame.y - margin) as isize;
    if text.invert {
        page.erase(&bits, x, y);
    } else {
        page.draw(&bits, x, y);
    }
}

fn rasterised(paths: &[BezPath], origin: (f64, f64), width: u16, height: u16) -> Bits {
    let mut context = RenderContext::new(width, height);
    context.set_aliasing_threshold(Some(COVERED_FROM));
    context.set_paint(BLACK);
    context.set_transform(Affine::translate(origin));
    for path in paths {
        context.fill_path(path);
    }
    context.flush();
    let mut pixmap = Pixmap::new(width, height);
    let settings = RasterizerSettings {
        target_init: TargetInit::Clear(WHITE),
        ..RasterizerSettings::default()
    };
    context.render_with(&mut pixmap, &mut Resources::default(), settings);
    let width = usize::from(width);
    let mut bits = Bits::blank(width, usize::from(height));
    let pixels = pixmap.data_as_u8_slice().chunks_exact(4);
    for (index, _) in pixels.enumerate().filter(|(_, pixel)| pixel[0] < 128) {
        bits.set(index % width, index / width, true);
    }
    bits
}
