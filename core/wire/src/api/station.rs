//! Desks and their card terminals, as their agents tell of them.

use cueline_model::{
    AgentId, PaymentId, StationId, StationName, TerminalId, TerminalName, TerminalProtocol,
};
use serde::{Deserialize, Serialize};

use super::fleet::AgentState;

/// A desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Station {
    /// Which.
    pub id: StationId,
    /// Its name on its agent.
    pub name: StationName,
    /// The agent it belongs to.
    pub agent: AgentId,
    /// What people call that agent.
    pub agent_name: String,
    /// Whether that agent holds a link.
    pub agent_state: AgentState,
    /// Whether payments can be made there now.
    pub state: StationState,
    /// Who is logged in, as last told.
    pub user: String,
    /// Its terminals, as last told.
    pub terminals: Vec<Terminal>,
}

/// Whether payments can be made at a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StationState {
    /// Its one tray is there.
    Online,
    /// No tray answers for it, or its agent is offline.
    Offline,
    /// Several trays answer for it.
    Ambiguous,
}

/// A card terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// Which.
    pub id: TerminalId,
    /// Its name at its station.
    pub name: TerminalName,
    /// Its station.
    pub station: StationId,
    /// That station's name.
    pub station_name: StationName,
    /// The agent it belongs to.
    pub agent: AgentId,
    /// What it speaks.
    pub protocol: TerminalProtocol,
    /// The payment it may be at, as far as the hub knows.
    pub payment: Option<PaymentId>,
}
