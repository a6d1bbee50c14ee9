//! The same seed gives the same run, to the last line.

use cueline_sim::{Mutation, Plan, Settings, run_plan, run_seed};

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..25 {
        let settings = Settings {
            trace: true,
            ..Settings::default()
        };
        let first = run_plan(Plan::draw(seed), settings);
        let second = run_plan(Plan::draw(seed), settings);
        assert!(first.trace.len() > 50, "seed {seed} has a trace");
        assert_eq!(first.trace, second.trace, "seed {seed}");
        assert_eq!(first.counts, second.counts, "seed {seed}");
    }
}

#[test]
fn tracing_changes_nothing() {
    for seed in 0..25 {
        let plain = run_plan(Plan::draw(seed), Settings::default());
        let traced = Settings {
            trace: true,
            ..Settings::default()
        };
        assert_eq!(
            plain.counts,
            run_plan(Plan::draw(seed), traced).counts,
            "seed {seed}"
        );
    }
}

#[test]
fn a_failure_says_how_to_replay_it() {
    let settings = Settings {
        mutation: Mutation::OrderIgnored,
        ..Settings::default()
    };
    let broken = (0..300).find_map(|seed| run_seed(seed, settings).err());
    let text = broken.expect("an ignored order is found").to_string();
    assert!(
        text.contains("replay: cargo run -p cueline-sim -- --seed "),
        "{text}"
    );
    assert!(text.ends_with("--trace --mutation order_ignored"), "{text}");
}
