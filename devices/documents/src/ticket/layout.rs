//! A ticket laid out for one head: everything in whole dots, from the top left corner.

use cueline_model::Rotation;

use super::element::{Family, Style};
use crate::Bits;
use crate::codes::{Bars, Level, Matrix, Symbology};
use crate::setup::is_sideways;

/// A ticket in dots.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Dots across.
    pub width_dots: usize,
    /// Dots down.
    pub height_dots: usize,
    /// What is on it; later items are drawn over earlier ones.
    pub items: Vec<Placed>,
}

/// A rectangle on the paper, and how its content is turned in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Left edge. May be negative for a text whose letters do not use their whole box.
    pub x: i32,
    /// Top edge; as `x`.
    pub y: i32,
    /// Width as it stands on the paper.
    pub width: u32,
    /// Height as it stands on the paper.
    pub height: u32,
    /// Content is drawn upright and then turned clockwise.
    pub rotation: Rotation,
}

/// Something on a ticket.
#[derive(Debug, Clone, PartialEq)]
pub enum Placed {
    /// One line of text.
    Text(PlacedText),
    /// The bars of a barcode; its text is a [`Placed::Text`] of its own.
    Barcode(PlacedBarcode),
    /// A QR code without its quiet zone.
    Qr(PlacedQr),
    /// A straight line: a rectangle of ink.
    Line(Frame),
    /// A box.
    Box(PlacedBox),
    /// A picture.
    Image(PlacedImage),
}

/// One line of text.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedText {
    /// As wide as the advance and as high as the size; letters may hang over. Inverted, it is the
    /// ground: wider by [`PlacedText::start_dots`] on both sides, and its letters are bare.
    pub frame: Frame,
    /// What it says.
    pub text: String,
    /// Of which family its font is.
    pub family: Family,
    /// Which font of the family.
    pub style: Style,
    /// The size of the font (its em) in dots.
    pub size_dots: f64,
    /// From the upright frame's left edge to where the first letter starts.
    pub start_dots: i32,
    /// From the upright frame's top edge to the baseline.
    pub baseline_dots: i32,
    /// From where the first letter starts to where one after the last would.
    pub advance_dots: f64,
    /// Dots added between two letters.
    pub tracking_dots: f64,
    /// Bare letters on a ground of ink.
    pub invert: bool,
}

/// The bars of a barcode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedBarcode {
    /// From the first bar to the last.
    pub frame: Frame,
    /// Which code.
    pub code: Symbology,
    /// What it says, as the document gives it.
    pub data: String,
    /// Dots a module is wide.
    pub module_dots: u32,
    /// The bars in modules.
    pub bars: Bars,
}

/// A QR code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedQr {
    /// From the first module to the last.
    pub frame: Frame,
    /// What it says.
    pub data: String,
    /// How much of it may be damaged.
    pub level: Level,
    /// Dots on a module's side.
    pub module_dots: u32,
    /// Its modules.
    pub matrix: Matrix,
}

/// A box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacedBox {
    /// Its outer edges.
    pub frame: Frame,
    /// Of its lines, inwards.
    pub thickness_dots: u32,
    /// Whether it is ink all over.
    pub fill: bool,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedImage {
    /// Exactly as large as the dots, turned.
    pub frame: Frame,
    /// Upright.
    pub bits: Bits,
    /// Its ink is bare and its bare paper ink.
    pub invert: bool,
}

/// A rectangle by its edges; right and bottom are the first dots outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) right: i32,
    pub(super) bottom: i32,
}

impl Area {
    pub(super) fn overlaps(self, other: Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

impl Frame {
    pub(super) fn area(self) -> Area {
        Area {
            left: self.x,
            top: self.y,
            right: self.x.saturating_add_unsigned(self.width),
            bottom: self.y.saturating_add_unsigned(self.height),
        }
    }

    /// Width and height of the upright content.
    #[must_use]
    pub fn upright(self) -> (u32, u32) {
        if is_sideways(self.rotation) {
            (self.height, self.width)
        } else {
            (self.width, self.height)
        }
    }

    /// The frame after what it stands on, of this width and height, is turned.
    pub(super) fn turned(self, rotation: Rotation, width: i32, height: i32) -> Self {
        let area = self.area();
        let (x, y) = match rotation {
            Rotation::R0 => (self.x, self.y),
            Rotation::R90 => (height - area.bottom, self.x),
            Rotation::R180 => (width - area.right, height - area.bottom),
            Rotation::R270 => (self.y, width - area.right),
        };
        let (width, height) = if is_sideways(rotation) {
            (self.height, self.width)
        } else {
            (self.width, self.height)
        };
        let degrees = (u16::from(self.rotation) + u16::from(rotation)) % 360;
        Self {
            x,
            y,
            width,
            height,
            rotation: Rotation::try_from(degrees).unwrap_or_default(),
        }
    }

    pub(super) fn moved(self, x: i32, y: i32) -> Self {
        Self {
            x: self.x.saturating_add(x),
            y: self.y.saturating_add(y),
            ..self
        }
    }
}

impl Placed {
    /// Where it stands.
    #[must_use]
    pub fn frame(&self) -> Frame {
        match self {
            Self::Text(text) => text.frame,
            Self::Barcode(code) => code.frame,
            Self::Qr(code) => code.frame,
            Self::Line(frame) => *frame,
            Self::Box(shape) => shape.frame,
            Self::Image(image) => image.frame,
        }
    }

    pub(super) fn frame_mut(&mut self) -> &mut Frame {
        match self {
            Self::Text(text) => &mut text.frame,
            Self::Barcode(code) => &mut code.frame,
            Self::Qr(code) => &mut code.frame,
            Self::Line(frame) => frame,
            Self::Box(shape) => &mut shape.frame,
            Self::Image(image) => &mut image.frame,
        }
    }
}

impl Layout {
    /// The whole ticket turned clockwise.
    #[must_use]
    pub fn turned(mut self, rotation: Rotation) -> Self {
        let side = |dots: usize| i32::try_from(dots).unwrap_or(i32::MAX);
        let (width, height) = (side(self.width_dots), side(self.height_dots));
        for item in &mut self.items {
            let frame = item.frame_mut();
            *frame = frame.turned(rotation, width, height);
        }
        if is_sideways(rotation) {
            std::mem::swap(&mut self.width_dots, &mut self.height_dots);
        }
        self
    }
}
