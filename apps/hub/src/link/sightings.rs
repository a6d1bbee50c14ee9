//! When agents were last heard, gathered in memory and stored many at once: a write for each pong
//! would be most of a hub's writes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cueline_model::{AgentId, WallTime};

use super::whole_seconds;
use crate::store::{Sighting, Store};

/// What was heard since it was last stored.
#[derive(Default)]
pub struct Sightings {
    unstored: Mutex<HashMap<AgentId, Sighting>>,
}

impl Sightings {
    /// Notes that an agent was heard.
    pub fn note(&self, agent: AgentId, at: WallTime, ping: Option<Duration>) {
        let ping_s = ping.map(whole_seconds);
        self.unstored()
            .insert(agent, Sighting { agent, at, ping_s });
    }

    /// When the agent was last heard, if that is not stored yet.
    #[must_use]
    pub fn last(&self, agent: AgentId) -> Option<WallTime> {
        self.unstored().get(&agent).map(|sighting| sighting.at)
    }

    /// Stores what was heard. What could not be stored is heard again by and by.
    pub async fn store(&self, store: &Store) {
        let sightings: Vec<_> = self.unstored().values().copied().collect();
        if sightings.is_empty() {
            return;
        }
        match store.seen(sightings.clone()).await {
            Ok(()) => {
                let mut unstored = self.unstored();
                for stored in sightings {
                    if unstored.get(&stored.agent) == Some(&stored) {
                        unstored.remove(&stored.agent);
                    }
                }
            }
            Err(error) => tracing::debug!(%error, "when agents were last heard is not stored yet"),
        }
    }

    fn unstored(&self) -> MutexGuard<'_, HashMap<AgentId, Sighting>> {
        self.unstored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
