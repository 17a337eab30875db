//! The command line: one file per command.
//!
//! To add a command, add its file with its arguments and a `run` function, and a line in `Command` and [`Cli::run`].

mod audit;
mod config;
mod keys;
mod migrate;
mod plugins;
mod schema;
mod serve;
mod settings;
mod user;
mod version;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

pub use self::settings::Settings;

use crate::{
    config::{Environment, LogSection},
    logging,
    wire::{Ground, Parts, Use},
};

/// Write-back server: edit the rows of many databases through one GraphQL service.
#[derive(Debug, Parser)]
#[command(
    name = "quillback",
    version,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "Exit codes: 0 done, 1 failed (the reason is on standard error), 2 the command line is wrong.\n\
                  All settings: `quillback config reference`."
)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server until it is told to stop.
    Serve(serve::Args),
    /// Bring the repository up to the version of this program, or show what would be done.
    Migrate(migrate::Args),
    /// Create users, list them, and get back in when nobody can sign in.
    #[command(subcommand)]
    User(user::Command),
    /// List and change the keys that encrypt stored connection secrets.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Verify that nobody touched the audit trail, and seal it.
    #[command(subcommand)]
    Audit(audit::Command),
    /// List and check driver plugins.
    #[command(subcommand)]
    Plugins(plugins::Command),
    /// Print the GraphQL schema; needs neither configuration nor database.
    Schema(schema::Args),
    /// Check the configuration or print what can be set.
    #[command(subcommand)]
    Config(config::Command),
    /// Print the version of the server and of its plugin interface.
    Version,
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// What went wrong and what to do, as a chain of causes for people.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let settings = &self.settings;
        match self.command {
            Command::Serve(args) => serve::run(&args, settings),
            Command::Migrate(args) => migrate::run(&args, settings),
            Command::User(command) => user::run(command, settings),
            Command::Keys(command) => keys::run(&command, settings),
            Command::Audit(command) => audit::run(&command, settings),
            Command::Plugins(command) => plugins::run(&command, settings),
            Command::Schema(args) => schema::run(&args),
            Command::Config(command) => config::run(&command, settings),
            Command::Version => version::run(),
        }
    }
}

/// Settings and drivers for a command that ends by itself: it logs what is odd, and nothing else unless asked to.
fn ground(settings: &Settings) -> anyhow::Result<Ground> {
    let environment = Environment::of_process();
    let config = settings.load(environment.clone())?;
    let level = if settings.log_level.is_some() {
        config.log.level.clone()
    } else {
        "error".to_owned()
    };
    logging::start(&LogSection {
        level,
        ..config.log.clone()
    })?;
    Ground::load(config, environment)
}

/// Opens the repository, does the work and closes it again.
fn with_parts<T>(
    ground: &Ground,
    how: Use,
    work: impl AsyncFnOnce(&mut Parts) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    runtime()?.block_on(async {
        let mut parts = ground.open(how).await?;
        let done = work(&mut parts).await;
        parts.app.repo.close().await;
        done
    })
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the threads of the server")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_reach_the_configuration() {
        let cli = Cli::try_parse_from([
            "quillback",
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--set",
            "limits.depth=9",
            "--plugins",
            "one folder",
            "--plugins",
            "an\"other",
            "--demo",
        ])
        .unwrap();
        let config = cli.settings.load(Environment::default()).unwrap();
        assert_eq!(config.server.listen.port(), 0);
        assert_eq!(config.limits.depth, 9);
        assert_eq!(config.plugins.folders.len(), 2);
        assert_eq!(config.plugins.folders[1].to_str(), Some("an\"other"));
        assert!(config.demo.enabled);
    }
}
