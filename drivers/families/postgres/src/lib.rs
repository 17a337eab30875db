//! What drivers of databases that speak the protocol of `PostgreSQL` share: the wire, sessions, batches and values.
//!
//! A batch goes to the server in one flight of messages wherever the server itself can check what the batch expects;
//! the modules below follow a call downwards: plan, execute, connection, wire. What one database has of its own, such
//! as its dialect, stands in its plugin and comes in as a [`Flavor`].
#![forbid(unsafe_code)]

mod bulk;
pub mod catalog;
mod connect;
mod connection;
mod deadline;
mod define;
mod errors;
mod execute;
mod flavor;
mod flight;
mod guard;
mod keys;
mod messages;
pub mod names;
pub mod plan;
mod pool;
mod server;
pub mod settings;
mod statements;
mod stream;
pub mod types;
mod wire;

pub use flavor::{
    Changes, Explain, Flavor, Keys, Length, MAX_PARAMS, Meaning, Params, Printer, Report,
    TypeNames, Values,
};
pub use server::Server;
pub use stream::Stream;
