//! Submitting, repeating, listing, and keeping tenants apart.

use cueline_model::limits::QUEUED_JOBS_PER_AGENT_MAX;
use cueline_model::{Duplex, JobId, JobState, OptionName, Unsupported, WallTime};

use super::{
    Harness, Place, START, get, known, place, sha256, submission, submit, submit_all, with_key,
};
use crate::store::{Idempotency, JobFilter, JobStore as _, SubmitError};

/// Same key and request: the same job, for ever and whatever has changed. Another request: refused.
pub fn a_request_sent_twice_makes_one_job(harness: &mut impl Harness) {
    let (here, there) = (place(1, 1), place(2, 2));
    known(harness, here).add_place(there);
    let first = submit(harness, with_key(submission(here, 1), "k", 7), START);
    assert!(!first.repeat);

    let again = submit(harness, with_key(submission(here, 2), "k", 7), START);
    assert!(again.repeat);
    assert_eq!(again.job, first.job);
    let other = harness
        .store()
        .submit(with_key(submission(here, 3), "k", 8), START);
    assert_eq!(other, Err(SubmitError::KeyReused));

    let elsewhere = submit(harness, with_key(submission(there, 4), "k", 8), START);
    assert!(!elsewhere.repeat, "a key is its tenant's own");

    revoke(harness, here);
    harness.reopen();
    let late = submit(harness, with_key(submission(here, 5), "k", 7), START);
    assert_eq!((late.repeat, late.job.id), (true, first.job.id));
    let key = Idempotency {
        key: "k".to_owned(),
        request: sha256(7),
    };
    let replayed = harness.store().replay(here.tenant, &key);
    assert_eq!(
        replayed.map(|job| job.map(|job| job.id)),
        Ok(Some(first.job.id))
    );
    let page = harness
        .store()
        .list(here.tenant, &JobFilter::default(), 10)
        .expect("the store answers");
    assert_eq!(page.jobs.len(), 1);
}

/// A key that is old enough can be used again.
pub fn an_old_request_is_forgotten(harness: &mut impl Harness) {
    let here = place(1, 1);
    known(harness, here);
    submit(harness, with_key(submission(here, 1), "old", 1), START);
    let later = START.shifted_ms(10);
    submit(harness, with_key(submission(here, 2), "new", 1), later);
    let forgotten = harness.store().forget_requests(later, 10);
    assert_eq!(forgotten, Ok(1));
    assert!(!submit(harness, with_key(submission(here, 3), "old", 1), later).repeat);
    assert!(submit(harness, with_key(submission(here, 4), "new", 1), later).repeat);
}

/// Per agent, strictly, also over refusals, ends and a restart.
pub fn sequences_rise_strictly(harness: &mut impl Harness) {
    let (here, there) = (place(1, 1), place(1, 2));
    known(harness, here).add_place(there);
    let mut last = 0;
    for job in 1..=20 {
        let submitted = submit(harness, submission(here, job), START).job;
        assert!(
            submitted.sequence > last,
            "{} after {last}",
            submitted.sequence
        );
        last = submitted.sequence;
        if job % 3 == 0 {
            harness
                .store()
                .cancel(here.tenant, submitted.id, START)
                .expect("the store answers");
        }
        if job % 5 == 0 {
            let unknown = sha256(999);
            let mut refused = submission(here, 100 + job);
            refused.body = None;
            refused.job.document.sha256 = unknown;
            assert!(harness.store().submit(refused, START).is_err());
            harness.reopen();
        }
        submit(harness, submission(there, 200 + job), START);
    }
}

/// Ids of one tenant are as unknown to another as ids of nothing.
pub fn another_tenant_sees_nothing(harness: &mut impl Harness) {
    let (here, there) = (place(1, 1), place(2, 2));
    known(harness, here).add_place(there);
    let job = submit(harness, with_key(submission(here, 1), "k", 1), START).job;
    let store = harness.store();
    assert_eq!(store.job(there.tenant, job.id), Ok(None));
    assert_eq!(store.cancel(there.tenant, job.id, START), Ok(None));
    assert_eq!(store.document(there.tenant, job.document.sha256), Ok(None));
    let page = store.list(there.tenant, &JobFilter::default(), 10);
    assert_eq!(page.map(|page| page.jobs), Ok(Vec::new()));
    let filter = JobFilter {
        printer: Some(here.printer),
        ..JobFilter::default()
    };
    let page = store.list(there.tenant, &filter, 10);
    assert_eq!(page.map(|page| page.jobs), Ok(Vec::new()));
    let key = Idempotency {
        key: "k".to_owned(),
        request: sha256(1),
    };
    assert_eq!(store.replay(there.tenant, &key), Ok(None));
    assert_eq!(get(harness, here, job.id), job, "nothing was cancelled");
}

