//! What is wrong with printers, as last heard. In memory alone: it is of the moment.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use cueline_hub_core::job::shorten;
use cueline_model::limits::PRINTERS_PER_AGENT_MAX;
use cueline_model::{AgentId, Fault, PrinterName};
use cueline_wire::cloud::PrinterStatus;

/// Faults by agent and printer; only what is wrong takes room.
#[derive(Default)]
pub struct Faults(Mutex<HashMap<AgentId, HashMap<PrinterName, Fault>>>);

impl Faults {
    /// Takes an agent's news. Past [`PRINTERS_PER_AGENT_MAX`] faults of one agent further ones are
    /// passed over: it has no more printers than that.
    pub fn set(&self, agent: AgentId, printers: &[PrinterStatus]) {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_agent = faults.entry(agent).or_default();
        for status in printers {
            match &status.fault {
                None => {
                    of_agent.remove(&status.printer);
                }
                Some(fault)
                    if of_agent.len() < PRINTERS_PER_AGENT_MAX
                        || of_agent.contains_key(&status.printer) =>
                {
                    let mut fault = fault.clone();
                    shorten(&mut fault.text);
                    of_agent.insert(status.printer.clone(), fault);
                }
                Some(_) => {}
            }
        }
        if of_agent.is_empty() {
            faults.remove(&agent);
        }
    }

    /// What is wrong with a printer.
    pub fn get(&self, agent: AgentId, printer: &PrinterName) -> Option<Fault> {
        let faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.get(&agent)?.get(printer).cloned()
    }

    /// Forgets an agent's.
    pub fn forget(&self, agent: AgentId) {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.remove(&agent);
    }
}
