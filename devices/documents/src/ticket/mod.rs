//! Cueline's own ticket document (`application/vnd.cueline.ticket+json`): elements in millimetres, with
//! fields, laid out in whole dots for one head. `docs/ticket-document.md` describes it for those who
//! write one.
//!
//! [`TicketDocument::parse`] reads and checks it, [`TicketDocument::layout`] places it for a head, and
//! [`Layout::draw`] makes dots of it; `cueline-printers` compiles the same [`Layout`] to commands.

mod accents;
mod draw;
mod element;
mod error;
mod fields;
mod font;
mod kerning;
mod layout;
mod place;
mod quiet;
mod text;

use cueline_model::Rotation;
use serde::Deserialize;
use serde_json::Value;

pub use element::{Family, Style};
pub use error::{Edge, ElementFault, TicketError};
pub use layout::{
    Frame, Layout, Placed, PlacedBarcode, PlacedBox, PlacedImage, PlacedQr, PlacedText,
};

use crate::setup::{Limits, PageSetup, is_sideways};
use element::Element;
use fields::Fields;

/// Elements of one ticket.
pub const ELEMENTS_MAX: usize = 500;
/// Tickets of one document.
pub const TICKETS_MAX: usize = 500;
/// Fields of one ticket.
pub const FIELDS_MAX: usize = 1_000;
/// The longest side of a ticket.
pub const SIDE_MM_MAX: f64 = 2_000.0;
/// The version this reads.
const VERSION: u32 = 1;

/// A ticket document that was read and checked as far as can be without a head.
#[derive(Debug, Clone)]
pub struct TicketDocument {
    size: Size,
    fields: Fields,
    tickets: Vec<Fields>,
    elements: Vec<Element>,
}

/// The document as it is written; the elements are read one by one so that an error names its element.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    cueline_ticket: u32,
    size: Size,
    #[serde(default)]
    fields: Fields,
    #[serde(default)]
    tickets: Option<Vec<Fields>>,
    elements: Vec<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    width_mm: f64,
    height_mm: Height,
}

/// A height, or as high as the lowest element needs: for a roll.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
enum Height {
    Auto,
    Mm(f64),
}

impl TryFrom<Value> for Height {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match (&value, value.as_f64()) {
            (Value::String(word), _) if word == "auto" => Ok(Self::Auto),
            (_, Some(mm)) => Ok(Self::Mm(mm)),
            _ => Err(format!(
                "height_mm: expected a number of millimetres or \"auto\", got {value}"
            )),
        }
    }
}

impl TicketDocument {
    /// Reads a document.
    ///
    /// # Errors
    /// [`TicketError`]: no JSON, of another version, with an unknown or ill-valued key, or with too much
    /// of anything. What depends on fields or on the head is found by [`TicketDocument::layout`].
    pub fn parse(document: &[u8]) -> Result<Self, TicketError> {
        let written: Written = serde_json::from_slice(document)?;
        if written.cueline_ticket != VERSION {
            return Err(TicketError::Version {
                got: written.cueline_ticket,
            });
        }
        let size = written.size;
        let side = |name, mm: f64| {
            if (5.0..=SIDE_MM_MAX).contains(&mm) {
                return Ok(());
            }
            Err(TicketError::Size { name, got_mm: mm })
        };
        side("width_mm", size.width_mm)?;
        if let Height::Mm(height) = size.height_mm {
            side("height_mm", height)?;
        }
        let tickets = written.tickets.unwrap_or_else(|| vec![Fields::default()]);
        let most = |what, got: usize, max: usize| {
            if (1..=max).contains(&got) {
                return Ok(());
            }
            Err(TicketError::Count { what, got, max })
        };
        most("elements", written.elements.len(), ELEMENTS_MAX)?;
        most("tickets", tickets.len(), TICKETS_MAX)?;
        for fields in tickets.iter().chain([&written.fields]) {
            most("fields", fields.len().max(1), FIELDS_MAX)?;
        }
        let elements = written.elements.into_iter().enumerate();
        let elements = elements
            .map(|(index, value)| {
                let kind = Element::kind_of(&value);
                Element::read(value).map_err(|fault| TicketError::Element {
                    ticket: None,
                    number: index + 1,
                    kind,
                    fault: Box::new(fault),
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            size,
            fields: written.fields,
            tickets,
            elements,
        })
    }

    /// How many tickets it prints.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.tickets.len() as u32
    }

    /// Places a ticket, counted from 0, for a head: scaled as the setup's fit says, turned as it says.
    /// Where fit is not given, a ticket that is larger than the head is made smaller.
    ///
    /// # Errors
    /// [`TicketError`] naming the element at fault.
    pub fn layout(
        &self,
        ticket: u32,
        setup: &PageSetup,
        limits: &Limits,
    ) -> Result<Layout, TicketError> {
        let dots_per_mm = f64::from(setup.dpi) / 25.4;
        // A ticket as high as it needs to be always fits along its own direction.
        let height_mm = match self.size.height_mm {
            Height::Auto => 0.1,
            Height::Mm(mm) => mm,
        };
        let natural = |mm: f64, room: Option<u16>| {
            let dots = mm * dots_per_mm;
            // What fits in whole dots need not be shrunk by a part of one.
            match room.map(f64::from) {
                Some(room) if dots.round() <= room => dots.min(room),
                _ => dots,
            }
        };
        let (across_mm, down_mm) = if is_sideways(setup.rotate) {
            (height_mm, self.size.width_mm)
        } else {
            (self.size.width_mm, height_mm)
        };
        let across = natural(across_mm, Some(setup.width_dots));
        let factor = setup.factor(across, natural(down_mm, setup.height_dots));
        let no_room = |width: f64, height: f64| TicketError::NoRoom {
            width_mm: setup.mm(width),
            height_mm: setup.mm(height),
            head_mm: setup.mm(f64::from(setup.width_dots)),
            paper_mm: setup.height_dots.map(|dots| setup.mm(f64::from(dots))),
        };
        let layout = place::ticket(self, ticket, dots_per_mm * factor)?;
        let layout = layout.turned(setup.rotate);
        let (width, height) = (layout.width_dots as f64, layout.height_dots as f64);
        let paper = f64::from(setup.height_dots.unwrap_or(u16::MAX));
        // One dot is what rounding makes.
        if width > f64::from(setup.width_dots) + 1.0 || height > paper + 1.0 {
            return Err(no_room(width, height));
        }
        if !limits.allow(layout.width_dots as u64, layout.height_dots as u64) {
            return Err(no_room(width, height));
        }
        Ok(layout)
    }

    /// The ticket as it stands in its own direction and size at a resolution: for a preview.
    ///
    /// # Errors
    /// [`TicketError`] naming the element at fault.
    pub fn preview(&self, ticket: u32, dpi: u16) -> Result<Layout, TicketError> {
        let setup = PageSetup {
            fit: Some(cueline_model::Fit::None),
            rotate: Rotation::R0,
            ..PageSetup::new(dpi, u16::MAX, None)
        };
        self.layout(ticket, &setup, &Limits::default())
    }

    fn fields_of(&self, ticket: u32) -> [&Fields; 2] {
        let own = self.tickets.get(ticket as usize);
        [own.unwrap_or(&self.fields), &self.fields]
    }
}

#[cfg(test)]
mod tests;
