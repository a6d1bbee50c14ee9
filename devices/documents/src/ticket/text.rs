//! Texts and paragraphs: how large they are set, where lines are broken, where they stand.

use cueline_model::Rotation;

use super::element::{Align, Missing, ParagraphElement, Style, TextElement, size_mm};
use super::error::ElementFault;
use super::fields::{Fields, filled};
use super::font::Face;
use super::layout::{Frame, Placed, PlacedText};
use super::place::Scale;
use crate::setup::is_sideways;
use crate::ticket::Family;

/// From the top of a line to its baseline, as part of its size.
const ASCENT: f64 = 0.8;
/// The ground of an inverted text, as parts of its size: beside its letters, all of its height, and from
/// its top to the baseline. Capitals stand in its middle.
const GROUND_BESIDE: f64 = 0.25;
const GROUND_HEIGHT: f64 = 1.15;
const GROUND_ASCENT: f64 = 0.935;
/// How much smaller a text may be set so that it fits.
const SHRINK_LEAST: f64 = 0.5;
const SHRINK_STEP: f64 = 0.025;

/// The look of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) family: Family,
    pub(super) style: Style,
    pub(super) size_dots: f64,
    pub(super) tracking_em: f64,
}

impl Look {
    fn advance_dots(self, text: &str) -> f64 {
        let face = Face::new(self.family, self.style);
        face.advance(text, self.tracking_em) * self.size_dots
    }

    /// An upright line in a frame of its own, its top left corner at the origin.
    pub(super) fn line(self, text: &str, invert: bool) -> PlacedText {
        let advance_dots = self.advance_dots(text);
        let dots = |em: f64| (self.size_dots * em).round() as i32;
        let (start_dots, height, ascent) = if invert {
            (dots(GROUND_BESIDE), GROUND_HEIGHT, GROUND_ASCENT)
        } else {
            (0, 1.0, ASCENT)
        };
        PlacedText {
            frame: Frame {
                x: 0,
                y: 0,
                width: (advance_dots.ceil() as u32) + 2 * start_dots.unsigned_abs(),
                height: dots(height).unsigned_abs(),
                rotation: Rotation::R0,
            },
            text: text.to_owned(),
            family: self.family,
            style: self.style,
            size_dots: self.size_dots,
            start_dots,
            baseline_dots: dots(ascent),
            advance_dots,
            tracking_dots: self.tracking_em * self.size_dots,
            invert,
        }
    }
}

pub(super) fn text(
    element: &TextElement,
    fields: [&Fields; 2],
    scale: Scale,
) -> Result<Vec<Placed>, ElementFault> {
    // A text is one line.
    let text = filled(&element.text, fields)?.replace(['\n', '\r', '\t'], " ");
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let look = Look {
        family: element.font,
        style: element.style,
        size_dots: scale.dots(size_mm(element.size_pt, element.size_mm)?),
        tracking_em: element.tracking_em,
    };
    check_characters(&text, look, element.missing)?;
    let look = match element.max_width_mm {
        None => look,
        Some(width_mm) => {
            let room = scale.dots(width_mm);
            shrunk(look, |look| look.advance_dots(&text) <= room).ok_or_else(|| {
                no_fit(
                    &text,
                    "max_width_mm",
                    scale.mm(look.advance_dots(&text) * SHRINK_LEAST),
                    width_mm,
                )
            })?
        }
    };
    let mut line = look.line(&text, element.invert);
    let y = match (element.y_mm, element.baseline_mm) {
        (Some(y_mm), _) => scale.at(y_mm),
        (None, baseline) => scale.at(baseline.unwrap_or(0.0)) - line.baseline_dots,
    };
    line.frame = aligned(
        turned(line.frame, element.rotate),
        element.align,
        (scale.at(element.x_mm), y),
    );
    Ok(vec![Placed::Text(line)])
}

