//! Payments in SQLite against the contract of every store of payments.

use std::path::Path;

use cueline_hub_core::payment::contract::Harness;
use cueline_hub_core::payment::{PaymentRows, Place};
use cueline_model::TenantId;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::store::payments::Payments;
use crate::store::schema;

/// A database in a directory of its own.
struct Database {
    directory: TempDir,
    connection: Connection,
}

impl Database {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let connection = open(directory.path());
        Self {
            directory,
            connection,
        }
    }
}

fn open(directory: &Path) -> Connection {
    schema::open_writer(directory).unwrap()
}

impl Harness for Database {
    fn act<R>(&mut self, run: impl FnOnce(&mut dyn PaymentRows) -> R) -> R {
        let transaction = self.connection.transaction().unwrap();
        let done = run(&mut Payments(&transaction));
        transaction.commit().unwrap();
        done
    }

    fn add_place(&mut self, tenant: TenantId, place: &Place) {
        let sql = format!(
            "INSERT OR IGNORE INTO tenants VALUES ('{tenant}', 'T', 0);
             INSERT OR IGNORE INTO sites VALUES ('{site}', '{tenant}', 'S', 0);
             INSERT OR IGNORE INTO agents (id, tenant, site, name, public_key, created_at)
                 VALUES ('{agent}', '{tenant}', '{site}', 'A', zeroblob(32), 0);
             INSERT OR IGNORE INTO stations (id, tenant, agent, name, user, trays)
                 VALUES ('{station}', '{tenant}', '{agent}', '{station_name}', 'anna', 1);
             INSERT OR IGNORE INTO terminals (id, tenant, station, name, protocol, gone)
                 VALUES ('{terminal}', '{tenant}', '{station}', '{terminal_name}', 'zvt', 0);",
            site = place.site,
            agent = place.agent,
            station = place.station,
            station_name = place.station_name,
            terminal = place.terminal,
            terminal_name = place.terminal_name,
        );
        self.connection.execute_batch(&sql).unwrap();
    }

    fn reopen(&mut self) {
        let closed = Connection::open_in_memory().unwrap();
        drop(std::mem::replace(&mut self.connection, closed));
        self.connection = open(self.directory.path());
    }
}

cueline_hub_core::payment_contract!(Database::new());
