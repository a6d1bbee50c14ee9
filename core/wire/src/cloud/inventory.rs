//! What is installed at a till, told at start and at each change.

use cueline_model::{Capabilities, ContentType, Language, PrinterId, PrinterName};
use serde::{Deserialize, Serialize};

use super::payment::StationDescription;

/// The whole inventory; what it does not name is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// The agent's version.
    pub agent_version: String,
    /// Operating system and processor, such as `linux x86_64`.
    pub platform: String,
    /// The way to the hub: `direct` or `proxy HOST:PORT`; never credentials.
    pub path: String,
    /// At most [`cueline_model::limits::PRINTERS_PER_AGENT_MAX`].
    pub printers: Vec<PrinterDescription>,
    /// Desks whose tray is there, at most [`cueline_model::limits::STATIONS_PER_AGENT_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stations: Vec<StationDescription>,
}

/// One printer and what it can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrinterDescription {
    /// Its name on this agent.
    pub name: PrinterName,
    /// What it speaks.
    pub language: Language,
    /// What documents can be printed on it.
    pub content_types: Vec<ContentType>,
    /// Dots across the head, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width_dots: Option<u16>,
    /// Dots along one ticket or label, where that is fixed and known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height_dots: Option<u16>,
    /// What it can do; `None` from an agent that does not tell yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
}

/// The hub's ids for the printers named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryReply {
    /// One for each printer of the inventory.
    pub printers: Vec<PrinterHandle>,
}

/// A printer's two names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrinterHandle {
    /// On the agent.
    pub name: PrinterName,
    /// At the hub.
    pub id: PrinterId,
}
