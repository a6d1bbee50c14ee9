//! What the handle adds to the contract: notices, bodies in offers, the sweep.

use cueline_hub_core::store::contract::{START, entry, place, sha256, submission};
use cueline_model::limits::INLINE_BODY_BYTES_MAX;
use cueline_model::{JobKey, JobState, Outcome, WallTime};
use cueline_wire::cloud::Progress;

use super::super::{Committed, JobChange, Swept};
use super::{Opened, with_place};

fn notices(opened: &Opened) -> Vec<(JobChange, u64, JobState, u32)> {
    let told = opened.told().into_iter().map(|committed| match committed {
        Committed::Job(n) => (n.change, n.sequence, n.state, n.at_agent),
        other => panic!("it was about no job: {other:?}"),
    });
    told.collect()
}

async fn submit(opened: &Opened, job: u128) -> JobKey {
    let submitted = opened.store.submit(submission(place(1, 1), job), START);
    submitted.await.unwrap().job.key()
}

#[tokio::test]
async fn the_watcher_hears_of_every_change_once_and_in_order() {
    let opened = with_place().await;
    let (agent, tenant) = (place(1, 1).agent, place(1, 1).tenant);
    let first = submit(&opened, 1).await;
    let second = submit(&opened, 2).await;
    let offers = opened.store.offers(agent, vec![first], START);
    offers.await.unwrap();
    opened.store.cancel(tenant, first.job, START).await.unwrap();
    opened.store.cancel(tenant, first.job, START).await.unwrap();
    opened
        .store
        .cancel(tenant, second.job, START)
        .await
        .unwrap();
    let accepted = entry(1, first.job, Progress::Accepted);
    let ended = entry(2, first.job, Progress::Ended(Outcome::Cancelled));
    for entries in [vec![accepted.clone()], vec![accepted, ended]] {
        opened.store.record(agent, entries, START).await.unwrap();
    }
    assert_eq!(
        notices(&opened),
        [
            (JobChange::Queued, 1, JobState::Queued, 0),
            (JobChange::Queued, 2, JobState::Queued, 0),
            (JobChange::WithdrawAsked, 1, JobState::Queued, 0),
            (JobChange::Settled, 2, JobState::Cancelled, 0),
            (JobChange::Progressed, 1, JobState::Accepted, 1),
            (JobChange::Settled, 1, JobState::Cancelled, 0),
        ]
    );
}

#[tokio::test]
async fn short_documents_travel_with_the_offer_and_long_ones_are_fetched() {
    let opened = with_place().await;
    let here = place(1, 1);
    let mut keys = Vec::new();
    for (job, bytes) in [(1, INLINE_BODY_BYTES_MAX), (2, INLINE_BODY_BYTES_MAX + 1)] {
        let mut new = submission(here, job);
        new.job.document.bytes = bytes;
        new.body = Some(vec![7; usize::try_from(bytes).unwrap()]);
        keys.push(opened.store.submit(new, START).await.unwrap().job.key());
    }
    let offers = opened.store.offers(here.agent, keys.clone(), START);
    let offers = offers.await.unwrap();
    let lengths: Vec<_> = offers
        .iter()
        .map(|o| o.body.as_ref().map(Vec::len))
        .collect();
    assert_eq!(lengths, [Some(65_536), None]);

    let fetched = opened.store.open_job(here.agent, keys[1].job).await;
    let document = fetched.unwrap().unwrap().document;
    let body = opened.store.document(here.tenant, document.sha256).await;
    assert_eq!(document.bytes, body.unwrap().unwrap().len() as u64);
    let other = opened.store.open_job(place(1, 2).agent, keys[1].job);
    assert_eq!(other.await.unwrap(), None, "another agent's");
    let ended = entry(1, keys[1].job, Progress::Ended(Outcome::Expired));
    let recorded = opened.store.record(here.agent, vec![ended], START);
    recorded.await.unwrap();
    let late = opened.store.open_job(here.agent, keys[1].job);
    assert_eq!(late.await.unwrap(), None, "ended");
}

#[tokio::test]
async fn a_documents_head_is_told_without_its_body() {
    let opened = with_place().await;
    let tenant = place(1, 1).tenant;
    for (number, body) in [
        (1, b"%PDF-1.7 and so on and on".to_vec()),
        (2, b"ab".to_vec()),
    ] {
        let expected = body[..body.len().min(16)].to_vec();
        let bytes = body.len() as u64;
        let put = opened
            .store
            .put_document(tenant, sha256(number), body, START);
        put.await.unwrap();
        let head = opened.store.document_head(tenant, sha256(number)).await;
        let head = head.unwrap().unwrap();
        assert_eq!((head.bytes, head.head), (bytes, expected));
    }
    let unknown = opened.store.document_head(tenant, sha256(3)).await;
    assert_eq!(unknown.unwrap(), None);
}

#[tokio::test]
async fn a_sweep_does_what_is_due_and_tells_it() {
    let opened = with_place().await;
    let here = place(1, 1);
    let mut due = submission(here, 1);
    due.job.start_by = Some(START);
    opened.store.submit(due, START).await.unwrap();
    let lone = opened
        .store
        .put_document(here.tenant, sha256(77), b"x".to_vec(), START);
    lone.await.unwrap();
    assert_eq!(opened.store.sweep(START).await, Ok(Swept::default()));
    opened.told();

    let now = START.shifted_ms(1);
    let swept = opened.store.sweep(now).await.unwrap();
    let expected = Swept {
        expired: 1,
        documents: 1,
        ..Swept::default()
    };
    assert_eq!(swept, expected);
    let expired = (JobChange::Settled, 1, JobState::Expired, 0);
    assert_eq!(notices(&opened), [expired]);
    assert_eq!(opened.store.sweep(now).await, Ok(Swept::default()));
    // The job has ended, so its own document goes when its time is over.
    let much_later = WallTime(START.0 + 120_000);
    assert_eq!(opened.store.sweep(much_later).await.unwrap().documents, 1);
}
