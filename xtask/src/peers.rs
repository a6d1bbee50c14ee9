//! The libraries of others that the tests drive, from PyPI and npm, in folders of their own below `target`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::cargo::root;
use crate::metadata;

/// The oldest Python that `emupos` runs on.
const PYTHON_MINOR_MIN: u32 = 13;

/// Installs what is missing, and again where the lists have changed.
///
/// A missing Python or Node is no failure by itself: the tests that need it say so.
pub fn ensure() -> anyhow::Result<()> {
    let lists = root().join("testing/peers");
    let into = metadata::read()?.target_directory.join("peers");
    fs::create_dir_all(&into).with_context(|| format!("make {}", into.display()))?;
    python(&lists.join("requirements.txt"), &into.join("python"))?;
    node(&lists.join("package.json"), &into.join("node"))
}

fn python(list: &Path, folder: &Path) -> anyhow::Result<()> {
    if is_current(list, folder)? {
        println!("all there: {}", folder.display());
        return Ok(());
    }
    let Some(interpreter) = find_python() else {
        println!(
            "missing: Python 3.{PYTHON_MINOR_MIN} or later; the tests that need its peers fail until it is on the \
             search path as python3 or python3.{PYTHON_MINOR_MIN}"
        );
        return Ok(());
    };
    succeed(
        Command::new(interpreter)
            .args(["-m", "venv", "--clear"])
            .arg(folder),
    )?;
    let pip = ["-m", "pip", "install", "--quiet", "--requirement"];
    succeed(
        Command::new(folder.join("bin/python"))
            .args(pip)
            .arg(list)
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
    )?;
    note_current(list, folder)
}

fn node(list: &Path, folder: &Path) -> anyhow::Result<()> {
    if is_current(list, folder)? {
        println!("all there: {}", folder.display());
        return Ok(());
    }
    if !runs("npm", "--version") {
        println!("missing: npm; the tests that need its peers fail until it is on the search path");
        return Ok(());
    }
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    let copy = folder.join("package.json");
    fs::copy(list, &copy)
        .with_context(|| format!("copy {} to {}", list.display(), copy.display()))?;
    let install = [
        "install",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--loglevel=error",
    ];
    succeed(Command::new("npm").args(install).current_dir(folder))?;
    note_current(list, folder)
}

/// The newest fitting interpreter: on the search path, or one of pyenv's.
fn find_python() -> Option<PathBuf> {
    let named = (PYTHON_MINOR_MIN..PYTHON_MINOR_MIN + 8)
        .rev()
        .map(|minor| PathBuf::from(format!("python3.{minor}")));
    let pyenv = std::env::var_os("PYENV_ROOT")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".pyenv")))
        .map(|pyenv| pyenv.join("versions"));
    let installed = pyenv
        .and_then(|versions| fs::read_dir(versions).ok())
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin/python3")));
    named
        .chain([PathBuf::from("python3")])
        .chain(installed)
        .find(|interpreter| is_new_enough(interpreter))
}

fn is_new_enough(interpreter: &Path) -> bool {
    let check = format!("import sys, venv; sys.exit(sys.version_info < (3, {PYTHON_MINOR_MIN}))");
    Command::new(interpreter)
        .args(["-c", &check])
        .output()
        .is_ok_and(|output| output.status.success())
}

fn runs(program: &str, argument: &str) -> bool {
    Command::new(program)
        .arg(argument)
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Whether a folder was filled from a list as it is now.
fn is_current(list: &Path, folder: &Path) -> anyhow::Result<bool> {
    let wanted = fs::read(list).with_context(|| format!("read {}", list.display()))?;
    Ok(fs::read(installed_list(folder)).is_ok_and(|installed| installed == wanted))
}

fn note_current(list: &Path, folder: &Path) -> anyhow::Result<()> {
    let note = installed_list(folder);
    fs::copy(list, &note).with_context(|| format!("write {}", note.display()))?;
    Ok(())
}

fn installed_list(folder: &Path) -> PathBuf {
    folder.join("installed-list")
}

fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let status = command
        .status()
        .with_context(|| format!("start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}
