//! The hub: its core, a shell without sockets, and a store that outlives its crashes.

mod links;
mod requests;

use std::collections::BTreeMap;

use cueline_hub_core::link::Event;
use cueline_hub_core::store::memory::MemoryStore;
use cueline_hub_core::{AgentLink, JobStore};
use cueline_model::{AgentId, JobKey, Mono};

use crate::assertions;
use crate::box_office::{TENANT, printer_id};
use crate::faults::PRINTERS_MAX;
use crate::mutation::Mutation;
use crate::network::ConnId;
use crate::till_side::{agent_of, printer_name};
use crate::world::{HubNote, ToHub, ToTill, What, World};

/// How often the hub looks for expired jobs and old documents.
const TICK_MS: u64 = 5_000;
const SWEEP_MAX: usize = 1_000;
/// How long a mutated hub keeps changes from its disk.
const LAZY_SYNC_MS: u64 = 2_000;

/// The hub, up or down.
#[derive(Debug)]
pub struct Hub {
    tills: usize,
    up: bool,
    /// Counts its starts.
    life: u64,
    store: MemoryStore,
    /// What a crash leaves, where that is not all of the store.
    lazy: Option<(MemoryStore, u64)>,
    links: BTreeMap<ConnId, Link>,
}

#[derive(Debug)]
struct Link {
    agent: AgentId,
    machine: AgentLink,
    /// What the machine asked for after its last effect.
    due_ms: Option<u64>,
    unacknowledged: Vec<JobKey>,
}

/// The hub crashed in the middle of something, which is therefore over.
struct Crashed;

impl Hub {
    /// A hub that has not been started, with its agents known.
    #[must_use]
    pub fn new(tills: usize, mutation: Mutation) -> Self {
        let mut store = MemoryStore::default();
        for till in 0..tills {
            store.add_agent(agent_of(till));
            for printer in 0..PRINTERS_MAX {
                let id = printer_id(till, printer);
                store.add_printer((TENANT, agent_of(till)), id, printer_name(printer));
            }
        }
        Self {
            tills,
            up: false,
            life: 0,
            lazy: (mutation == Mutation::AckBeforeDurable).then(|| (store.clone(), 0)),
            store,
            links: BTreeMap::new(),
        }
    }

    /// Its store, for the last look.
    pub const fn store(&mut self) -> &mut MemoryStore {
        &mut self.store
    }

    /// When a link is to be woken.
    #[must_use]
    pub fn deadline_ms(&self) -> Option<u64> {
        self.links.values().filter_map(|link| link.due_ms).min()
    }

    /// It starts, unless it is up.
    pub fn start(&mut self, world: &mut World) {
        if self.up {
            return;
        }
        self.up = true;
        self.life += 1;
        world.note("hub", || "starts".to_owned());
        assertions::promises_are_kept(&mut world.reference, &mut self.store);
        self.later(0, HubNote::Tick, world);
    }

    /// It dies and comes back after a while.
    pub fn crash(&mut self, world: &mut World) {
        if !self.up {
            return;
        }
        world.note("hub", || "crashes".to_owned());
        world.counts.hub_crashes += 1;
        self.up = false;
        self.links.clear();
        if let Some((durable, _)) = &self.lazy {
            self.store = durable.clone();
            for id in world.reference.jobs().map(|(id, _)| id).collect::<Vec<_>>() {
                if !self.store.jobs().any(|job| job.id == id) {
                    world.reference.forget(id);
                }
            }
        }
        world.hub_vanishes();
        let longest_ms = world.chance.pick(&[500, 5_000, 60_000]);
        let down_ms = world.chance.between(50, longest_ms);
        world.after(down_ms, What::HubUp);
    }

