//! What every [`JobStore`] must do, as functions that panic where one does not.
//!
//! An implementation writes a [`Harness`] and calls [`crate::job_store_contract!`] in its tests; each
//! case then is a test of its own.

mod conditions;
mod documents;
mod doubt;
mod journal;
mod offers;
mod requests;

pub use conditions::{
    a_condition_that_stays_is_told_once, another_tenants_printer_has_no_events,
    the_newest_events_are_kept, what_stands_at_its_printer_is_asked_back,
};
pub use documents::{
    a_document_is_kept_while_it_is_needed, a_document_is_one_tenants,
    an_unknown_document_is_refused,
};
pub use doubt::{
    a_document_in_doubt_is_kept_until_it_is_resolved, a_job_in_doubt_is_resolved_once,
    tickets_are_counted_as_they_are_proven,
};
pub use journal::{
    a_report_applies_in_order_and_twice_changes_nothing, an_outcome_never_changes,
    counts_follow_the_jobs, entries_about_others_jobs_are_refused,
};
pub use offers::{
    a_backlog_comes_in_order_and_in_parts, a_cancelled_job_is_not_offered, an_offer_is_durable,
    an_offered_job_is_only_asked_back, epochs_are_never_given_twice,
    only_what_was_never_offered_expires_here, withdrawals_are_told_to_a_new_link,
};
pub use requests::{
    a_full_queue_is_refused, a_list_has_pages_and_filters, a_removed_agent_is_given_nothing,
    a_request_sent_twice_makes_one_job, an_old_request_is_forgotten, another_tenant_sees_nothing,
    sequences_rise_strictly, what_is_stored_is_found_again,
};

use cueline_model::{
    AgentId, ContentType, Document, JobId, JobKey, PrintOptions, PrinterId, PrinterName, Sha256,
    SiteId, TenantId, UncertainPolicy, WallTime,
};
use cueline_wire::cloud::{Progress, ReportEntry};

use super::{Idempotency, JobStore, Submission, Submitted};
use crate::job::{NewJob, PrintJob};

/// One printer and everything above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The tenant.
    pub tenant: TenantId,
    /// Its site.
    pub site: SiteId,
    /// An agent there.
    pub agent: AgentId,
    /// A printer of that agent.
    pub printer: PrinterId,
}

/// A store under test and what the cases need around it.
pub trait Harness {
    /// The store's type.
    type Store: JobStore;

    /// The store.
    fn store(&mut self) -> &mut Self::Store;

    /// Makes a place known, its printer under the name `counter-1`; what is above the printer may be known already.
    fn add_place(&mut self, place: Place);

    /// Closes the store and opens it again; what a call has returned must still be there.
    fn reopen(&mut self);

    /// Submits many jobs; an implementation that syncs each may find a faster way.
    fn submit_many(&mut self, submissions: Vec<Submission>, now: WallTime) {
        for submission in submissions {
            submit(self, submission, now);
        }
    }
}

/// Makes each case of the contract a test; `$make` is an expression that gives a fresh [`Harness`].
#[macro_export]
macro_rules! job_store_contract {
    ($make:expr) => {
        $crate::job_store_contract! { $make =>
            a_request_sent_twice_makes_one_job
            an_old_request_is_forgotten
            sequences_rise_strictly
            another_tenant_sees_nothing
            a_removed_agent_is_given_nothing
            a_full_queue_is_refused
            a_list_has_pages_and_filters
            what_is_stored_is_found_again
            a_backlog_comes_in_order_and_in_parts
            withdrawals_are_told_to_a_new_link
            an_offer_is_durable
            a_cancelled_job_is_not_offered
            an_offered_job_is_only_asked_back
            only_what_was_never_offered_expires_here
            epochs_are_never_given_twice
            a_report_applies_in_order_and_twice_changes_nothing
            an_outcome_never_changes
            entries_about_others_jobs_are_refused
            counts_follow_the_jobs
            a_document_is_kept_while_it_is_needed
            a_document_is_one_tenants
            an_unknown_document_is_refused
            tickets_are_counted_as_they_are_proven
            a_job_in_doubt_is_resolved_once
            a_document_in_doubt_is_kept_until_it_is_resolved
            a_condition_that_stays_is_told_once
            what_stands_at_its_printer_is_asked_back
            the_newest_events_are_kept
            another_tenants_printer_has_no_events
        }
    };
    ($make:expr => $($case:ident)+) => {
        $(
            #[test]
            fn $case() {
                $crate::store::contract::$case(&mut $make);
            }
        )+
    };
}

/// The time at which the cases begin.
pub const START: WallTime = WallTime(1_800_000_000_000);

/// A place told apart from others by its numbers.
#[must_use]
pub fn place(tenant: u128, agent: u128) -> Place {
    Place {
        tenant: TenantId::from_u128(tenant),
        site: SiteId::from_u128(tenant * 100),
        agent: AgentId::from_u128(agent),
        printer: PrinterId::from_u128(agent * 100),
    }
}

/// A valid submission of job number `job` with a document of its own.
#[must_use]
pub fn submission(place: Place, job: u128) -> Submission {
    let body = format!("ticket {job}").into_bytes();
    Submission {
        job: NewJob {
            id: JobId::from_u128(job),
            tenant: place.tenant,
            site: place.site,
            agent: place.agent,
            printer: place.printer,
            printer_name: PrinterName::try_from("counter-1".to_owned()).expect("it is a name"),
            title: Some(format!("ticket {job} \u{1f3ad}")),
            document: Document {
                content_type: ContentType::Raw,
                bytes: body.len() as u64,
                sha256: sha256(job),
            },
            copies: 2,
            uncertain: UncertainPolicy::ReprintMarked,
            options: PrintOptions::default(),
            notes: Vec::new(),
            marked: false,
            reprint_of: None,
            start_by: None,
        },
        body: Some(body),
        kept_until: START.shifted_ms(60_000),
        idempotency: None,
        offered: false,
    }
}

/// A digest told apart by its number; stores do not compute digests.
#[must_use]
pub fn sha256(number: u128) -> Sha256 {
    let mut bytes = [0; 32];
    bytes[16..].copy_from_slice(&number.to_be_bytes());
    Sha256(bytes)
}

/// An entry of an agent's journal about a job's first attempt.
#[must_use]
pub fn entry(seq: u64, job: JobId, progress: Progress) -> ReportEntry {
    ReportEntry {
        seq,
        job,
        attempt: 1,
        at: START.shifted_ms(i64::try_from(seq).unwrap_or(0)),
        progress,
    }
}

fn with_key(mut submission: Submission, key: &str, request: u128) -> Submission {
    submission.idempotency = Some(Idempotency {
        key: key.to_owned(),
        request: sha256(request),
    });
    submission
}

fn submit<H: Harness + ?Sized>(
    harness: &mut H,
    submission: Submission,
    now: WallTime,
) -> Submitted {
    harness
        .store()
        .submit(submission, now)
        .expect("a valid submission is taken")
}

/// Submits jobs with these numbers and gives their keys.
fn submit_all(harness: &mut impl Harness, place: Place, jobs: &[u128]) -> Vec<JobKey> {
    jobs.iter()
        .map(|&job| submit(harness, submission(place, job), START).job.key())
        .collect()
}

fn get(harness: &mut impl Harness, place: Place, job: JobId) -> PrintJob {
    harness
        .store()
        .job(place.tenant, job)
        .expect("the store answers")
        .expect("the job is there")
}

fn known<H: Harness>(harness: &mut H, place: Place) -> &mut H {
    harness.add_place(place);
    harness
}
