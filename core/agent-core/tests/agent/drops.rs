//! Links that are given up on purpose, and answers that belong to no link.

use std::time::Duration;

use cueline_agent_core::{Effect, Event, LinkEnd, Notice};
use cueline_wire::cloud::ByeReason;

use crate::till::Till;

fn codes(till: &mut Till) -> Vec<String> {
    let code = |notice| match notice {
        Notice::LinkDown { code, .. } => Some(code),
        _ => None,
    };
    till.notices().into_iter().filter_map(code).collect()
}

#[test]
fn a_click_on_reconnect_replaces_a_link_that_is_up() {
    let mut till = Till::without_jitter();
    till.hello();
    till.answer_reports();
    till.pass_s(10);
    let old = till.link();
    till.take();
    till.event(Event::Reconnect);
    let effects = till.take();
    assert_eq!(effects[0], Effect::Disconnect { link: old });
    assert!(matches!(effects[2], Effect::Connect { .. }));
    assert!(!till.agent.is_online());
    // The new one is the schedule's immediate try.
    till.no_answer();
    till.pass_s(1);
    assert_eq!(till.connects(), [11_000]);
}

#[test]
fn a_click_on_reconnect_ends_any_wait_and_the_schedule_goes_on() {
    let mut till = Till::without_jitter();
    till.refused("busy", Some(300));
    till.pass_s(2);
    till.take();
    till.event(Event::Reconnect);
    assert_eq!(till.connects(), [2_000]);
    till.no_answer();
    till.pass_s(1);
    assert_eq!(till.connects(), [3_000]);
}

#[test]
fn a_click_on_reconnect_replaces_a_try_that_hangs() {
    let mut till = Till::new();
    till.pass_s(20);
    till.take();
    till.event(Event::Reconnect);
    let effects = till.take();
    assert!(matches!(effects[0], Effect::Disconnect { .. }));
    assert!(matches!(effects[1], Effect::Connect { .. }));
    assert_eq!(effects.len(), 2);
}

#[test]
fn an_answer_of_an_older_epoch_is_dropped() {
    let mut till = Till::without_jitter();
    till.asked();
    till.hello_of(7, 120);
    till.cut();
    for epoch in [7, 6] {
        till.asked();
        till.take();
        till.hello_of(epoch, 120);
        assert!(!till.agent.is_online());
        let effects = till.take();
        assert!(matches!(effects[0], Effect::Disconnect { .. }));
        assert!(
            matches!(&effects[1], Effect::Notice(Notice::LinkDown { code, .. }) if code == "stale_answer")
        );
        till.pass_s(1);
        assert!(till.is_trying());
    }
    till.asked();
    till.hello_of(8, 120);
    assert!(till.agent.is_online());
}

#[test]
fn up_and_down_are_told_once_each() {
    let mut till = Till::new();
    till.hello();
    assert_eq!(till.notices().len(), 1);
    till.cut();
    assert_eq!(codes(&mut till), ["ended"]);
    till.hello();
    till.bye(ByeReason::Draining, 100);
    assert_eq!(codes(&mut till), ["draining"]);
    till.pass(Duration::from_millis(100));
    till.asked();
    till.cut();
    assert_eq!(codes(&mut till), ["ended_early"]);
}

#[test]
fn a_path_that_cuts_right_after_the_hello_is_not_asked_without_a_pause() {
    let mut till = Till::new();
    let mut pauses_ms = Vec::new();
    for lived_ms in [0, 0, 300, 999, 1_000, 5_000] {
        till.hello();
        till.pass(Duration::from_millis(lived_ms));
        till.close(LinkEnd::Ended);
        let pause = till.notices().into_iter().find_map(|notice| match notice {
            Notice::LinkDown { next_try_in, .. } => Some(next_try_in.as_millis()),
            _ => None,
        });
        pauses_ms.extend(pause);
        till.pass_s(1);
    }
    assert_eq!(pauses_ms, [1_000, 1_000, 700, 1, 0, 0]);
}