    /// Does what is due on any link.
    pub fn timeout(&mut self, world: &mut World) {
        let now = Mono(world.now_ms);
        let due: Vec<_> = self
            .links
            .iter()
            .filter(|(_, link)| link.due_ms.is_some_and(|due_ms| due_ms <= now.0))
            .map(|(conn, _)| *conn)
            .collect();
        for conn in due {
            if let Some(link) = self.links.get_mut(&conn) {
                world.note("hub", || {
                    format!("{conn:?} is woken: {:?}", link.machine.poll_timeout())
                });
                link.machine.handle_timeout(now);
            }
            if self.do_effects(conn, world).is_err() {
                return;
            }
        }
    }

    /// Something it told itself.
    pub fn take_note(&mut self, life: u64, note: HubNote, world: &mut World) {
        if !self.up || life != self.life {
            return;
        }
        // A crash in the middle ends whatever was being done; there is nothing else to do about it.
        let _: Result<(), Crashed> = match note {
            HubNote::Wake(job) => self.wake(job, world),
            HubNote::ReadBacklog(conn, after, limit) => {
                self.read_backlog(conn, after, limit, world)
            }
            HubNote::BacklogRead(conn, backlog) => self.tell(conn, Event::Backlog(backlog), world),
            HubNote::Tick => self.tick(world),
        };
    }

    /// A message arrives.
    pub fn take(&mut self, message: ToHub, world: &mut World) {
        if !self.up {
            world.unreachable(message);
            return;
        }
        world.note("hub", || format!("takes {message:?}"));
        let waits = requests::waits_for_answer(&message);
        let done = match message {
            ToHub::Open { conn, ping_s, mode } => self.open(conn, ping_s, mode, world),
            ToHub::Gone(conn) => {
                self.links.remove(&conn);
                Ok(())
            }
            ToHub::Report {
                till,
                report,
                body,
                reply_to,
            } => self.report(till, (report, body), reply_to, world),
            ToHub::Fetch {
                job,
                document,
                reply_to,
            } => self.fetch(job, document, reply_to, world),
            ToHub::Inventory(reply_to) => self.inventory(reply_to, world),
            ToHub::Submit(number, attempt) => self.submit(number, attempt, world),
            ToHub::Cancel(number) => self.cancel(number, world),
        };
        if let (Err(Crashed), Some((to, lost))) = (done, waits) {
            // Its connection breaks; an answer that was on its way already comes first or is the same.
            world.answer(to, ToTill::of(lost.clone()), lost);
        }
    }

    /// Whether every job has ended, and each agent holds one link.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.up
            && self.links.len() == self.tills
            && self.store.jobs().all(|job| job.state.is_settled())
    }

    fn crashes_now(&mut self, world: &mut World) -> Result<(), Crashed> {
        if world.chance.odds(world.odds.hub_crash) {
            self.crash(world);
            return Err(Crashed);
        }
        Ok(())
    }

    fn later(&self, in_ms: u64, note: HubNote, world: &mut World) {
        world.after(in_ms, What::Hub(self.life, note));
    }

    fn tick(&mut self, world: &mut World) -> Result<(), Crashed> {
        let now = world.true_wall();
        self.sync_lazily(world);
        self.crashes_now(world)?;
        let expired = self.store.expire_due(now, SWEEP_MAX).unwrap_or_default();
        let dropped = self.store.drop_documents(now, SWEEP_MAX);
        self.crashes_now(world)?;
        for job in expired {
            assertions::recorded(&mut world.reference, &job);
            self.tell_agent(job.agent, Event::Settled(job.key()), world)?;
        }
        if let Ok(dropped @ 1..) = dropped {
            world.note("hub", || format!("drops {dropped} documents"));
        }
        self.later(TICK_MS, HubNote::Tick, world);
        Ok(())
    }

    fn sync_lazily(&mut self, world: &World) {
        if let Some((durable, synced_ms)) = &mut self.lazy
            && world.now_ms >= *synced_ms + LAZY_SYNC_MS
        {
            *durable = self.store.clone();
            *synced_ms = world.now_ms;
        }
    }
}
