//! What becomes of an offer.

use std::time::Duration;

use cueline_agent_core::{Effect, Event, Notice, Phase};
use cueline_model::{ContentType, FailureCode, JobKey, Outcome};
use cueline_wire::cloud::{Progress, ReportReply};

use crate::till::{Till, failure, job_offer, key, print};

fn up() -> Till {
    let mut till = Till::new();
    till.hello();
    till.answer_reports();
    till
}

fn failed_with(till: &Till, job: JobKey) -> FailureCode {
    match till.outcome(job) {
        Outcome::Failed { failure } => failure.code,
        other => panic!("expected a failure, got {other:?}"),
    }
}

#[test]
fn an_offer_is_neither_told_nor_printed_before_it_is_durable() {
    let mut till = up();
    till.take();
    till.slow_disk = true;
    let job = till.offer(1);
    let effects = till.take();
    assert!(
        matches!(&effects[..], [Effect::Append { .. }]),
        "{effects:?}"
    );
    till.pass_s(5);
    assert_eq!(till.take(), []);
    till.sync();
    assert_eq!(
        till.report().unwrap().entries[0].progress,
        Progress::Accepted
    );
    assert!(till.open_op("left").is_some());
    assert_eq!(till.phase(job), Some(Phase::Waiting));
}

#[test]
fn one_confirmation_stands_for_every_earlier_batch() {
    let mut till = up();
    till.slow_disk = true;
    till.offer(1);
    till.offer(2);
    till.persist_one();
    till.sync_one();
    till.answer_reports();
    till.ready("left");
    till.sync();
    assert_eq!(till.prints(), [(key(1), false)]);
}

#[test]
fn a_second_delivery_while_the_first_is_being_journalled_is_ignored() {
    let mut till = up();
    till.slow_disk = true;
    till.offer(1);
    till.take();
    till.offer(1);
    assert_eq!(till.take(), []);
    assert_eq!(till.agent.unsettled_jobs(), 1);
}

#[test]
fn a_job_offered_again_is_told_again_but_not_done_again() {
    let mut till = up();
    let job = till.offer(1);
    till.ready("left");
    till.print_done("left");
    till.answer_reports();
    let before = till.journal.clone();
    till.take();
    till.offer(1);
    let entries = till.answer_reports();
    assert_eq!(entries.len(), 1);
    assert!(matches!(
        entries[0].progress,
        Progress::Ended(Outcome::Done { .. })
    ));
    assert_eq!(till.journal, before, "nothing is journalled for it");
    assert_eq!(till.prints(), []);
    assert_eq!(till.phase(job), Some(Phase::Ended));
    // The same after a restart.
    till.crash();
    till.hello();
    till.offer(1);
    assert_eq!(till.answer_reports(), entries);
    assert_eq!(till.agent.unsettled_jobs(), 0);
}

#[test]
fn a_job_offered_again_while_something_of_it_is_untold_is_told_once() {
    let mut till = up();
    till.offer(1);
    till.offer(1);
    assert_eq!(till.answer_reports().len(), 1);
}

#[test]
fn a_second_attempt_is_a_job_of_its_own() {
    let mut till = up();
    let first = till.offer(1);
    till.ready("left");
    till.print_done("left");
    let second = till.offer_as(1, |offer| offer.attempt = 2);
    assert_ne!(first, second);
    till.ready("left");
    till.print_done("left");
    assert_eq!(till.prints().len(), 2);
}

#[test]
fn an_unknown_printer_is_a_failure_in_one_batch() {
    let mut till = up();
    till.slow_disk = true;
    let job = till.offer_as(1, |offer| print(offer).printer = "attic".parse().unwrap());
    assert_eq!(till.on_the_way.len(), 1);
    assert_eq!(till.on_the_way[0].1.len(), 2);
    till.sync();
    assert_eq!(failed_with(&till, job), FailureCode::UnknownPrinter);
    assert_eq!(till.answer_reports().len(), 2);
    till.sync();
    assert!(till.agent.is_idle());
}

#[test]
fn a_kind_of_document_the_printer_does_not_take_is_a_failure() {
    let mut till = up();
    let job = till.offer_as(1, |offer| {
        print(offer).document.content_type = ContentType::Pdf;
    });
    assert_eq!(failed_with(&till, job), FailureCode::UnsupportedContent);
}

#[test]
fn an_offer_whose_time_is_over_ends_expired_and_one_just_in_time_does_not() {
    let mut till = up();
    let now = till.hub_now();
    let late = till.offer_as(1, |offer| {
        offer.start_by = Some(now - Duration::from_millis(1))
    });
    let in_time = till.offer_as(2, |offer| offer.start_by = Some(now));
    assert_eq!(till.outcome(late), Outcome::Expired);
    assert_eq!(till.newest(in_time), Progress::Accepted);
    till.pass(Duration::from_millis(1));
    assert_eq!(till.outcome(in_time), Outcome::Expired);
}

#[test]
fn a_refused_offer_fails_for_its_reason() {
    let mut till = up();
    let link = till.link();
    let refuse = |number| Event::OfferRefused {
        link,
        sequence: number,
        offer: Box::new(job_offer(number)),
        failure: failure(FailureCode::BadSignature),
    };
    till.event(refuse(1));
    assert_eq!(failed_with(&till, key(1)), FailureCode::BadSignature);
    assert_eq!(till.answer_reports().len(), 2);
    // On an older link it is passed over.
    till.cut();
    till.event(refuse(2));
    assert_eq!(till.phase(key(2)), None);
}

