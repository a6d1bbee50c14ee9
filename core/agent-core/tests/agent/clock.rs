//! The machine's two clocks, and the hub's.

use std::time::Duration;

use cueline_agent_core::{Effect, Notice, Record, TimerReason};
use cueline_model::{FaultCode, Outcome};
use cueline_wire::cloud::Progress;

use crate::till::{NEVER, Till};

#[test]
fn the_clocks_are_compared_every_15_s() {
    let mut till = Till::new();
    till.hello();
    till.answer_reports();
    assert!(till.next_timer(TimerReason::ClockCheck));
    assert_eq!(till.agent.poll_timeout().unwrap().0.0, 15_000);
    till.pass_s(15);
    assert_eq!(till.agent.poll_timeout().unwrap().0.0, 30_000);
}

#[test]
fn after_a_sleep_a_new_connection_is_made_at_once() {
    let mut till = Till::without_jitter();
    till.hello();
    till.answer_reports();
    till.pass_s(20);
    till.take();
    till.sleep_s(3_600);
    till.pass_until(29_999);
    assert_eq!(till.take(), []);
    till.pass_until(30_000);
    let effects = till.take();
    assert_eq!(
        effects[0],
        Effect::Notice(Notice::ClockGap { gap_ms: 3_600_000 })
    );
    assert!(matches!(effects[1], Effect::Disconnect { .. }));
    assert!(matches!(effects[3], Effect::Connect { .. }));
    till.pass_s(60);
    assert_eq!(till.connects(), NEVER, "one gap, one connection");
}

#[test]
fn a_clock_that_is_set_back_is_a_gap_too_and_5_s_are_none() {
    let mut till = Till::new();
    till.hello();
    till.pass_s(20);
    till.take();
    till.wall_off_ms -= 5_000;
    till.pass_s(20);
    assert_eq!(till.connects(), NEVER);
    till.wall_off_ms -= 5_001;
    till.pass_s(20);
    assert_eq!(till.connects().len(), 1);
}

#[test]
fn a_gap_while_waiting_ends_the_wait() {
    let mut till = Till::without_jitter();
    till.refused("busy", Some(300));
    till.pass_s(1);
    till.take();
    till.sleep_s(60);
    till.pass_s(15);
    assert_eq!(till.connects(), [15_000]);
}

#[test]
fn entries_are_dated_on_the_hubs_clock() {
    let mut till = Till::new();
    till.hub_off_ms = -3_600_000;
    till.hello();
    till.answer_reports();
    till.offer(1);
    let entries = till.answer_reports();
    assert_eq!(entries[0].at, till.hub_now());
    // The offset survives a restart, when the hub has not been heard yet.
    till.pass_s(10);
    till.crash();
    till.ready("left");
    let entries = till.answer_reports();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].at, till.hub_now());
}

#[test]
fn a_wall_clock_that_is_set_back_does_not_turn_the_hubs_time_back() {
    let mut till = Till::new();
    till.hello();
    till.answer_reports();
    let start_by = till.hub_now() + Duration::from_secs(60);
    let job = till.offer_as(1, |offer| offer.start_by = Some(start_by));
    till.wall_off_ms = -3_600_000;
    till.pass_until(60_000);
    assert!(!till.agent.is_online(), "no new greeting has come yet");
    assert_eq!(till.newest(job), Progress::Accepted);
    till.pass_until(60_001);
    assert_eq!(till.outcome(job), Outcome::Expired);
}

#[test]
fn a_wall_clock_that_is_set_ahead_expires_nothing() {
    let mut till = Till::new();
    till.hello();
    till.answer_reports();
    let soon = till.hub_now() + Duration::from_secs(60);
    let job = till.offer_as(1, |offer| offer.start_by = Some(soon));
    till.not_ready("left", FaultCode::PaperOut);
    till.wall_off_ms = 3_600_000;
    till.pass_s(20);
    assert_eq!(till.newest(job), Progress::Accepted);
    assert_eq!(
        till.open_op("left"),
        None,
        "it may also have slept past the job's time"
    );
    till.hello();
    till.ready("left");
    till.print_done("left");
    assert!(matches!(till.outcome(job), Outcome::Done { .. }));
}

