//! `cueline register`: the agent owns its key and its data, so the agent's own program does it.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Context as _;

use crate::exit::Exit;
use crate::siblings;

/// Runs `cueline-agent register` with the same arguments, input and output.
pub fn run(arguments: &[OsString], json: bool) -> anyhow::Result<Exit> {
    let program = siblings::find("cueline-agent")?;
    let mut command = Command::new(&program);
    command.arg("register").args(arguments);
    if json {
        command.arg("--json");
    }
    let status = command
        .status()
        .with_context(|| format!("start {}", program.display()))?;
    match status.code() {
        Some(0) => Ok(Exit::Done),
        // The agent has said why; wrong usage is told apart.
        Some(2) => std::process::exit(2),
        _ => Ok(Exit::Error),
    }
}
