//! Why a ticket document cannot be printed: always which element, what was expected, what came.

use std::fmt;

use crate::codes::CodeError;
use crate::picture::PictureError;

/// Why a ticket document cannot be printed.
#[derive(Debug, thiserror::Error)]
pub enum TicketError {
    /// No JSON, or not the keys and values of a ticket document.
    #[error("it is not a ticket document that can be read: {0}")]
    Json(#[from] serde_json::Error),
    /// Of a version that is not known.
    #[error("it says cueline_ticket {got}; expected 1")]
    Version {
        /// What it says.
        got: u32,
    },
    /// A side that no ticket has.
    #[error("size.{name}: expected 5 to 2000 mm, got {got_mm}")]
    Size {
        /// Which.
        name: &'static str,
        /// What was given.
        got_mm: f64,
    },
    /// Too much or nothing of something.
    #[error("{what}: expected 1 to {max}, got {got}")]
    Count {
        /// Of what.
        what: &'static str,
        /// How much.
        got: usize,
        /// How much is taken.
        max: usize,
    },
    /// The ticket is larger than what the printer prints.
    #[error(
        "it is {width_mm} x {height_mm} mm and the printer prints {head_mm} mm across{}; make it \
         smaller, turn it, or ask for fit shrink", down(*.paper_mm)
    )]
    NoRoom {
        /// Its width, turned as asked.
        width_mm: f64,
        /// Its height, turned as asked.
        height_mm: f64,
        /// The head.
        head_mm: f64,
        /// The paper, if it is no roll.
        paper_mm: Option<f64>,
    },
    /// An element that cannot be placed.
    #[error("{}element {number} ({kind}): {fault}", of(*.ticket))]
    Element {
        /// Which ticket, from 1, where the document has several.
        ticket: Option<u32>,
        /// Which, from 1.
        number: usize,
        /// Its type as written.
        kind: String,
        /// What is wrong with it.
        fault: Box<ElementFault>,
    },
}

fn down(paper_mm: Option<f64>) -> String {
    paper_mm.map_or_else(String::new, |mm| format!(" and {mm} mm down"))
}

fn of(ticket: Option<u32>) -> String {
    ticket.map_or_else(String::new, |ticket| format!("ticket {ticket}, "))
}

/// What is wrong with an element.
#[derive(Debug, thiserror::Error)]
pub enum ElementFault {
    /// Not the keys and values of such an element.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// No type, or one that is not known.
    #[error("expected a type of text, paragraph, image, barcode, qr, line or box, got {got}")]
    Kind {
        /// What was given.
        got: String,
    },
    /// A number out of its range.
    #[error("{name}: expected {expected}, got {got}")]
    Range {
        /// The key.
        name: &'static str,
        /// What would have been right.
        expected: &'static str,
        /// What was given.
        got: f64,
    },
    /// Two keys that exclude each other, or none of those of which one is needed.
    #[error("{0}")]
    Keys(&'static str),
    /// More characters than an element takes.
    #[error("{got} characters are too many; expected at most {max}")]
    TooLong {
        /// How many there are.
        got: usize,
        /// How many are taken.
        max: usize,
    },
    /// A `{{name}}` without a value.
    #[error("there is no field {name:?}; give it in `fields`{}", listed(.known))]
    NoField {
        /// The name.
        name: String,
        /// Names that there are, the first ten.
        known: Vec<String>,
    },
    /// A `{{` without `}}`.
    #[error("`{{{{` without `}}}}` in {text:?}; write a field as `{{{{name}}}}`")]
    Braces {
        /// Where, cut to 40 characters.
        text: String,
    },
    /// Characters that no font here has.
    #[error(
        "the fonts have no {characters:?}; send the text as an image, or set `missing` to `box` to \
         print an empty box instead"
    )]
    Characters {
        /// The characters, each once, ten at most.
        characters: String,
    },
    /// Wider or higher than the room it was given, even at half its size.
    #[error(
        "{text:?} does not fit: it needs {needs_mm} mm of {name} {has_mm} even at half its size; \
         shorten it or give it more room"
    )]
    NoFit {
        /// The text, cut to 40 characters.
        text: String,
        /// The key that says how much room there is.
        name: &'static str,
        /// How much is needed.
        needs_mm: f64,
        /// How much there is.
        has_mm: f64,
    },
    /// Data the code cannot hold.
    #[error("{0}")]
    Code(#[from] CodeError),
    /// A code whose modules would be less than a dot.
    #[error(
        "it needs at least {needs_mm} mm here and {name} is {has_mm}; make it larger or shorten the \
         data"
    )]
    CodeTooSmall {
        /// The key that says how much room there is.
        name: &'static str,
        /// What one dot a module comes to.
        needs_mm: f64,
        /// What was given.
        has_mm: f64,
    },
    /// Not base64.
    #[error("data: expected a PNG or JPEG in base64: {text}")]
    Base64 {
        /// What the decoder says.
        text: String,
    },
    /// A picture that cannot be read.
    #[error("data: {0}")]
    Picture(#[from] PictureError),
    /// All images together are more than is decoded for one ticket.
    #[error(
        "the images up to here come to more than 67108864 pixels; make them smaller, or place them in a \
         smaller size"
    )]
    TooManyPixels,
    /// Some of it is beyond the edge.
    #[error(
        "it hangs over the {edge} edge of the ticket by {over_mm} mm; move it or make it smaller"
    )]
    OffPaper {
        /// Which.
        edge: Edge,
        /// By how much.
        over_mm: f64,
    },
    /// The bare paper that a code needs around it is not there.
    #[error(
        "its quiet zone is not bare: {what} is in it; leave {left_mm} mm on the left, {right_mm} on \
         the right and {around_mm} above and below"
    )]
    NotQuiet {
        /// What disturbs it.
        what: String,
        /// What it needs on its left, as it stands.
        left_mm: f64,
        /// What it needs on its right.
        right_mm: f64,
        /// What it needs above and below.
        around_mm: f64,
    },
}

fn listed(known: &[String]) -> String {
    if known.is_empty() {
        return String::new();
    }
    format!(", which has {}", known.join(", "))
}

/// An edge of the ticket, in its own direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// Where lines of text begin.
    Left,
    /// Where they end.
    Right,
    /// Above.
    Top,
    /// Below.
    Bottom,
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Top => "top",
            Self::Bottom => "bottom",
        })
    }
}
