//! The Quillback server: command line, configuration, HTTP and the composition of the other crates.

pub mod cli;
pub mod config;
pub mod demo;
pub mod http;
pub mod ids;
pub mod logging;
pub mod wire;
