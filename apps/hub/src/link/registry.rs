//! Who holds a link to this hub: one entry an agent, the newest epoch wins.
//!
//! An entry is shared by the task that holds the connection and by everyone who has something for
//! the agent. A link is entered before its backlog is read, and its machine notes wake-ups that come
//! in between, so nothing slips between the two.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cueline_hub_core::link::{AgentLink, Deadline, Effect, Event, Opening};
use cueline_model::{AgentId, Mono, WallTime};

use crate::clock;

/// Events that may wait to be written while the connection takes no more; one more ends the link.
const EVENTS_WAITING_MAX: usize = 256;

/// One agent's link.
pub struct Link {
    /// Since when it is held.
    pub since: WallTime,
    /// The ping period granted.
    pub ping: Duration,
    epoch: u64,
    state: Mutex<State>,
}

struct State {
    machine: AgentLink,
    holder: Option<Waker>,
    /// Events to be written since the holder last had nothing left to do.
    waiting: usize,
    cut: bool,
}

impl Link {
    fn new(opening: Opening) -> Self {
        let now = clock::now();
        Self {
            since: now.wall,
            ping: opening.ping,
            epoch: opening.epoch,
            state: Mutex::new(State {
                machine: AgentLink::open(opening, now.mono),
                holder: None,
                waiting: 0,
                cut: false,
            }),
        }
    }

    /// Hands the link an event and wakes its holder.
    pub fn tell(&self, event: Event) {
        self.tell_all([event]);
    }

    /// Hands the link events, in order, and wakes its holder.
    pub fn tell_all(&self, events: impl IntoIterator<Item = Event>) {
        let now = clock::mono();
        let mut state = self.state();
        for event in events {
            // These alone are written one for one; offers have a window of their own.
            let written = matches!(
                event,
                Event::Withdraw(_) | Event::Probe(_) | Event::Payments { .. }
            );
            let full = written && state.waiting >= EVENTS_WAITING_MAX;
            state.waiting += usize::from(written);
            let event = if full { Event::OutboxFull } else { event };
            state.cut |= matches!(
                event,
                Event::Revoke | Event::Superseded | Event::Drain { .. } | Event::OutboxFull
            );
            state.machine.handle(event, now);
        }
        let holder = state.holder.take();
        drop(state);
        if let Some(holder) = holder {
            holder.wake();
        }
    }

    /// The next thing for the holder to do; remembers whom to wake when there is nothing.
    pub fn poll_effect(&self, context: &Context<'_>) -> Poll<Effect> {
        let mut state = self.state();
        if let Some(effect) = state.machine.poll_effect() {
            return Poll::Ready(effect);
        }
        state.waiting = 0;
        state.holder = Some(context.waker().clone());
        Poll::Pending
    }

    /// The next thing to do if it is there now.
    pub fn next_effect(&self) -> Option<Effect> {
        self.state().machine.poll_effect()
    }

    /// The next deadline; `None` once the link is over.
    pub fn deadline(&self) -> Option<(Mono, Deadline)> {
        self.state().machine.poll_timeout()
    }

    /// Does what is due.
    pub fn handle_timeout(&self) {
        self.state().machine.handle_timeout(clock::mono());
    }

    /// Whether somebody has ended the link: offers not yet written are not to be any more.
    pub fn is_cut(&self) -> bool {
        self.state().cut
    }

    /// Whom to wake when something happens while the holder is busy writing.
    pub fn remember(&self, context: &Context<'_>) {
        self.state().holder = Some(context.waker().clone());
    }

    /// Counts this agent's links; a newer one fences an older.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The machine has no state in which it may not be used, so a panic elsewhere is no reason
        // to lose the link.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All links of this hub.
#[derive(Default)]
pub struct Registry {
    links: Mutex<HashMap<AgentId, Arc<Link>>>,
}

/// A link's entry; dropping it takes the link out again.
pub struct Entry {
    /// The link.
    pub link: Arc<Link>,
    agent: AgentId,
    registry: Arc<Registry>,
}

impl Registry {
    /// Enters a link. The older one of the same agent is told that it is superseded; if the older
    /// one has the newer epoch, the new one is.
    #[must_use]
    pub fn enter(self: &Arc<Self>, agent: AgentId, opening: Opening) -> Entry {
        let link = Arc::new(Link::new(opening));
        let superseded = {
            let mut links = self.links();
            match links.get(&agent) {
                Some(held) if held.epoch > link.epoch => Some(link.clone()),
                _ => links.insert(agent, link.clone()),
            }
        };
        if let Some(superseded) = superseded {
            superseded.tell(Event::Superseded);
        }
        Entry {
            link,
            agent,
            registry: self.clone(),
        }
    }

