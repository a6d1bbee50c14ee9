//! Plays seeds: `cueline-sim --seed 7 --trace`, `cueline-sim --seeds 0..100000`, and with `--payments`
//! those of payments.

use std::fmt::Display;
use std::io::Write as _;
use std::ops::{AddAssign, Range};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Parser;
use cueline_sim::{payments, run_plan, run_seed};

/// Plays hub and agents under faults in simulated time.
#[derive(Parser)]
#[command(name = "cueline-sim", version, about)]
struct Arguments {
    /// Play card payments instead of print jobs.
    #[arg(long)]
    payments: bool,
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
    mutation: String,
    /// Look into no till's journal while it runs; find what is broken by what comes of it.
    #[arg(long)]
    unwatched: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let seeds = match (&arguments.seeds, arguments.seed) {
        (Some(range), _) => parse_range(range)?,
        (None, Some(seed)) => seed..seed + 1,
        (None, None) => bail!("give --seed or --seeds"),
    };
    if arguments.payments {
        play_payments(&arguments, seeds)
    } else {
        play_prints(&arguments, seeds)
    }
}

fn play_prints(arguments: &Arguments, seeds: Range<u64>) -> anyhow::Result<ExitCode> {
    let settings = cueline_sim::Settings {
        mutation: arguments.mutation.parse()?,
        unwatched: arguments.unwatched,
        trace: false,
    };
    if arguments.trace {
        let plan = cueline_sim::Plan::draw(seeds.start);
        let traced = cueline_sim::Settings {
            trace: true,
            ..settings
        };
        let header = format!("{plan:#?}");
        write_trace(&header, run_plan(plan, traced).trace)?;
    }
    Ok(play(seeds, |seed| run_seed(seed, settings)))
}

fn play_payments(arguments: &Arguments, seeds: Range<u64>) -> anyhow::Result<ExitCode> {
    let settings = payments::Settings {
        mutation: arguments.mutation.parse()?,
        unwatched: arguments.unwatched,
        trace: false,
    };
    if arguments.trace {
        let plan = payments::Plan::draw(seeds.start);
        let traced = payments::Settings {
            trace: true,
            ..settings
        };
        let header = format!("{plan:#?}");
        write_trace(&header, payments::run_plan(plan, traced).trace)?;
    }
    Ok(play(seeds, |seed| payments::run_seed(seed, settings)))
}

fn write_trace(header: &str, lines: Vec<String>) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{header}")?;
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn play<C, B>(seeds: Range<u64>, run: impl Fn(u64) -> Result<C, Box<B>>) -> ExitCode
where
    C: Default + AddAssign + Display,
    B: Display,
{
    let (mut all, mut broken) = (C::default(), 0_u64);
    let count = seeds.end - seeds.start;
    for seed in seeds {
        match run(seed) {
            Ok(counts) => all += counts,
            Err(failure) => {
                broken += 1;
                println!("{failure}\n");
            }
        }
    }
    println!("{count} seeds, {broken} broken; in the others: {all}");
    if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn parse_range(text: &str) -> anyhow::Result<Range<u64>> {
    let expected = || format!("expected seeds like 0..1000, got {text:?}");
    let (first, end) = text.split_once("..").with_context(expected)?;
    let first = first.parse().with_context(expected)?;
    let end = end.parse().with_context(expected)?;
    if first >= end {
        bail!("expected the first seed to be below the end, got {text:?}");
    }
    Ok(first..end)
}
