//! The other programs, which lie beside this one.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::exit::Exit;

/// The path of `name`, such as `cueline-agent`, in the folder of this executable.
pub fn find(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("find this program's own file")?;
    let path = own.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !path.is_file() {
        bail!(
            "find {name}: expected it beside this program as {}; install it there, or build it \
             with `cargo build --workspace --bins`",
            path.display()
        );
    }
    Ok(path)
}

/// Runs a verb of `name` with these arguments and this program's own input and output.
pub fn run(name: &str, verb: &str, arguments: &[OsString], json: bool) -> anyhow::Result<Exit> {
    let program = find(name)?;
    let mut command = Command::new(&program);
    command.arg(verb).args(arguments);
    if json {
        command.arg("--json");
    }
    let status = command
        .status()
        .with_context(|| format!("start {}", program.display()))?;
    match status.code() {
        Some(0) => Ok(Exit::Done),
        // It has said why; wrong usage is told apart.
        Some(2) => std::process::exit(2),
        _ => Ok(Exit::Error),
    }
}
