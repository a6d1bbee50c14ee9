//! From elements in millimetres to items in dots.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cueline_model::Rotation;

use super::element::{
    BarcodeElement, BoxElement, Direction, Element, Family, ImageElement, LineElement, QrElement,
    Style, mm_of_points,
};
use super::error::{Edge, ElementFault, TicketError};
use super::fields::{Fields, filled};
use super::layout::{Area, Frame, Layout, Placed, PlacedBarcode, PlacedBox, PlacedImage, PlacedQr};
use super::quiet::{self, Owned};
use super::text::{self, Look};
use super::{Height, TicketDocument};
use crate::codes;
use crate::picture;
use crate::setup::Limits;

/// The size of the line under a barcode.
const BARCODE_TEXT_PT: f64 = 8.0;
/// Bare paper between bars and their text.
const BARCODE_TEXT_GAP_MM: f64 = 0.5;
/// A module of a barcode that is given neither its module nor its width: common scanners read it.
const BARCODE_MODULE_MM: f64 = 0.25;
/// The same of a QR code.
const QR_MODULE_MM: f64 = 0.5;
/// Pixels of all images of one ticket, as they are decoded and as they are placed.
const IMAGE_PIXELS_MAX: u64 = 64 * 1024 * 1024;
/// Dashes of a line.
const DASHES_MAX: usize = 2_000;

/// Millimetres to dots and back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    dots_per_mm: f64,
}

impl Scale {
    pub(super) fn dots(self, mm: f64) -> f64 {
        mm * self.dots_per_mm
    }

    /// To one decimal place, upwards: so much is missing.
    pub(super) fn mm(self, dots: f64) -> f64 {
        // Zero is added because nothing, made a little smaller, is rounded to minus nothing.
        (dots / self.dots_per_mm * 10.0 - 1e-6).ceil() / 10.0 + 0.0
    }

    pub(super) fn at(self, mm: f64) -> i32 {
        self.dots(mm).round() as i32
    }

    /// A length between two places, so that what touches in millimetres touches in dots; at least one.
    fn between(self, from_mm: f64, length_mm: f64) -> u32 {
        let dots = self.at(from_mm + length_mm) - self.at(from_mm);
        dots.max(1).unsigned_abs()
    }

    fn thickness(self, mm: f64) -> u32 {
        (self.dots(mm).round() as u32).max(1)
    }
}

/// Places a ticket, counted from 0.
pub(super) fn ticket(
    document: &TicketDocument,
    ticket: u32,
    dots_per_mm: f64,
) -> Result<Layout, TicketError> {
    let scale = Scale { dots_per_mm };
    let fields = document.fields_of(ticket);
    let error = |index: usize, element: &Element, fault| TicketError::Element {
        ticket: (document.tickets.len() > 1).then_some(ticket + 1),
        number: index + 1,
        kind: element.kind().to_owned(),
        fault: Box::new(fault),
    };
    let mut budget = Budget::default();
    let mut owned = Vec::new();
    for (index, element) in document.elements.iter().enumerate() {
        let placed = place(element, fields, scale, &mut budget)
            .map_err(|fault| error(index, element, fault))?;
        owned.extend(placed.into_iter().map(|item| Owned {
            element: index + 1,
            kind: element.kind(),
            ink: item.ink(),
            item,
        }));
    }
    let areas = owned
        .iter()
        .flat_map(|owned| owned.ink.iter().copied().chain(quiet::zone(&owned.item)));
    let lowest = areas.map(|area| area.bottom).max();
    let paper = Area {
        left: 0,
        top: 0,
        right: scale.at(document.size.width_mm).max(1),
        bottom: match document.size.height_mm {
            Height::Auto => lowest.unwrap_or(1).max(1),
            Height::Mm(mm) => scale.at(mm).max(1),
        },
    };
    for one in &owned {
        let index = one.element - 1;
        let fault = |fault| error(index, &document.elements[index], fault);
        check_on_paper(&one.ink, paper, scale).map_err(fault)?;
        quiet::check(one, &owned, paper, |dots| scale.mm(f64::from(dots))).map_err(fault)?;
    }
    Ok(Layout {
        width_dots: paper.right.unsigned_abs() as usize,
        height_dots: paper.bottom.unsigned_abs() as usize,
        items: owned.into_iter().map(|owned| owned.item).collect(),
    })
}

