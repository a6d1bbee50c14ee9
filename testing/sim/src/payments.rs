//! Payments under faults, beside the simulation of printing: one hub, one agent, its desks' trays and
//! their card terminals, whose own ledgers are the judges.
//!
//! The core is the one that is shipped. [`faults`] draws what goes wrong, [`reference`] knows what was
//! claimed and names the rules, [`assertions`] holds the claims against the terminals' ledgers, and
//! [`run`] plays a seed from the first fault to the quiet after the last.

pub mod agent;
pub mod assertions;
pub mod counts;
pub mod disk;
pub mod driver;
pub mod faults;
pub mod hub;
pub mod mutation;
pub mod reference;
pub mod run;
pub mod seeds;
pub mod terminal;
pub mod tray;
pub mod world;

pub use counts::Counts;
pub use faults::Plan;
pub use mutation::Mutation;
pub use reference::{Rule, Violation};
pub use run::run_plan;
pub use seeds::{Broken, run_seed, run_seeds};
pub use world::Settings;
