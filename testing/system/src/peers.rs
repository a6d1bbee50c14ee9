//! Where the libraries of others lie that the tests drive, and running one of their scripts.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

/// The folder that `cargo xtask test --only peers` fills: `peers` in the target folder this executable is in.
///
/// # Errors
/// When it was not filled.
fn folder(name: &str) -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe().context("find this executable")?;
    this.ancestors()
        .map(|above| above.join("peers").join(name))
        .find(|peers| peers.is_dir())
        .with_context(|| {
            format!("target/peers/{name} is not there; run `cargo xtask test --only peers` first")
        })
}

/// A program of the Python peers, such as `python`, `emupos` or `snmpsim-command-responder`.
///
/// # Errors
/// When it is not installed.
pub fn python(program: &str) -> anyhow::Result<PathBuf> {
    let path = folder("python")?.join("bin").join(program);
    if !path.exists() {
        bail!(
            "{} is not there; run `cargo xtask test --only peers`",
            path.display()
        );
    }
    Ok(path)
}

/// Runs a Python script with the peers at hand and gives its standard output.
///
/// # Errors
/// When it cannot be started or fails; the error shows what it said.
pub fn run_python(script: &str, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
    let mut command = Command::new(python("python")?);
    command.args(["-c", script]).args(arguments);
    run(&mut command)
}

/// Runs a Node script (CommonJS) with the peers at hand and gives its standard output.
///
/// # Errors
/// When it cannot be started or fails; the error shows what it said.
pub fn run_node(script: &str, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
    run(&mut node(script, arguments)?)
}

/// A Node script (CommonJS) with the peers at hand, to be run with [`run`].
///
/// # Errors
/// When the peers are not installed.
pub fn node(script: &str, arguments: &[&str]) -> anyhow::Result<Command> {
    let modules = folder("node")?.join("node_modules");
    let mut command = Command::new("node");
    command
        .args(["--input-type=commonjs", "--eval", script, "--"])
        .args(arguments)
        .env("NODE_PATH", modules);
    Ok(command)
}

/// Runs a program to its end and gives its standard output.
///
/// # Errors
/// When it cannot be started or fails; the error shows what it said.
pub fn run(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let program = PathBuf::from(command.get_program());
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("start {}", program.display()))?;
    if !output.status.success() {
        bail!(
            "{} ended with {}: {}{}",
            program.display(),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(output.stdout)
}

/// The codes that zbar reads from a picture, each as `QR-Code:DATA` or `CODE-128:DATA`, sorted.
///
/// # Errors
/// When zbar is not installed or finds none.
pub fn codes(picture: &Path) -> anyhow::Result<Vec<String>> {
    let out = run(Command::new("zbarimg").args(["--quiet"]).arg(picture))
        .with_context(|| format!("read the codes on {}", picture.display()))?;
    let mut codes: Vec<String> = String::from_utf8_lossy(&out)
        .lines()
        .map(str::to_owned)
        .collect();
    codes.sort();
    Ok(codes)
}
