//! Pairing codes, and the registration of an agent with one.
//!
//! A code is eight characters of 32 (40 bits), good for ten minutes and for one agent. Only its
//! SHA-256 is stored. Guessing is held off by the limit on registration attempts, which is the
//! listener's: a wrong code belongs to nobody, so there is nothing here to count it against.
//!
//! What was wrong with a code is told apart for the hub's log; the one who showed it must not learn it.

use std::fmt;

use std::time::Duration;

use cueline_hub_core::StoreError;
use cueline_model::{AgentId, PairingCodeId, SiteId, TenantId, WallTime};
use rusqlite::{Connection, OptionalExtension as _};

use super::access::digest;
use super::failure::{StorageError, map};
use super::fleet::{self, AgentRecord};
use super::{Store, StoreResult, row};
use crate::ids;

/// How long a code is good for.
const CODE_LIFE: Duration = Duration::from_secs(600);
/// Codes of one tenant that may be open at once.
const OPEN_CODES_MAX: u32 = 100;
const CODE_CHARS: usize = 8;

/// A code that has just been made.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPairingCode {
    /// Which, as a resource.
    pub id: PairingCodeId,
    /// The code itself, to be shown once, such as `K7QD-4MXP`.
    pub code: String,
    /// Where the new agent will stand.
    pub site: SiteId,
    /// Good until then.
    pub expires_at: WallTime,
}

/// Without what is secret, so that no log can hold it.
impl fmt::Debug for NewPairingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewPairingCode")
            .field("id", &self.id)
            .field("site", &self.site)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Why a code was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// The tenant has no such site.
    #[error("there is no such site; list them with GET /v1/sites")]
    UnknownSite,
    /// There is more than one site (or none) to choose from.
    #[error("name the `site` the agent will stand at: this tenant has {sites}")]
    SiteNeeded {
        /// `none` or `several`.
        sites: &'static str,
    },
    /// Too many are open.
    #[error("{OPEN_CODES_MAX} pairing codes are open already; use them, or wait until they expire")]
    TooManyOpen,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An agent that shows a code. Its proof has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAgent {
    /// What people shall call it.
    pub name: String,
    /// Ed25519.
    pub public_key: [u8; 32],
    /// Its version.
    pub version: String,
    /// Operating system and processor.
    pub platform: String,
}

/// An agent that is known from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The agent.
    pub agent: AgentRecord,
    /// Its tenant's name.
    pub tenant_name: String,
    /// Its site's name.
    pub site_name: String,
    /// Whether the same key had registered with the same code before and the answer was lost.
    pub repeat: bool,
}

