//! Checks, test set-up and the demo's build, run as `cargo xtask`.
fn main() {}
