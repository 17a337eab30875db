//! The program `quillback`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use quillback_server::cli::Cli;

#[cfg(target_os = "linux")]
mod allocator;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    allocator::give_back_at_once();
    match Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            // Nothing is left to do when standard error is closed as well.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
