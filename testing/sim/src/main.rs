//! Plays seeds: `cueline-sim --seed 7 --trace`, `cueline-sim --seeds 0..100000`.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Parser;
use cueline_sim::{Counts, Mutation, Plan, Settings, run_plan, run_seed};

/// Plays hub and agents under faults in simulated time.
#[derive(Parser)]
#[command(name = "cueline-sim", version, about)]
struct Arguments {
    /// Play one seed.
    #[arg(long, conflicts_with = "seeds", required_unless_present = "seeds")]
    seed: Option<u64>,
    /// Play seeds from A up to, not including, B.
    #[arg(long, value_name = "A..B")]
    seeds: Option<String>,
    /// Write every line of what happens.
    #[arg(long, requires = "seed")]
    trace: bool,
    /// Break a rule on purpose.
    #[arg(long, default_value = "none")]
    mutation: Mutation,
    /// Look into no till's journal while it runs; find what is broken by what comes of it.
    #[arg(long)]
    unwatched: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let (first, end) = match (&arguments.seeds, arguments.seed) {
        (Some(range), _) => parse_range(range)?,
        (None, Some(seed)) => (seed, seed + 1),
        (None, None) => bail!("give --seed or --seeds"),
    };
    let settings = Settings {
        mutation: arguments.mutation,
        unwatched: arguments.unwatched,
        trace: false,
    };
    if arguments.trace {
        let mut out = std::io::stdout().lock();
        let plan = Plan::draw(first);
        writeln!(out, "{plan:#?}")?;
        let traced = Settings {
            trace: true,
            ..settings
        };
        for line in run_plan(plan, traced).trace {
            writeln!(out, "{line}")?;
        }
    }
    let (mut all, mut broken) = (Counts::default(), 0_u64);
    for seed in first..end {
        match run_seed(seed, settings) {
            Ok(counts) => all += counts,
            Err(failure) => {
                broken += 1;
                println!("{failure}\n");
            }
        }
    }
    println!(
        "{} seeds, {broken} broken; in the others: {all}",
        end - first
    );
    Ok(if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn parse_range(text: &str) -> anyhow::Result<(u64, u64)> {
    let expected = || format!("expected seeds like 0..1000, got {text:?}");
    let (first, end) = text.split_once("..").with_context(expected)?;
    let first = first.parse().with_context(expected)?;
    let end = end.parse().with_context(expected)?;
    if first >= end {
        bail!("expected the first seed to be below the end, got {text:?}");
    }
    Ok((first, end))
}
