//! The first start: a tenant, a site and a key, so that a hub without configuration can be used.

use std::io;
use std::path::{Path, PathBuf};

use cueline_hub_core::StoreError;
use cueline_model::{SiteId, TenantId, WallTime};
use cueline_wire::api::Scope;

use super::access::{self, KeyError};
use super::failure::map;
use super::{Store, StoreResult};
use crate::whole_file::{self, Readers};

/// Where the first key is written, in the data directory.
pub const FIRST_KEY_FILE: &str = "first-api-key";

/// What the first start made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstStart {
    /// The tenant `default`.
    pub tenant: TenantId,
    /// Its site `main`.
    pub site: SiteId,
    /// The file that holds a key with every scope, readable by this account only.
    pub key_file: PathBuf,
}

/// Why the first start failed.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// The file could not be written.
    #[error("the first API key cannot be written to {path}: {source}")]
    KeyFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The rows could not be stored.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl From<StoreError> for BootstrapError {
    fn from(error: StoreError) -> Self {
        Self::Key(error.into())
    }
}

impl Store {
    /// Where there is no tenant yet: makes one with a site and an API key, whose text goes to
    /// [`FIRST_KEY_FILE`] in `directory`. The file is written before the key is stored: a crash
    /// between the two leaves a key that opens nothing and is written anew, never one that is lost.
    ///
    /// # Errors
    /// See [`BootstrapError`].
    pub async fn bootstrap(
        &self,
        directory: &Path,
        now: WallTime,
    ) -> Result<Option<FirstStart>, BootstrapError> {
        if self.has_tenant().await? {
            return Ok(None);
        }
        let path = directory.join(FIRST_KEY_FILE);
        let key = access::new_api_key("first", Scope::ALL.to_vec(), now);
        whole_file::write(&path, format!("{}\n", key.key).as_bytes(), Readers::Owner).map_err(
            |source| BootstrapError::KeyFile {
                path: path.clone(),
                source,
            },
        )?;
        let (tenant, site) = self
            .write(move |changes| {
                let tenant = access::add_tenant(changes.connection, "default", now)?;
                let site = access::add_site(changes.connection, tenant.id, "main", now)?;
                access::add_api_key(changes.connection, tenant.id, &key)?;
                Ok::<_, KeyError>((tenant.id, site.id))
            })
            .await?;
        Ok(Some(FirstStart {
            tenant,
            site,
            key_file: path,
        }))
    }

    async fn has_tenant(&self) -> StoreResult<bool> {
        self.read(|connection| {
            connection
                .query_row("SELECT EXISTS (SELECT 1 FROM tenants)", [], |r| r.get(0))
                .map_err(map)
        })
        .await
    }
}
