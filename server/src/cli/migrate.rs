//! `quillback migrate`: the arguments of the command that brings the repository up to date.

use clap::Args;

/// Bring the repository up to the version of this program.
#[derive(Debug, Clone, Default, Args)]
pub struct MigrateArgs {
    /// Print what would run, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
}
