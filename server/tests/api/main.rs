//! Tests of the whole server over HTTP: GraphQL in, databases behind, everything between them real.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::format_collect,
    clippy::format_push_string,
    unreachable_pub,
    reason = "a test fails by panicking, and values are written for reading"
)]

mod authz;
mod changes;
mod commands;
mod conflicts;
mod connections;
mod crash;
mod demo;
mod disk_full;
mod exports;
mod faults;
mod history;
mod journal;
mod live;
mod made_values;
mod people;
mod readme;
mod rolling_back;
mod row_rules;
mod rows;
mod schemas;
mod secrets;
mod sessions;
mod support;
