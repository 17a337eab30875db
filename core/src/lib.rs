//! What Quillback does, without HTTP, GraphQL or any database client: every action is one function here.
//!
//! A use-case takes a [`cx::Cx`] (who, when, request) and an [`app::App`] (repository, targets, drivers, keys) and reads
//! like a table of contents. Rows of target databases are reached only through [`targets`], which takes nothing but
//! what [`plan`] made from a [`policy::Grant`].
#![warn(missing_docs)]

pub mod admin;
pub mod app;
pub mod audit;
pub mod bootstrap;
pub mod catalog;
pub mod cx;
pub mod error;
pub mod export;
pub mod field;
pub mod hex;
pub mod ids;
pub mod journal;
pub mod keyring;
pub mod live;
mod number;
pub mod options;
pub mod outbox;
pub mod permit;
pub mod plan;
pub mod policy;
pub mod read;
pub mod repo;
pub mod row_json;
pub mod schema;
pub mod targets;
pub mod write;

pub use app::App;
pub use cx::Cx;
pub use error::{Error, Problem, Result};

/// Values, moments and batches: for crates that see databases only through this one.
pub use quillback_plugin_api as plugin_api;
