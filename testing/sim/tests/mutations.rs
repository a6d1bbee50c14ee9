//! What is broken on purpose is found, and by the rule it breaks.

use cueline_sim::{Mutation, Rule, Settings, run_seed};

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
            found.push((rule, seed + 1));
        }
        if expected
            .iter()
            .all(|rule| found.iter().any(|(found, _)| found == rule))
        {
            println!("{mutation}: rules broken, and seeds needed for each: {found:?}");
            return;
        }
    }
    panic!("{mutation} was to break {expected:?} within {SEEDS_MAX} seeds, and broke {found:?}");
}

#[test]
fn printing_before_the_journal_is_found_at_once() {
    assert_found(
        Mutation::JournalBeforePrintRemoved,
        false,
        &[Rule::JournalBeforePrint, Rule::JournalBeforeReport],
    );
}

#[test]
fn printing_before_the_journal_is_found_by_what_comes_of_it() {
    assert_found(
        Mutation::JournalBeforePrintRemoved,
        true,
        &[Rule::NotPrintedAgain],
    );
}

#[test]
fn forgetting_settled_jobs_is_found() {
    assert_found(Mutation::DedupRemoved, false, &[Rule::OutcomeNeverChanges]);
}

#[test]
fn acknowledging_before_the_disk_is_found() {
    assert_found(
        Mutation::AckBeforeDurable,
        false,
        &[Rule::AcknowledgedIsKept],
    );
}

#[test]
fn reprinting_in_doubt_is_found() {
    assert_found(
        Mutation::ReprintAfterUncertain,
        false,
        &[Rule::NotPrintedAgain, Rule::DuplicatesAreMarked],
    );
}

#[test]
fn forgetting_what_the_hub_was_not_told_is_found() {
    assert_found(Mutation::UntoldForgotten, false, &[Rule::EverythingSettles]);
}

#[test]
fn ignoring_expiry_is_found() {
    assert_found(Mutation::ExpiryIgnored, false, &[Rule::ExpiryIsKept]);
}

#[test]
fn ignoring_order_is_found() {
    assert_found(Mutation::OrderIgnored, false, &[Rule::OrderIsKept]);
}

#[test]
fn taking_a_wish_to_cancel_for_its_fulfilment_is_found() {
    assert_found(
        Mutation::CancelTakenForDone,
        false,
        &[Rule::NothingPrintedIsTrue],
    );
}

#[test]
fn telling_all_tickets_printed_is_found() {
    assert_found(Mutation::CountIgnored, false, &[Rule::DoneIsOnPaper]);
}

#[test]
fn printing_again_what_was_proven_is_found() {
    assert_found(
        Mutation::ProofForgotten,
        false,
        &[Rule::ProvenIsNotRepeated],
    );
}

#[test]
fn going_on_with_what_nobody_wants_is_found() {
    assert_found(Mutation::StopIgnored, false, &[Rule::CancelIsPrompt]);
}

#[test]
fn counting_the_ticket_that_is_coming_out_is_found() {
    assert_found(Mutation::CountedAhead, false, &[Rule::CountsAreTrue]);
}
