//! The table of generators. A new generated file is a new row.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::drivers;
use crate::process;

/// What the generators work with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tools<'a> {
    /// The root of the checkout.
    pub(crate) root: &'a Path,
    /// The folder with what cargo built.
    pub(crate) built: &'a Path,
}

/// What a generator made.
#[derive(Debug)]
pub(crate) struct Generated {
    /// The folder that belongs to this generator alone, if it has one: other files in it are stale.
    pub(crate) folder: Option<String>,
    /// Paths from the root of the checkout, and what belongs there.
    pub(crate) files: Vec<(String, String)>,
}

/// One generator.
#[derive(Debug)]
pub(crate) struct Generator {
    /// What it makes.
    pub(crate) name: &'static str,
    /// Makes it without writing into the checkout.
    pub(crate) make: fn(&Tools<'_>) -> Result<Generated>,
}

/// What cargo has to build for the generators below.
pub(crate) const PROGRAMS: &[&str] = &[
    "-p",
    "quillback-server",
    "--bin",
    "quillback",
    "-p",
    "quillback-plugin-api",
    "--example",
    "header",
];

/// All generators.
pub(crate) const GENERATORS: &[Generator] = &[
    Generator {
        name: "table of drivers",
        make: driver_table,
    },
    Generator {
        name: "reference of settings",
        make: |tools| tools.output("quillback", &["config", "reference"], "docs/settings.md"),
    },
    Generator {
        name: "GraphQL schema",
        make: |tools| tools.output("quillback", &["schema"], "schema.graphql"),
    },
    Generator {
        name: "C header of the plugin interface",
        make: |tools| {
            tools.output(
                "examples/header",
                &[],
                "plugin-api/include/quillback_driver.h",
            )
        },
    },
];

impl Tools<'_> {
    /// A file that holds what a built program prints when it is called with these arguments.
    fn output(&self, program: &str, arguments: &[&str], path: &str) -> Result<Generated> {
        let program = format!("{program}{}", std::env::consts::EXE_SUFFIX);
        let mut command = Command::new(self.built.join(program));
        let text = process::capture(command.args(arguments).current_dir(self.root))?;
        Ok(Generated {
            folder: None,
            files: vec![(path.to_owned(), text)],
        })
    }
}

fn driver_table(tools: &Tools<'_>) -> Result<Generated> {
    let path = "drivers/README.md";
    let present = std::fs::read_to_string(tools.root.join(path))
        .with_context(|| format!("cannot read {path}"))?;
    let mut all = Vec::new();
    for manifest in crate::manifest::read_all(tools.root)? {
        let runs = crate::records::read(tools.root, &manifest.id)?;
        crate::records::agree(&manifest, &runs)?;
        all.push((manifest, runs));
    }
    let text = drivers::with_tables(&present, &all)?;
    Ok(Generated {
        folder: None,
        files: vec![(path.to_owned(), text)],
    })
}

/// The files below a folder, as paths from it, in order; none when the folder is missing.
///
/// # Errors
/// When a folder cannot be read.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            let inner = files_below(&entry.path())?;
            found.extend(inner.into_iter().map(|path| format!("{name}/{path}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}
