//! The developer commands of the workspace: `cargo xtask <command>`.
//!
//! Every habit of the project (running, testing, generating, checking, packaging) starts here,
//! so that it works the same way on a laptop and in continuous integration.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks through its output"
)]

mod bench;
mod codegen;
mod db;
mod dist;
mod manifest;
mod new_driver;
mod plugins;
mod process;
mod readers;
mod records;
mod run;
mod suite;
mod tidy;
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
    /// Build the server and every driver plugin, and start it.
    #[command(after_help = "Examples:\n  \
        cargo xtask run --demo\n  \
        cargo xtask run --release --drivers sqlite,postgres --data my-data -- --help\n\n\
        The plugins are copied to target/run/drivers, so that a rebuild never disturbs a running\n\
        server. Ctrl-C stops the server.")]
    Run(run::Run),
    /// Check everything: formatting, house rules, lints, generated files, all tests.
    #[command(after_help = "Examples:\n  \
        cargo xtask test                      everything\n  \
        cargo xtask test apply                tests whose name contains `apply`\n  \
        cargo xtask test --only tidy,clippy   these steps and what they need\n  \
        cargo xtask test -- -E 'package(quillback-core)'\n\n\
        PostgreSQL and MariaDB are started privately on free ports and stopped at the end. On\n\
        Debian, as root, missing packages are installed; elsewhere the command to run is printed.")]
    Test(suite::Options),
    /// Write the generated files, or check that they are up to date.
    Codegen(codegen::Options),
    /// Check the house rules that no compiler checks.
    Tidy,
    /// Take the notes of a test run into the records of what each driver ran on.
    #[command(after_help = "Example: a server that only its vendor has\n  \
        mkdir notes\n  \
        QUILLBACK_RECORD=$PWD/notes QUILLBACK_TEST_MSSQL_URL=mssql://.. cargo nextest run \\\n    \
        -p quillback-driver-mssql -p quillback-server --test conformance --test story\n  \
        cargo xtask records notes")]
    Records(records::Options),
    /// Make the folder of a new driver from the template.
    NewDriver(new_driver::Options),
    /// Measure an optimised build against private database servers.
    Bench(bench::Options),
    /// Build for release: server, plugins and a list of digests in `dist/`.
    Dist(dist::Options),
    /// Start private database servers for tests and stop them on Ctrl-C.
    #[command(subcommand)]
    Db(db::Command),
    /// Stop the servers of a dead parent process (started by the other commands, not by hand).
    #[command(hide = true)]
    Guard,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Test(options) => match suite::run(options) {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::FAILURE,
            Err(error) => Err(error),
        },
        Command::Run(options) => run::run(&options),
        Command::Codegen(options) => codegen::run(&options),
        Command::Tidy => tidy::check(&workspace::root()),
        Command::Records(options) => records::run(&options),
        Command::NewDriver(options) => new_driver::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Dist(options) => dist::run(&options),
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
