//! The cloud's end of the line.
fn main() {}
