//! `quillback-bench`: runs measurements, prints their tables, and keeps them as Markdown and JSON when asked to.
#![expect(clippy::print_stdout, reason = "it is a program that prints a table")]

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Parser;
use quillback_bench::{boundary, whole};

/// Measures Quillback
#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    what: What,
    /// Also writes the results into this file as JSON, and beside it as Markdown
    #[arg(long, global = true, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Calls and rows over the plugin boundary, with a driver that has no database
    Boundary(boundary::Options),
    /// The whole server under load, beside the raw database and a bare server
    Server(whole::Options),
    /// The bare server itself; started by `server`
    #[command(hide = true, subcommand)]
    Thin(whole::thin::Options),
}

fn main() -> Result<()> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let (text, json) = match options.what {
        What::Boundary(what) => {
            let results = boundary::run(&what)?;
            let lines: Vec<String> = results.iter().map(ToString::to_string).collect();
            (lines.join("\n"), serde_json::to_string_pretty(&results)?)
        }
        What::Server(what) => {
            let surroundings = whole::Surroundings::of_environment()?;
            let report = runtime.block_on(whole::run(&what, &surroundings))?;
            (report.markdown(), serde_json::to_string_pretty(&report)?)
        }
        What::Thin(what) => return runtime.block_on(whole::thin::serve(&what)),
    };
    println!("{text}");
    if let Some(path) = options.json {
        for (path, content) in [(path.with_extension("md"), text), (path, json)] {
            std::fs::write(&path, content + "\n")
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}
