//! What happens, for those who listen: the newest events of each tenant, in memory.
//!
//! Whoever was away for a short while goes on from where it was; whoever missed something is told so
//! and asks for the state anew. Nothing here is durable, because all of it is found in the store.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cueline_model::{TenantId, WallTime};
use cueline_wire::api::event::{ALERT, PAYMENT, PRINT_JOB, PRINTER};
use cueline_wire::api::{Alert, JobEvent, PaymentEvent, PrinterEvent};
use tokio::sync::watch;

use crate::store::JobNotice;

/// Events kept of one tenant.
pub const KEPT_EVENTS_MAX: usize = 1_024;
/// Streams of one tenant at once.
pub const READERS_MAX: usize = 32;
/// Events handed to a reader at once.
const PORTION_EVENTS_MAX: usize = 64;
/// Numbers of one millisecond; see [`Events::starting`].
const NUMBERS_PER_MS_BITS: u32 = 20;

/// One event as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Rising by one with each event of its tenant.
    pub number: u64,
    /// [`PRINT_JOB`], [`PRINTER`], [`PAYMENT`] or [`ALERT`].
    pub name: &'static str,
    /// JSON, one line.
    pub data: Arc<str>,
}

/// The newest events of every tenant.
pub struct Events {
    first: u64,
    tenants: Mutex<HashMap<TenantId, Ring>>,
}

struct Ring {
    kept: VecDeque<Told>,
    /// The number of the next event; those who wait see it change.
    next: watch::Sender<u64>,
    readers: usize,
}

impl Events {
    /// None yet. Numbers begin after those of every hub that started earlier, so that a number of an
    /// earlier one is not taken for one of this one's.
    #[must_use]
    pub fn starting(now: WallTime) -> Self {
        let ms = u64::try_from(now.0).unwrap_or(0);
        Self {
            first: ms << NUMBERS_PER_MS_BITS,
            tenants: Mutex::default(),
        }
    }

    /// Tells a tenant's readers of a job.
    pub fn job(&self, notice: &JobNotice) {
        let event = JobEvent {
            job: notice.key.job,
            printer: notice.printer,
            attempt: notice.key.attempt,
            state: notice.state,
            tickets: notice.tickets,
        };
        self.tell(notice.tenant, PRINT_JOB, serde_json::to_string(&event));
    }

    /// Tells a tenant's readers of a printer.
    pub fn printer(&self, tenant: TenantId, event: &PrinterEvent) {
        self.tell(tenant, PRINTER, serde_json::to_string(event));
    }

    /// Tells a tenant's readers of a payment.
    pub fn payment(&self, tenant: TenantId, event: &PaymentEvent) {
        self.tell(tenant, PAYMENT, serde_json::to_string(event));
    }

    /// Tells a tenant's readers of something to look at.
    pub fn alert(&self, tenant: TenantId, alert: &Alert) {
        self.tell(tenant, ALERT, serde_json::to_string(alert));
    }

    fn tell(&self, tenant: TenantId, name: &'static str, data: serde_json::Result<String>) {
        let data = data.expect("plain data with string keys becomes JSON");
        let mut tenants = self.tenants();
        let ring = tenants.entry(tenant).or_insert_with(|| self.ring());
        let number = *ring.next.borrow();
        if ring.kept.len() == KEPT_EVENTS_MAX {
            ring.kept.pop_front();
        }
        ring.kept.push_back(Told {
            number,
            name,
            data: data.into(),
        });
        ring.next.send_replace(number + 1);
    }

    /// Begins to listen: after the event numbered `last`, or from now on. `None` where as many listen
    /// as may.
    pub fn listen(self: &Arc<Self>, tenant: TenantId, last: Option<u64>) -> Option<Reader> {
        let mut tenants = self.tenants();
        let ring = tenants.entry(tenant).or_insert_with(|| self.ring());
        if ring.readers == READERS_MAX {
            return None;
        }
        ring.readers += 1;
        let now = *ring.next.borrow();
        let wanted = last.map_or(now, |last| last.saturating_add(1));
        let missed = !(ring.oldest()..=now).contains(&wanted);
        Some(Reader {
            events: self.clone(),
            tenant,
            next: if missed { now } else { wanted },
            missed,
            newest: ring.next.subscribe(),
        })
    }

    fn ring(&self) -> Ring {
        Ring {
            kept: VecDeque::new(),
            next: watch::Sender::new(self.first),
            readers: 0,
        }
    }

    fn tenants(&self) -> MutexGuard<'_, HashMap<TenantId, Ring>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    /// The number of the oldest event kept; of the next one where there is none.
    fn oldest(&self) -> u64 {
        let oldest = self.kept.front().map(|told| told.number);
        oldest.unwrap_or(*self.next.borrow())
    }
}

