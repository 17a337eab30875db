//! Placeholder of a program under construction.
fn main() {}
