//! The store against its contract, restarts, damage, a second hub, and a full disk.

mod contract;
mod disk_full;
mod jobs;
mod migration;
mod opening;
mod payments;
mod people;
mod pooling;
mod till;

use std::path::Path;
use std::sync::{Arc, Mutex};

use cueline_hub_core::store::contract::{Place, START, place};
use cueline_model::{ContentType, Language, PrinterName, SiteId, TenantId};
use cueline_wire::cloud::{Inventory, PrinterDescription};
use tempfile::TempDir;

use super::{Committed, NewAgent, Store};

/// A store in a directory of its own, and what its watcher was told.
struct Opened {
    directory: TempDir,
    store: Store,
    told: Arc<Mutex<Vec<Committed>>>,
}

impl Opened {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let store = open(directory.path(), &told);
        Self {
            directory,
            store,
            told,
        }
    }

    /// Closes the store and opens it again.
    fn reopened(self) -> Self {
        let Self {
            directory,
            store,
            told,
        } = self;
        drop(store);
        let store = open(directory.path(), &told);
        Self {
            directory,
            store,
            told,
        }
    }

    /// What the watcher was told since it was last asked.
    fn told(&self) -> Vec<Committed> {
        std::mem::take(&mut self.told.lock().unwrap())
    }
}

fn open(directory: &Path, told: &Arc<Mutex<Vec<Committed>>>) -> Store {
    let told = Arc::clone(told);
    Store::open(directory, move |committed| {
        told.lock().unwrap().push(committed);
    })
    .unwrap()
}

/// Makes a place of the contract known, with rows that only SQLite's foreign keys need.
async fn add_place(store: &Store, place: Place) {
    store
        .write(move |changes| {
            let sql = format!(
                "INSERT OR IGNORE INTO tenants VALUES ('{tenant}', 'T', 0);
                 INSERT OR IGNORE INTO sites VALUES ('{site}', '{tenant}', 'S', 0);
                 INSERT OR IGNORE INTO agents (id, tenant, site, name, public_key, created_at)
                     VALUES ('{agent}', '{tenant}', '{site}', 'A', zeroblob(32), 0);
                 INSERT OR IGNORE INTO printers (id, tenant, agent, name, language, content_types)
                     VALUES ('{printer}', '{tenant}', '{agent}', 'counter-1', 'raw', '[\"raw\"]');",
                tenant = place.tenant,
                site = place.site,
                agent = place.agent,
                printer = place.printer,
            );
            let done = changes.connection.execute_batch(&sql);
            done.map_err(super::failure::map::<cueline_hub_core::StoreError>)
        })
        .await
        .unwrap();
}

/// A store with [`place`] number one known.
async fn with_place() -> Opened {
    let opened = Opened::new();
    add_place(&opened.store, place(1, 1)).await;
    opened
}

/// A tenant with one site.
async fn tenant_and_site(store: &Store) -> (TenantId, SiteId) {
    let tenant = store.add_tenant("Globe".to_owned(), START).await.unwrap();
    let site = store.add_site(tenant.id, "Foyer".to_owned(), START).await;
    (tenant.id, site.unwrap().id)
}

fn new_agent(key: u8) -> NewAgent {
    NewAgent {
        name: "counter".to_owned(),
        public_key: [key; 32],
        version: "0.1.0".to_owned(),
        platform: "linux x86_64".to_owned(),
    }
}

fn inventory(names: &[&str]) -> Inventory {
    let printers = names.iter().map(|name| PrinterDescription {
        capabilities: None,
        height_dots: None,
        name: PrinterName::try_from((*name).to_owned()).unwrap(),
        language: Language::Escpos,
        content_types: vec![ContentType::Raw, ContentType::Png],
        width_dots: Some(576),
    });
    Inventory {
        stations: Vec::new(),
        agent_version: "0.2.0".to_owned(),
        platform: "linux aarch64".to_owned(),
        path: "proxy squid:3128".to_owned(),
        printers: printers.collect(),
    }
}
