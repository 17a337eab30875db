//! The stand-in for Redshift as a program: takes the address of a PostgreSQL, prints its own, and ends with its input.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a program for tests says what is wrong by ending"
)]

#[path = "../tests/peer/mod.rs"]
mod peer;

use std::io::Read as _;

fn main() {
    let url = std::env::args()
        .nth(1)
        .expect("the address of a PostgreSQL");
    let port = peer::start(&url);
    println!(
        "{}",
        at_port(&url, port).expect("an address with an account and a database")
    );
    // Whoever started this holds the other end of the input.
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input).ok();
}

/// The same account and database at a port of this machine.
fn at_port(url: &str, port: u16) -> Option<String> {
    let (account, place) = url.rsplit_once('@')?;
    let (_, account) = account.split_once("://")?;
    let (_, database) = place.split_once('/')?;
    Some(format!("redshift://{account}@127.0.0.1:{port}/{database}"))
}
