//! How a dead link is told from a quiet one.

use std::time::Duration;

use cueline_agent_core::{Effect, Notice};
use cueline_wire::cloud::{Pong, Probe, ProbeKind, StreamEvent};

use crate::till::{NEVER, Till, key};

fn dead_at(till: &mut Till) -> u64 {
    let found = till.take_timed().into_iter().find_map(|(time, effect)| {
        matches!(effect, Effect::Notice(Notice::LinkDown { code, .. }) if code == "silent")
            .then_some(time)
    });
    found.expect("a silent death")
}

#[test]
fn a_link_is_dead_exactly_150_s_after_its_hello_and_tried_again_at_once() {
    let mut till = Till::new();
    till.pass_s(2);
    till.hello();
    till.answer_reports();
    till.take();
    till.pass_until(151_999);
    assert_eq!(till.take(), []);
    till.pass_until(152_000);
    let effects = till.take();
    assert!(
        matches!(effects[0], Effect::Disconnect { .. }),
        "{effects:?}"
    );
    assert!(matches!(effects[2], Effect::Connect { .. }), "{effects:?}");
}

#[test]
fn any_event_counts_as_heard() {
    let withdraw = cueline_wire::cloud::Withdraw {
        job: key(9).job,
        attempt: 1,
    };
    let events = [
        StreamEvent::Ping(1),
        StreamEvent::Withdraw(withdraw),
        StreamEvent::Probe(Probe {
            kind: ProbeKind::Inventory,
        }),
        StreamEvent::Job(Box::new(crate::till::job_offer(1))),
    ];
    for event in events {
        let mut till = Till::new();
        till.hello();
        till.pass_s(149);
        till.receive(event.clone());
        till.answer_reports();
        till.take();
        till.pass_s(200);
        assert_eq!(dead_at(&mut till), 149_000 + 150_000, "{event:?}");
    }
}

#[test]
fn a_link_that_is_pinged_every_120_s_lives_for_a_day() {
    let mut till = Till::new();
    till.hello();
    till.take();
    for number in 1..=720 {
        till.pass_s(120);
        till.ping(number);
        till.answer_reports();
    }
    assert_eq!(till.connects(), NEVER);
    assert!(till.agent.is_online());
}

#[test]
fn the_hello_and_each_ping_are_answered_at_once() {
    let mut till = Till::new();
    till.hello();
    let epoch = till.epoch();
    let pong = |number| Some(Pong { epoch, number });
    assert_eq!(till.report().unwrap().pong, pong(0));
    till.answer_reports();
    till.pass_s(120);
    till.ping(7);
    assert_eq!(till.report().unwrap().pong, pong(7));
    // While a report is under way only the newest ping is kept.
    till.ping(8);
    till.ping(9);
    till.answer_report(cueline_wire::cloud::ReportReply::default());
    assert_eq!(till.report().unwrap().pong, pong(9));
}

#[test]
fn the_hubs_own_ping_period_is_announced() {
    let mut till = Till::new();
    till.asked();
    till.hello_of(5, 90);
    assert_eq!(
        till.notices(),
        [Notice::LinkUp {
            epoch: 5,
            ping: Duration::from_secs(90)
        }]
    );
}

#[test]
fn nothing_counts_before_the_hello() {
    let mut till = Till::new();
    till.asked();
    till.offer(1);
    till.ping(1);
    assert_eq!(till.agent.unsettled_jobs(), 0);
    assert!(till.report().is_none());
}
