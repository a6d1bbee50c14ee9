//! Documents decoded in real children, and children that misbehave.
//!
//! The program of the tests is the program of the children too: started with a verb it is one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(target_os = "linux")]
mod documents;
#[cfg(target_os = "linux")]
mod limits;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(target_os = "linux")]
mod pdf;
#[cfg(target_os = "linux")]
mod probe;
#[cfg(target_os = "linux")]
mod sandbox;
#[cfg(target_os = "linux")]
mod unruly;

/// What holds a child elsewhere is tried by hand: see `sandbox`.
#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    use std::process::ExitCode;

    let verb = std::env::args().nth(1).unwrap_or_default();
    if verb == cueline_decoder::VERB {
        return cueline_decoder::child_main();
    }
    if verb == memory::MEASURE {
        memory::measure();
        return ExitCode::SUCCESS;
    }
    if let Some(end) = unruly::child_main(&verb).or_else(|| probe::child_main(&verb)) {
        return end;
    }
    let tests = limits::tests()
        .into_iter()
        .chain(sandbox::tests())
        .chain(documents::tests())
        .chain(memory::tests())
        .collect();
    libtest_mimic::run(&libtest_mimic::Arguments::from_args(), tests).exit_code()
}
