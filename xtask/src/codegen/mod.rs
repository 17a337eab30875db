//! `cargo xtask codegen`: writes the files that programs write, or checks that they are up to date.
//!
//! What is generated is the table in `generators.rs`.

mod drivers;
mod generators;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::{process, workspace};
use generators::{GENERATORS, Generated, Generator, Tools};

/// Options of `codegen`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail when a generated file is not what it should be
    #[arg(long)]
    check: bool,
}

/// Builds what the generators need, runs them and writes or compares the results.
///
/// # Errors
/// When something does not compile, a generator fails, or a file is out of date (with `--check`).
pub(crate) fn run(options: &Options) -> Result<()> {
    let root = workspace::root();
    let mut cargo = workspace::cargo();
    process::run(cargo.arg("build").args(generators::PROGRAMS))?;
    let built = workspace::target()?.join("debug");
    if options.check {
        check(&root, &built)
    } else {
        write(&root, &built)
    }
}

/// Compares every generated file with what its generator makes, using the programs in `built`.
///
/// # Errors
/// When a generator fails or a file is out of date.
pub(crate) fn check(root: &Path, built: &Path) -> Result<()> {
    let tools = Tools { root, built };
    let mut stale = Vec::new();
    for generator in GENERATORS {
        let generated = make(generator, &tools)?;
        stale.extend(differences(root, &generated)?);
    }
    for line in &stale {
        println!("{line}");
    }
    if !stale.is_empty() {
        bail!("generated files are out of date; run `cargo xtask codegen` and commit the result");
    }
    println!(
        "codegen: {} generators agree with the checkout",
        GENERATORS.len()
    );
    Ok(())
}

fn write(root: &Path, built: &Path) -> Result<()> {
    let tools = Tools { root, built };
    for generator in GENERATORS {
        let generated = make(generator, &tools)?;
        let changed = differences(root, &generated)?;
        apply(root, &generated)?;
        println!(
            "{}: {} of {} files changed",
            generator.name,
            changed.len(),
            generated.files.len()
        );
    }
    Ok(())
}

fn make(generator: &Generator, tools: &Tools<'_>) -> Result<Generated> {
    (generator.make)(tools).with_context(|| format!("the generator `{}` failed", generator.name))
}

/// What would change, one line per file.
fn differences(root: &Path, generated: &Generated) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for (path, text) in &generated.files {
        match std::fs::read_to_string(root.join(path)) {
            Ok(present) if present == *text => {}
            Ok(present) => {
                let same = present
                    .lines()
                    .zip(text.lines())
                    .take_while(|(a, b)| a == b)
                    .count();
                lines.push(format!(
                    "{path}:{}: is out of date from this line on",
                    same + 1
                ));
            }
            Err(_) => lines.push(format!("{path}:1: is missing")),
        }
    }
    for path in leftovers(root, generated)? {
        lines.push(format!("{path}:1: is no longer generated"));
    }
    Ok(lines)
}

/// Files in a generated folder that the generator did not make.
fn leftovers(root: &Path, generated: &Generated) -> Result<Vec<String>> {
    let Some(folder) = &generated.folder else {
        return Ok(Vec::new());
    };
    let made: BTreeSet<&str> = generated
        .files
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    let present = generators::files_below(&root.join(folder))?;
    let present = present.into_iter().map(|name| format!("{folder}/{name}"));
    Ok(present
        .filter(|path| !made.contains(path.as_str()))
        .collect())
}

fn apply(root: &Path, generated: &Generated) -> Result<()> {
    for path in leftovers(root, generated)? {
        std::fs::remove_file(root.join(&path)).with_context(|| format!("cannot remove {path}"))?;
    }
    for (path, text) in &generated.files {
        let file = root.join(path);
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&file, text).with_context(|| format!("cannot write {path}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Generated, apply, differences};

    #[test]
    fn differences_vanish_once_they_are_applied() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("out")).unwrap();
        std::fs::write(root.path().join("out/old.sql"), "gone").unwrap();
        std::fs::write(root.path().join("out/a.sql"), "same\nold\n").unwrap();
        let generated = Generated {
            folder: Some("out".to_owned()),
            files: vec![
                ("out/a.sql".to_owned(), "same\nnew\n".to_owned()),
                ("out/b/c.sql".to_owned(), "x".to_owned()),
            ],
        };
        let found = differences(root.path(), &generated).unwrap();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("out/a.sql:2:"), "{found:?}");
        apply(root.path(), &generated).unwrap();
        assert_eq!(
            differences(root.path(), &generated).unwrap(),
            Vec::<String>::new()
        );
        assert!(!root.path().join("out/old.sql").exists());
    }

    #[test]
    fn a_single_file_does_not_own_its_folder() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("other"), "stays").unwrap();
        let files = vec![("one".to_owned(), "1".to_owned())];
        apply(
            root.path(),
            &Generated {
                folder: None,
                files,
            },
        )
        .unwrap();
        assert!(root.path().join("other").exists());
    }
}
