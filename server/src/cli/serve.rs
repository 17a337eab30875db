//! `quillback serve`: the arguments of the command that runs the server.

use clap::Args;

/// Run the server until it is told to stop.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeArgs {
    /// Refuse to start when the repository needs migrations, instead of applying them.
    #[arg(long)]
    pub no_migrate: bool,
}
