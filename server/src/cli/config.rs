//! `quillback config`: check the configuration, print what is in force or what can be set.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Subcommand;

use super::Settings;
use crate::config::{Environment, reference};

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Read file, environment and options, and print the settings in force with secrets masked.
    Check,
    /// Print all settings with type, default and meaning, as Markdown.
    Reference,
}

pub(super) fn run(command: &Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let text = match command {
        Command::Check => settings.load(Environment::of_process())?.to_masked_toml()?,
        Command::Reference => reference(),
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
