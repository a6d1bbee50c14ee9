//! The road to the hub: TCP, HTTP CONNECT proxies, pinned TLS and an HTTP client on top.
//!
//! An [`Uplink`] knows the hub's address, whom to trust and which way to go. From it come single
//! [`Connection`]s, for the request that is held open, and complete exchanges
//! ([`Uplink::request`]), for everything short. TLS always ends at the hub: a proxy carries the
//! bytes and cannot read them. Whatever fails is told apart by [`ConnectError`], since "no
//! connection" sends nobody to the right desk.
//!
//! Nothing here knows what is said on the connection: messages and server-sent events belong to
//! `core/wire`, when to try again to `core/agent-core`.

mod certificate;
mod connect_error;
mod connection;
mod connector;
mod dial;
mod hub_url;
mod proxy;
mod request_error;
mod trust;
mod tunnel;
mod uplink;
mod verify;

pub use certificate::Validity;
pub use connect_error::{ConnectError, Stage};
pub use connection::Connection;
pub use hub_url::{HubUrl, HubUrlError};
pub use proxy::{ProxyChoice, ProxyUrl, ProxyUrlError, Route};
pub use request_error::RequestError;
pub use trust::{Fingerprint, FingerprintError, Trust, TrustError};
pub use uplink::{Call, Uplink, UplinkConfig};