/// One who listens to a tenant's events.
pub struct Reader {
    events: Arc<Events>,
    tenant: TenantId,
    next: u64,
    missed: bool,
    newest: watch::Receiver<u64>,
}

/// The reader was so slow that events are no longer kept which it has not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooSlow;

impl Reader {
    /// Whether events were missed before it began.
    #[must_use]
    pub fn missed(&self) -> bool {
        self.missed
    }

    /// The number of the event before the next one.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.next.saturating_sub(1)
    }

    /// Waits until there is something to take.
    pub async fn ready(&mut self) {
        let next = self.next;
        // The sender lives as long as the events, which this reader holds.
        drop(self.newest.wait_for(|newest| *newest > next).await);
    }

    /// The next events, none where there are none; a portion of them.
    ///
    /// # Errors
    /// [`TooSlow`]: what comes next is lost.
    pub fn take(&mut self) -> Result<Vec<Told>, TooSlow> {
        let tenants = self.events.tenants();
        let Some(ring) = tenants.get(&self.tenant) else {
            return Ok(Vec::new());
        };
        let behind = self.next.checked_sub(ring.oldest()).ok_or(TooSlow)?;
        let from = usize::try_from(behind).unwrap_or(usize::MAX);
        let told = ring.kept.iter().skip(from).take(PORTION_EVENTS_MAX);
        let told: Vec<_> = told.cloned().collect();
        if let Some(last) = told.last() {
            self.next = last.number + 1;
        }
        Ok(told)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(ring) = self.events.tenants().get_mut(&self.tenant) {
            ring.readers -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: TenantId = TenantId::from_u128(1);
    const THERE: TenantId = TenantId::from_u128(2);

    fn events() -> Arc<Events> {
        Arc::new(Events::starting(WallTime(1_800_000_000_000)))
    }

    fn tell(events: &Events, tenant: TenantId, count: usize) {
        for number in 0..count {
            events.tell(tenant, PRINTER, Ok(number.to_string()));
        }
    }

    fn taken(reader: &mut Reader) -> usize {
        let mut count = 0;
        loop {
            match reader.take().unwrap().len() {
                0 => return count,
                more => count += more,
            }
        }
    }

    #[tokio::test]
    async fn each_hears_its_own_tenants_from_where_it_was() {
        let events = events();
        tell(&events, HERE, 3);
        let mut reader = events.listen(HERE, None).unwrap();
        let before = reader.position();
        assert_eq!(
            (reader.missed(), taken(&mut reader)),
            (false, 0),
            "from now on"
        );
        tell(&events, THERE, 5);
        assert_eq!(taken(&mut reader), 0, "another tenant's");
        tell(&events, HERE, 2);
        reader.ready().await;
        assert_eq!(taken(&mut reader), 2);
        drop(reader);
        let mut again = events.listen(HERE, Some(before - 1)).unwrap();
        assert_eq!((again.missed(), taken(&mut again)), (false, 3));
    }

    #[test]
    fn what_is_no_longer_kept_is_told_as_missed() {
        let events = events();
        let first = events.listen(HERE, None).unwrap().position();
        let resumed = |last| {
            let mut reader = events.listen(HERE, Some(last)).unwrap();
            (reader.missed(), taken(&mut reader))
        };
        assert_eq!(resumed(first), (false, 0));
        assert_eq!(resumed(first - 1), (true, 0), "of an earlier hub");
        tell(&events, HERE, KEPT_EVENTS_MAX + 1);
        assert_eq!(resumed(first), (true, 0));
        assert_eq!(resumed(first + 1), (false, KEPT_EVENTS_MAX));
        assert_eq!(resumed(u64::MAX), (true, 0), "of nobody");
    }

    #[test]
    fn a_slow_reader_is_told_and_readers_are_bounded() {
        let events = events();
        let mut slow = events.listen(HERE, None).unwrap();
        tell(&events, HERE, KEPT_EVENTS_MAX);
        assert_eq!(slow.take().unwrap().len(), PORTION_EVENTS_MAX);
        tell(&events, HERE, PORTION_EVENTS_MAX + 1);
        assert_eq!(slow.take(), Err(TooSlow));
        let others: Vec<_> = (1..READERS_MAX)
            .map(|_| events.listen(HERE, None).unwrap())
            .collect();
        assert!(events.listen(HERE, None).is_none());
        assert!(events.listen(THERE, None).is_some());
        drop(others);
        assert!(events.listen(HERE, None).is_some());
    }
}
