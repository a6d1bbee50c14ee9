//! Checks, test set-up and the demo's build, run as `cargo xtask`.

mod bench;
mod cargo;
mod demo;
mod layers;
mod metadata;
mod packages;
mod peers;
mod suite;
mod tree;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a contributor or the build machine asks of the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", version, about)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every check and test, in order; the test runner's summary comes last.
    Test {
        /// Run one step alone.
        #[arg(long, value_name = "STEP", value_parser = suite::step_names())]
        only: Option<String>,
    },
    /// Build the programs and run `cueline demo`; what follows is passed on to it.
    Demo {
        /// Passed on, such as `--once`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Build everything for release and measure: `click`, `idle` or `links`.
    Bench {
        /// What to measure, and its options.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Test { only } => suite::run(only.as_deref()),
        Task::Demo { arguments } => demo::run(&arguments),
        Task::Bench { arguments } => bench::run(&arguments),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_well_formed() {
        super::Arguments::command().debug_assert();
    }
}
