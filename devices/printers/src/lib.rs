//! Printer languages: documents to bytes, status bytes to meaning. Opens nothing.
//!
//! [`render`] makes what is written to a printer; [`Session`] makes sense of what the printer
//! answers. Both are plain functions of their arguments; `io/ports` owns the connection.

mod escpos;
mod picture;
mod render;
mod session;

pub use render::{Profile, RENDERED_BYTES_MAX, RenderError, RenderOptions, render, supported};
pub use session::{Session, SessionEvent};
