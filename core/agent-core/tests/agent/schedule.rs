//! When the link is tried again, to the millisecond.

use std::time::Duration;

use cueline_agent_core::{Effect, Event, LinkEnd, Notice, TimerReason};
use cueline_wire::cloud::{ByeReason, StreamMode};

use crate::till::{NEVER, Till, config};

fn pauses(times: &[u64]) -> Vec<u64> {
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// Fails every try in the millisecond in which it was made; gives the pauses between tries.
fn instant_failures(till: &mut Till, count: usize) -> Vec<u64> {
    let mut times = till.connects();
    while times.len() < count {
        till.no_answer();
        while !till.is_trying() {
            let (due, _) = till.agent.poll_timeout().unwrap();
            till.pass_until(due.0);
        }
        times.extend(till.connects());
    }
    pauses(&times)
}

#[test]
fn the_first_try_is_made_at_once_and_asks_for_a_ping_every_120_s() {
    let mut till = Till::new();
    let effects = till.take_timed();
    assert_eq!(effects.len(), 1);
    let (0, Effect::Connect { ping, mode, .. }) = &effects[0] else {
        panic!("expected a try at 0 ms, got {effects:?}");
    };
    assert_eq!(*ping, Duration::from_secs(120));
    assert_eq!(*mode, StreamMode::Stream);
}

#[test]
fn after_a_drop_one_try_at_once_then_five_1_s_apart_then_every_5_s_for_100_tries() {
    let mut till = Till::without_jitter();
    till.hello();
    till.pass_s(100);
    till.take();
    let dropped_at = till.now_ms;
    till.cut();
    assert_eq!(till.connects(), [dropped_at], "try 1 comes at once");
    till.no_answer();
    let mut expected = dropped_at;
    for number in 2..=106 {
        expected += if number <= 6 { 1_000 } else { 5_000 };
        till.pass_until(expected - 1);
        assert_eq!(till.connects(), NEVER, "try {number} comes early");
        till.pass_until(expected);
        assert_eq!(till.connects(), [expected], "try {number}");
        till.no_answer();
    }
}

#[test]
fn the_try_at_the_start_is_the_schedules_immediate_one() {
    let mut till = Till::without_jitter();
    assert_eq!(
        instant_failures(&mut till, 9),
        [1_000, 1_000, 1_000, 1_000, 1_000, 5_000, 5_000, 5_000]
    );
}

#[test]
fn a_pause_counts_from_the_end_of_the_try_before() {
    let mut till = Till::without_jitter();
    till.pass_s(3);
    till.no_answer();
    till.take();
    till.pass_s(10);
    assert_eq!(till.connects(), [4_000]);
}

#[test]
fn a_hello_resets_the_schedule_and_nothing_less_does() {
    let mut till = Till::without_jitter();
    instant_failures(&mut till, 10);
    till.asked();
    till.no_answer();
    let failed_at = till.now_ms;
    till.pass_s(6);
    assert_eq!(
        till.connects(),
        [failed_at + 5_000],
        "connecting alone is no success"
    );
    till.hello();
    till.cut();
    assert_eq!(instant_failures(&mut till, 3), [1_000, 1_000]);
}

#[test]
fn from_the_sixth_try_on_pauses_are_spread_by_a_fifth_and_differently_on_each_till() {
    let run = |seed| {
        let mut config = config();
        config.seed = seed;
        instant_failures(&mut Till::with(config), 60)
    };
    let (one, two) = (run(1), run(2));
    assert_eq!(one, run(1), "the same seed gives the same run");
    assert_ne!(one[4..], two[4..]);
    for pauses in [&one, &two] {
        assert_eq!(pauses[..4], [1_000; 4], "tries 2 to 5 are not spread");
        assert!((800..=1_200).contains(&pauses[4]), "try 6: {}", pauses[4]);
        assert_ne!(pauses[4], 1_000, "try 6 is spread");
        for pause in &pauses[5..] {
            assert!((4_000..=6_000).contains(pause), "{pause} ms");
        }
        assert!(pauses[5..].iter().any(|pause| *pause < 4_500));
        assert!(pauses[5..].iter().any(|pause| *pause > 5_500));
    }
}

#[test]
fn retry_after_moves_the_next_try_and_the_schedule_goes_on() {
    let mut till = Till::without_jitter();
    till.refused("busy", Some(30));
    till.take();
    till.pass_until(29_999);
    assert_eq!(till.connects(), NEVER);
    till.pass_until(30_000);
    assert_eq!(till.connects(), [30_000]);
    till.no_answer();
    till.pass_s(1);
    assert_eq!(till.connects(), [31_000]);
    // A shorter one than the schedule's own pause does not shorten that.
    till.refused("busy", Some(0));
    till.pass_s(1);
    assert_eq!(till.connects(), [32_000]);
}

#[test]
fn retry_after_is_followed_for_ten_minutes_at_most() {
    let mut till = Till::new();
    till.refused("busy", Some(86_400));
    till.take();
    till.pass_s(86_400);
    assert_eq!(till.connects()[0], 600_000);
}

#[test]
fn a_bye_names_the_time_of_the_next_try() {
    let mut till = Till::without_jitter();
    till.hello();
    till.take();
    till.bye(ByeReason::Draining, 4_321);
    let effects = till.take();
    assert!(matches!(effects[0], Effect::Disconnect { .. }));
    till.pass_s(5);
    assert_eq!(till.connects(), [4_321]);
    till.no_answer();
    let failed_at = till.now_ms;
    till.pass_s(1);
    assert_eq!(
        till.connects(),
        [failed_at + 1_000],
        "then the schedule goes on"
    );

    till.hello();
    till.bye(ByeReason::Unacknowledged, 0);
    assert_eq!(till.connects(), [till.now_ms], "0 means at once");
    till.hello();
    till.bye(ByeReason::Draining, u64::MAX);
    let said_at = till.now_ms;
    till.take();
    till.pass_s(601);
    assert_eq!(till.connects(), [said_at + 600_000]);
}

#[test]
fn a_removed_agent_asks_once_a_minute_whether_it_still_is() {
    let mut till = Till::without_jitter();
    till.hello();
    till.bye(ByeReason::Revoked, 0);
    till.take();
    till.pass_s(60);
    assert_eq!(till.connects(), [60_000]);
    for _ in 0..20 {
        till.refused("agent_revoked", None);
        let refused_at = till.now_ms;
        till.pass_s(60);
        assert_eq!(till.connects(), [refused_at + 60_000]);
    }
    till.refused("agent_revoked", Some(90));
    let refused_at = till.now_ms;
    till.pass_s(90);
    assert_eq!(till.connects(), [refused_at + 90_000]);
}

#[test]
fn a_superseded_agent_waits_5_s_at_least() {
    let mut till = Till::new();
    till.hello();
    till.bye(ByeReason::Superseded, 0);
    let said_at = till.now_ms;
    till.take();
    till.pass_s(6);
    assert_eq!(till.connects(), [said_at + 5_000]);
    till.hello();
    let said_at = till.now_ms;
    till.bye(ByeReason::Superseded, 8_000);
    till.take();
    till.pass_s(9);
    assert_eq!(till.connects(), [said_at + 8_000]);
}

#[test]
fn a_try_that_never_gets_connected_fails_after_60_s() {
    let mut till = Till::without_jitter();
    till.take();
    till.pass_until(59_999);
    assert_eq!(till.take(), []);
    till.pass_until(60_000);
    let effects = till.take();
    assert!(matches!(effects[0], Effect::Disconnect { .. }));
    assert!(
        matches!(&effects[1], Effect::Notice(Notice::LinkDown { code, .. }) if code == "connect_timeout")
    );
    till.pass_s(1);
    assert_eq!(till.connects(), [61_000]);
}

#[test]
fn each_failed_try_is_named_with_the_time_of_the_next() {
    let mut till = Till::without_jitter();
    till.refused("http_502", Some(3));
    assert_eq!(
        till.notices(),
        [Notice::LinkDown {
            code: "http_502".to_owned(),
            text: "the hub is busy".to_owned(),
            next_try_in: Duration::from_secs(3),
        }]
    );
}

#[test]
fn events_of_an_older_try_are_passed_over() {
    let mut till = Till::without_jitter();
    let old = till.link();
    till.no_answer();
    till.pass_s(1);
    till.take();
    till.event(Event::LinkAsked { link: old });
    till.event(Event::LinkClosed {
        link: old,
        end: LinkEnd::Ended,
    });
    assert_eq!(till.take(), []);
    assert!(till.is_trying());
    // The current try was not taken for connected either.
    assert!(till.next_timer(TimerReason::ClockCheck));
    till.pass_s(61);
    assert_eq!(till.connects(), [62_000]);
}
