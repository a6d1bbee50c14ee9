//! Paths that hold an answer back until it is complete.

use std::time::Duration;

use cueline_agent_core::{Effect, LinkEnd, Notice};
use cueline_wire::cloud::StreamMode;

use crate::till::{NEVER, Till};

/// A till that has fallen back to complete answers, 10 s after its start.
fn fallen_back() -> Till {
    let mut till = Till::without_jitter();
    till.asked();
    till.pass_s(10);
    till.take();
    till
}

/// One complete answer that was held back for `seconds` and then came in one piece.
fn held_back_answer(till: &mut Till, seconds: u64) {
    till.asked();
    till.pass_s(seconds);
    till.hello();
    till.ping(1);
    till.close(LinkEnd::Ended);
    till.answer_reports();
}

#[test]
fn without_a_hello_for_10_s_complete_answers_are_asked_for_at_once() {
    let mut till = Till::new();
    till.pass_s(3);
    till.asked();
    till.take();
    till.pass_until(12_999);
    assert_eq!(till.take(), []);
    till.pass_until(13_000);
    let effects = till.take();
    assert!(matches!(effects[0], Effect::Disconnect { .. }));
    assert_eq!(effects[1], Effect::Notice(Notice::AnswersHeldBack));
    assert!(matches!(
        effects[2],
        Effect::Connect {
            mode: StreamMode::Poll,
            ..
        }
    ));
    assert_eq!(effects.len(), 3);
}

#[test]
fn one_complete_answer_follows_the_other_without_a_drop() {
    let mut till = fallen_back();
    for round in 0..5 {
        held_back_answer(&mut till, 120);
        let effects = till.take();
        let notices: Vec<_> = effects
            .iter()
            .filter(|effect| matches!(effect, Effect::Notice(_)))
            .collect();
        assert_eq!(notices.len(), usize::from(round == 0), "{notices:?}");
        assert!(till.is_trying());
        assert!(till.agent.is_online());
    }
}

#[test]
fn complete_answers_that_come_at_once_again_and_again_are_soon_asked_for_once_a_second() {
    // The hub offers what is not acknowledged with each answer, and a full disk acknowledges nothing.
    let mut till = fallen_back();
    let at_once = |till: &mut Till| {
        till.hello();
        till.offer(1);
        till.close(LinkEnd::Ended);
    };
    till.slow_disk = true;
    for round in 0..5 {
        at_once(&mut till);
        assert_eq!(
            till.connects(),
            [10_000],
            "{round}: a few answers in a row are a busy hub's"
        );
    }
    for second in 1..=5 {
        at_once(&mut till);
        assert_eq!(till.connects(), NEVER);
        assert!(till.agent.is_online());
        till.pass_s(1);
        assert_eq!(till.connects(), [10_000 + 1_000 * second]);
    }
    till.pass_s(1);
    at_once(&mut till);
    assert_eq!(
        till.connects(),
        [16_000],
        "an answer that took its time is followed at once"
    );
}

#[test]
fn jobs_of_a_complete_answer_are_taken() {
    let mut till = fallen_back();
    till.asked();
    till.pass_s(30);
    till.hello();
    till.offer(1);
    till.cut();
    assert_eq!(till.agent.unsettled_jobs(), 1);
}

#[test]
fn a_complete_answer_has_150_s() {
    let mut till = fallen_back();
    till.asked();
    till.pass_until(159_999);
    assert_eq!(till.take(), []);
    till.pass_until(160_000);
    let effects = till.take();
    assert!(matches!(effects[0], Effect::Disconnect { .. }));
    assert!(
        matches!(&effects[1], Effect::Notice(Notice::LinkDown { code, .. }) if code == "answer_overdue")
    );
    till.pass_s(1);
    assert_eq!(till.last_connect().1, StreamMode::Stream, "it was no help");
}

#[test]
fn a_complete_answer_that_began_but_does_not_end_is_a_drop() {
    let mut till = fallen_back();
    till.asked();
    till.pass_s(1);
    till.hello();
    till.take();
    till.pass_s(149);
    let (at, effect) = till.take_timed().pop().unwrap();
    assert_eq!(at, 160_000);
    let Effect::Connect { mode, .. } = effect else {
        panic!("{effect:?}");
    };
    assert_eq!(mode, StreamMode::Poll, "it did bring a hello");
}

#[test]
fn a_complete_answer_without_a_hello_goes_back_to_streaming_on_the_schedule() {
    let ends: [fn(&mut Till); 3] = [
        |till| till.cut(),
        |till| till.no_answer(),
        |till| till.refused("http_502", None),
    ];
    for end in ends {
        let mut till = fallen_back();
        till.asked();
        end(&mut till);
        till.take();
        till.pass_s(1);
        assert_eq!(till.last_connect().1, StreamMode::Stream);
        assert_eq!(till.now_ms, 11_000);
    }
}

#[test]
fn a_hello_well_before_the_answers_end_proves_that_answers_stream() {
    let mut till = fallen_back();
    till.hello();
    till.pass_s(1);
    till.cut();
    assert_eq!(
        till.last_connect().1,
        StreamMode::Poll,
        "1 s proves nothing"
    );
    till.hello();
    till.pass(Duration::from_millis(1_001));
    till.cut();
    let effects = till.take();
    assert!(effects.contains(&Effect::Notice(Notice::AnswersStream)));
    assert!(matches!(
        effects.last(),
        Some(Effect::Connect {
            mode: StreamMode::Stream,
            ..
        })
    ));
}

/// Complete answers until streaming is tried again.
fn until_streaming_is_tried(till: &mut Till) {
    held_back_answer(till, 120);
    while till.last_connect().1 == StreamMode::Poll {
        held_back_answer(till, 120);
    }
}

#[test]
fn after_an_hour_of_complete_answers_streaming_is_tried_again() {
    let mut till = fallen_back();
    until_streaming_is_tried(&mut till);
    assert_eq!(till.now_ms, 10_000 + 3_600_000);
    // Still held back: another hour of complete answers.
    till.asked();
    till.pass_s(10);
    assert_eq!(till.last_connect().1, StreamMode::Poll);
    until_streaming_is_tried(&mut till);
    assert_eq!(till.now_ms, 20_000 + 7_200_000);
}

#[test]
fn streaming_that_works_again_is_told() {
    let mut till = fallen_back();
    until_streaming_is_tried(&mut till);
    till.hello();
    assert_eq!(till.notices(), [Notice::AnswersStream]);
    till.cut();
    assert_eq!(till.last_connect().1, StreamMode::Stream);
}
