//! The hub: its core, a shell without sockets, and a store that outlives its crashes.

use std::collections::BTreeMap;
use std::time::Duration;

use cueline_agent_core::{Event as AgentEvent, FetchError, JobKey as AgentKey, LinkEnd, ReportId};
use cueline_hub_core::link::{
    Effect, End, Event, Opening, Outgoing, WINDOW_JOBS_MAX, granted_ping,
};
use cueline_hub_core::store::Backlog;
use cueline_hub_core::store::memory::MemoryStore;
use cueline_hub_core::{AgentLink, CancelDecision, JobKey, JobStore, PrintJob};
use cueline_model::limits::INLINE_BODY_BYTES_MAX;
use cueline_model::{AgentId, Document, Failure, FailureCode, JobId, Mono, Outcome};
use cueline_wire::Base64Bytes;
use cueline_wire::cloud::{
    Bye, ByeReason, Framed, Hello, JobOffer, PrintWork, Progress, Report, ReportEntry, ReportReply,
    StreamEvent, StreamMode, Withdraw, Work,
};

use crate::assertions;
use crate::box_office::{TENANT, key_of, submission};
use crate::mutation::Mutation;
use crate::network::{ConnId, Down, fetch_failed, report_failed};
use crate::reference::{Promise, Rule};
use crate::till_side::agent_of;
use crate::world::{Errand, HubNote, ReplyTo, ToHub, ToTill, What, World};

/// Events on their way to an agent before it counts as reading too slowly.
const OUTBOX_MAX: usize = 48;
const TICK_MS: u64 = 5_000;
const SWEEP_MAX: usize = 1_000;
/// How long a mutated hub keeps changes from its disk.
const LAZY_SYNC_MS: u64 = 2_000;

