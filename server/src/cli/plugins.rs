//! `quillback plugins`: which driver plugins are there, and whether they can be loaded.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Subcommand;
use quillback_plugin_host::{Loaded, Origin, Refused, Registry};

use super::Settings;
use crate::{config::Environment, wire::drivers};

/// What to do with driver plugins.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum Command {
    /// List the plugins that would be loaded or refused, with digest and reason.
    List,
    /// Load one plugin file as the server would, and say what it is or why it is refused (exit code 1).
    ///
    /// This runs code of the file: check only files that you trust.
    Check {
        /// The plugin file.
        file: PathBuf,
    },
}

pub(super) fn run(command: &Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let config = settings.load(Environment::of_process())?;
    let options = drivers::options(&config.plugins)?;
    let (text, code) = match command {
        Command::List => {
            let dirs = options.dirs.iter().map(|dir| dir.display().to_string());
            let dirs = dirs.collect::<Vec<_>>().join(", ");
            (list(&Registry::load(&options), &dirs), ExitCode::SUCCESS)
        }
        Command::Check { file } => check(file, &options),
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(code)
}

fn list(registry: &Registry, dirs: &str) -> String {
    let mut text = format!("folders: {dirs}\n");
    for found in registry.loaded() {
        loaded(&mut text, found);
    }
    for found in registry.refused() {
        refused(&mut text, found);
    }
    if registry.loaded().is_empty() && registry.refused().is_empty() {
        let _ = writeln!(
            text,
            "no driver plugins; they are called {}",
            quillback_plugin_host::file_name("<id>")
        );
    }
    text
}

fn check(file: &Path, options: &quillback_plugin_host::Options) -> (String, ExitCode) {
    let mut registry = Registry::default();
    let mut text = String::new();
    if !registry.scan_file(file, options) {
        let _ = writeln!(
            text,
            "refused: {}: a driver plugin is called {}",
            file.display(),
            quillback_plugin_host::file_name("<id>")
        );
        return (text, ExitCode::FAILURE);
    }
    for found in registry.refused() {
        refused(&mut text, found);
    }
    let Some(found) = registry.loaded().first() else {
        return (text, ExitCode::FAILURE);
    };
    loaded(&mut text, found);
    let info = found.driver.info();
    let _ = writeln!(
        text,
        "  {}; built with quillback-plugin-api {} by {}; interface {}.{}",
        info.name,
        info.api_version,
        info.build,
        quillback_plugin_api::abi::MAJOR,
        found.abi_minor
    );
    let repository = if info.capabilities.repository {
        "can"
    } else {
        "cannot"
    };
    let _ = writeln!(text, "  {repository} hold the repository");
    (text, ExitCode::SUCCESS)
}

fn loaded(text: &mut String, found: &Loaded) {
    let info = found.driver.info();
    let _ = writeln!(
        text,
        "loaded: {} {}, {}",
        info.id, info.version, found.origin
    );
    if let Origin::File {
        sha256, is_listed, ..
    } = &found.origin
    {
        let listed = if *is_listed {
            "in plugins.allow"
        } else {
            "not in plugins.allow"
        };
        let _ = writeln!(text, "  sha256 {sha256} ({listed})");
    }
}

fn refused(text: &mut String, found: &Refused) {
    let _ = writeln!(text, "refused: {}: {}", found.path.display(), found.reason);
    if let Some(sha256) = &found.sha256 {
        let _ = writeln!(text, "  sha256 {sha256}");
    }
}
