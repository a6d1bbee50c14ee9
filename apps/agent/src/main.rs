//! The background program at the till.
fn main() {}