/// Pixels that may still be decoded and placed: small files can unpack to large pictures, and a ticket
/// can have many.
struct Budget {
    pixels: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            pixels: IMAGE_PIXELS_MAX,
        }
    }
}

impl Budget {
    fn spend(&mut self, width: u64, height: u64) -> Result<(), ElementFault> {
        let left = self.pixels.checked_sub(width.saturating_mul(height));
        self.pixels = left.ok_or(ElementFault::TooManyPixels)?;
        Ok(())
    }
}

fn check_on_paper(ink: &[Area], paper: Area, scale: Scale) -> Result<(), ElementFault> {
    for ink in ink {
        let over = [
            (Edge::Left, paper.left - ink.left),
            (Edge::Right, ink.right - paper.right),
            (Edge::Top, paper.top - ink.top),
            (Edge::Bottom, ink.bottom - paper.bottom),
        ];
        if let Some((edge, dots)) = over.into_iter().find(|(_, dots)| *dots > 0) {
            return Err(ElementFault::OffPaper {
                edge,
                over_mm: scale.mm(f64::from(dots)),
            });
        }
    }
    Ok(())
}

fn place(
    element: &Element,
    fields: [&Fields; 2],
    scale: Scale,
    budget: &mut Budget,
) -> Result<Vec<Placed>, ElementFault> {
    match element {
        Element::Text(element) => text::text(element, fields, scale),
        Element::Paragraph(element) => text::paragraph(element, fields, scale),
        Element::Image(element) => image(element, fields, scale, budget),
        Element::Barcode(element) => barcode(element, fields, scale),
        Element::Qr(element) => qr(element, fields, scale),
        Element::Line(element) => Ok(line(element, scale)),
        Element::Box(element) => Ok(vec![shape(element, scale)]),
    }
}

fn image(
    element: &ImageElement,
    fields: [&Fields; 2],
    scale: Scale,
    budget: &mut Budget,
) -> Result<Vec<Placed>, ElementFault> {
    // A picture in a field is longer than a text may be.
    let data = if element.data.contains("{{") {
        filled(&element.data, fields)?
    } else {
        element.data.clone()
    };
    let bytes = STANDARD
        .decode(data.trim())
        .map_err(|error| ElementFault::Base64 {
            text: error.to_string(),
        })?;
    let grey = picture::decode(&bytes, &Limits::default())?;
    budget.spend(grey.width as u64, grey.height as u64)?;
    let (width, height) = (grey.width as f64, grey.height as f64);
    let across = element.width_mm.map(|mm| scale.dots(mm) / width);
    let down = element.height_mm.map(|mm| scale.dots(mm) / height);
    let factor = match (across, down) {
        (Some(across), Some(down)) => across.min(down),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => 1.0,
    };
    let scaled = |dots: f64| ((dots * factor).round() as usize).max(1);
    let (width, height) = (scaled(width), scaled(height));
    budget.spend(width as u64, height as u64)?;
    let bits = picture::to_tone(grey, width, height, element.tone);
    let frame = Frame {
        x: 0,
        y: 0,
        width: width as u32,
        height: height as u32,
        rotation: Rotation::R0,
    };
    Ok(vec![Placed::Image(PlacedImage {
        frame: text::aligned(
            text::turned(frame, element.rotate),
            element.align,
            (scale.at(element.x_mm), scale.at(element.y_mm)),
        ),
        bits,
        invert: element.invert,
    })])
}

/// Dots of a module, from its own size or from that of all of them.
fn module(
    scale: Scale,
    (module_mm, default_mm): (Option<f64>, f64),
    whole: Option<f64>,
    whole_name: &'static str,
    modules: usize,
) -> Result<u32, ElementFault> {
    let Some(whole_mm) = whole else {
        return Ok(scale.thickness(module_mm.unwrap_or(default_mm)));
    };
    let dots = (scale.dots(whole_mm) / modules as f64 + 1e-6).floor() as u32;
    if dots == 0 {
        return Err(ElementFault::CodeTooSmall {
            name: whole_name,
            needs_mm: scale.mm(modules as f64),
            has_mm: whole_mm,
        });
    }
    Ok(dots)
}

