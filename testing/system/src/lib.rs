//! Tests on real processes: crashes, proxies, wrong input.
//!
//! This library is the equipment: a [`box_office::House`] of real hub, till and printer on loopback,
//! a small [`api::Api`] client, and control over each process. The tests are in `tests/`. All of it
//! needs Unix: it signals processes, and runs Squid.

#![cfg(unix)]

pub mod api;
pub mod balancer;
pub mod box_office;
pub mod campaign;
pub mod counter;
pub mod cups;
pub mod emupos;
pub mod foreign;
pub mod held_to_paper;
pub mod ippeveprinter;
pub mod lprint;
pub mod memory;
pub mod paper;
pub mod peers;
pub mod picture;
pub mod power;
pub mod program;
pub mod settings;
pub mod small_disk;
pub mod snmpsim;
pub mod squid;
pub mod wire;
