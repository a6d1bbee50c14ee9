//! `cueline register`: the agent owns its key and its data, so the agent's own program does it.

use std::ffi::OsString;

use crate::exit::Exit;
use crate::siblings;

/// Runs `cueline-agent register` with the same arguments, input and output.
pub fn run(arguments: &[OsString], json: bool) -> anyhow::Result<Exit> {
    siblings::run("cueline-agent", "register", arguments, json)
}
