//! The memory store passes the contract of every store.

use super::*;
use crate::store::contract::{Harness, Place};

#[derive(Default)]
struct Memory(MemoryStore);

impl Harness for Memory {
    type Store = MemoryStore;

    fn store(&mut self) -> &mut MemoryStore {
        &mut self.0
    }

    fn add_place(&mut self, place: Place) {
        self.0.add_agent(place.agent);
        let name = PrinterName::try_from("counter-1".to_owned()).unwrap();
        let of = (place.tenant, place.agent);
        self.0.add_printer(of, place.printer, name);
    }

    fn reopen(&mut self) {
        // What is in memory is what is durable here; see the module's head.
    }
}

crate::job_store_contract!(Memory::default());
