//! The command line: demo, register, print, status, jobs.
fn main() {}
