//! Decodes documents in a child process that can reach nothing and is ended at its limits.
//!
//! A document comes from outside: a PDF may be damaged or made to break what reads it. So the
//! program starts itself again with a hidden verb ([`VERB`], served by [`child_main`]), the child
//! confines itself, says so, and only then is handed the document. What comes back is bytes for the
//! printer or pictures; the child ends. A document that needs too much time or memory, or finds a
//! fault in a decoder, ends a child and not the agent, and the job fails with a sentence.
//!
//! ```text
//! parent                                     child
//!   limits (16 bytes)                 ->       sets them on itself, confines itself
//!                                     <-       what holds it (or why nothing does)
//!   request (JSON), document          ->       decodes
//!                                     <-       tickets or pictures one by one, then the end
//! ```

#![cfg_attr(not(windows), forbid(unsafe_code))]

mod child;
mod decoder;
mod error;
mod frame;
mod request;
pub mod sandbox;
mod settings;
mod work;

pub use child::child_main;
pub use decoder::{Decoder, Pictures};
pub use error::DecodeError;
pub use settings::{DecoderSettings, Limits, VERB};

// So that a program that only wants pictures needs to know of no device.
pub use cueline_printers::{Print, Profile, RenderOptions};
