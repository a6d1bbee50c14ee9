//! What is wrong with printers, as last heard: in memory, so that it can be asked for without waiting,
//! and after a restart from what was stored of it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use cueline_hub_core::printer_news::Condition;
use cueline_model::limits::PRINTERS_PER_AGENT_MAX;
use cueline_model::{AgentId, PrinterName};
use cueline_wire::cloud::PrinterStatus;

/// Conditions by agent and printer; only what is wrong takes room.
pub struct Conditions(Mutex<HashMap<AgentId, HashMap<PrinterName, Condition>>>);

impl Conditions {
    /// What was stored.
    pub fn stored(known: Vec<(AgentId, PrinterName, Condition)>) -> Self {
        let mut conditions: HashMap<AgentId, HashMap<_, _>> = HashMap::new();
        for (agent, printer, condition) in known {
            conditions
                .entry(agent)
                .or_default()
                .insert(printer, condition);
        }
        Self(Mutex::new(conditions))
    }

    /// Takes an agent's news. Past [`PRINTERS_PER_AGENT_MAX`] printers of one agent with something
    /// wrong further ones are passed over: it has no more printers than that.
    pub fn set(&self, agent: AgentId, printers: &[PrinterStatus]) {
        let mut conditions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_agent = conditions.entry(agent).or_default();
        for status in printers {
            let condition = Condition::of(status);
            let has_room =
                of_agent.len() < PRINTERS_PER_AGENT_MAX || of_agent.contains_key(&status.printer);
            if condition.is_fine() {
                of_agent.remove(&status.printer);
            } else if has_room {
                of_agent.insert(status.printer.clone(), condition);
            }
        }
        if of_agent.is_empty() {
            conditions.remove(&agent);
        }
    }

    /// What is wrong with a printer.
    pub fn get(&self, agent: AgentId, printer: &PrinterName) -> Condition {
        let conditions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = conditions.get(&agent).and_then(|known| known.get(printer));
        known.cloned().unwrap_or_default()
    }

    /// Forgets an agent's.
    pub fn forget(&self, agent: AgentId) {
        let mut conditions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        conditions.remove(&agent);
    }
}
