//! Printer languages: documents to bytes, status bytes to meaning. Opens nothing.
//!
//! [`render`] makes what is written to a printer; [`Session`] makes sense of what the printer
//! answers. Both are plain functions of their arguments; `io/ports` owns the connection.
//!
//! One folder a language: `escpos`, `fgl`, `zpl`. What models do differently is data: `quirks/*.toml`.

mod capabilities;
mod compile;
mod escpos;
mod fgl;
mod outgoing;
mod pdf;
mod print;
mod profile;
mod raw;
mod render;
mod session;
mod zpl;

pub use capabilities::{capabilities, supported};
pub use outgoing::Outgoing;
pub use print::{Print, Tickets};
pub use profile::{Cutter, DrawerPin, Profile, Quirks, UnknownModel, models};
pub use render::{RENDERED_BYTES_MAX, RenderError, RenderOptions, TICKETS_MAX, as_pdf, render};
pub use session::{Session, SessionEvent, busy};
