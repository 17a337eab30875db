//! The developer commands of the workspace: `cargo xtask <command>`.
//!
//! Every habit of the project (running, testing, generating, checking, packaging) starts here,
//! so that it works the same way on a laptop and in continuous integration.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks through its output"
)]

mod db;
mod process;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Developer commands of Quillback.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start private database servers for tests and stop them on Ctrl-C.
    #[command(subcommand)]
    Db(db::Command),
    /// Stop the servers of a dead parent process (started by the other commands, not by hand).
    #[command(hide = true)]
    Guard,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Db(command) => db::run(command),
        Command::Guard => db::guard::serve(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
