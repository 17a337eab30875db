//! Schemas leave a server as versioned JSON and come into another one: same ids, so that workbooks keep working.
//!
//! A document names groups and connections by name, as their ids are those of one server, and holds no secret. What
//! comes in is somebody else's text: it is measured, read key by key, and checked like any draft.

mod document;
mod export;
mod fitting;
mod import;
mod keys;
mod request;
mod target;

pub use export::export;
pub use import::import;
pub use request::{GroupState, IdPolicy, Import, ImportMode, Imported, ImportedGroup};
