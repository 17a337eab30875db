//! `quillback schema`: prints the GraphQL schema.

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context as _;

/// Print the GraphQL schema in the schema definition language.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let sdl = quillback_graphql::sdl();
    match &args.output {
        Some(file) => {
            std::fs::write(file, sdl)
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        None => io::stdout().write_all(sdl.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}
