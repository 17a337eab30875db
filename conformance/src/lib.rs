//! The suite that every driver runs, once linked into the test and once loaded from its plugin file.
//!
//! A driver calls [`main`] from `tests/conformance.rs` (`harness = false`) with its plugin table and a [`Target`] that
//! says how to reach a database and which limits the driver declares. Every case makes its own tables under names that
//! nobody else uses and removes them at the end, whether it passed or not.
//!
//! A new case is a function `async fn(&Lab) -> anyhow::Result<()>` in the file of its topic under `cases/` and one line
//! in that file's `CASES`. A case may be skipped for three reasons only: there is no database, a capability that it
//! needs is not claimed, or the [`Target`] declares the limit. With `QUILLBACK_REQUIRE_DRIVERS` naming the driver the
//! first of these is a failure.

mod case;
mod cases;
mod golden;
mod lab;
mod library;
mod oracle;
mod proxy;
mod random;
mod record;
mod runner;
mod samples;
mod session;
mod surroundings;
mod tables;
mod target;
mod verify;

pub use golden::{Changes, Golden, compare_reviewed};
pub use runner::{Exception, main, main_except};
pub use sqlparser;
pub use surroundings::{ServerUrl, Surroundings};
pub use target::{Access, OpenSession, Quirks, Session, Statements, Target};
