//! Sites, pairing codes and API keys.

use std::fmt;

use cueline_model::{ApiKeyId, PairingCodeId, SiteId};
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Look at everything of its tenant.
    Read,
    /// Upload documents, make and cancel print jobs, and look at them.
    Print,
    /// Make, cancel, answer and resolve payments, take them back, and look at them.
    Pay,
    /// Sites, agents, pairing codes and keys.
    Manage,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Read, Self::Print, Self::Pay, Self::Manage];

    /// The word used on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Print => "print",
            Self::Pay => "pay",
            Self::Manage => "manage",
        }
    }
}

/// `POST /v1/sites`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteRequest {
    /// 1 to 100 characters.
    pub name: String,
}

/// A venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Which.
    pub id: SiteId,
    /// As given.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// `POST /v1/pairing-codes`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairingCodeRequest {
    /// The site the new agent will stand at; may be left out where there is only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
}

/// A code that registers one agent, once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairingCode {
    /// Which.
    pub id: PairingCodeId,
    /// Eight characters, shown once, such as `K7QD-4MXP`.
    pub code: String,
    /// Where the new agent will stand.
    pub site: SiteId,
    /// Good until then.
    pub expires_at: Timestamp,
}

/// Without what is secret, so that no log can hold it.
impl fmt::Debug for PairingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PairingCode")
            .field("id", &self.id)
            .field("site", &self.site)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// `POST /v1/api-keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyRequest {
    /// What people shall call it, 1 to 100 characters.
    pub name: String,
    /// At least one.
    pub scopes: Vec<Scope>,
}

/// A key to this API.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Which.
    pub id: ApiKeyId,
    /// As given.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The key itself; only in the answer that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Without what is secret, so that no log can hold it.
impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("scopes", &self.scopes)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}
