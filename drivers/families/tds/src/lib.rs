//! What drivers of databases that speak TDS, the protocol of Microsoft SQL Server, share: sessions, batches and values.
//!
//! A call borrows a connection of the pool (`plugin_api::pool`), which speaks for one batch, read or change of tables,
//! and goes back clean or not at all. What one database has of its own, such as its dialect, stands in its plugin and
//! comes in as a [`Flavor`]; what the dialects have in common is in [`Tsql`], around the [`Spelling`] of each.
#![forbid(unsafe_code)]

mod bulk;
pub mod catalog;
mod connect;
mod define;
mod dialect;
mod errors;
mod execute;
mod flavor;
mod nulls;
mod server;
pub mod settings;
mod statement;
mod stream;
mod tables;
pub mod tsql;
pub mod types;

pub use connect::Greeting;
pub use dialect::{Spelling, Tsql};
pub use flavor::{Counts, Flavor, MAX_PARAMS};
pub use server::Server;

/// Has the client library encrypt with `ring`. A plugin file is a process of its own in this respect; if somebody has
/// chosen already, that choice stands.
pub fn choose_cryptography() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
