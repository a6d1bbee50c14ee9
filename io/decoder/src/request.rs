//! What a parent asks of a child and what the child says at the end, as JSON between the two.

use cueline_model::{ContentType, Failure, PrintOptions};
use cueline_printers::{Profile, RenderOptions};
use serde::{Deserialize, Serialize};

/// What is to be done with the document that follows.
#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    /// Tickets or pictures.
    pub what: What,
    /// What the document is.
    pub content_type: ContentType,
    /// For which printer.
    pub profile: Profile,
    /// How it is wanted.
    pub options: RenderOptions,
    /// The most bytes that may come back.
    pub output_bytes_max: u64,
}

/// Tickets or pictures.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// What is written to the printer.
    Render,
    /// PNG pictures of what comes out of it.
    Picture {
        /// The first so many pages; the rest is counted.
        pages_max: u32,
    },
}

/// What holds a child, as it says itself before it is handed a document.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// It is confined; with what was to be had less than wanted.
    Confined {
        /// What this system could not do, one sentence each.
        lacking: Vec<String>,
    },
    /// It could not confine itself and takes no document.
    Unconfined {
        /// Why.
        reason: String,
    },
}

/// How a child's work ended.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The parts were tickets.
    Tickets,
    /// The one part was a document for a printer that takes documents.
    Document {
        /// What it is.
        content_type: ContentType,
        /// How many times.
        copies: u16,
        /// How it is wanted.
        options: Box<PrintOptions>,
        /// What it is called in the printer's queue.
        title: Option<String>,
    },
    /// The parts were pictures.
    Pictures {
        /// Pages in all, pictured or not.
        pages: u32,
    },
    /// There is nothing to print.
    Failed(Failure),
}
