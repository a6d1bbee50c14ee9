//! What is broken on purpose is found, and by the rule it breaks.

use cueline_sim::payments::{Mutation, Rule, Settings, run_seed};

/// Broken rules must show within so many seeds.
const SEEDS_MAX: u64 = 400;

/// Plays seeds until each expected rule was seen broken.
fn assert_found(mutation: Mutation, unwatched: bool, expected: &[Rule]) {
    let settings = Settings {
        mutation,
        unwatched,
        trace: false,
    };
    let mut found: Vec<(Rule, u64)> = Vec::new();
    for seed in 0..SEEDS_MAX {
        let Err(broken) = run_seed(seed, settings) else {
            continue;
        };
        let rule = broken.violation.rule;
        if found.iter().all(|(known, _)| *known != rule) {
            found.push((rule, seed));
        }
        if expected
            .iter()
            .all(|rule| found.iter().any(|(found, _)| found == rule))
        {
            println!("{mutation}: rules broken, and the first seed of each: {found:?}");
            return;
        }
    }
    panic!("{mutation} was to break {expected:?} within {SEEDS_MAX} seeds, and broke {found:?}");
}

#[test]
fn sending_again_what_is_in_doubt_is_found_at_once() {
    assert_found(Mutation::ResendAfterUnknown, false, &[Rule::BegunOnce]);
}

#[test]
fn sending_again_what_is_in_doubt_is_found_by_the_ledger() {
    assert_found(Mutation::ResendAfterUnknown, true, &[Rule::MoneyMovesOnce]);
}

#[test]
fn beginning_before_the_journal_is_found_at_once() {
    assert_found(
        Mutation::JournalBeforeBeginRemoved,
        false,
        &[Rule::JournalBeforeBegin, Rule::JournalBeforeReport],
    );
}

#[test]
fn beginning_before_the_journal_is_found_by_the_ledger() {
    assert_found(
        Mutation::JournalBeforeBeginRemoved,
        true,
        &[Rule::ApprovalsAreNotLost, Rule::EndsNeverChange],
    );
}

#[test]
fn acknowledging_a_result_before_it_is_durable_is_found() {
    assert_found(Mutation::AckBeforeDurable, false, &[Rule::JournalBeforeAck]);
}

#[test]
fn forgetting_which_payments_there_were_is_found() {
    assert_found(
        Mutation::DedupRemoved,
        false,
        &[Rule::ApprovalsAreNotLost, Rule::EverythingEnds],
    );
}

#[test]
fn taking_an_older_transaction_for_the_payments_is_found() {
    assert_found(
        Mutation::BaselineIgnored,
        true,
        &[Rule::ApprovedIsInTheLedger],
    );
}

#[test]
fn taking_a_wish_to_cancel_for_its_fulfilment_is_found() {
    assert_found(
        Mutation::CancelTakenForDone,
        true,
        &[Rule::NotMovedIsNotInTheLedger, Rule::EndsNeverChange],
    );
}

#[test]
fn forgetting_what_the_hub_was_not_told_is_found() {
    assert_found(
        Mutation::UntoldForgotten,
        true,
        &[Rule::ApprovalsAreNotLost, Rule::EverythingEnds],
    );
}

#[test]
fn taking_a_refused_record_for_stored_is_found() {
    assert_found(
        Mutation::DiskFullIgnored,
        true,
        &[Rule::EndsNeverChange, Rule::EverythingEnds],
    );
    assert_found(
        Mutation::DiskFullIgnored,
        false,
        &[Rule::JournalBeforeReport, Rule::JournalBeforeBegin],
    );
}

#[test]
fn starting_without_the_hubs_permission_is_found() {
    assert_found(
        Mutation::PermissionSkipped,
        false,
        &[Rule::PermittedBeforeBegin, Rule::EndsNeverChange],
    );
}

#[test]
fn forgetting_that_a_payment_was_started_is_found() {
    // The hub, which knows of the start, does not permit it again: what is told is wrong all the same.
    assert_found(
        Mutation::StartForgotten,
        true,
        &[Rule::NotMovedIsNotInTheLedger, Rule::EndsNeverChange],
    );
}

#[test]
fn taking_a_broken_connection_for_nothing_done_is_found() {
    assert_found(
        Mutation::LostTakenForNotMoved,
        true,
        &[Rule::NotMovedIsNotInTheLedger],
    );
}

#[test]
fn every_mutation_has_a_name_that_is_read_back() {
    for mutation in Mutation::ALL {
        assert_eq!(mutation.as_str().parse(), Ok(mutation));
    }
}
