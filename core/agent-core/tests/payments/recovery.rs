//! A new start from every prefix of a journal.

use cueline_agent_core::payments::{JournalImage, Record};
use cueline_model::{Finding, PaymentFailureCode};
use cueline_wire::cloud::PaymentStep;
use cueline_wire::local::{TerminalWord, ToTray};

use crate::till::{DESK, Till, approved, order};

/// All records of a payment that was in doubt and was found approved, and what was told meanwhile.
fn whole_journal() -> Vec<Record> {
    let mut till = Till::new();
    let mut records = Vec::new();
    till.slow_disk = true;
    till.greeted();
    let tray = till.tray(DESK);
    let mut write = |till: &mut Till| {
        while let Some((_, batch)) = till.on_the_way.front() {
            records.extend(batch.iter().cloned());
            till.sync_one();
        }
    };
    till.offer(1, order(DESK, 2_500), 60);
    write(&mut till);
    till.ready(tray, 1);
    till.permit(1);
    write(&mut till);
    let text = "?".to_owned();
    till.says(tray, 1, TerminalWord::Unknown { text });
    write(&mut till);
    till.finds(
        tray,
        1,
        Finding::Found {
            settlement: approved(2_500),
        },
    );
    write(&mut till);
    while till.report().is_some() {
        till.store_report();
        write(&mut till);
    }
    records
}

#[test]
fn from_every_prefix_it_goes_on_where_it_was_and_never_begins_again() {
    let records = whole_journal();
    assert!(records.len() >= 5, "{records:?}");
    for length in 0..=records.len() {
        let mut journal = JournalImage::default();
        records[..length]
            .iter()
            .for_each(|record| journal.apply(record));
        let written: Vec<PaymentStep> = records[..length]
            .iter()
            .filter_map(|record| match record {
                Record::Accepted { entry, .. } | Record::Step(entry) => Some(entry.step.clone()),
                _ => None,
            })
            .collect();
        let mut till = Till::recovered(journal);
        till.greeted();
        let tray = till.tray(DESK);
        till.pass_s(2);
        let told = till.told();
        let is_told = |is_it: fn(&ToTray) -> bool| told.iter().any(is_it);
        let looked_up = is_told(|word| matches!(word, ToTray::LookUp { .. }));
        let prepared = is_told(|word| matches!(word, ToTray::Prepare { .. }));
        match written.last() {
            None => assert_eq!(told, [], "nothing is known of it"),
            Some(PaymentStep::Accepted) => {
                assert!(prepared && !looked_up, "{told:?}");
                till.ready(tray, 1);
                till.permit(1);
                assert!(till.has_begun(1), "nothing had begun");
            }
            Some(PaymentStep::Started { .. } | PaymentStep::Unknown { .. }) => {
                assert!(looked_up && !prepared, "{told:?}");
                assert!(till.is_unknown(1));
                till.finds(tray, 1, Finding::NotProcessed);
                assert_eq!(till.end_code(1), PaymentFailureCode::NotProcessed);
                assert!(!till.has_begun(1));
            }
            Some(_) => {
                assert!(!looked_up && !prepared, "{told:?}");
                assert_eq!(till.core.open_count(), 0);
                assert_eq!(till.end(1), Some(approved(2_500).outcome));
            }
        }
        till.store_all();
        assert_eq!(till.core.untold_entries(), 0);
    }
}

#[test]
fn what_was_accepted_and_is_too_late_expires() {
    let mut till = Till::new();
    till.greeted();
    till.offer(1, order(DESK, 2_500), 30);
    till.now_ms += 3_600_000;
    till.crash();
    till.greeted();
    let tray = till.tray(DESK);
    till.ready(tray, 1);
    till.permit(1);
    assert!(!till.has_begun(1));
    assert_eq!(till.end(1), Some(cueline_model::PaymentOutcome::Expired));
}

#[test]
fn a_crash_between_permission_and_durable_start_may_start() {
    let mut till = Till::new();
    till.greeted();
    let tray = till.tray(DESK);
    till.offer(1, order(DESK, 2_500), 60);
    till.ready(tray, 1);
    till.slow_disk = true;
    till.permit(1);
    till.crash();
    till.slow_disk = false;
    till.greeted();
    let tray = till.tray(DESK);
    till.ready(tray, 1);
    till.permit(1);
    assert!(till.has_begun(1));
}

#[test]
fn numbers_of_entries_are_never_given_twice() {
    let (mut till, _) = Till::running(1);
    till.store_all();
    let seqs = |till: &Till| {
        let entries = till.report().map(|report| report.entries.clone());
        entries.unwrap_or_default().into_iter().map(|e| e.seq)
    };
    let mut highest = 1;
    for _ in 0..4 {
        till.crash();
        till.greeted();
        till.offer(u128::from(highest) + 10, order("desk-9", 100), 60);
        for seq in seqs(&till) {
            assert!(seq >= highest, "{seq} is new");
            highest = highest.max(seq);
        }
        till.store_all();
    }
}