#[test]
fn a_clock_that_is_wrong_at_the_start_expires_nothing_before_the_hub_says_so() {
    for hours_off in [0, 1] {
        let mut till = Till::new();
        till.hello();
        till.answer_reports();
        let soon = till.hub_now() + Duration::from_secs(60);
        let job = till.offer_as(1, |offer| offer.start_by = Some(soon));
        till.not_ready("left", FaultCode::PaperOut);
        till.wall_off_ms = hours_off * 3_600_000;
        till.crash();
        assert_eq!(till.newest(job), Progress::Accepted, "{hours_off} h off");
        let may_start = till.open_op("left").is_some();
        assert_eq!(may_start, hours_off == 0);
        till.hello();
        till.ready("left");
        till.print_done("left");
        assert!(matches!(till.outcome(job), Outcome::Done { .. }));
    }
}

#[test]
fn after_a_sleep_past_its_time_a_job_expires_with_the_next_greeting() {
    let mut till = Till::new();
    till.hello();
    till.answer_reports();
    let soon = till.hub_now() + Duration::from_secs(60);
    let job = till.offer_as(1, |offer| offer.start_by = Some(soon));
    till.not_ready("left", FaultCode::PaperOut);
    till.sleep_s(3_600);
    till.pass_s(20);
    assert_eq!(till.open_op("left"), None);
    till.hello();
    assert_eq!(till.outcome(job), Outcome::Expired);
}

#[test]
fn within_a_job_time_does_not_go_back() {
    let mut till = Till::new();
    till.hub_off_ms = 60_000;
    till.hello();
    let job = till.offer(1);
    let accepted_at = till.hub_now();
    // The hub's clock is set back, and the till learns it on a new link.
    till.hub_off_ms = 0;
    till.cut();
    till.hello();
    till.answer_reports();
    till.ready("left");
    till.print_done("left");
    let entries = till.answer_reports();
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|entry| entry.at == accepted_at));
    assert_eq!(till.newest(job), entries[1].progress);
}

#[test]
fn the_offset_is_journalled_when_it_moves_by_more_than_a_second() {
    let mut till = Till::new();
    let offsets = |till: &mut Till| -> Vec<i64> {
        let records = till.take().into_iter().filter_map(|effect| match effect {
            Effect::Append { records, .. } => Some(records),
            _ => None,
        });
        let offset = |record| match record {
            Record::ClockOffset(ms) => Some(ms),
            _ => None,
        };
        records.flatten().filter_map(offset).collect()
    };
    till.hub_off_ms = 5_000;
    till.hello();
    assert_eq!(offsets(&mut till), [5_000]);
    for (offset_ms, journalled) in [(6_000, vec![]), (6_001, vec![6_001]), (5_500, vec![])] {
        till.cut();
        till.hub_off_ms = offset_ms;
        till.hello();
        assert_eq!(offsets(&mut till), journalled, "{offset_ms}");
    }
    till.crash();
    till.hello();
    assert_eq!(offsets(&mut till), [0; 0], "it is known from the journal");
}

#[test]
fn a_till_whose_clock_is_an_hour_ahead_prints_in_time() {
    let mut till = Till::new();
    till.wall_off_ms = 3_600_000;
    till.pass_s(15);
    till.hello();
    let soon = till.hub_now() + Duration::from_secs(60);
    let job = till.offer_as(1, |offer| offer.start_by = Some(soon));
    till.pass_s(59);
    till.not_ready("left", FaultCode::PaperOut);
    assert_eq!(till.newest(job), Progress::Accepted);
    till.pass_s(2);
    assert_eq!(till.outcome(job), Outcome::Expired);
}