/// The hub, up or down.
#[derive(Debug)]
pub struct Hub {
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
        }
        Self {
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
        let dues = self
            .links
            .values()
            .filter_map(|link| link.machine.poll_timeout());
        dues.map(|(due, _)| due.0).min()
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
        let due = |link: &Link| {
            link.machine
                .poll_timeout()
                .is_some_and(|(due, _)| due <= now)
        };
        let due: Vec<_> = self
            .links
            .iter()
            .filter(|(_, link)| due(link))
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
        let waits = waits_for_answer(&message);
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

    /// Whether every job has ended.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.up && self.store.jobs().all(|job| job.state.is_settled())
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

    fn open(
        &mut self,
        conn: ConnId,
        ping_s: u32,
        mode: StreamMode,
        world: &mut World,
    ) -> Result<(), Crashed> {
        let Some(till) = world.network.till_of(conn) else {
            return Ok(());
        };
        if let Some(retry_after_s) = world.network.busy(world.now_ms) {
            let end = LinkEnd::Refused {
                status: 503,
                code: "busy".to_owned(),
                text: "the hub is busy".to_owned(),
                retry_after: Some(Duration::from_secs(retry_after_s)),
            };
            world.down(conn, Down::End(end));
            return Ok(());
        }
        let agent = agent_of(till);
        let older: Vec<_> = self
            .links
            .iter()
            .filter(|(_, link)| link.agent == agent)
            .map(|(conn, _)| *conn)
            .collect();
        for older in older {
            self.tell(older, Event::Superseded, world)?;
        }
        self.crashes_now(world)?;
        let Ok(epoch) = self.store.next_epoch(agent) else {
            return Ok(());
        };
        self.crashes_now(world)?;
        let opening = Opening::new(epoch, granted_ping(Some(ping_s)), mode);
        let link = Link {
            agent,
            machine: AgentLink::open(opening, Mono(world.now_ms)),
            unacknowledged: Vec::new(),
        };
        self.links.insert(conn, link);
        self.do_effects(conn, world)
    }

    fn tell(&mut self, conn: ConnId, event: Event, world: &mut World) -> Result<(), Crashed> {
        if let Some(link) = self.links.get_mut(&conn) {
            if let Event::Acknowledged(key) | Event::NotOffered(key) | Event::Settled(key) = &event
            {
                link.unacknowledged.retain(|offered| offered != key);
            }
            link.machine.handle(event, Mono(world.now_ms));
        }
        self.do_effects(conn, world)
    }

    fn tell_agent(
        &mut self,
        agent: AgentId,
        event: Event,
        world: &mut World,
    ) -> Result<(), Crashed> {
        let newest = self
            .links
            .iter()
            .rev()
            .find(|(_, link)| link.agent == agent);
        match newest.map(|(conn, _)| *conn) {
            Some(conn) => self.tell(conn, event, world),
            None => Ok(()),
        }
    }

    fn do_effects(&mut self, conn: ConnId, world: &mut World) -> Result<(), Crashed> {
        while let Some(effect) = self
            .links
            .get_mut(&conn)
            .and_then(|link| link.machine.poll_effect())
        {
            self.crashes_now(world)?;
            world.counts.effects += 1;
            world.note("hub", || format!("{conn:?} does {effect:?}"));
            self.do_effect(conn, effect, world);
            self.crashes_now(world)?;
        }
        if self
            .links
            .get(&conn)
            .is_some_and(|link| link.machine.is_over())
        {
            self.links.remove(&conn);
        }
        Ok(())
    }

    fn do_effect(&mut self, conn: ConnId, effect: Effect, world: &mut World) {
        match effect {
            Effect::Send(outgoing) => {
                self.send(conn, outgoing, world);
                if world.network.in_flight(conn) > OUTBOX_MAX
                    && let Some(link) = self.links.get_mut(&conn)
                {
                    link.machine.handle(Event::OutboxFull, Mono(world.now_ms));
                }
            }
            Effect::LoadBacklog { after, limit } => {
                let in_ms = world.chance.between(0, 5);
                self.later(in_ms, HubNote::ReadBacklog(conn, after, limit), world);
            }
            Effect::Close(end) => {
                if let End::Bye {
                    reason,
                    retry_after,
                } = end
                {
                    let retry_after_ms = u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX);
                    write(
                        conn,
                        StreamEvent::Bye(Bye {
                            reason,
                            retry_after_ms,
                        }),
                        world,
                    );
                    if matches!(reason, ByeReason::TooSlow) {
                        world.counts.links_broken += 1;
                    }
                }
                world.down(conn, Down::End(LinkEnd::Ended));
            }
        }
    }

    fn send(&mut self, conn: ConnId, outgoing: Outgoing, world: &mut World) {
        match outgoing {
            Outgoing::Hello { epoch, ping } => {
                let hello = Hello {
                    epoch,
                    server_time: world.true_wall(),
                    ping_s: u32::try_from(ping.as_secs()).unwrap_or(u32::MAX),
                    hub_version: "sim".to_owned(),
                };
                write(conn, StreamEvent::Hello(hello), world);
            }
            Outgoing::Ping(number) => write(conn, StreamEvent::Ping(number), world),
            Outgoing::Offer(key) => self.offer(conn, key, world),
            Outgoing::Withdraw(key) => {
                let (job, attempt) = (key.job, key.attempt);
                write(
                    conn,
                    StreamEvent::Withdraw(Withdraw { job, attempt }),
                    world,
                );
            }
            Outgoing::Probe(kind) => {
                write(
                    conn,
                    StreamEvent::Probe(cueline_wire::cloud::Probe { kind }),
                    world,
                );
            }
        }
    }

    fn offer(&mut self, conn: ConnId, key: JobKey, world: &mut World) {
        let Some(link) = self.links.get_mut(&conn) else {
            return;
        };
        let marked = self
            .store
            .mark_offered(link.agent, &[key], world.true_wall());
        let Some(job) = marked.ok().and_then(|jobs| jobs.into_iter().next()) else {
            link.machine
                .handle(Event::NotOffered(key), Mono(world.now_ms));
            return;
        };
        link.unacknowledged.push(key);
        let open = link.unacknowledged.len();
        world
            .reference
            .expect(open <= WINDOW_JOBS_MAX, Rule::LimitsHold, job.id, || {
                format!("{open} offers are unacknowledged")
            });
        let offer = Framed {
            sequence: Some(job.sequence),
            event: StreamEvent::Job(Box::new(self.make_offer(&job))),
        };
        world.down(conn, Down::Framed(offer));
    }

    fn make_offer(&mut self, job: &PrintJob) -> JobOffer {
        let inline = job.document.bytes <= INLINE_BODY_BYTES_MAX;
        let body = inline.then(|| self.store.document(job.tenant, job.document.sha256));
        let body = body.and_then(Result::ok).flatten();
        JobOffer {
            job: job.id,
            attempt: job.attempt,
            start_by: job.start_by,
            work: Work::Print(PrintWork {
                printer: job.printer_name.clone(),
                copies: job.copies,
                uncertain: job.uncertain,
                document: job.document,
                body: body.map(Base64Bytes),
            }),
            signature: Base64Bytes::default(),
        }
    }

    fn wake(&mut self, job: JobId, world: &mut World) -> Result<(), Crashed> {
        let Ok(Some(job)) = self.store.job(TENANT, job) else {
            return Ok(());
        };
        let (key, sequence) = (job.key(), job.sequence);
        self.tell_agent(job.agent, Event::JobQueued { key, sequence }, world)
    }

    fn read_backlog(
        &mut self,
        conn: ConnId,
        after: u64,
        limit: usize,
        world: &mut World,
    ) -> Result<(), Crashed> {
        let Some(link) = self.links.get(&conn) else {
            return Ok(());
        };
        let backlog: Backlog = self
            .store
            .backlog(link.agent, after, limit)
            .unwrap_or_default();
        let in_ms = world.chance.between(0, 5);
        self.later(in_ms, HubNote::BacklogRead(conn, backlog), world);
        Ok(())
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

    fn report(
        &mut self,
        till: usize,
        (report, body): (ReportId, Report),
        reply_to: Option<ReplyTo>,
        world: &mut World,
    ) -> Result<(), Crashed> {
        let agent = agent_of(till);
        self.crashes_now(world)?;
        let recording = self.store.record(agent, &body.entries, world.true_wall());
        let Ok(recording) = recording else {
            return Ok(());
        };
        for rejection in &recording.reply.rejected {
            let entry = body.entries.iter().find(|entry| entry.seq == rejection.seq);
            world.reference.violated(
                Rule::EntriesAreTaken,
                entry.map(|entry| entry.job),
                rejection.text.clone(),
            );
        }
        for entry in &body.entries {
            self.check(entry.job, world);
        }
        self.crashes_now(world)?;
        self.tell_agent(agent, Event::Heard, world)?;
        for touched in &recording.touched {
            self.tell_agent(agent, Event::Acknowledged(touched.key), world)?;
        }
        self.tell_agent(agent, Event::AtAgent(recording.at_agent), world)?;
        if let Some(to) = reply_to {
            self.reply(to, report, &body.entries, recording.reply, world);
        }
        self.crashes_now(world)
    }

    fn reply(
        &mut self,
        to: ReplyTo,
        report: ReportId,
        entries: &[ReportEntry],
        reply: ReportReply,
        world: &mut World,
    ) {
        for entry in entries
            .iter()
            .filter(|entry| reply.stored.contains(&entry.seq))
        {
            world
                .reference
                .promised(entry.job, Promise::Stored(entry.clone()));
        }
        let answer = ToTill::ReportOver(report, AgentEvent::ReportAnswered { report, reply });
        world.answer(to, answer, report_failed(report));
    }

    fn check(&mut self, job: JobId, world: &mut World) {
        if let Ok(Some(job)) = self.store.job(TENANT, job) {
            assertions::recorded(&mut world.reference, &job);
        }
    }

    fn fetch(
        &mut self,
        job: AgentKey,
        document: Document,
        reply_to: ReplyTo,
        world: &mut World,
    ) -> Result<(), Crashed> {
        self.tell_agent(agent_of(reply_to.till), Event::Heard, world)?;
        if world.chance.odds(world.odds.document_fails) {
            world.answer(
                reply_to,
                ToTill::Event(fetch_failed(job)),
                fetch_failed(job),
            );
            return Ok(());
        }
        world.counts.documents += 1;
        let found = self.store.document(TENANT, document.sha256).ok().flatten();
        let answer = match found {
            Some(_) => ToTill::Document(job),
            None => ToTill::Event(AgentEvent::FetchFailed {
                job,
                error: FetchError::Never(Failure {
                    code: FailureCode::DocumentUnavailable,
                    text: "the hub no longer has the document".to_owned(),
                }),
            }),
        };
        let settled = self
            .store
            .jobs()
            .any(|stored| stored.id == job.job && stored.state.is_settled());
        let as_it_should = settled || matches!(answer, ToTill::Document(_));
        world
            .reference
            .expect(as_it_should, Rule::AcknowledgedIsKept, job.job, || {
                "its document is gone before its end".to_owned()
            });
        world.answer(reply_to, answer, fetch_failed(job));
        Ok(())
    }

    fn inventory(&mut self, reply_to: ReplyTo, world: &mut World) -> Result<(), Crashed> {
        self.tell_agent(agent_of(reply_to.till), Event::Heard, world)?;
        world.answer(
            reply_to,
            ToTill::Event(AgentEvent::InventoryStored),
            AgentEvent::InventoryFailed,
        );
        Ok(())
    }

    fn submit(&mut self, number: usize, attempt: u32, world: &mut World) -> Result<(), Crashed> {
        let plan = world.plan.jobs[number];
        let agent = agent_of(plan.till);
        let online = self.links.values().any(|link| link.agent == agent);
        let now = world.true_wall();
        let offered = online && world.chance.one_in(2);
        let Some(submission) = submission(number, attempt, plan, offered, now) else {
            return Ok(());
        };
        self.crashes_now(world)?;
        let Ok(submitted) = self.store.submit(submission, now) else {
            return Ok(());
        };
        let job = submitted.job;
        world.keep_job(number, &job);
        self.crashes_now(world)?;
        let wakes = if world.chance.one_in(20) { 2 } else { 1 };
        for _ in 0..wakes {
            let latest_ms = world.chance.pick(&[0, 5, 100]);
            let in_ms = world.chance.between(0, latest_ms);
            self.later(in_ms, HubNote::Wake(job.id), world);
        }
        world.reference.promised(job.id, Promise::Taken);
        if !world.chance.odds(world.odds.api_lost) {
            world.after(5, What::BoxOffice(Errand::Submitted(number, job.id)));
        }
        self.crashes_now(world)
    }

    fn cancel(&mut self, number: usize, world: &mut World) -> Result<(), Crashed> {
        let request = key_of(number);
        let Ok(Some(job)) = self.store.replay(TENANT, &request) else {
            return Ok(());
        };
        self.crashes_now(world)?;
        let Ok(Some(cancelling)) = self.store.cancel(TENANT, job.id, world.true_wall()) else {
            return Ok(());
        };
        if world.mutation == Mutation::CancelTakenForDone
            && cancelling.decision == CancelDecision::Asked
        {
            self.settle_unasked(&cancelling.job, world);
        }
        self.check(job.id, world);
        self.crashes_now(world)?;
        let key = cancelling.job.key();
        match cancelling.decision {
            CancelDecision::Asked => self.tell_agent(job.agent, Event::Withdraw(key), world)?,
            CancelDecision::Cancelled => self.tell_agent(job.agent, Event::Settled(key), world)?,
            CancelDecision::TooLate { .. } | CancelDecision::Already => {}
        }
        if !world.chance.odds(world.odds.api_lost) {
            world.after(5, What::BoxOffice(Errand::Cancelled(number)));
        }
        Ok(())
    }

    fn settle_unasked(&mut self, job: &PrintJob, world: &World) {
        let entry = ReportEntry {
            seq: 0,
            job: job.id,
            attempt: job.attempt,
            at: world.true_wall(),
            progress: Progress::Ended(Outcome::Cancelled),
        };
        // What the store says to it is of no interest to a hub that is broken on purpose.
        drop(self.store.record(job.agent, &[entry], world.true_wall()));
    }
}

/// Who waits for the answer to a message, and what they are told if there is none.
fn waits_for_answer(message: &ToHub) -> Option<(ReplyTo, AgentEvent)> {
    match message {
        ToHub::Report {
            report, reply_to, ..
        } => reply_to.map(|to| (to, report_failed(*report))),
        ToHub::Fetch { job, reply_to, .. } => Some((*reply_to, fetch_failed(*job))),
        ToHub::Inventory(to) => Some((*to, AgentEvent::InventoryFailed)),
        ToHub::Open { .. } | ToHub::Gone(_) | ToHub::Submit(..) | ToHub::Cancel(_) => None,
    }
}

fn write(conn: ConnId, event: StreamEvent, world: &mut World) {
    world.down(conn, Down::Framed(Framed::plain(event)));
}
