//! The box office: submits jobs until they are acknowledged, and now and then cancels one.

use cueline_hub_core::job::NewJob;
use cueline_hub_core::store::{Idempotency, Submission};
use cueline_hub_core::submit::{Content, Target, check};
use cueline_model::limits::INLINE_BODY_BYTES_MAX;
use cueline_model::{ContentType, JobId, PrinterId, Sha256, SiteId, TenantId, WallTime};
use cueline_wire::Base64Bytes;
use cueline_wire::api::PrintJobRequest;

use crate::faults::{Flaw, JobPlan};
use crate::reference::Job;
use crate::till_side::{agent_of, printer_name};
use crate::world::{Errand, ToHub, What, World};

/// The only tenant of a run.
pub const TENANT: TenantId = TenantId::from_u128(1);
const SITE: SiteId = SiteId::from_u128(1);
/// An answer is waited for so long before the request is made again.
const PATIENCE_MS: u64 = 3_000;
/// Documents that no job needs are kept for so long.
const KEPT_MS: i64 = 10_000;

/// What the box office still has to do.
#[derive(Debug)]
pub struct BoxOffice {
    jobs: Vec<Wish>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Wish {
    attempts: u32,
    acknowledged: bool,
    given_up: bool,
    cancel_answered: bool,
    cancels: bool,
}

impl BoxOffice {
    /// A box office with this many jobs to submit.
    #[must_use]
    pub fn new(jobs: usize) -> Self {
        Self {
            jobs: vec![Wish::default(); jobs],
        }
    }

    /// Goes on with something.
    pub fn run(&mut self, errand: Errand, world: &mut World) {
        match errand {
            Errand::Submit(number) => self.submit(number, world),
            Errand::Submitted(number, id) => self.submitted(number, id, world),
            Errand::Cancel(number) => self.cancel(number, world),
            Errand::Cancelled(number) => self.jobs[number].cancel_answered = true,
        }
    }

    /// Whether everything was answered or given up.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let over = |wish: &Wish| {
            let cancelled = !wish.cancels || wish.cancel_answered;
            wish.given_up || (wish.acknowledged && cancelled)
        };
        self.jobs.iter().all(over)
    }

    fn submit(&mut self, number: usize, world: &mut World) {
        let wish = &mut self.jobs[number];
        if wish.acknowledged || wish.given_up {
            return;
        }
        if wish.attempts > 0 && world.now_ms < world.plan.heal_at_ms && world.chance.one_in(20) {
            wish.given_up = true;
            return;
        }
        wish.attempts += 1;
        let attempt = wish.attempts;
        if !world.chance.odds(world.odds.api_lost) {
            world.after(5, What::ToHub(ToHub::Submit(number, attempt)));
        }
        world.after(PATIENCE_MS, What::BoxOffice(Errand::Submit(number)));
    }

    fn submitted(&mut self, number: usize, id: JobId, world: &mut World) {
        let wish = &mut self.jobs[number];
        if std::mem::replace(&mut wish.acknowledged, true) {
            return;
        }
        world.counts.acknowledged += 1;
        world.note("box office", || format!("job {number} was taken as {id}"));
        if let Some(after_ms) = world.plan.jobs[number].cancel_after_ms {
            wish.cancels = true;
            world.after(after_ms, What::BoxOffice(Errand::Cancel(number)));
        }
    }

    fn cancel(&mut self, number: usize, world: &mut World) {
        if self.jobs[number].cancel_answered {
            return;
        }
        if !world.chance.odds(world.odds.api_lost) {
            world.after(5, What::ToHub(ToHub::Cancel(number)));
        }
        world.after(PATIENCE_MS, What::BoxOffice(Errand::Cancel(number)));
    }
}

impl World {
    /// A job is in the hub's store: the reference knows it from now on.
    pub fn keep_job(&mut self, number: usize, job: &cueline_hub_core::PrintJob) {
        let plan = self.plan.jobs[number];
        let known = Job {
            number,
            till: plan.till,
            printer: plan.printer,
            sequence: job.sequence,
            copies: job.copies,
            uncertain: job.uncertain,
            start_by: job.start_by,
            runs: Vec::new(),
            sheets: vec![0; usize::from(job.copies)],
            counted: 0,
            recovered: false,
            doubts: 0,
            journalled: None,
            recorded: None,
        };
        self.reference.stored(job.id, known);
    }

    /// What is the matter with a job's document.
    #[must_use]
    pub fn flaw_of(&self, id: JobId) -> Flaw {
        let job = self.reference.job(id);
        job.map_or(Flaw::None, |job| self.plan.jobs[job.number].flaw)
    }
}

/// The name of a job's submission, the same each time it is sent.
#[must_use]
pub fn key_of(number: usize) -> Idempotency {
    Idempotency {
        key: format!("job {number}"),
        request: digest(number),
    }
}

/// What is stored for the nth request for a job, as the hub's checks let it through.
#[must_use]
pub fn submission(
    number: usize,
    attempt: u32,
    plan: JobPlan,
    offered: bool,
    now: WallTime,
) -> Option<Submission> {
    let body = format!("ticket {number}").into_bytes();
    // Only its length says that it is too long to travel with the offer.
    let bytes = if plan.long {
        INLINE_BODY_BYTES_MAX + 1
    } else {
        body.len() as u64
    };
    let job = checked(number, attempt, plan, &body, bytes, now)?;
    Some(Submission {
        job,
        body: Some(body),
        kept_until: now.shifted_ms(KEPT_MS),
        idempotency: Some(key_of(number)),
        offered,
    })
}

fn checked(
    number: usize,
    attempt: u32,
    plan: JobPlan,
    body: &[u8],
    bytes: u64,
    now: WallTime,
) -> Option<NewJob> {
    let printer = printer_id(plan.till, plan.printer);
    let request = PrintJobRequest {
        options: cueline_model::PrintOptions::default(),
        printer,
        content_type: ContentType::Raw,
        content: Some(Base64Bytes(body.to_vec())),
        document: None,
        title: None,
        copies: plan.copies,
        expires_at: None,
        expires_in_s: plan.expires_in_s,
        uncertain: plan.uncertain,
    };
    let target = Target {
        printer,
        name: printer_name(plan.printer),
        tenant: TENANT,
        site: SITE,
        agent: agent_of(plan.till),
        content_types: vec![ContentType::Raw],
        capabilities: None,
        gone: false,
        agent_revoked: false,
    };
    let content = Content {
        sha256: digest(number),
        bytes,
        head: body,
    };
    // Each request makes a fresh id; the store gives the first one's back.
    let id = JobId::from_u128(number as u128 * 1_000 + u128::from(attempt));
    check(
        id,
        TENANT,
        &request,
        Some(&target),
        Some(content),
        None,
        now,
    )
    .ok()
}

/// A printer's name at the hub.
#[must_use]
pub fn printer_id(till: usize, printer: usize) -> PrinterId {
    PrinterId::from_u128((till * 100 + printer) as u128)
}

/// Stands for the digest of a job's document: all that matters is that it is its own.
fn digest(number: usize) -> Sha256 {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&(number as u64).to_be_bytes());
    Sha256(digest)
}
