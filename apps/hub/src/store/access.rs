//! Tenants, sites and the keys to the box office's API.
//!
//! A key reads `cl_<lookup>_<secret>`: the lookup finds its row, of the secret only the SHA-256 is
//! stored. The secret has 160 random bits, so a plain digest cannot be turned back.

use std::fmt;

use cueline_hub_core::StoreError;
use cueline_model::{ApiKeyId, Sha256, SiteId, TenantId, WallTime};
use cueline_wire::api::Scope;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::failure::{StorageError, map};
use super::{Store, StoreResult, row};
use crate::ids;

/// Keys of one name that may be alive at once: the old one and the new one of a rotation.
const KEYS_ALIVE_MAX: u32 = 2;
const LOOKUP_CHARS: usize = 12;
const SECRET_CHARS: usize = 32;

/// A box-office customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRecord {
    /// Which.
    pub id: TenantId,
    /// For people.
    pub name: String,
    /// When it was made.
    pub created_at: WallTime,
}

/// A venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteRecord {
    /// Which.
    pub id: SiteId,
    /// For people.
    pub name: String,
    /// When it was made.
    pub created_at: WallTime,
}

/// A key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// Which.
    pub id: ApiKeyId,
    /// For people.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: WallTime,
}

/// A key that has just been made.
#[derive(Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// What is kept of it.
    pub record: ApiKeyRecord,
    /// The key itself, to be shown once.
    pub key: String,
}

/// Without what is secret, so that no log can hold it.
impl fmt::Debug for NewApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewApiKey")
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// With which key.
    pub key: ApiKeyId,
    /// For whom.
    pub tenant: TenantId,
    /// What the key may do.
    pub scopes: Vec<Scope>,
}

/// Why a key was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A rotation has one old and one new key.
    #[error(
        "{KEYS_ALIVE_MAX} keys named {name:?} are alive already; revoke one of them first, or use another name"
    )]
    TooManyAlive {
        /// Which name.
        name: String,
    },
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StorageError for KeyError {
    fn storage(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::TooManyAlive { .. } => None,
        }
    }
}

/// Stores a tenant.
pub fn add_tenant(connection: &Connection, name: &str, now: WallTime) -> StoreResult<TenantRecord> {
    let tenant = TenantRecord {
        id: ids::tenant(),
        name: name.to_owned(),
        created_at: now,
    };
    connection
        .execute(
            "INSERT INTO tenants (id, name, created_at) VALUES (?1, ?2, ?3)",
            (tenant.id.to_string(), name, now.0),
        )
        .map_err(map::<StoreError>)?;
    Ok(tenant)
}

/// Stores a site.
pub fn add_site(
    connection: &Connection,
    tenant: TenantId,
    name: &str,
    now: WallTime,
) -> StoreResult<SiteRecord> {
    let site = SiteRecord {
        id: ids::site(),
        name: name.to_owned(),
        created_at: now,
    };
    connection
        .execute(
            "INSERT INTO sites (id, tenant, name, created_at) VALUES (?1, ?2, ?3, ?4)",
            (site.id.to_string(), tenant.to_string(), name, now.0),
        )
        .map_err(map::<StoreError>)?;
    Ok(site)
}

/// A key that nobody has stored yet.
pub fn new_api_key(name: &str, scopes: Vec<Scope>, now: WallTime) -> NewApiKey {
    let lookup = ids::pasted_secret::<LOOKUP_CHARS>();
    let secret = ids::pasted_secret::<SECRET_CHARS>();
    NewApiKey {
        record: ApiKeyRecord {
            id: ids::api_key(),
            name: name.to_owned(),
            scopes,
            created_at: now,
        },
        key: format!("cl_{lookup}_{secret}"),
    }
}

/// Stores a key, its secret hashed.
pub fn add_api_key(
    connection: &Connection,
    tenant: TenantId,
    new: &NewApiKey,
) -> Result<(), KeyError> {
    let record = &new.record;
    let alive: u32 = connection
        .query_row(
            "SELECT count(*) FROM api_keys WHERE tenant = ?1 AND name = ?2 AND revoked_at IS NULL",
            (tenant.to_string(), &record.name),
            |r| r.get(0),
        )
        .map_err(map::<StoreError>)?;
    if alive >= KEYS_ALIVE_MAX {
        return Err(KeyError::TooManyAlive {
            name: record.name.clone(),
        });
    }
    let Some((lookup, secret)) = parts(&new.key) else {
        return Err(KeyError::Store(StoreError::Internal {
            text: "a fresh API key is not of its own form".to_owned(),
        }));
    };
    let scopes = row::to_json(&record.scopes)?;
    connection
        .execute(
            "INSERT INTO api_keys (id, tenant, name, scopes, lookup, secret_sha256, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (
                record.id.to_string(),
                tenant.to_string(),
                &record.name,
                scopes,
                lookup,
                digest(secret).0,
                record.created_at.0,
            ),
        )
        .map_err(map::<StoreError>)?;
    Ok(())
}

