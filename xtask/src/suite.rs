//! `cargo xtask test`: the steps in order, each with a heading and its time.
//!
//! Every step runs with the same profile and flags, and none sets its own, so that nothing is
//! built twice. A failed step does not keep the later ones from running: one run tells everything.

use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::builder::PossibleValuesParser;

use crate::cargo::{cargo, has_subcommand};
use crate::{layers, packages, peers, tree};

struct Step {
    name: &'static str,
    what: &'static str,
    run: fn() -> anyhow::Result<()>,
}

const STEPS: [Step; 9] = [
    Step {
        name: "packages",
        what: "programs of others that the tests run",
        run: packages::ensure,
    },
    Step {
        name: "peers",
        what: "libraries of others that the tests drive",
        run: peers::ensure,
    },
    Step {
        name: "fmt",
        what: "formatting",
        run: || succeed(cargo(&["fmt", "--all", "--check"])),
    },
    Step {
        name: "layers",
        what: "who may depend on whom",
        run: layers::run,
    },
    Step {
        name: "tree",
        what: "what every source file must be like",
        run: tree::run,
    },
    Step {
        name: "clippy",
        what: "lints",
        run: || {
            let arguments = [
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ];
            succeed(cargo(&arguments))
        },
    },
    Step {
        name: "deny",
        what: "licences and sources of third-party code",
        run: deny,
    },
    Step {
        name: "build",
        what: "all programs and tests",
        // Tests of real processes find the programs beside themselves. Both in one build, since
        // tests add features to shared dependencies and would have them built a second time.
        // Without xtask, which runs: Windows lets no running program be replaced.
        run: || {
            let arguments = [
                "build",
                "--workspace",
                "--exclude",
                "xtask",
                "--bins",
                "--tests",
            ];
            succeed(cargo(&arguments))
        },
    },
    Step {
        name: "test",
        what: "all tests",
        run: nextest,
    },
];

/// What `--only` takes.
pub fn step_names() -> PossibleValuesParser {
    PossibleValuesParser::new(STEPS.map(|step| step.name))
}

/// Runs all steps, or the one of that name. Nothing is printed after the last step's own output, so
/// that a full run ends with the test runner's summary.
pub fn run(only: Option<&str>) -> anyhow::Result<ExitCode> {
    let wanted: Vec<&Step> = STEPS
        .iter()
        .filter(|step| only.is_none_or(|name| name == step.name))
        .collect();
    let mut failed = Vec::new();
    for (index, step) in wanted.iter().enumerate() {
        println!("\n== {}: {}", step.name, step.what);
        let is_last = index + 1 == wanted.len();
        if is_last && !failed.is_empty() {
            println!("failed before this: {}", failed.join(", "));
        }
        let started = Instant::now();
        let result = (step.run)();
        let took_s = started.elapsed().as_secs_f64();
        match result {
            Ok(()) if is_last => {}
            Ok(()) => println!("-- {}: ok in {took_s:.1} s", step.name),
            Err(error) => {
                failed.push(step.name);
                eprintln!("-- {}: FAILED after {took_s:.1} s: {error:#}", step.name);
            }
        }
    }
    Ok(if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn succeed(mut command: Command) -> anyhow::Result<()> {
    let shown = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ");
    println!("$ {shown}");
    let status = command
        .status()
        .with_context(|| format!("start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

fn deny() -> anyhow::Result<()> {
    if !has_subcommand("deny") {
        println!(
            "not run: cargo-deny is not installed (cargo install --locked cargo-deny); deny.toml holds the rules"
        );
        return Ok(());
    }
    succeed(cargo(&["deny", "check", "bans", "licenses", "sources"]))
}

fn nextest() -> anyhow::Result<()> {
    if !has_subcommand("nextest") {
        println!("cargo-nextest is not installed; building it takes some minutes");
        succeed(cargo(&["install", "--locked", "cargo-nextest"]))?;
    }
    succeed(cargo(&["nextest", "run", "--workspace"]))
}
