//! Thousands of seeds, in a few tests that run beside each other.

use cueline_sim::{Counts, Plan, Settings, run_plan, run_seeds};

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
        ("done", counts.done, 5_000),
        ("failed", counts.failed, 100),
        ("expired", counts.expired, 100),
        ("cancelled", counts.cancelled, 100),
        ("uncertain", counts.uncertain, 100),
        ("reprinted", counts.reprinted, 100),
        ("counts recorded", counts.counts_recorded, 500),
        ("counted in doubt", counts.counted_in_doubt, 100),
        ("left out", counts.left_out, 20),
        ("stopped", counts.stopped, 20),
        ("looks", counts.looks, 1_000),
        ("torn copies", counts.torn_copies, 100),
        ("till crashes", counts.till_crashes, 1_000),
        ("till restarts", counts.till_restarts, 100),
        ("hub crashes", counts.hub_crashes, 1_000),
        ("batches lost", counts.batches_lost, 100),
        ("batches kept", counts.batches_kept, 100),
        ("links broken", counts.links_broken, 500),
        ("half open", counts.half_open, 500),
        ("partitions", counts.partitions, 500),
        ("reports doubled", counts.reports_doubled, 1_000),
        ("reports late", counts.reports_late, 500),
        ("clock jumps", counts.clock_jumps, 200),
        ("sleeps", counts.sleeps, 200),
        ("documents", counts.documents, 1_000),
        ("polls", counts.polls, 1_000),
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

#[test]
fn more_jobs_than_an_agent_may_hold_come_out_in_order() {
    let outcome = run_plan(Plan::flood(1, 1_100), Settings::default());
    assert_eq!(outcome.violation, None);
    assert_eq!(outcome.counts.jobs, 1_100);
    assert_eq!(outcome.counts.done, 1_100);
    assert_eq!(outcome.counts.copies, 1_100);
}
