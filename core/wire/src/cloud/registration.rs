//! How a new agent becomes known to its hub.

use std::fmt;

use cueline_model::AgentId;
use serde::{Deserialize, Serialize};

use crate::Base64Bytes;

/// A new agent shows its pairing code and its key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationRequest {
    /// The code as typed; case and dashes do not matter to the hub.
    pub code: String,
    /// What people shall call this machine, 1 to 64 characters.
    pub name: String,
    /// The agent's Ed25519 public key (RFC 8032), 32 bytes. The private one never leaves the machine.
    pub public_key: Base64Bytes,
    /// The key's signature over [`RegistrationRequest::signed_text`]: proof that the sender has it.
    pub proof: Base64Bytes,
    /// The agent's version.
    pub agent_version: String,
    /// Operating system and processor, such as `linux x86_64`.
    pub platform: String,
}

/// Without what is secret, so that no log can hold it.
impl fmt::Debug for RegistrationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrationRequest")
            .field("name", &self.name)
            .field("public_key", &self.public_key)
            .field("agent_version", &self.agent_version)
            .field("platform", &self.platform)
            .finish_non_exhaustive()
    }
}

impl RegistrationRequest {
    /// What [`RegistrationRequest::proof`] signs.
    #[must_use]
    pub fn signed_text(code: &str, name: &str) -> String {
        format!("cueline-registration-v1\ncode: {code}\nname: {name}\n")
    }
}

/// What an agent needs to know for ever after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationReply {
    /// Who the agent is from now on.
    pub agent: AgentId,
    /// The tenant's name, for people.
    pub tenant: String,
    /// The site's name, for people.
    pub site: String,
    /// The hub's Ed25519 public key, 32 bytes: it signs every job.
    pub hub_key: Base64Bytes,
    /// The roots that the hub's certificate will chain to, PEM; `None`: the platform's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roots_pem: Option<String>,
}
