//! Seeded simulation of hub and agents under faults, against a reference model.
//!
//! The cores are the ones that are shipped. Around them everything is fake and driven by one seed:
//! clocks, disks, paths, printers with paper, a box office. [`faults`] draws what goes wrong,
//! [`reference`] knows what is true and what was claimed, [`assertions`] compares the two, and
//! [`run`] plays a seed from the first fault to the quiet after the last. [`payments`] does the same
//! for card payments, in a world of their own.

pub mod assertions;
pub mod box_office;
pub mod chance;
mod connects;
pub mod counts;
pub mod disk;
pub mod faults;
pub mod hub_side;
pub mod mutation;
pub mod network;
pub mod payments;
pub mod printer;
pub mod reference;
pub mod run;
pub mod till_clock;
pub mod till_side;
pub mod world;

pub use counts::Counts;
pub use faults::Plan;
pub use mutation::Mutation;
pub use reference::{Rule, Violation};
pub use run::{Broken, run_plan, run_seed, run_seeds};
pub use world::Settings;