    /// The agent's link, if it holds one.
    #[must_use]
    pub fn get(&self, agent: AgentId) -> Option<Arc<Link>> {
        self.links().get(&agent).cloned()
    }

    /// Hands events to the agent's link, if it holds one.
    pub fn tell_all(&self, agent: AgentId, events: impl IntoIterator<Item = Event>) {
        if let Some(link) = self.get(agent) {
            link.tell_all(events);
        }
    }

    /// How many links are held.
    #[must_use]
    pub fn count(&self) -> usize {
        self.links().len()
    }

    /// Says goodbye to all, to come again at times spread evenly over `spread`.
    pub fn drain(&self, spread: Duration) {
        // A hash map's order is chance enough.
        let links: Vec<_> = self.links().values().cloned().collect();
        let count = u32::try_from(links.len()).unwrap_or(u32::MAX).max(1);
        for (number, link) in (0..count).zip(links) {
            let retry_after = spread.mul_f64(f64::from(number) / f64::from(count));
            link.tell(Event::Drain { retry_after });
        }
    }

    fn links(&self) -> MutexGuard<'_, HashMap<AgentId, Arc<Link>>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Whose link it is.
    #[must_use]
    pub const fn agent(&self) -> AgentId {
        self.agent
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut links = self.registry.links();
        if links
            .get(&self.agent)
            .is_some_and(|held| Arc::ptr_eq(held, &self.link))
        {
            links.remove(&self.agent);
        }
    }
}

#[cfg(test)]
mod tests {
    use cueline_hub_core::link::End;
    use cueline_hub_core::store::Backlog;
    use cueline_model::{JobId, JobKey};
    use cueline_wire::cloud::{ByeReason, StreamMode};

    use super::*;

    const AGENT: AgentId = AgentId::from_u128(1);

    fn opening(epoch: u64) -> Opening {
        Opening::new(epoch, Duration::from_secs(120), StreamMode::Stream)
    }

    fn effects(link: &Link) -> Vec<Effect> {
        std::iter::from_fn(|| link.next_effect()).collect()
    }

    fn farewell(link: &Link) -> Option<ByeReason> {
        effects(link).into_iter().find_map(|effect| match effect {
            Effect::Close(End::Bye { reason, .. }) => Some(reason),
            _ => None,
        })
    }

    #[test]
    fn the_newer_epoch_stays_whichever_comes_first() {
        let registry = Arc::new(Registry::default());
        let old = registry.enter(AGENT, opening(1));
        let new = registry.enter(AGENT, opening(3));
        assert_eq!(farewell(&old.link), Some(ByeReason::Superseded));
        let late = registry.enter(AGENT, opening(2));
        assert_eq!(farewell(&late.link), Some(ByeReason::Superseded));
        drop((old, late));
        assert_eq!(registry.get(AGENT).unwrap().epoch(), 3);
        drop(new);
        assert_eq!(registry.count(), 0);
    }

    #[test]
    fn a_connection_that_takes_nothing_more_is_ended() {
        let registry = Arc::new(Registry::default());
        let entry = registry.enter(AGENT, opening(1));
        effects(&entry.link);
        entry.link.tell(Event::Backlog(Backlog::default()));
        let key = JobKey {
            job: JobId::from_u128(1),
            attempt: 1,
        };
        for _ in 0..=EVENTS_WAITING_MAX {
            registry.tell_all(AGENT, [Event::Withdraw(key)]);
        }
        assert!(entry.link.is_cut() && entry.link.deadline().is_none());
        let all = effects(&entry.link);
        assert!(all.len() <= EVENTS_WAITING_MAX + 1, "{}", all.len());
        let end = End::Bye {
            reason: ByeReason::TooSlow,
            retry_after: Duration::ZERO,
        };
        assert_eq!(all.last(), Some(&Effect::Close(end)));
    }

    #[test]
    fn a_drain_is_spread_over_the_time_given() {
        let registry = Arc::new(Registry::default());
        let entries: Vec<_> = (0..10)
            .map(|number| registry.enter(AgentId::from_u128(number), opening(1)))
            .collect();
        registry.drain(Duration::from_secs(5));
        let mut times: Vec<_> = entries
            .iter()
            .filter_map(|entry| {
                effects(&entry.link)
                    .into_iter()
                    .find_map(|effect| match effect {
                        Effect::Close(End::Bye {
                            reason: ByeReason::Draining,
                            retry_after,
                        }) => Some(retry_after),
                        _ => None,
                    })
            })
            .collect();
        times.sort();
        let expected: Vec<_> = (0..10)
            .map(|number| Duration::from_millis(number * 500))
            .collect();
        assert_eq!(times, expected);
    }
}
