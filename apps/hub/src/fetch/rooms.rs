//! How many fetches are under way: a bounded number, and no tenant has all of them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cueline_model::TenantId;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::FetchError;

/// Fetches at once, each with at most one document in memory.
const ROOMS: usize = 8;
/// Of these, one tenant's.
const ROOMS_PER_TENANT: usize = 4;
const ROOM_WITHIN: Duration = Duration::from_secs(10);

/// The places for fetches.
#[derive(Debug)]
pub struct Rooms {
    all: Semaphore,
    of_tenants: Mutex<HashMap<TenantId, usize>>,
}

impl Default for Rooms {
    fn default() -> Self {
        Self {
            all: Semaphore::new(ROOMS),
            of_tenants: Mutex::default(),
        }
    }
}

/// One place; dropping it lets another in.
#[derive(Debug)]
pub struct Room<'a> {
    rooms: &'a Rooms,
    tenant: TenantId,
    _permit: SemaphorePermit<'a>,
}

impl Rooms {
    /// A place for one fetch of `tenant`'s.
    ///
    /// # Errors
    /// [`FetchError::Busy`] at once where the tenant has all it may have, else after a while.
    pub async fn enter(&self, tenant: TenantId) -> Result<Room<'_>, FetchError> {
        let permit = tokio::time::timeout(ROOM_WITHIN, self.all.acquire());
        let permit = permit
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or(FetchError::Busy)?;
        let mut of_tenants = self.of_tenants();
        let taken = of_tenants.entry(tenant).or_default();
        if *taken >= ROOMS_PER_TENANT {
            return Err(FetchError::Busy);
        }
        *taken += 1;
        drop(of_tenants);
        Ok(Room {
            rooms: self,
            tenant,
            _permit: permit,
        })
    }

    fn of_tenants(&self) -> MutexGuard<'_, HashMap<TenantId, usize>> {
        self.of_tenants
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        let mut of_tenants = self.rooms.of_tenants();
        if let Some(taken) = of_tenants.get_mut(&self.tenant) {
            *taken -= 1;
            if *taken == 0 {
                of_tenants.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_tenant_does_not_take_all_places() {
        let rooms = Rooms::default();
        let (greedy, other) = (TenantId::from_u128(1), TenantId::from_u128(2));
        let mut held = Vec::new();
        for _ in 0..ROOMS_PER_TENANT {
            held.push(rooms.enter(greedy).await.unwrap());
        }
        assert_eq!(rooms.enter(greedy).await.unwrap_err(), FetchError::Busy);
        let others = rooms.enter(other).await.unwrap();
        held.pop();
        held.push(rooms.enter(greedy).await.unwrap());
        drop((held, others));
        assert!(rooms.of_tenants().is_empty());
    }
}
