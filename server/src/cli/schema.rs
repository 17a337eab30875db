//! `quillback schema`: the arguments of the command that prints the GraphQL schema.

use std::path::PathBuf;

use clap::Args;

/// Print the GraphQL schema in the schema definition language.
#[derive(Debug, Clone, Default, Args)]
pub struct SchemaArgs {
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}