#[test]
fn an_offer_of_a_later_version_fails_once_it_is_durable_and_only_once() {
    let mut till = up();
    let offer = |till: &Till| Event::OfferUnreadable {
        link: till.link(),
        job: key(1),
        failure: failure(FailureCode::UnsupportedContent),
    };
    till.slow_disk = true;
    till.event(offer(&till));
    till.event(offer(&till));
    assert_eq!(till.on_the_way.len(), 1, "the second is a repeat");
    assert!(till.report().is_none(), "told before it was durable");
    till.sync();
    let entries = till.answer_reports();
    let [accepted, ended] = &entries[..] else {
        panic!("expected both steps, got {entries:?}")
    };
    assert_eq!(accepted.progress, Progress::Accepted);
    let Progress::Ended(Outcome::Failed { failure }) = &ended.progress else {
        panic!("expected a failure, got {ended:?}")
    };
    assert_eq!(failure.code, FailureCode::UnsupportedContent);
    till.sync();
    assert!(till.agent.is_idle());

    // Offered again although the end was stored: it is told again, and nothing else happens.
    till.event(offer(&till));
    assert_eq!(till.on_the_way.len(), 0);
    assert_eq!(till.answer_reports(), std::slice::from_ref(ended));
}

#[test]
fn the_end_of_an_unreadable_offer_is_told_after_a_crash_too() {
    let mut till = up();
    let job = key(1);
    till.event(Event::OfferUnreadable {
        link: till.link(),
        job,
        failure: failure(FailureCode::UnsupportedContent),
    });
    till.crash();
    till.hello();
    let told = till.answer_reports();
    assert_eq!(
        told.iter().map(|entry| entry.job).collect::<Vec<_>>(),
        [job.job; 2]
    );
    assert!(till.agent.is_idle());
}

#[test]
fn more_than_64_accepts_on_their_way_to_the_disk_are_left_unacknowledged() {
    let mut till = up();
    till.slow_disk = true;
    till.take();
    for number in 1..=66 {
        till.offer(number);
    }
    assert_eq!(till.agent.unsettled_jobs(), 64);
    assert_eq!(till.notices(), [Notice::Full], "told once");
    till.pass_s(59);
    till.offer(65);
    assert_eq!(till.notices(), []);
    till.pass_s(1);
    till.offer(65);
    assert_eq!(till.notices(), [Notice::Full]);
    till.sync();
    till.offer(65);
    till.sync();
    assert_eq!(till.agent.unsettled_jobs(), 65);
}

#[test]
fn no_offer_overtakes_one_that_was_left_unacknowledged() {
    let mut till = up();
    till.slow_disk = true;
    for number in 1..=66 {
        till.offer(number);
    }
    till.sync();
    till.offer(67);
    assert_eq!(till.agent.unsettled_jobs(), 64, "65 and 66 come first");
    for number in 65..=67 {
        till.offer(number);
    }
    assert_eq!(till.agent.unsettled_jobs(), 67);
}

#[test]
fn on_a_new_link_offers_are_taken_again() {
    let mut till = up();
    till.slow_disk = true;
    for number in 1..=65 {
        till.offer(number);
    }
    till.sync();
    till.cut();
    till.hello();
    // The box office has cancelled 65 meanwhile.
    till.offer(66);
    assert_eq!(till.agent.unsettled_jobs(), 65);
}

#[test]
fn more_than_1000_unsettled_jobs_are_left_unacknowledged() {
    let mut till = up();
    for number in 1..=1_001 {
        till.offer(number);
    }
    assert_eq!(till.agent.unsettled_jobs(), 1_000);
    assert!(till.notices().contains(&Notice::Full));
    till.ready("left");
    till.print_done("left");
    till.offer(1_001);
    assert_eq!(till.phase(key(1_001)), Some(Phase::Waiting));
}

#[test]
fn the_oldest_settled_jobs_are_forgotten_beyond_10000_once_told() {
    let mut till = up();
    let expired = till.hub_now() - Duration::from_secs(1);
    // Told at once, but for the very first.
    till.offer_as(1, |offer| offer.start_by = Some(expired));
    let first: Vec<u64> = till
        .report()
        .unwrap()
        .entries
        .iter()
        .map(|e| e.seq)
        .collect();
    for number in 2..=10_003 {
        till.offer_as(number, |offer| offer.start_by = Some(expired));
        let stored = till.report().unwrap().entries.iter().map(|entry| entry.seq);
        let stored = stored.filter(|seq| !first.contains(seq)).collect();
        till.answer_report(ReportReply {
            stored,
            rejected: Vec::new(),
        });
        till.pass_s(1);
        till.take();
    }
    assert_eq!(till.agent.settled_jobs(), 10_000);
    assert_eq!(till.phase(key(1)), Some(Phase::Ended), "it is still untold");
    assert_eq!(till.phase(key(2)), None);
    assert_eq!(till.phase(key(4)), None);
    assert_eq!(till.phase(key(5)), Some(Phase::Ended));
}
