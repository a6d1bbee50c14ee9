//! Telling the hub, and what it means when the hub does not want to hear.

use cueline_agent_core::ReportId;
use cueline_agent_core::payments::{Effect, Event};
use cueline_model::{CardDetails, UnmatchedTransaction};
use cueline_wire::cloud::{PaymentReportReply, Rejection};
use cueline_wire::local::{ToAgent, ToTray};

use crate::till::{DESK, Till, approved, order};

#[test]
fn a_report_is_sent_until_the_hub_has_stored_it() {
    let (mut till, tray) = Till::running(1);
    till.result(tray, 1, approved(2_500));
    for _ in 0..10 {
        till.fail_report(None);
        till.pass_s(5);
        assert!(till.report().is_some());
    }
    till.store_all();
    assert_eq!(till.core.untold_entries(), 0);
    till.crash();
    assert_eq!(till.core.untold_entries(), 0, "that is durable too");
}

#[test]
fn a_report_without_an_answer_is_sent_again_and_the_late_answer_does_no_harm() {
    let (mut till, _) = Till::running(1);
    let entries = till.report().unwrap().entries.clone();
    till.pass_s(60);
    let reply = PaymentReportReply {
        stored: entries.iter().map(|entry| entry.seq).collect(),
        rejected: Vec::new(),
    };
    till.core.handle_event(
        Event::ReportAnswered {
            report: ReportId(0),
            reply,
        },
        cueline_model::Now {
            mono: cueline_model::Mono(till.now_ms),
            wall: till.hub_now(),
        },
    );
    assert!(till.core.untold_entries() >= entries.len());
    till.store_all();
    assert_eq!(till.core.untold_entries(), 0);
}

#[test]
fn a_hub_that_stores_nothing_is_not_asked_without_end() {
    let (mut till, _) = Till::running(1);
    till.store_all();
    till.offer(2, order("desk-9", 100), 60);
    let sent = |till: &mut Till| {
        let effects = till.take();
        let is_report = |effect: &&Effect| matches!(effect, Effect::SendReport { .. });
        effects.iter().filter(is_report).count()
    };
    sent(&mut till);
    for _ in 0..4 {
        let report = till.report().is_some();
        if report {
            till.event(Event::ReportAnswered {
                report: last_report(&till),
                reply: PaymentReportReply::default(),
            });
        }
    }
    assert!(sent(&mut till) <= 2);
}

fn last_report(till: &Till) -> ReportId {
    till.report_id().unwrap()
}

#[test]
fn what_the_hub_will_never_store_is_let_go() {
    let (mut till, _) = Till::running(1);
    let rejected = till
        .report()
        .unwrap()
        .entries
        .iter()
        .map(|entry| Rejection {
            seq: entry.seq,
            code: "unknown_payment".to_owned(),
            text: "no such payment".to_owned(),
        })
        .collect();
    let before = till.core.untold_entries();
    let reply = PaymentReportReply {
        stored: Vec::new(),
        rejected,
    };
    let report = last_report(&till);
    till.event(Event::ReportAnswered { report, reply });
    assert!(till.core.untold_entries() < before);
    let effects = till.take();
    assert!(
        effects
            .iter()
            .any(|e| matches!(e, Effect::ReportRejected(_)))
    );
}

#[test]
fn a_sale_keyed_by_hand_is_told_until_it_arrives() {
    let (mut till, tray) = Till::running(1);
    till.store_all();
    till.event(Event::TraySaid {
        tray,
        said: ToAgent::Unmatched {
            terminal: "main".parse().unwrap(),
            transaction: UnmatchedTransaction {
                amount_minor: 999,
                card: CardDetails::default(),
            },
        },
    });
    till.fail_report(None);
    let told = till.store_report().unmatched;
    assert_eq!(told[0].transaction.amount_minor, 999);
    assert_eq!(told[0].station.as_str(), DESK);
    assert!(till.report().is_none());
}

#[test]
fn a_stale_journal_fences_all_that_has_not_begun() {
    let (mut till, tray) = Till::running(1);
    let two = till.tray("desk-2");
    till.tray("desk-3");
    till.offer(2, order("desk-2", 100), 600);
    till.ready(two, 2);
    till.offer(3, order("desk-3", 100), 600);
    till.offer(4, order("desk-4", 100), 600);
    till.take();
    till.fail_report(Some("stale_journal"));
    let effects = till.take();
    assert!(effects.contains(&Effect::Fenced));
    let over = |effect: &&Effect| matches!(effect, Effect::Tell { word, .. } if matches!(**word, ToTray::Over { .. }));
    assert_eq!(effects.iter().filter(over).count(), 2, "{effects:?}");
    till.permit(2);
    till.offer(5, order(DESK, 100), 600);
    till.pass_s(900);
    for number in 2..=5 {
        assert!(!till.has_begun(number));
    }
    assert_eq!(till.steps(5), []);
    assert!(!till.take().contains(&Effect::Fenced), "said once");
    // What its terminal is at still ends and is kept.
    till.result(tray, 1, approved(2_500));
    assert_eq!(till.end(1), Some(approved(2_500).outcome));
}

#[test]
fn a_start_permitted_before_the_fence_is_not_begun_after_it() {
    let mut till = Till::new();
    till.greeted();
    let tray = till.tray(DESK);
    till.offer(1, order(DESK, 2_500), 60);
    till.ready(tray, 1);
    till.slow_disk = true;
    till.permit(1);
    till.fail_report(Some("stale_journal"));
    till.slow_disk = false;
    till.sync_one();
    assert!(!till.has_begun(1));
}
