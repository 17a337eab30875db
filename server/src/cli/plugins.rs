//! `quillback plugins`: the arguments of the commands for driver plugins.

use std::path::PathBuf;

use clap::Subcommand;

/// What to do with driver plugins.
#[derive(Debug, Clone, Subcommand)]
pub enum PluginsCommand {
    /// List the plugins that would be loaded or refused, with digest and reason.
    List,
    /// Inspect one plugin file and say whether this server can load it.
    Check {
        /// The plugin file.
        file: PathBuf,
    },
}
