//! The elements of a ticket as they are written. Lengths are millimetres from the top left corner.

use cueline_model::Rotation;
use serde::Deserialize;
use serde_json::Value;

use super::error::ElementFault;
use crate::codes::{Level, Symbology};
use crate::picture::Tone;

/// Points in a millimetre are 72 / 25.4.
const MM_PER_PT: f64 = 25.4 / 72.0;

/// A family of fonts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Without serifs, as Helvetica.
    #[default]
    Sans,
    /// With serifs, as Times.
    Serif,
    /// All characters of one width, as Courier.
    Mono,
}

/// A font of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Upright and of normal weight.
    #[default]
    Regular,
    /// Upright and heavy.
    Bold,
    /// Slanted.
    Italic,
    /// Slanted and heavy.
    BoldItalic,
}

/// Which point its place names, along the direction it is read in: its nearer edge, its middle, its
/// farther edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Align {
    #[default]
    Left,
    Center,
    Right,
}

/// Whether a line goes across or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Direction {
    #[default]
    Across,
    Down,
}

/// What becomes of characters that no font here has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Missing {
    #[default]
    Refuse,
    Box,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TextElement {
    pub(super) text: String,
    pub(super) x_mm: f64,
    #[serde(default)]
    pub(super) y_mm: Option<f64>,
    #[serde(default)]
    pub(super) baseline_mm: Option<f64>,
    #[serde(default)]
    pub(super) size_pt: Option<f64>,
    #[serde(default)]
    pub(super) size_mm: Option<f64>,
    #[serde(default)]
    pub(super) max_width_mm: Option<f64>,
    #[serde(default)]
    pub(super) font: Family,
    #[serde(default)]
    pub(super) style: Style,
    #[serde(default)]
    pub(super) align: Align,
    #[serde(default)]
    pub(super) tracking_em: f64,
    #[serde(default)]
    pub(super) rotate: Rotation,
    #[serde(default)]
    pub(super) invert: bool,
    #[serde(default)]
    pub(super) missing: Missing,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ParagraphElement {
    pub(super) text: String,
    pub(super) x_mm: f64,
    pub(super) y_mm: f64,
    pub(super) width_mm: f64,
    #[serde(default)]
    pub(super) height_mm: Option<f64>,
    #[serde(default)]
    pub(super) size_pt: Option<f64>,
    #[serde(default)]
    pub(super) size_mm: Option<f64>,
    #[serde(default = "line_height")]
    pub(super) line_height: f64,
    #[serde(default)]
    pub(super) font: Family,
    #[serde(default)]
    pub(super) style: Style,
    #[serde(default)]
    pub(super) align: Align,
    #[serde(default)]
    pub(super) tracking_em: f64,
    #[serde(default)]
    pub(super) rotate: Rotation,
    #[serde(default)]
    pub(super) missing: Missing,
}

const fn line_height() -> f64 {
    1.2
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImageElement {
    pub(super) data: String,
    pub(super) x_mm: f64,
    pub(super) y_mm: f64,
    #[serde(default)]
    pub(super) align: Align,
    #[serde(default)]
    pub(super) width_mm: Option<f64>,
    #[serde(default)]
    pub(super) height_mm: Option<f64>,
    #[serde(default)]
    pub(super) tone: Tone,
    #[serde(default)]
    pub(super) rotate: Rotation,
    #[serde(default)]
    pub(super) invert: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BarcodeElement {
    pub(super) code: Symbology,
    pub(super) data: String,
    pub(super) x_mm: f64,
    pub(super) y_mm: f64,
    #[serde(default)]
    pub(super) align: Align,
    pub(super) height_mm: f64,
    #[serde(default)]
    pub(super) module_mm: Option<f64>,
    #[serde(default)]
    pub(super) width_mm: Option<f64>,
    #[serde(default = "yes")]
    pub(super) show_text: bool,
    #[serde(default)]
    pub(super) text_size_pt: Option<f64>,
    #[serde(default)]
    pub(super) rotate: Rotation,
}

const fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QrElement {
    pub(super) data: String,
    #[serde(default)]
    pub(super) level: Level,
    pub(super) x_mm: f64,
    pub(super) y_mm: f64,
    #[serde(default)]
    pub(super) align: Align,
    #[serde(default)]
    pub(super) module_mm: Option<f64>,
    #[serde(default)]
    pub(super) size_mm: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LineElement {
    pub(super) x_mm: f64,
    pub(super) y_mm: f64,
    pub(super) length_mm: f64,
    #[serde(default)]
    pub(super) direction: Direction,
    #[serde(default = "thickness")]
    pub(super) thickness_mm: f64,
    #[serde(default)]
    pub(super) dash_mm: Option<f64>,
    #[serde(default)]
    pub(super) gap_mm: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BoxElement {
    pub(super) x_mm: f64,
    pub(super) y_mm: f64,
    pub(super) width_mm: f64,
    pub(super) height_mm: f64,
    #[serde(default = "thickness")]
    pub(super) thickness_mm: f64,
    #[serde(default)]
    pub(super) fill: bool,
}

const fn thickness() -> f64 {
    0.25
}

/// An element of a ticket.
#[derive(Debug, Clone)]
pub(super) enum Element {
    Text(Box<TextElement>),
    Paragraph(Box<ParagraphElement>),
    Image(ImageElement),
    Barcode(BarcodeElement),
    Qr(QrElement),
    Line(LineElement),
    Box(BoxElement),
}

impl Element {
    /// The type as it is written, for people.
    pub(super) fn kind_of(value: &Value) -> String {
        let kind = value.get("type").and_then(Value::as_str);
        kind.unwrap_or("no type").chars().take(32).collect()
    }

    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Paragraph(_) => "paragraph",
            Self::Image(_) => "image",
            Self::Barcode(_) => "barcode",
            Self::Qr(_) => "qr",
            Self::Line(_) => "line",
            Self::Box(_) => "box",
        }
    }

    /// Reads an element and checks its numbers.
    pub(super) fn read(mut value: Value) -> Result<Self, ElementFault> {
        let kind = match &mut value {
            Value::Object(keys) => keys.remove("type"),
            _ => None,
        };
        let element = match kind.as_ref().and_then(Value::as_str) {
            Some("text") => Self::Text(serde_json::from_value(value)?),
            Some("paragraph") => Self::Paragraph(serde_json::from_value(value)?),
            Some("image") => Self::Image(serde_json::from_value(value)?),
            Some("barcode") => Self::Barcode(serde_json::from_value(value)?),
            Some("qr") => Self::Qr(serde_json::from_value(value)?),
            Some("line") => Self::Line(serde_json::from_value(value)?),
            Some("box") => Self::Box(serde_json::from_value(value)?),
            _ => {
                let got = kind.map_or("none".to_owned(), |kind| kind.to_string());
                return Err(ElementFault::Kind {
                    got: got.chars().take(64).collect(),
                });
            }
        };
        element.check()?;
        Ok(element)
    }

    fn check(&self) -> Result<(), ElementFault> {
        match self {
            Self::Text(text) => {
                place("x_mm", text.x_mm)?;
                match (text.y_mm, text.baseline_mm) {
                    (Some(y), None) => place("y_mm", y)?,
                    (None, Some(_)) if text.rotate != Rotation::R0 || text.invert => {
                        let keys = "baseline_mm is for text that is neither turned nor inverted; \
                                    give y_mm";
                        return Err(ElementFault::Keys(keys));
                    }
                    (None, Some(baseline)) => place("baseline_mm", baseline)?,
                    _ => return Err(ElementFault::Keys("expected one of y_mm and baseline_mm")),
                }
                if let Some(width) = text.max_width_mm {
                    length("max_width_mm", width)?;
                }
                tracking(text.tracking_em)?;
                size_mm(text.size_pt, text.size_mm)?;
            }
            Self::Paragraph(paragraph) => {
                place("x_mm", paragraph.x_mm)?;
                place("y_mm", paragraph.y_mm)?;
                length("width_mm", paragraph.width_mm)?;
                if let Some(height) = paragraph.height_mm {
                    length("height_mm", height)?;
                }
                let expected = "0.8 to 4 times the size";
                range("line_height", paragraph.line_height, (0.8, 4.0), expected)?;
                tracking(paragraph.tracking_em)?;
                size_mm(paragraph.size_pt, paragraph.size_mm)?;
            }
            Self::Image(image) => {
                place("x_mm", image.x_mm)?;
                place("y_mm", image.y_mm)?;
                match (image.width_mm, image.height_mm) {
                    (None, None) => {
                        return Err(ElementFault::Keys("expected width_mm, height_mm or both"));
                    }
                    (width, height) => {
                        for (name, mm) in [("width_mm", width), ("height_mm", height)] {
                            mm.map_or(Ok(()), |mm| length(name, mm))?;
                        }
                    }
                }
            }
            Self::Barcode(code) => {
                place("x_mm", code.x_mm)?;
                place("y_mm", code.y_mm)?;
                length("height_mm", code.height_mm)?;
                one_of(code.module_mm, code.width_mm, "module_mm", "width_mm")?;
                if let Some(size) = code.text_size_pt {
                    points("text_size_pt", size)?;
                }
            }
            Self::Qr(code) => {
                place("x_mm", code.x_mm)?;
                place("y_mm", code.y_mm)?;
                one_of(code.module_mm, code.size_mm, "module_mm", "size_mm")?;
            }
            Self::Line(line) => {
                place("x_mm", line.x_mm)?;
                place("y_mm", line.y_mm)?;
                length("length_mm", line.length_mm)?;
                length("thickness_mm", line.thickness_mm)?;
                for (name, mm) in [("dash_mm", line.dash_mm), ("gap_mm", line.gap_mm)] {
                    mm.map_or(Ok(()), |mm| length(name, mm))?;
                }
                if line.dash_mm.is_none() && line.gap_mm.is_some() {
                    return Err(ElementFault::Keys(
                        "gap_mm is for dashed lines; give dash_mm",
                    ));
                }
            }
            Self::Box(shape) => {
                place("x_mm", shape.x_mm)?;
                place("y_mm", shape.y_mm)?;
                length("width_mm", shape.width_mm)?;
                length("height_mm", shape.height_mm)?;
                length("thickness_mm", shape.thickness_mm)?;
            }
        }
        Ok(())
    }
}

fn range(
    name: &'static str,
    got: f64,
    (least, most): (f64, f64),
    expected: &'static str,
) -> Result<(), ElementFault> {
    if (least..=most).contains(&got) {
        return Ok(());
    }
    Err(ElementFault::Range {
        name,
        expected,
        got,
    })
}

fn place(name: &'static str, mm: f64) -> Result<(), ElementFault> {
    range(name, mm, (0.0, 2_000.0), "0 to 2000 mm")
}

fn length(name: &'static str, mm: f64) -> Result<(), ElementFault> {
    range(name, mm, (0.05, 2_000.0), "0.05 to 2000 mm")
}

fn points(name: &'static str, size: f64) -> Result<(), ElementFault> {
    range(name, size, (3.0, 400.0), "3 to 400 points")
}

fn tracking(em: f64) -> Result<(), ElementFault> {
    range("tracking_em", em, (-0.2, 2.0), "-0.2 to 2 times the size")
}

fn one_of(
    module: Option<f64>,
    whole: Option<f64>,
    module_name: &'static str,
    whole_name: &'static str,
) -> Result<(), ElementFault> {
    match (module, whole) {
        (Some(_), Some(_)) if whole_name == "width_mm" => {
            Err(ElementFault::Keys("expected one of module_mm and width_mm"))
        }
        (Some(_), Some(_)) => Err(ElementFault::Keys("expected one of module_mm and size_mm")),
        (Some(mm), None) => range(module_name, mm, (0.05, 20.0), "0.05 to 20 mm"),
        (None, Some(mm)) => length(whole_name, mm),
        (None, None) => Ok(()),
    }
}

/// The size of a text in millimetres.
pub(super) fn size_mm(size_pt: Option<f64>, size_mm: Option<f64>) -> Result<f64, ElementFault> {
    match (size_pt, size_mm) {
        (Some(size), None) => {
            points("size_pt", size)?;
            Ok(mm_of_points(size))
        }
        (None, Some(mm)) => {
            range("size_mm", mm, (1.0, 150.0), "1 to 150 mm")?;
            Ok(mm)
        }
        _ => Err(ElementFault::Keys("expected one of size_pt and size_mm")),
    }
}

pub(super) fn mm_of_points(points: f64) -> f64 {
    points * MM_PER_PT
}
