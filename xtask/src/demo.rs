//! `cargo demo`: builds the programs the demo starts, then becomes `cueline demo`.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail};

use crate::cargo::cargo;
use crate::metadata;

const PACKAGES: [&str; 5] = [
    "cueline-hub",
    "cueline-agent",
    "cueline-tray",
    "cueline-cli",
    "cueline-fake-devices",
];

/// Builds hub, agent, tray, command line and virtual devices, and runs the demo with `arguments`.
pub fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let target = metadata::read()?.target_directory;
    let program = target
        .join("debug")
        .join(format!("cueline{}", std::env::consts::EXE_SUFFIX));
    let first_time = !program.exists();
    eprintln!(
        "Building the demo's programs{} ...",
        if first_time {
            ": the first time takes some minutes"
        } else {
            ""
        }
    );

    let mut build = cargo(&["build"]);
    // A warm build has nothing to show; a cold one shows how far it is.
    if !first_time {
        build.arg("--quiet");
    }
    for package in PACKAGES {
        build.args(["--package", package]);
    }
    if !build.status().context("start cargo build")?.success() {
        bail!("build the demo's programs: cargo build failed, see above");
    }
    become_program(Command::new(program).arg("demo").args(arguments))
}

/// Takes this process's place, so that Ctrl-C reaches the demo alone and the shell waits for its end.
#[cfg(unix)]
fn become_program(command: &mut Command) -> anyhow::Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec()).context("start the demo")
}

/// Windows cannot replace a process. The demo cleans up after itself when Ctrl-C ends both.
#[cfg(not(unix))]
fn become_program(command: &mut Command) -> anyhow::Result<ExitCode> {
    let status = command.status().context("start the demo")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