/// SHA-256 of a secret.
pub fn digest(secret: &str) -> Sha256 {
    let digest = ring::digest::digest(&ring::digest::SHA256, secret.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    Sha256(bytes)
}

/// Lookup and secret of a key.
fn parts(key: &str) -> Option<(&str, &str)> {
    let (lookup, secret) = key.strip_prefix("cl_")?.split_once('_')?;
    let fits = lookup.len() == LOOKUP_CHARS && secret.len() == SECRET_CHARS;
    fits.then_some((lookup, secret))
}

/// Compares without telling by its time how much was right.
fn same(a: Sha256, b: Sha256) -> bool {
    let difference = a.0.iter().zip(b.0).fold(0, |all, (a, b)| all | (a ^ b));
    std::hint::black_box(difference) == 0
}

fn authenticate(connection: &Connection, key: &str) -> StoreResult<Option<Caller>> {
    let Some((lookup, secret)) = parts(key) else {
        return Ok(None);
    };
    let found = connection
        .prepare_cached(
            "SELECT id, tenant, scopes, secret_sha256 FROM api_keys
             WHERE lookup = ?1 AND revoked_at IS NULL",
        )
        .and_then(|mut query| {
            query
                .query_row([lookup], |r| {
                    let caller = Caller {
                        key: row::parsed(r, "id")?,
                        tenant: row::parsed(r, "tenant")?,
                        scopes: row::json(r, "scopes")?,
                    };
                    Ok((caller, row::digest(r, "secret_sha256")?))
                })
                .optional()
        })
        .map_err(map::<StoreError>)?;
    let given = digest(secret);
    Ok(found
        .filter(|(_, stored)| same(*stored, given))
        .map(|(caller, _)| caller))
}

fn site_from_row(r: &Row<'_>) -> rusqlite::Result<SiteRecord> {
    Ok(SiteRecord {
        id: row::parsed(r, "id")?,
        name: r.get("name")?,
        created_at: row::time(r, "created_at")?,
    })
}

fn key_from_row(r: &Row<'_>) -> rusqlite::Result<ApiKeyRecord> {
    Ok(ApiKeyRecord {
        id: row::parsed(r, "id")?,
        name: r.get("name")?,
        scopes: row::json(r, "scopes")?,
        created_at: row::time(r, "created_at")?,
    })
}

impl Store {
    /// Who makes a request with this key; `None` for a wrong, malformed or revoked one.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn authenticate(&self, key: String) -> StoreResult<Option<Caller>> {
        self.read(move |connection| authenticate(connection, &key))
            .await
    }

    /// A tenant.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn tenant(&self, tenant: TenantId) -> StoreResult<Option<TenantRecord>> {
        self.read(move |connection| {
            connection
                .query_row(
                    "SELECT id, name, created_at FROM tenants WHERE id = ?1",
                    [tenant.to_string()],
                    |r| {
                        Ok(TenantRecord {
                            id: row::parsed(r, "id")?,
                            name: r.get("name")?,
                            created_at: row::time(r, "created_at")?,
                        })
                    },
                )
                .optional()
                .map_err(map)
        })
        .await
    }

    /// Makes a tenant.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn add_tenant(&self, name: String, now: WallTime) -> StoreResult<TenantRecord> {
        self.write(move |changes| add_tenant(changes.connection, &name, now))
            .await
    }

    /// Makes a site.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn add_site(
        &self,
        tenant: TenantId,
        name: String,
        now: WallTime,
    ) -> StoreResult<SiteRecord> {
        self.write(move |changes| add_site(changes.connection, tenant, &name, now))
            .await
    }

    /// A tenant's site.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn site(&self, tenant: TenantId, site: SiteId) -> StoreResult<Option<SiteRecord>> {
        self.read(move |connection| {
            connection
                .query_row(
                    "SELECT * FROM sites WHERE tenant = ?1 AND id = ?2",
                    [tenant.to_string(), site.to_string()],
                    site_from_row,
                )
                .optional()
                .map_err(map)
        })
        .await
    }

    /// A tenant's sites before `after` (all: `None`), newest first, at most `limit`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn sites(
        &self,
        tenant: TenantId,
        after: Option<SiteId>,
        limit: usize,
    ) -> StoreResult<Vec<SiteRecord>> {
        self.read(move |connection| {
            let sql = "SELECT * FROM sites WHERE tenant = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
            row::page(connection, sql, tenant, after, limit, site_from_row)
        })
        .await
    }

    /// Makes a key. Its text is in the answer and nowhere else.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub async fn add_api_key(
        &self,
        tenant: TenantId,
        name: String,
        scopes: Vec<Scope>,
        now: WallTime,
    ) -> Result<NewApiKey, KeyError> {
        self.write(move |changes| {
            let new = new_api_key(&name, scopes, now);
            add_api_key(changes.connection, tenant, &new)?;
            Ok(new)
        })
        .await
    }

    /// A tenant's keys that are alive, before `after` (all: `None`), newest first, at most `limit`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn api_keys(
        &self,
        tenant: TenantId,
        after: Option<ApiKeyId>,
        limit: usize,
    ) -> StoreResult<Vec<ApiKeyRecord>> {
        self.read(move |connection| {
            let sql = "SELECT * FROM api_keys WHERE tenant = ?1 AND id < ?2 AND revoked_at IS NULL
                       ORDER BY id DESC LIMIT ?3";
            row::page(connection, sql, tenant, after, limit, key_from_row)
        })
        .await
    }

    /// Ends a key at once; `false` when the tenant has no such key alive.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn revoke_api_key(
        &self,
        tenant: TenantId,
        key: ApiKeyId,
        now: WallTime,
    ) -> StoreResult<bool> {
        self.write(move |changes| {
            let revoked = changes
                .connection
                .execute(
                    "UPDATE api_keys SET revoked_at = ?3
                     WHERE tenant = ?1 AND id = ?2 AND revoked_at IS NULL",
                    (tenant.to_string(), key.to_string(), now.0),
                )
                .map_err(map::<StoreError>)?;
            Ok(revoked == 1)
        })
        .await
    }
}