/// Why a code registered nobody. To the outside these look alike.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// There is no such code.
    #[error("the pairing code is not known")]
    Unknown,
    /// Its ten minutes are over.
    #[error("the pairing code has expired")]
    Expired,
    /// Another key has used it.
    #[error("the pairing code was used before")]
    Used,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StorageError for CodeError {
    fn storage(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl StorageError for RegistrationError {
    fn storage(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// What is stored of a code.
struct Code {
    id: String,
    tenant: TenantId,
    site: SiteId,
    expires_at: WallTime,
    agent: Option<AgentId>,
}

/// A code as typed, as it is hashed: case, dashes and spaces do not matter.
fn normal(code: &str) -> String {
    code.chars()
        .filter(|c| !matches!(c, '-' | ' '))
        .take(CODE_CHARS + 1)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

fn add_code(
    connection: &Connection,
    tenant: TenantId,
    site: Option<SiteId>,
    now: WallTime,
) -> Result<NewPairingCode, CodeError> {
    let site = chosen_site(connection, tenant, site)?;
    let open: u32 = connection
        .query_row(
            "SELECT count(*) FROM pairing_codes
             WHERE tenant = ?1 AND expires_at > ?2 AND agent IS NULL",
            (tenant.to_string(), now.0),
            |r| r.get(0),
        )
        .map_err(map::<StoreError>)?;
    if open >= OPEN_CODES_MAX {
        return Err(CodeError::TooManyOpen);
    }
    let text = ids::readable_code::<CODE_CHARS>();
    let new = NewPairingCode {
        id: ids::pairing_code(),
        code: format!("{}-{}", &text[..4], &text[4..]),
        site,
        expires_at: now + CODE_LIFE,
    };
    connection
        .execute(
            "INSERT INTO pairing_codes (id, tenant, site, code_sha256, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (
                new.id.to_string(),
                tenant.to_string(),
                site.to_string(),
                digest(&text).0,
                now.0,
                new.expires_at.0,
            ),
        )
        .map_err(map::<StoreError>)?;
    Ok(new)
}

fn chosen_site(
    connection: &Connection,
    tenant: TenantId,
    site: Option<SiteId>,
) -> Result<SiteId, CodeError> {
    let sites: Vec<SiteId> = connection
        .prepare_cached(
            "SELECT id FROM sites WHERE tenant = ?1 AND (?2 IS NULL OR id = ?2) LIMIT 2",
        )
        .and_then(|mut query| {
            let site = site.map(|site| site.to_string());
            query
                .query_map((tenant.to_string(), site), |r| row::parsed(r, "id"))?
                .collect()
        })
        .map_err(map::<StoreError>)?;
    match (sites.as_slice(), site) {
        ([only], _) => Ok(*only),
        (_, Some(_)) => Err(CodeError::UnknownSite),
        (several, None) => Err(CodeError::SiteNeeded {
            sites: if several.is_empty() {
                "none"
            } else {
                "several"
            },
        }),
    }
}

fn register(
    connection: &Connection,
    code: &str,
    new: &NewAgent,
    now: WallTime,
) -> Result<Registered, RegistrationError> {
    let code = find_code(connection, code)?.ok_or(RegistrationError::Unknown)?;
    if let Some(agent) = code.agent {
        // The answer may have been lost; the same key may ask again while the code lives.
        let agent = fleet::by_id(connection, agent)?
            .filter(|agent| agent.public_key == new.public_key)
            .filter(|agent| agent.revoked_at.is_none() && now < code.expires_at)
            .ok_or(RegistrationError::Used)?;
        return Ok(registered(connection, agent, true)?);
    }
    if now >= code.expires_at {
        return Err(RegistrationError::Expired);
    }
    let agent = AgentRecord {
        id: ids::agent(),
        tenant: code.tenant,
        site: code.site,
        name: new.name.clone(),
        public_key: new.public_key,
        created_at: now,
        revoked_at: None,
        last_seen_at: None,
        path: None,
        ping_s: None,
        version: Some(new.version.clone()),
        platform: Some(new.platform.clone()),
    };
    fleet::insert(connection, &agent)?;
    connection
        .execute(
            "UPDATE pairing_codes SET agent = ?2 WHERE id = ?1",
            (code.id, agent.id.to_string()),
        )
        .map_err(map::<StoreError>)?;
    Ok(registered(connection, agent, false)?)
}

fn find_code(connection: &Connection, code: &str) -> StoreResult<Option<Code>> {
    connection
        .query_row(
            "SELECT * FROM pairing_codes WHERE code_sha256 = ?1",
            [digest(&normal(code)).0],
            |r| {
                Ok(Code {
                    id: r.get("id")?,
                    tenant: row::parsed(r, "tenant")?,
                    site: row::parsed(r, "site")?,
                    expires_at: row::time(r, "expires_at")?,
                    agent: row::parsed_option(r, "agent")?,
                })
            },
        )
        .optional()
        .map_err(map)
}

fn registered(
    connection: &Connection,
    agent: AgentRecord,
    repeat: bool,
) -> StoreResult<Registered> {
    let (tenant_name, site_name) = connection
        .query_row(
            "SELECT tenants.name, sites.name FROM tenants, sites
             WHERE tenants.id = ?1 AND sites.id = ?2",
            [agent.tenant.to_string(), agent.site.to_string()],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )
        .map_err(map::<StoreError>)?;
    Ok(Registered {
        agent,
        tenant_name,
        site_name,
        repeat,
    })
}

/// Deletes codes that ended before `before`.
pub fn drop_old(connection: &Connection, before: WallTime) -> StoreResult<u32> {
    let dropped = connection
        .execute(
            "DELETE FROM pairing_codes WHERE expires_at < ?1",
            [before.0],
        )
        .map_err(map::<StoreError>)?;
    Ok(u32::try_from(dropped).unwrap_or(u32::MAX))
}

impl Store {
    /// Makes a pairing code. The site may be left out where the tenant has exactly one.
    ///
    /// # Errors
    /// See [`CodeError`].
    pub async fn add_pairing_code(
        &self,
        tenant: TenantId,
        site: Option<SiteId>,
        now: WallTime,
    ) -> Result<NewPairingCode, CodeError> {
        self.write(move |changes| add_code(changes.connection, tenant, site, now))
            .await
    }

    /// Uses up a code and makes the agent known, both or neither. The same key showing the same code
    /// again, within its ten minutes, is given the same answer.
    ///
    /// # Errors
    /// See [`RegistrationError`].
    pub async fn register(
        &self,
        code: String,
        agent: NewAgent,
        now: WallTime,
    ) -> Result<Registered, RegistrationError> {
        self.write(move |changes| register(changes.connection, &code, &agent, now))
            .await
    }
}
