//! What tills and the box office ask of the hub: its answers follow what its store has made durable.

use cueline_agent_core::{Event as AgentEvent, FetchError, ReportId};
use cueline_hub_core::link::Event;
use cueline_hub_core::{CancelDecision, JobStore, PrintJob};
use cueline_model::{Document, Failure, FailureCode, JobId, JobKey, Outcome};
use cueline_wire::cloud::{Progress, Report, ReportEntry, ReportReply};

use super::{Crashed, Hub};
use crate::assertions;
use crate::box_office::{TENANT, key_of, submission};
use crate::mutation::Mutation;
use crate::network::{fetch_failed, report_failed};
use crate::reference::{Promise, Rule};
use crate::till_side::agent_of;
use crate::world::{Errand, HubNote, ReplyTo, ToHub, ToTill, What, World};

impl Hub {
    pub(super) fn report(
        &mut self,
        till: usize,
        (report, body): (ReportId, Report),
        reply_to: Option<ReplyTo>,
        world: &mut World,
    ) -> Result<(), Crashed> {
        let agent = agent_of(till);
        self.crashes_now(world)?;
        let recording = self.store.record(agent, &body.entries, world.true_wall());
        let now = world.true_wall();
        let told = self.store.record_conditions(agent, &body.printers, now);
        world.counts.printer_events += told.map_or(0, |events| events.len() as u64);
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

    pub(super) fn reply(
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

    pub(super) fn check(&mut self, job: JobId, world: &mut World) {
        if let Ok(Some(job)) = self.store.job(TENANT, job) {
            assertions::recorded(&mut world.reference, &job);
        }
    }

    pub(super) fn fetch(
        &mut self,
        job: JobKey,
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

    pub(super) fn inventory(
        &mut self,
        reply_to: ReplyTo,
        world: &mut World,
    ) -> Result<(), Crashed> {
        self.tell_agent(agent_of(reply_to.till), Event::Heard, world)?;
        world.answer(
            reply_to,
            ToTill::Event(AgentEvent::InventoryStored),
            AgentEvent::InventoryFailed,
        );
        Ok(())
    }

    pub(super) fn submit(
        &mut self,
        number: usize,
        attempt: u32,
        world: &mut World,
    ) -> Result<(), Crashed> {
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

    pub(super) fn cancel(&mut self, number: usize, world: &mut World) -> Result<(), Crashed> {
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

    pub(super) fn settle_unasked(&mut self, job: &PrintJob, world: &World) {
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
pub(super) fn waits_for_answer(message: &ToHub) -> Option<(ReplyTo, AgentEvent)> {
    match message {
        ToHub::Report {
            report, reply_to, ..
        } => reply_to.map(|to| (to, report_failed(*report))),
        ToHub::Fetch { job, reply_to, .. } => Some((*reply_to, fetch_failed(*job))),
        ToHub::Inventory(to) => Some((*to, AgentEvent::InventoryFailed)),
        ToHub::Open { .. } | ToHub::Gone(_) | ToHub::Submit(..) | ToHub::Cancel(_) => None,
    }
}
