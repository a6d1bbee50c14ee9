//! Telling the hub until it has stored it.

use std::time::Duration;

use cueline_agent_core::{Effect, Event, Notice, Record};
use cueline_model::FaultCode;
use cueline_wire::cloud::{Probe, ProbeKind, Rejection, ReportReply, StreamEvent};

use crate::till::{NEVER, Till, key};

fn up() -> Till {
    let mut till = Till::without_jitter();
    till.hello();
    till.answer_reports();
    till.event(Event::InventoryStored);
    till.take();
    till
}

fn reports(till: &mut Till) -> Vec<(u64, Vec<u64>)> {
    till.take_timed()
        .into_iter()
        .filter_map(|(time, effect)| match effect {
            Effect::SendReport { body, .. } => {
                Some((time, body.entries.iter().map(|entry| entry.seq).collect()))
            }
            _ => None,
        })
        .collect()
}

fn inventories(till: &mut Till) -> Vec<u64> {
    till.take_timed()
        .into_iter()
        .filter_map(|(time, effect)| matches!(effect, Effect::SendInventory).then_some(time))
        .collect()
}

#[test]
fn entries_go_in_order_at_most_200_at_a_time_one_report_after_the_other() {
    let mut till = up();
    for number in 1..=450 {
        till.offer(number);
    }
    let sent = reports(&mut till);
    assert_eq!(sent, [(0, vec![0])], "one report at a time");
    let told: Vec<_> = till.answer_reports().iter().map(|e| e.seq).collect();
    assert_eq!(told, (0..450).collect::<Vec<_>>());
    let sizes: Vec<_> = reports(&mut till).iter().map(|(_, e)| e.len()).collect();
    assert_eq!(sizes, [200, 200, 49]);
}

#[test]
fn what_is_stored_is_journalled_as_told_and_the_rest_is_sent_again() {
    let mut till = up();
    till.offer(1);
    till.offer(2);
    till.offer(3);
    till.fail_report(None);
    assert_eq!(reports(&mut till).pop(), Some((0, vec![0, 1, 2])));
    till.answer_report(ReportReply {
        stored: vec![0, 2, 77],
        rejected: Vec::new(),
    });
    assert_eq!(reports(&mut till), [(0, vec![1])]);
    let untold: Vec<_> = till
        .journal
        .recover()
        .untold
        .iter()
        .map(|e| e.seq)
        .collect();
    assert_eq!(untold, [1]);
}

#[test]
fn a_rejected_entry_is_let_go_and_named() {
    let mut till = up();
    till.offer(1);
    let rejection = Rejection {
        seq: 0,
        code: "unknown_job".to_owned(),
        text: "no such job".to_owned(),
    };
    till.take();
    till.answer_report(ReportReply {
        stored: Vec::new(),
        rejected: vec![rejection.clone()],
    });
    assert_eq!(till.notices(), [Notice::ReportRejected(rejection)]);
    assert_eq!(till.agent.untold_entries(), 0);
    assert!(till.journal.recover().untold.is_empty());
    assert!(till.report().is_none());
}

#[test]
fn a_report_that_fails_is_sent_again_at_once_then_5_times_after_1_s_then_every_5_s() {
    let mut till = up();
    till.offer(1);
    till.take();
    let mut expected = 0;
    for pause in [0, 1, 1, 1, 1, 1, 5, 5, 5, 5] {
        expected += pause * 1_000;
        till.fail_report(None);
        till.pass_until(expected);
        assert_eq!(reports(&mut till), [(expected, vec![0])]);
    }
    till.answer_reports();
    till.offer(2);
    till.fail_report(None);
    assert_eq!(reports(&mut till).len(), 2, "a success resets the pauses");
}

#[test]
fn the_hubs_retry_after_is_honoured_even_through_a_hello() {
    let mut till = up();
    till.offer(1);
    till.take();
    till.fail_report(Some(Duration::from_secs(30)));
    till.pass_s(10);
    till.cut();
    till.hello();
    till.pass_until(29_999);
    assert_eq!(reports(&mut till), []);
    till.pass_until(30_000);
    assert_eq!(reports(&mut till), [(30_000, vec![0])]);
}

#[test]
fn a_hello_ends_a_pause_of_our_own() {
    let mut till = up();
    till.offer(1);
    for _ in 0..8 {
        till.fail_report(None);
        till.pass_s(5);
    }
    till.fail_report(None);
    till.cut();
    till.take();
    till.hello();
    assert_eq!(reports(&mut till), [(till.now_ms, vec![0])]);
}

#[test]
fn an_answer_that_stores_nothing_is_no_reason_to_hurry() {
    let mut till = up();
    till.offer(1);
    till.take();
    for _ in 0..2 {
        till.answer_report(ReportReply::default());
    }
    assert_eq!(reports(&mut till).len(), 1);
    till.pass_s(1);
    assert_eq!(reports(&mut till), [(1_000, vec![0])]);
}