pub(super) fn paragraph(
    element: &ParagraphElement,
    fields: [&Fields; 2],
    scale: Scale,
) -> Result<Vec<Placed>, ElementFault> {
    let text = filled(&element.text, fields)?.replace('\t', " ");
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let look = Look {
        family: element.font,
        style: element.style,
        size_dots: scale.dots(size_mm(element.size_pt, element.size_mm)?),
        tracking_em: element.tracking_em,
    };
    check_characters(&text, look, element.missing)?;
    let width = scale.dots(element.width_mm);
    let height_of = |look: Look, lines: usize| {
        look.size_dots * (1.0 + element.line_height * (lines.saturating_sub(1)) as f64)
    };
    let room = element.height_mm.map(|mm| scale.dots(mm));
    let fits = |look: Look| {
        broken(&text, look, width)
            .is_some_and(|lines| room.is_none_or(|room| height_of(look, lines.len()) <= room + 0.5))
    };
    let smallest = Look {
        size_dots: look.size_dots * SHRINK_LEAST,
        ..look
    };
    // Without a height there is room for every line, so that only a word can be too long.
    let set = match element.height_mm {
        None if fits(look) => Some(look),
        None => None,
        Some(_) => shrunk(look, fits),
    };
    let Some(look) = set else {
        let widest = text.split_whitespace().max_by(|one, other| {
            let (one, other) = (look.advance_dots(one), look.advance_dots(other));
            one.total_cmp(&other)
        });
        let widest = widest.unwrap_or_default();
        return Err(match (broken(&text, smallest, width), element.height_mm) {
            (Some(lines), Some(has_mm)) => no_fit(
                &text,
                "height_mm",
                scale.mm(height_of(smallest, lines.len())),
                has_mm,
            ),
            _ => no_fit(
                widest,
                "width_mm",
                scale.mm(smallest.advance_dots(widest)),
                element.width_mm,
            ),
        });
    };
    let lines = broken(&text, look, width).unwrap_or_default();
    let (box_width, box_height) = (
        width.round() as i32,
        height_of(look, lines.len()).round() as i32,
    );
    let place = (
        scale.dots(element.x_mm).round() as i32,
        scale.dots(element.y_mm).round() as i32,
    );
    let mut placed = Vec::with_capacity(lines.len());
    for (index, text) in lines
        .iter()
        .enumerate()
        .filter(|(_, text)| !text.is_empty())
    {
        let mut line = look.line(text, false);
        let spare = box_width - line.frame.width.cast_signed();
        let x = match element.align {
            Align::Left => 0,
            Align::Center => spare / 2,
            Align::Right => spare,
        };
        let y = (look.size_dots * element.line_height * index as f64).round() as i32;
        line.frame = line
            .frame
            .moved(x, y)
            .turned(element.rotate, box_width, box_height)
            .moved(place.0, place.1);
        placed.push(Placed::Text(line));
    }
    Ok(placed)
}

/// A frame at the origin moved so that its left edge, middle or right edge is at the place, and its top
/// edge; of one that is turned to stand, its top edge, middle or bottom edge, and its left edge.
pub(super) fn aligned(frame: Frame, align: Align, (x, y): (i32, i32)) -> Frame {
    let (reading, _) = frame.upright();
    let before = match align {
        Align::Left => 0,
        Align::Center => reading.cast_signed() / 2,
        Align::Right => reading.cast_signed(),
    };
    if is_sideways(frame.rotation) {
        frame.moved(x, y - before)
    } else {
        frame.moved(x - before, y)
    }
}

/// A frame at the origin turned, still at the origin.
pub(super) fn turned(frame: Frame, rotation: Rotation) -> Frame {
    let (width, height) = if is_sideways(rotation) {
        (frame.height, frame.width)
    } else {
        (frame.width, frame.height)
    };
    Frame {
        width,
        height,
        rotation,
        ..frame
    }
}

/// The largest of a look, down to half its size, that fits.
fn shrunk(look: Look, fits: impl Fn(Look) -> bool) -> Option<Look> {
    let steps = ((1.0 - SHRINK_LEAST) / SHRINK_STEP).round() as u32;
    let sizes = (0..=steps).map(|step| look.size_dots * (1.0 - f64::from(step) * SHRINK_STEP));
    let mut looks = sizes.map(|size_dots| Look { size_dots, ..look });
    looks.find(|look| fits(*look))
}

/// The lines of a text in a width, broken between words and where the text itself breaks; none where a
/// word is wider.
fn broken(text: &str, look: Look, width: f64) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if look.advance_dots(word) > width {
                return None;
            }
            if line.is_empty() {
                line.push_str(word);
                continue;
            }
            let longer = format!("{line} {word}");
            if look.advance_dots(&longer) <= width {
                line = longer;
            } else {
                lines.push(std::mem::replace(&mut line, word.to_owned()));
            }
        }
        lines.push(line);
    }
    Some(lines)
}

fn check_characters(text: &str, look: Look, missing: Missing) -> Result<(), ElementFault> {
    let face = Face::new(look.family, look.style);
    let mut lacking: Vec<char> = text
        .chars()
        .filter(|c| !c.is_whitespace() && !face.has(*c))
        .collect();
    lacking.sort_unstable();
    lacking.dedup();
    if lacking.is_empty() || missing == Missing::Box {
        return Ok(());
    }
    Err(ElementFault::Characters {
        characters: lacking.into_iter().take(10).collect(),
    })
}

fn no_fit(text: &str, name: &'static str, needs_mm: f64, has_mm: f64) -> ElementFault {
    ElementFault::NoFit {
        text: text.chars().take(40).collect(),
        name,
        needs_mm,
        has_mm,
    }
}
