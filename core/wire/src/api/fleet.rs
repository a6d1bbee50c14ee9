//! Agents and printers as the box office sees them.

use cueline_model::{
    AgentId, Capabilities, ContentType, Fault, Language, PrinterId, PrinterName, SiteId,
};
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Whether an agent can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// It holds a link and has been heard within the idle time-out.
    Online,
    /// It holds none.
    Offline,
    /// It was removed; its key opens nothing any more.
    Revoked,
}

/// One installed machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Which.
    pub id: AgentId,
    /// As given at registration.
    pub name: String,
    /// Where.
    pub site: SiteId,
    /// Whether it can be reached.
    pub state: AgentState,
    /// SHA-256 of its public key: compare with what `cueline register` showed.
    pub fingerprint: String,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Since when it holds its link.
    pub connected_since: Option<Timestamp>,
    /// When it was last heard.
    pub last_seen_at: Option<Timestamp>,
    /// The way it comes: `direct` or `proxy HOST:PORT`.
    pub path: Option<String>,
    /// The ping period of its link, seconds.
    pub ping_s: Option<u32>,
    /// Its version.
    pub version: Option<String>,
    /// Its platform.
    pub platform: Option<String>,
}

/// One printer of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printer {
    /// Which.
    pub id: PrinterId,
    /// Its name on its agent.
    pub name: PrinterName,
    /// Whose.
    pub agent: AgentId,
    /// What people call that agent.
    pub agent_name: String,
    /// Whether that agent can be reached.
    pub agent_state: AgentState,
    /// What it speaks.
    pub language: Language,
    /// What it prints.
    pub content_types: Vec<ContentType>,
    /// Dots across the head.
    pub width_dots: Option<u16>,
    /// Dots along one ticket or label, where that is fixed and known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height_dots: Option<u16>,
    /// What it can do; `None` where its agent does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
    /// What is wrong with it, as last heard.
    pub fault: Option<Fault>,
    /// What will soon keep it from printing, as last heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<Fault>,
    /// Jobs for it that have not ended.
    pub queued: u32,
}
