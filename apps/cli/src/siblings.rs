//! The other programs, which lie beside this one.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

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
