//! Tests of the HTTP side over real sockets, with a small schema of their own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_collect,
    clippy::unused_async,
    unreachable_pub,
    reason = "a test fails by panicking, texts are built for reading, and every resolver is async"
)]

mod audits;
mod callers;
mod connections;
mod documents;
mod edges;
mod failures;
mod negotiation;
mod support;
