//! Finds driver files, checks them before any of their code runs, loads them, and lists what came of each.
//!
//! A loaded driver is native code with the rights of the server: what is checked here is *which* file is loaded. Only
//! files called `libquillback_driver_<id>.so` (`.dylib`, `.dll`) directly in the configured folders are looked at. A
//! driver is never unloaded, so replace its file with a rename and restart; never copy over a file that is loaded.
#![warn(missing_docs)]

mod library;
mod listing;
mod load;
mod preflight;
mod refusal;
mod registry;
mod report;
mod trust;

pub use listing::{Loaded, Missing, Options, Origin, Refused};
pub use quillback_plugin_api::remote::{Counters, Isolate, RemoteDriver};
pub use refusal::Refusal;
pub use registry::{Registry, file_name};
pub use trust::{AllowList, Mode};
