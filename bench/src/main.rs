//! `quillback-bench`: runs one measurement, prints it, and writes it as JSON when asked to.
#![expect(clippy::print_stdout, reason = "it is a program that prints a table")]

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Parser;
use quillback_bench::boundary;

/// Measures Quillback
#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    what: What,
    /// Also writes the results to this file, as JSON
    #[arg(long, global = true, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Calls and rows over the plugin boundary, with a driver that has no database
    Boundary(boundary::Options),
}

fn main() -> Result<()> {
    let options = Options::parse();
    let What::Boundary(what) = options.what;
    let results = boundary::run(&what)?;
    for result in &results {
        println!("{result}");
    }
    if let Some(path) = options.json {
        let json = serde_json::to_string_pretty(&results)?;
        std::fs::write(&path, json + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
