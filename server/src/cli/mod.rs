//! The command line: one file per command.
//!
//! To add a command, add its file with an `Args` struct and a `run` function, and a line in [`Command`].

pub mod audit;
mod config;
pub mod keys;
pub mod migrate;
pub mod plugins;
pub mod schema;
pub mod serve;
mod settings;
pub mod user;
mod version;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use self::settings::Settings;

/// Write-back server: edit the rows of many databases through one GraphQL service.
#[derive(Debug, Parser)]
#[command(
    name = "quillback",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
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
        match self.command {
            Command::Config(command) => config::run(&command, &self.settings),
            Command::Version => version::run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, CommandFactory};

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        serve::ServeArgs::augment_args(clap::Command::new("serve")).debug_assert();
        migrate::MigrateArgs::augment_args(clap::Command::new("migrate")).debug_assert();
        schema::SchemaArgs::augment_args(clap::Command::new("schema")).debug_assert();
        user::UserCommand::augment_subcommands(clap::Command::new("user")).debug_assert();
        keys::KeysCommand::augment_subcommands(clap::Command::new("keys")).debug_assert();
        plugins::PluginsCommand::augment_subcommands(clap::Command::new("plugins")).debug_assert();
        audit::AuditCommand::augment_subcommands(clap::Command::new("audit")).debug_assert();
    }

    #[test]
    fn options_reach_the_configuration() {
        let cli = Cli::try_parse_from([
            "quillback",
            "config",
            "check",
            "--listen",
            "127.0.0.1:0",
            "--set",
            "limits.depth=9",
            "--demo",
        ])
        .unwrap();
        let config = cli
            .settings
            .load(crate::config::Environment::default())
            .unwrap();
        assert_eq!(config.server.listen.port(), 0);
        assert_eq!(config.limits.depth, 9);
        assert!(config.demo.enabled);
    }
}
