//! The contract between the Quillback server and its database drivers.
//!
//! A driver implements [`driver::Driver`] and [`driver::Instance`] with plain `async fn`s, prints SQL through a
//! [`dialect::Dialect`], and exports itself with one `export_driver!` line. The server sees every driver, linked or
//! loaded, through the same C-compatible table of functions and the safe handles in [`remote`].
//!
//! What drivers of unrelated databases do alike is here as parts to take: [`pool`] and [`blocking`] lend connections,
//! [`run`] and [`transact`] run batches, [`pieces`] hands rows over, [`options`] reads options.
//!
//! This crate knows no database by name, opens no socket and reads no file.
#![warn(missing_docs)]

pub mod abi;
pub mod batch;
pub mod blocking;
pub mod capabilities;
pub mod catalog;
pub mod civil;
pub mod codec;
pub mod dialect;
pub mod driver;
pub mod error;
pub mod export;
pub mod ident;
pub mod keys;
pub mod lately;
pub mod message;
pub mod options;
pub mod pieces;
pub mod pool;
pub mod remote;
pub mod rows;
pub mod run;
pub mod sql;
pub mod transact;
pub mod types;
pub mod value;

pub use error::{Category, DriverError};
pub use ident::{Ident, TableRef};
pub use rows::{Column, RowBuffer, RowSet};
pub use value::{Value, ValueRef};

/// What `export_driver!` needs from the crates it names; not for direct use.
#[doc(hidden)]
pub use serde_json;
