//! The program `quillback`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use quillback_server::cli::Cli;

/// Rows, answers and batches are many small pieces of memory, freed on other threads than they were asked for on. Measured
/// in `docs/decisions/0018`. It takes the place of `malloc` for the whole process, plugins and engines included.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            // Nothing is left to do when standard error is closed as well.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
