//! `cargo xtask bench`: builds everything with the release profile, then measures.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail};

use crate::cargo::cargo;
use crate::metadata;

const PACKAGES: [&str; 4] = [
    "cueline-hub",
    "cueline-agent",
    "cueline-fake-devices",
    "cueline-bench",
];

/// Runs `cueline-bench` with `arguments`, such as `click --count 500`.
pub fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let mut build = cargo(&["build", "--release"]);
    for package in PACKAGES {
        build.args(["--package", package]);
    }
    if !build.status().context("start cargo build")?.success() {
        bail!("build with the release profile: cargo build failed, see above");
    }
    let program = metadata::read()?
        .target_directory
        .join("release")
        .join(format!("cueline-bench{}", std::env::consts::EXE_SUFFIX));
    let status = Command::new(&program)
        .args(arguments)
        .status()
        .with_context(|| format!("start {}", program.display()))?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
