//! The virtual printer as a program.
fn main() {}
