//! The memory rows pass the contract of every store of payments.

use super::*;
use crate::payment::Place;
use crate::payment::contract::Harness;

#[derive(Default)]
struct Memory(MemoryPayments);

impl Harness for Memory {
    fn act<R>(&mut self, run: impl FnOnce(&mut dyn PaymentRows) -> R) -> R {
        run(&mut self.0)
    }

    fn add_place(&mut self, tenant: TenantId, place: &Place) {
        self.0.add_agent(place.agent, tenant);
    }

    fn reopen(&mut self) {
        // What is in memory is what is durable here.
    }
}

crate::payment_contract!(Memory::default());
