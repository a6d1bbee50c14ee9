//! Thousands of seeds, in a few tests that run beside each other.

use cueline_sim::payments::{Counts, Settings, run_seeds};

/// Each test plays so many.
const SEEDS: u64 = 1_000;

fn play(part: u64) {
    let first = part * SEEDS;
    let counts = match run_seeds(first..first + SEEDS, Settings::default()) {
        Ok(counts) => counts,
        Err(broken) => panic!("\n{broken}\n"),
    };
    println!("seeds {first}..{}: {counts}", first + SEEDS);
    assert_everything_was_met(&counts);
}

/// A green run proves nothing about what it never met.
fn assert_everything_was_met(counts: &Counts) {
    let met = [
        ("approved", counts.approved, 1_000),
        ("declined", counts.declined, 100),
        ("cancelled", counts.cancelled, 200),
        ("expired", counts.expired, 80),
        ("failed", counts.failed, 500),
        ("decided", counts.decided, 100),
        ("waiting for a person", counts.for_a_person, 100),
        ("unknown", counts.unknown, 800),
        ("resolved", counts.resolved, 400),
        ("reversed", counts.reversed, 10),
        ("by hand", counts.by_hand, 150),
        ("late approvals", counts.late_approvals, 80),
        ("look-ups", counts.look_ups, 1_000),
        ("found", counts.found, 300),
        ("not processed", counts.not_processed, 40),
        ("agent crashes", counts.agent_crashes, 1_000),
        ("hub downs", counts.hub_downs, 200),
        ("tray crashes", counts.tray_crashes, 400),
        ("trays frozen", counts.trays_frozen, 200),
        ("sleeps", counts.sleeps, 200),
        ("second trays", counts.second_trays, 200),
        ("terminal crashes", counts.terminal_crashes, 200),
        ("terminal breaks", counts.terminal_breaks, 1_000),
        ("socket breaks", counts.socket_breaks, 200),
        ("links broken", counts.links_broken, 500),
        ("batches lost", counts.batches_lost, 80),
        ("batches kept", counts.batches_kept, 80),
        ("batches refused", counts.batches_refused, 300),
        ("results refused", counts.not_stored, 15),
        ("requests lost", counts.requests_lost, 600),
        ("answers lost", counts.answers_lost, 400),
        ("doubled", counts.doubled, 800),
        ("results kept by a tray", counts.kept_by_tray, 25),
    ];
    for (what, count, least) in met {
        assert!(
            count >= least,
            "{what}: met {count} times, expected at least {least}"
        );
    }
}

#[test]
fn seeds_part_0() {
    play(0);
}

#[test]
fn seeds_part_1() {
    play(1);
}

#[test]
fn seeds_part_2() {
    play(2);
}

#[test]
fn seeds_part_3() {
    play(3);
}

#[test]
fn seeds_part_4() {
    play(4);
}

#[test]
fn seeds_part_5() {
    play(5);
}