fn revoke(harness: &mut impl Harness, place: Place) -> Vec<JobId> {
    let cancelled = harness.store().revoke_agent(place.agent, START);
    let cancelled = cancelled.expect("the store answers");
    cancelled.iter().map(|job| job.id).collect()
}

/// No more jobs; those it never had are cancelled, those it may have are left to the till to tell.
pub fn a_removed_agent_is_given_nothing(harness: &mut impl Harness) {
    let (here, other) = (place(1, 1), place(1, 2));
    known(harness, here).add_place(other);
    let jobs = submit_all(harness, here, &[1, 2, 3]);
    let others = submit_all(harness, other, &[4]);
    let offered = harness.store().mark_offered(here.agent, &jobs[..1], START);
    offered.expect("the store answers");
    assert_eq!(revoke(harness, here), [jobs[1].job, jobs[2].job]);
    assert_eq!(revoke(harness, here), []);
    let refused = harness.store().submit(submission(here, 5), START);
    assert_eq!(refused, Err(SubmitError::AgentRevoked));
    harness.reopen();
    let (queued, cancelled) = (JobState::Queued, JobState::Cancelled);
    for (key, state) in jobs.iter().zip([queued, cancelled, cancelled]) {
        assert_eq!(get(harness, here, key.job).state, state);
    }
    assert_eq!(get(harness, other, others[0].job).state, queued);
}

/// One job too many is refused, and taken once there is room.
pub fn a_full_queue_is_refused(harness: &mut impl Harness) {
    let here = place(1, 1);
    known(harness, here);
    let queued = QUEUED_JOBS_PER_AGENT_MAX;
    let many = (1..=u128::from(queued)).map(|job| submission(here, job));
    harness.submit_many(many.collect(), START);
    let one_more = submission(here, 1_000_000);
    let refused = harness.store().submit(one_more.clone(), START);
    assert_eq!(refused, Err(SubmitError::QueueFull { queued }));
    harness
        .store()
        .cancel(here.tenant, JobId::from_u128(1), START)
        .expect("the store answers");
    submit(harness, one_more, START);
}

/// Newest first, each job on exactly one page.
pub fn a_list_has_pages_and_filters(harness: &mut impl Harness) {
    let (here, there) = (place(1, 1), place(1, 2));
    known(harness, here).add_place(there);
    submit_all(harness, here, &[1, 2, 3, 4, 5]);
    submit_all(harness, there, &[6, 7]);
    harness
        .store()
        .cancel(here.tenant, JobId::from_u128(2), START)
        .expect("the store answers");
    let mut pages = |filter: JobFilter| {
        let mut filter = filter;
        let mut ids = Vec::new();
        loop {
            let page = harness.store().list(here.tenant, &filter, 2);
            let page = page.expect("the store answers");
            assert!(page.jobs.len() <= 2);
            ids.extend(page.jobs.iter().map(|job| job.id));
            filter.after = page.next;
            if filter.after.is_none() {
                return ids;
            }
        }
    };
    let ids =
        |numbers: &[u128]| -> Vec<_> { numbers.iter().map(|&n| JobId::from_u128(n)).collect() };
    assert_eq!(pages(JobFilter::default()), ids(&[7, 6, 5, 4, 3, 2, 1]));
    let here_only = JobFilter {
        printer: Some(here.printer),
        ..JobFilter::default()
    };
    assert_eq!(pages(here_only.clone()), ids(&[5, 4, 3, 2, 1]));
    let queued_here = JobFilter {
        state: Some(JobState::Queued),
        ..here_only
    };
    assert_eq!(pages(queued_here), ids(&[5, 4, 3, 1]));
    let cancelled = JobFilter {
        state: Some(JobState::Cancelled),
        ..JobFilter::default()
    };
    assert_eq!(pages(cancelled), ids(&[2]));
}

/// Every field of a job survives a restart.
pub fn what_is_stored_is_found_again(harness: &mut impl Harness) {
    let here = place(1, 1);
    known(harness, here);
    let mut full = submission(here, 1);
    full.job.start_by = Some(WallTime(START.0 + 5));
    full.job.options.duplex = Some(Duplex::LongEdge);
    full.job.options.pages = Some("2-".parse().expect("it is a range"));
    full.job.options.tray = Some("main \u{1f3ad}".to_owned());
    full.job.notes = vec![Unsupported {
        option: OptionName::Duplex,
        text: "duplex long_edge: the printer cannot do that".to_owned(),
    }];
    full.job.marked = true;
    full.job.reprint_of = Some(JobId::from_u128(77));
    full.offered = true;
    let full = submit(harness, full, START).job;
    let mut bare = submission(here, 2);
    bare.job.title = None;
    let bare = submit(harness, bare, START).job;
    harness.reopen();
    assert_eq!(get(harness, here, full.id), full);
    assert_eq!(get(harness, here, bare.id), bare);
}