fn barcode(
    element: &BarcodeElement,
    fields: [&Fields; 2],
    scale: Scale,
) -> Result<Vec<Placed>, ElementFault> {
    let data = filled(&element.data, fields)?;
    let bars = element.code.bars(&data)?;
    let module_dots = module(
        scale,
        (element.module_mm, BARCODE_MODULE_MM),
        element.width_mm,
        "width_mm",
        bars.modules(),
    )?;
    let width = bars.modules() as u32 * module_dots;
    let height = scale.thickness(element.height_mm);
    let line = element.show_text.then(|| {
        let points = element.text_size_pt.unwrap_or(BARCODE_TEXT_PT);
        let look = Look {
            family: Family::Sans,
            style: Style::Regular,
            size_dots: scale.dots(mm_of_points(points)),
            tracking_em: 0.06,
        };
        look.line(&bars.text, false)
    });
    let gap = scale.thickness(BARCODE_TEXT_GAP_MM);
    let text_height = line.as_ref().map_or(0, |line| gap + line.frame.height);
    let box_width = width.cast_signed();
    let box_height = (height + text_height).cast_signed();
    let frame = Frame {
        x: 0,
        y: 0,
        width,
        height,
        rotation: Rotation::R0,
    };
    let whole = Frame {
        height: box_height.unsigned_abs(),
        ..frame
    };
    let whole = text::aligned(
        text::turned(whole, element.rotate),
        element.align,
        (scale.at(element.x_mm), scale.at(element.y_mm)),
    );
    let on_paper = |frame: Frame| {
        frame
            .turned(element.rotate, box_width, box_height)
            .moved(whole.x, whole.y)
    };
    let mut placed = vec![Placed::Barcode(PlacedBarcode {
        frame: on_paper(frame),
        code: element.code,
        data,
        module_dots,
        bars,
    })];
    if let Some(mut line) = line.filter(|line| !line.text.is_empty()) {
        let spare = box_width - line.frame.width.cast_signed();
        line.frame = on_paper(line.frame.moved(spare / 2, (height + gap).cast_signed()));
        placed.push(Placed::Text(line));
    }
    Ok(placed)
}

fn qr(
    element: &QrElement,
    fields: [&Fields; 2],
    scale: Scale,
) -> Result<Vec<Placed>, ElementFault> {
    let data = filled(&element.data, fields)?;
    let matrix = codes::qr(data.as_bytes(), element.level)?;
    let module_dots = module(
        scale,
        (element.module_mm, QR_MODULE_MM),
        element.size_mm,
        "size_mm",
        matrix.side(),
    )?;
    let side = matrix.side() as u32 * module_dots;
    Ok(vec![Placed::Qr(PlacedQr {
        frame: text::aligned(
            Frame {
                x: 0,
                y: 0,
                width: side,
                height: side,
                rotation: Rotation::R0,
            },
            element.align,
            (scale.at(element.x_mm), scale.at(element.y_mm)),
        ),
        data,
        level: element.level,
        module_dots,
        matrix,
    })])
}

fn line(element: &LineElement, scale: Scale) -> Vec<Placed> {
    let (x, y) = (scale.at(element.x_mm), scale.at(element.y_mm));
    let thickness = scale.thickness(element.thickness_mm);
    let start_mm = match element.direction {
        Direction::Across => element.x_mm,
        Direction::Down => element.y_mm,
    };
    let length = scale.between(start_mm, element.length_mm);
    let piece = |from: u32, length: u32| {
        let (dx, dy, width, height) = match element.direction {
            Direction::Across => (from.cast_signed(), 0, length, thickness),
            Direction::Down => (0, from.cast_signed(), thickness, length),
        };
        Placed::Line(Frame {
            x: x + dx,
            y: y + dy,
            width,
            height,
            rotation: Rotation::R0,
        })
    };
    let Some(dash_mm) = element.dash_mm else {
        return vec![piece(0, length)];
    };
    let dash = scale.thickness(dash_mm);
    let gap = scale.thickness(element.gap_mm.unwrap_or(dash_mm));
    (0..length)
        .step_by((dash + gap) as usize)
        .take(DASHES_MAX)
        .map(|from| piece(from, dash.min(length - from)))
        .collect()
}

fn shape(element: &BoxElement, scale: Scale) -> Placed {
    Placed::Box(PlacedBox {
        frame: Frame {
            x: scale.at(element.x_mm),
            y: scale.at(element.y_mm),
            width: scale.between(element.x_mm, element.width_mm),
            height: scale.between(element.y_mm, element.height_mm),
            rotation: Rotation::R0,
        },
        thickness_dots: scale.thickness(element.thickness_mm),
        fill: element.fill,
    })
}
