//! What crosses the line, and nothing else.
//!
//! [`cloud`] is spoken between hub and agent, [`api`] between the box office and the hub, [`local`]
//! between agent and tray. An old
//! till and a new hub meet here, so every message has a golden file under `golden/` that later
//! versions must still read.

pub mod api;
pub mod base64_bytes;
pub mod cloud;
pub mod local;
pub mod problem;
pub mod timestamp;

pub use base64_bytes::Base64Bytes;
pub use problem::Problem;
pub use timestamp::Timestamp;
