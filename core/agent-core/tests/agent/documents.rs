//! Documents that do not come with their offers.

use cueline_agent_core::{Effect, Event, FetchError};
use cueline_model::{FailureCode, JobKey, Outcome};

use crate::till::{Till, failure, key, print};

fn up() -> Till {
    let mut till = Till::new();
    till.hello();
    till.answer_reports();
    till.take();
    till
}

fn offer_large(till: &mut Till, number: u64) -> JobKey {
    till.offer_as(number, |offer| print(offer).body = None)
}

fn fetches(till: &mut Till) -> Vec<(u64, JobKey)> {
    till.take_timed()
        .into_iter()
        .filter_map(|(time, effect)| match effect {
            Effect::Fetch { job, .. } => Some((time, job)),
            _ => None,
        })
        .collect()
}

fn fetched(till: &mut Till, job: JobKey) {
    till.journal.keep_document(job);
    till.event(Event::Fetched { job });
}

fn later(till: &mut Till, job: JobKey) {
    let text = "the hub is busy".to_owned();
    let error = FetchError::Later { text };
    till.event(Event::FetchFailed { job, error });
}

#[test]
fn documents_are_fetched_one_at_a_time_as_soon_as_their_jobs_are_durable() {
    let mut till = up();
    till.slow_disk = true;
    let (first, second) = (offer_large(&mut till, 1), offer_large(&mut till, 2));
    assert_eq!(fetches(&mut till), []);
    till.sync();
    assert_eq!(fetches(&mut till), [(0, first)]);
    assert_eq!(till.open_op("left"), None, "nothing to print yet");
    fetched(&mut till, first);
    assert_eq!(fetches(&mut till), [(0, second)]);
    assert!(till.open_op("left").is_some());
}

#[test]
fn a_job_without_its_document_keeps_its_place() {
    let mut till = up();
    let first = offer_large(&mut till, 1);
    till.offer(2);
    assert_eq!(till.open_op("left"), None);
    fetched(&mut till, first);
    till.ready("left");
    assert_eq!(till.prints(), [(first, false)]);
}

#[test]
fn a_fetch_is_tried_again_after_1_2_and_then_every_5_s_while_others_go_on() {
    let mut till = up();
    let first = offer_large(&mut till, 1);
    assert_eq!(fetches(&mut till), [(0, first)]);
    for pause in [1, 2, 5, 5, 5] {
        later(&mut till, first);
        let due = till.now_ms + pause * 1_000;
        till.pass_until(due);
        assert_eq!(fetches(&mut till), [(due, first)]);
    }
    later(&mut till, first);
    let second = offer_large(&mut till, 2);
    assert_eq!(fetches(&mut till), [(till.now_ms, second)]);
}

#[test]
fn a_document_that_is_never_to_be_had_fails_its_job() {
    let mut till = up();
    let job = offer_large(&mut till, 1);
    let never = FetchError::Never(failure(FailureCode::DocumentUnavailable));
    till.event(Event::FetchFailed { job, error: never });
    assert!(matches!(till.outcome(job), Outcome::Failed { .. }));
    till.offer(2);
    assert!(till.open_op("left").is_some());
}

#[test]
fn a_fetch_that_was_under_way_when_its_job_ended_frees_the_way() {
    let mut till = up();
    let first = offer_large(&mut till, 1);
    let second = offer_large(&mut till, 2);
    till.withdraw(first);
    assert_eq!(till.outcome(first), Outcome::Cancelled);
    assert_eq!(fetches(&mut till).len(), 1);
    later(&mut till, first);
    assert_eq!(fetches(&mut till), [(0, second)]);
}

#[test]
fn after_a_crash_what_is_missing_is_fetched_and_what_is_here_is_printed() {
    let mut till = up();
    let first = offer_large(&mut till, 1);
    till.crash();
    assert_eq!(fetches(&mut till), [(0, first)]);
    till.journal.keep_document(first);
    till.crash();
    assert_eq!(fetches(&mut till), []);
    till.ready("left");
    assert_eq!(till.prints(), [(key(1), false)]);
}
