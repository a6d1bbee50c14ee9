//! The agent's decisions as a sans-IO state machine: link, intake, lanes, reports.
