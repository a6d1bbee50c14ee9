//! The same seed gives the same run, to the last line.

use cueline_sim::payments::{Mutation, Plan, Settings, run_plan, run_seed};

#[test]
fn the_same_seed_gives_the_same_trace_and_tracing_changes_nothing() {
    for seed in 0..25 {
        let traced = Settings {
            trace: true,
            ..Settings::default()
        };
        let first = run_plan(Plan::draw(seed), traced);
        let second = run_plan(Plan::draw(seed), traced);
        assert!(first.trace.len() > 10, "seed {seed} has a trace");
        assert_eq!(first.trace, second.trace, "seed {seed}");
        let plain = run_plan(Plan::draw(seed), Settings::default());
        assert_eq!(first.counts, plain.counts, "seed {seed}");
    }
}

#[test]
fn a_failure_says_how_to_replay_it() {
    let settings = Settings {
        mutation: Mutation::BaselineIgnored,
        unwatched: true,
        ..Settings::default()
    };
    let broken = (0..300).find_map(|seed| run_seed(seed, settings).err());
    let broken = broken.expect("an ignored baseline is found");
    let text = broken.to_string();
    let command = format!(
        "replay: cargo run -p cueline-sim -- --payments --seed {} --trace --mutation baseline_ignored --unwatched",
        broken.seed
    );
    assert!(text.ends_with(&command), "{text}");
    let again = run_seed(broken.seed, settings).unwrap_err();
    assert_eq!(again.violation, broken.violation);
}
