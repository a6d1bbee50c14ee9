//! Tickets counted, jobs in doubt, and what somebody decides about them.

use cueline_model::{JobId, JobState, Outcome, TenantId, TicketCount};
use cueline_wire::Timestamp;
use cueline_wire::api::{Decision, Resolution};
use cueline_wire::cloud::Progress;

use super::{Harness, Place, START, entry, get, known, place, sha256, submit_all};
use crate::aftermath::{AftermathError, Resolved};
use crate::store::{DOUBT_KEPT, JobFilter, JobStore as _, Resolving};

fn record(harness: &mut impl Harness, seq: u64, job: JobId, progress: Progress) -> bool {
    let entries = [entry(seq, job, progress)];
    let recording = harness
        .store()
        .record(place(1, 1).agent, &entries, START.shifted_ms(1_000));
    let recording = recording.expect("the store answers");
    recording.touched.iter().any(|touched| touched.changed)
}

fn leave_in_doubt(harness: &mut impl Harness, job: JobId) {
    let uncertain = Outcome::Uncertain {
        detail: "the cable was pulled".to_owned(),
        tickets: Some(TicketCount {
            printed: 1,
            unknown: 1,
            total: 4,
        }),
    };
    record(harness, 100, job, Progress::Ended(uncertain));
}

fn said(decision: Decision) -> Resolution {
    Resolution {
        decision,
        by: "Anna".to_owned(),
        reason: Some("it lay in the tray".to_owned()),
        at: Timestamp(START.shifted_ms(2_000)),
    }
}

/// Each proven ticket is durable, and told to whoever listens.
pub fn tickets_are_counted_as_they_are_proven(harness: &mut impl Harness) {
    let here = place(1, 1);
    known(harness, here);
    let job = submit_all(harness, here, &[1])[0].job;
    record(harness, 1, job, Progress::Started);
    for printed in 1..=3 {
        let printing = Progress::Printing { printed, total: 4 };
        let seq = 1 + u64::from(printed);
        assert!(record(harness, seq, job, printing.clone()));
        assert!(!record(harness, seq, job, printing), "a repeat");
        harness.reopen();
        let count = TicketCount {
            printed,
            unknown: 4 - printed,
            total: 4,
        };
        assert_eq!(get(harness, here, job).tickets, Some(count));
    }
    leave_in_doubt(harness, job);
    harness.reopen();
    let stored = get(harness, here, job);
    assert_eq!(stored.tickets.map(|count| count.printed), Some(1));
    assert_eq!(stored.timeline.len(), 3, "queued, started, uncertain");
}

fn listed(harness: &mut impl Harness, here: Place, resolved: bool) -> Vec<JobId> {
    let filter = JobFilter {
        resolved: Some(resolved),
        ..JobFilter::default()
    };
    let page = harness.store().list(here.tenant, &filter, 10);
    let page = page.expect("the store answers");
    page.jobs.iter().map(|job| job.id).collect()
}

fn resolve(
    harness: &mut impl Harness,
    tenant: TenantId,
    job: JobId,
    decision: Decision,
) -> Option<Resolving> {
    let resolving = harness.store().resolve(tenant, job, said(decision));
    resolving.expect("the store answers")
}

/// Once, by its own tenant; and its outcome stays.
pub fn a_job_in_doubt_is_resolved_once(harness: &mut impl Harness) {
    let (here, there) = (place(1, 1), place(2, 2));
    known(harness, here).add_place(there);
    let keys = submit_all(harness, here, &[1, 2, 3]);
    let (open, first, second) = (keys[0].job, keys[1].job, keys[2].job);
    let early = resolve(harness, here.tenant, open, Decision::Printed);
    let refused = early.expect("the job is there").resolved;
    let state = JobState::Queued;
    assert_eq!(refused, Err(AftermathError::NotUncertain { state }));
    for job in [first, second] {
        leave_in_doubt(harness, job);
    }
    assert_eq!(listed(harness, here, false), [second, first]);
    assert_eq!(listed(harness, here, true), []);
    let strangers = resolve(harness, there.tenant, first, Decision::Printed);
    assert_eq!(strangers, None);

    let resolved = resolve(harness, here.tenant, first, Decision::NotPrinted);
    let resolved = resolved.expect("the job is there");
    assert_eq!(resolved.resolved, Ok(Resolved::Now));
    harness.reopen();
    let stored = get(harness, here, first);
    assert_eq!(stored, resolved.job);
    assert_eq!(stored.resolution, Some(said(Decision::NotPrinted)));
    assert_eq!(stored.state, JobState::Uncertain);
    assert_eq!(listed(harness, here, false), [second]);
    assert_eq!(listed(harness, here, true), [first]);

    let again = resolve(harness, here.tenant, first, Decision::NotPrinted);
    assert_eq!(
        again.map(|again| again.resolved),
        Some(Ok(Resolved::Before))
    );
    let otherwise = resolve(harness, here.tenant, first, Decision::Printed);
    let otherwise = otherwise.expect("the job is there").resolved;
    assert!(matches!(
        otherwise,
        Err(AftermathError::AlreadyResolved { .. })
    ));
    assert_eq!(get(harness, here, first), stored);
}

/// Or the clerk could not print it again; but not for ever.
pub fn a_document_in_doubt_is_kept_until_it_is_resolved(harness: &mut impl Harness) {
    let here = place(1, 1);
    known(harness, here);
    let keys = submit_all(harness, here, &[1, 2]);
    for key in &keys {
        leave_in_doubt(harness, key.job);
    }
    let over = START.shifted_ms(3_600_000);
    assert_eq!(harness.store().drop_documents(over, 10), Ok(0));
    harness
        .store()
        .resolve(here.tenant, keys[0].job, said(Decision::Printed))
        .expect("the store answers");
    assert_eq!(harness.store().drop_documents(over, 10), Ok(1));
    let store = harness.store();
    assert_eq!(store.document(here.tenant, sha256(1)), Ok(None));
    assert!(matches!(
        store.document(here.tenant, sha256(2)),
        Ok(Some(_))
    ));
    let long_after = over + DOUBT_KEPT;
    assert_eq!(store.drop_documents(long_after, 10), Ok(1));
}
