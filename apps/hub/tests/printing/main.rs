//! Printing through the API over real TLS: options, tickets, jobs in doubt, printers' events.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../equipment/mod.rs"]
mod equipment;

mod doubt;
mod events;
mod options;
mod pictures;
mod printers;

use cueline_model::{Capabilities, ContentType, OptionName};
use cueline_wire::cloud::PrinterDescription;
use equipment::agent::{Agent, front};
use serde_json::{Value, json};

/// A printer that turns pages and has two trays.
fn able() -> PrinterDescription {
    PrinterDescription {
        capabilities: Some(Capabilities {
            dpi: vec![203],
            options: [OptionName::Rotate, OptionName::Cut].into(),
            trays: vec!["main".to_owned(), "manual".to_owned()],
            ..Capabilities::default()
        }),
        height_dots: Some(1_624),
        content_types: vec![
            ContentType::Raw,
            ContentType::Png,
            ContentType::Jpeg,
            ContentType::Pdf,
            ContentType::Ticket,
        ],
        ..front()
    }
}

fn raw(agent: &Agent) -> Value {
    json!({"printer": agent.printer, "content_type": "raw", "content": "aGVsbG8K"})
}

fn with(mut asked: Value, field: &str, value: Value) -> Value {
    asked[field] = value;
    asked
}
