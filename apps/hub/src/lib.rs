//! The hub: TLS, the link, the API and the store behind `cueline-hub`.

pub mod api;
pub mod auth;
pub mod body;
pub mod cli;
pub mod clock;
pub mod config;
pub mod events;
pub mod fetch;
pub mod fingerprint;
pub mod hub;
pub mod ids;
pub mod jobs;
pub mod link;
pub mod machine;
pub mod pace;
pub mod payments;
pub mod pictures;
pub mod printnode;
pub mod profile;
pub mod refusal;
pub mod running;
pub mod server;
pub mod store;
pub mod test_page;
pub mod tls;
pub mod verbs;
pub mod waiters;
pub mod whole_file;

pub use running::Running;
pub use verbs::{add_tenant, check, run};
