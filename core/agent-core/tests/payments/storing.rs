//! A result between the terminal and the disk.

use cueline_model::{Finding, PaymentFailureCode, PaymentOutcome};
use cueline_wire::cloud::{PaymentStep, Wish};
use cueline_wire::local::{TerminalWord, ToTray};

use crate::till::{DESK, Till, approved, failure, id, order};

fn storing() -> (Till, cueline_agent_core::payments::TrayId) {
    let (mut till, tray) = Till::running(1);
    till.slow_disk = true;
    till.result(tray, 1, approved(2_500));
    assert_eq!(till.told(), []);
    (till, tray)
}

#[test]
fn a_result_is_acknowledged_only_when_it_is_durable() {
    let (mut till, _) = storing();
    till.pass_s(30);
    assert_eq!(till.told(), []);
    till.sync_one();
    assert!(till.told().contains(&ToTray::Stored { payment: id(1) }));
}

#[test]
fn a_result_that_cannot_be_stored_is_taken_back() {
    let (mut till, tray) = storing();
    till.refuse_one();
    assert_eq!(till.told(), [ToTray::NotStored { payment: id(1) }]);
    till.slow_disk = false;
    let failure = failure(PaymentFailureCode::NotStored);
    till.says(tray, 1, TerminalWord::NotMoved { failure });
    assert_eq!(till.end_code(1), PaymentFailureCode::NotStored);
}

#[test]
fn where_taking_back_is_in_doubt_it_is_looked_up() {
    let (mut till, tray) = storing();
    till.refuse_one();
    till.slow_disk = false;
    let text = "the connection broke".to_owned();
    till.says(tray, 1, TerminalWord::Unknown { text });
    till.finds(
        tray,
        1,
        Finding::Found {
            settlement: approved(2_500),
        },
    );
    assert_eq!(till.end(1), Some(approved(2_500).outcome));
}

#[test]
fn an_approval_stands_when_its_tray_leaves_before_the_acknowledgement() {
    let (mut till, tray) = storing();
    till.tray_gone(tray);
    till.sync_one();
    assert_eq!(till.end(1), Some(approved(2_500).outcome));
    assert_eq!(till.core.open_count(), 0);
}

#[test]
fn a_tray_that_came_back_meanwhile_is_told_that_it_is_durable() {
    let (mut till, tray) = storing();
    till.tray_gone(tray);
    till.tray(DESK);
    till.take();
    till.slow_disk = false;
    till.sync_one();
    assert!(till.told().contains(&ToTray::Stored { payment: id(1) }));
    // So is one that comes back later.
    let (mut till, tray) = storing();
    till.tray_gone(tray);
    till.slow_disk = false;
    till.sync_one();
    till.take();
    till.tray(DESK);
    assert_eq!(till.told(), [ToTray::Stored { payment: id(1) }]);
}

#[test]
fn refused_by_the_disk_with_its_tray_gone_it_is_looked_up() {
    let (mut till, tray) = storing();
    till.tray_gone(tray);
    till.refuse_one();
    till.slow_disk = false;
    till.sync_one();
    assert!(till.is_unknown(1));
    till.take();
    let tray = till.tray(DESK);
    till.pass_s(1);
    assert!(matches!(till.told()[..], [ToTray::LookUp { .. }]));
    till.result(tray, 1, approved(2_500));
    assert_eq!(till.end(1), Some(approved(2_500).outcome));
}

#[test]
fn refused_by_the_disk_with_its_terminal_gone_it_is_looked_up() {
    let (mut till, tray) = storing();
    till.says(tray, 1, TerminalWord::Finished);
    till.refuse_one();
    till.slow_disk = false;
    till.sync_one();
    assert!(till.is_unknown(1));
}

#[test]
fn a_decision_of_a_person_comes_too_late_for_a_result() {
    let (mut till, _) = storing();
    till.wish(1, Wish::Decided);
    till.slow_disk = false;
    till.sync_one();
    assert_eq!(till.end(1), Some(approved(2_500).outcome));
}

#[test]
fn killed_before_the_acknowledgement_the_tray_learns_it_from_the_next_agent() {
    let (mut till, _) = storing();
    let (_, records) = till.on_the_way[0].clone();
    records.iter().for_each(|record| till.journal.apply(record));
    till.crash();
    till.tray(DESK);
    assert_eq!(till.told(), [ToTray::Stored { payment: id(1) }]);
}

#[test]
fn an_end_on_its_way_to_the_disk_keeps_its_terminal() {
    let (mut till, tray) = Till::running(1);
    till.full_disk = true;
    let refused = failure(PaymentFailureCode::Refused);
    till.says(tray, 1, TerminalWord::NotMoved { failure: refused });
    till.full_disk = false;
    till.take();
    till.offer(2, order(DESK, 900), 60);
    let told = till.told();
    assert_eq!(
        told,
        [],
        "the terminal is not free before the end is durable"
    );
    till.pass_s(2);
    assert_eq!(till.end_code(1), PaymentFailureCode::Refused);
    assert!(matches!(till.told()[..], [ToTray::Prepare { .. }]));
}

#[test]
fn a_late_approval_of_what_a_person_decided_is_recorded() {
    let (mut till, tray) = Till::running(1);
    let text = "?".to_owned();
    till.says(tray, 1, TerminalWord::Unknown { text });
    till.wish(1, Wish::Decided);
    assert_eq!(till.core.open_count(), 0);
    till.take();
    till.result(tray, 1, approved(2_500));
    assert_eq!(till.end(1), Some(approved(2_500).outcome));
    assert_eq!(till.told(), [ToTray::Stored { payment: id(1) }]);
    // Said again it is acknowledged again, and recorded no second time.
    till.result(tray, 1, approved(2_500));
    assert_eq!(till.told(), [ToTray::Stored { payment: id(1) }]);
    assert_eq!(till.end(1), Some(approved(2_500).outcome));
}

#[test]
fn a_late_approval_that_cannot_be_stored_is_taken_back() {
    let mut till = Till::new();
    till.greeted();
    let tray = till.tray(DESK);
    till.full_disk = true;
    till.take();
    till.result(tray, 9, approved(2_500));
    assert_eq!(till.told(), [ToTray::NotStored { payment: id(9) }]);
}

#[test]
fn records_refused_by_the_disk_are_not_written_after_what_overtook_them() {
    let (mut till, tray) = Till::running(1);
    till.full_disk = true;
    let text = "?".to_owned();
    till.says(tray, 1, TerminalWord::Unknown { text });
    till.full_disk = false;
    till.finds(
        tray,
        1,
        Finding::Found {
            settlement: approved(2_500),
        },
    );
    till.pass_s(60);
    let steps = till.steps(1);
    assert!(
        matches!(steps.last(), Some(PaymentStep::Ended { .. })),
        "{steps:?}"
    );
    assert!(matches!(till.end(1), Some(PaymentOutcome::Approved { .. })));
}