#[test]
fn a_report_that_is_never_answered_is_sent_again_after_60_s() {
    let mut till = up();
    till.offer(1);
    till.take();
    let lost = till.lose_report();
    till.pass_until(59_999);
    assert_eq!(reports(&mut till), []);
    till.pass_until(60_000);
    assert_eq!(reports(&mut till), [(60_000, vec![0])]);
    // The lost one's late answer is passed over.
    till.agent.handle_event(
        Event::ReportFailed {
            report: lost,
            retry_after: None,
        },
        till.now(),
    );
    assert_eq!(till.agent.poll_effect(), None);
}

#[test]
fn reports_go_out_while_the_link_is_down() {
    let mut till = up();
    till.offer(1);
    till.answer_reports();
    till.cut();
    till.no_answer();
    till.take();
    till.ready("left");
    assert_eq!(reports(&mut till).len(), 1);
}

#[test]
fn of_a_failed_report_the_newest_pong_and_all_changes_of_printers_are_sent_again_in_order() {
    let mut till = up();
    till.offer(1);
    till.answer_reports();
    till.not_ready("left", FaultCode::PaperOut);
    till.ping(1);
    till.ping(2);
    till.pass_s(1);
    till.not_ready("left", FaultCode::CoverOpen);
    till.fail_report(None);
    let body = till.report().unwrap();
    assert_eq!(body.pong.unwrap().number, 2);
    let changes = [FaultCode::PaperOut, FaultCode::CoverOpen];
    assert_eq!(codes(body), changes);
    till.fail_report(None);
    till.pass_s(1);
    let body = till.report().unwrap();
    assert_eq!(body.pong.unwrap().number, 2);
    assert_eq!(codes(body), changes);
}

fn codes(report: &cueline_wire::cloud::Report) -> Vec<FaultCode> {
    let faults = report
        .printers
        .iter()
        .filter_map(|status| status.fault.as_ref());
    faults.map(|fault| fault.code).collect()
}

#[test]
fn a_changed_inventory_is_told_again() {
    let mut till = Till::new();
    till.event(Event::InventoryChanged);
    till.take();
    till.hello();
    assert_eq!(inventories(&mut till), [0], "told with the first greeting");
    till.event(Event::InventoryChanged);
    assert_eq!(inventories(&mut till), NEVER, "one is under way");
    till.event(Event::InventoryStored);
    assert_eq!(inventories(&mut till), [0]);
    till.event(Event::InventoryStored);
    till.event(Event::InventoryChanged);
    assert_eq!(inventories(&mut till), [0]);
}

#[test]
fn the_inventory_is_told_after_the_first_hello_and_when_asked_for() {
    let mut till = Till::new();
    till.take();
    till.hello();
    assert_eq!(inventories(&mut till), [0]);
    till.event(Event::InventoryStored);
    till.cut();
    till.hello();
    assert_eq!(inventories(&mut till), NEVER);
    let probe = StreamEvent::Probe(Probe {
        kind: ProbeKind::Inventory,
    });
    till.receive(probe.clone());
    assert_eq!(inventories(&mut till), [1_000]);
    till.receive(probe);
    assert_eq!(inventories(&mut till), NEVER, "one at a time");
    till.event(Event::InventoryStored);
    assert_eq!(inventories(&mut till), [1_000]);
}

#[test]
fn an_inventory_that_did_not_arrive_is_told_again_after_5_s() {
    let mut till = Till::new();
    till.hello();
    till.take();
    till.event(Event::InventoryFailed);
    till.pass_until(4_999);
    assert_eq!(inventories(&mut till), NEVER);
    till.pass_until(5_000);
    assert_eq!(inventories(&mut till), [5_000]);
}

#[test]
fn at_10000_untold_entries_nothing_more_is_taken_or_started() {
    let mut till = up();
    let expired = till.hub_now() - Duration::from_secs(1);
    let waiting = till.offer(1);
    till.not_ready("left", FaultCode::PaperOut);
    till.take();
    till.fail_report(Some(Duration::from_secs(600)));
    for number in 2..=5_001 {
        till.offer_as(number, |offer| offer.start_by = Some(expired));
    }
    assert_eq!(till.agent.untold_entries(), 10_001);
    till.offer(6_000);
    assert!(till.notices().contains(&Notice::Full));
    assert_eq!(till.phase(key(6_000)), None);
    till.pass_s(5);
    assert_eq!(till.open_op("left"), None);
    till.pass_s(595);
    till.answer_reports();
    till.ready("left");
    assert_eq!(till.prints(), [(waiting, false)]);
}

#[test]
fn told_numbers_are_one_record() {
    let mut till = up();
    till.offer(1);
    till.take();
    till.answer_reports();
    let told = till.take().into_iter().find_map(|effect| match effect {
        Effect::Append { records, .. } => Some(records),
        _ => None,
    });
    assert_eq!(told, Some(vec![Record::Told(vec![0])]));
}
