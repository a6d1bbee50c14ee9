//! The hub's held requests: what its link machines decide, written to connections.

use std::time::Duration;

use cueline_agent_core::LinkEnd;
use cueline_hub_core::link::{
    Effect, End, Event, Opening, Outgoing, WINDOW_JOBS_MAX, granted_ping,
};
use cueline_hub_core::store::Backlog;
use cueline_hub_core::{AgentLink, JobStore, PrintJob};
use cueline_model::limits::INLINE_BODY_BYTES_MAX;
use cueline_model::{AgentId, JobId, JobKey, Mono};
use cueline_wire::Base64Bytes;
use cueline_wire::cloud::{
    Bye, Framed, Hello, JobOffer, PrintWork, Probe, StreamEvent, StreamMode, Withdraw, Work,
};

use super::{Crashed, Hub, Link};
use crate::box_office::TENANT;
use crate::network::{ConnId, Down};
use crate::reference::Rule;
use crate::till_side::agent_of;
use crate::world::{HubNote, World};

/// Events on their way to an agent before it counts as reading too slowly.
const OUTBOX_MAX: usize = 48;

impl Hub {
    pub(super) fn open(
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
            due_ms: None,
            unacknowledged: Vec::new(),
        };
        self.links.insert(conn, link);
        self.do_effects(conn, world)
    }

    pub(super) fn tell(
        &mut self,
        conn: ConnId,
        event: Event,
        world: &mut World,
    ) -> Result<(), Crashed> {
        if let Some(link) = self.links.get_mut(&conn) {
            if let Event::Acknowledged(key) | Event::NotOffered(key) | Event::Settled(key) = &event
            {
                link.unacknowledged.retain(|offered| offered != key);
            }
            link.machine.handle(event, Mono(world.now_ms));
        }
        self.do_effects(conn, world)
    }

    pub(super) fn tell_agent(
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

    pub(super) fn do_effects(&mut self, conn: ConnId, world: &mut World) -> Result<(), Crashed> {
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
        if let Some(link) = self.links.get_mut(&conn) {
            link.due_ms = link.machine.poll_timeout().map(|(due, _)| due.0);
            if link.machine.is_over() {
                self.links.remove(&conn);
            }
        }
        Ok(())
    }

    pub(super) fn do_effect(&mut self, conn: ConnId, effect: Effect, world: &mut World) {
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
                }
                world.down(conn, Down::End(LinkEnd::Ended));
            }
        }
    }

    pub(super) fn send(&mut self, conn: ConnId, outgoing: Outgoing, world: &mut World) {
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
            // No payment is made here.
            Outgoing::Payment(_) => {}
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
                write(conn, StreamEvent::Probe(Probe { kind }), world);
            }
        }
    }

    pub(super) fn offer(&mut self, conn: ConnId, key: JobKey, world: &mut World) {
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

    pub(super) fn make_offer(&mut self, job: &PrintJob) -> JobOffer {
        let inline = job.document.bytes <= INLINE_BODY_BYTES_MAX;
        let body = inline.then(|| self.store.document(job.tenant, job.document.sha256));
        let body = body.and_then(Result::ok).flatten();
        JobOffer {
            job: job.id,
            attempt: job.attempt,
            start_by: job.start_by,
            work: Work::Print(PrintWork {
                options: cueline_model::PrintOptions::default(),
                marked: false,
                printer: job.printer_name.clone(),
                copies: job.copies,
                uncertain: job.uncertain,
                document: job.document,
                body: body.map(Base64Bytes),
            }),
            signature: Base64Bytes::default(),
        }
    }

    pub(super) fn wake(&mut self, job: JobId, world: &mut World) -> Result<(), Crashed> {
        let Ok(Some(job)) = self.store.job(TENANT, job) else {
            return Ok(());
        };
        let (key, sequence) = (job.key(), job.sequence);
        self.tell_agent(job.agent, Event::JobQueued { key, sequence }, world)
    }

    pub(super) fn read_backlog(
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
}

fn write(conn: ConnId, event: StreamEvent, world: &mut World) {
    world.down(conn, Down::Framed(Framed::plain(event)));
}
