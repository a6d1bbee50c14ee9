//! Printer languages backwards: command bytes to pictures of what comes out.
//!
//! ```text
//! bytes -> Interpreter (escpos | fgl | zpl) -> Event::Printed { sheet } -> Sheet { bits, text, edge }
//! ```
//!
//! Opens nothing, owns no clock and never fails: what a language does not know is passed over and
//! counted, as printers do. Paper and memory are bounded whatever the bytes are. The virtual printers
//! put these interpreters behind a port; the hub draws raw jobs with [`sheets`].

mod escpos;
mod fgl;
mod font;
mod head;
mod interpreter;
mod page;
mod picture;
mod sheet;
mod text;
mod zpl;

pub use head::Head;
pub use interpreter::{Event, Interpreter, Talk, sheets};
pub use sheet::{Edge, Feed, Sheet};
