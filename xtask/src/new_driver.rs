//! `cargo xtask new-driver <id>`: the folder of a new driver, from the template in `xtask/template/`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::workspace;

/// Options of `new-driver`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Short name in lower case: the folder, the library and the connection kind are called so
    id: String,
    /// What people call the database, for example `Acme SQL` [default: the id]
    #[arg(long)]
    name: Option<String>,
    /// The folder that gets the new folder
    #[arg(long, hide = true)]
    into: Option<PathBuf>,
}

/// Paths in the new folder and what goes there.
const TEMPLATE: &[(&str, &str)] = &[
    ("driver.toml", include_str!("../template/driver.toml")),
    ("live.toml", include_str!("../template/live.toml")),
    ("README.md", include_str!("../template/README.md")),
    // Not called `Cargo.toml`, so that no tool takes the template for a package.
    ("Cargo.toml", include_str!("../template/manifest.toml")),
    ("src/lib.rs", include_str!("../template/src/lib.rs")),
    ("src/options.rs", include_str!("../template/src/options.rs")),
    (
        "src/capabilities.rs",
        include_str!("../template/src/capabilities.rs"),
    ),
    ("src/dialect.rs", include_str!("../template/src/dialect.rs")),
    ("src/types.rs", include_str!("../template/src/types.rs")),
    ("src/connect.rs", include_str!("../template/src/connect.rs")),
    ("src/execute.rs", include_str!("../template/src/execute.rs")),
    (
        "src/introspect.rs",
        include_str!("../template/src/introspect.rs"),
    ),
    ("src/errors.rs", include_str!("../template/src/errors.rs")),
    (
        "tests/conformance.rs",
        include_str!("../template/tests/conformance.rs"),
    ),
];

/// Makes the folder and says what to do next.
///
/// # Errors
/// When the id is not usable, is taken, or a file cannot be written.
pub(crate) fn run(options: &Options) -> Result<()> {
    let drivers = match &options.into {
        Some(folder) => folder.clone(),
        None => workspace::root().join("drivers"),
    };
    let name = options.name.as_deref().unwrap_or(&options.id);
    write(&drivers, &options.id, name)?;
    let id = &options.id;
    if options.into.is_none() {
        // The id changes the lengths of lines. Without rustfmt the folder is complete all the same.
        let package = workspace::driver_package(id);
        let _ = workspace::cargo().args(["fmt", "-p", &package]).status();
    }
    println!("Made drivers/{id}. Next:");
    println!("  1. `cargo check -p quillback-driver-{id}` compiles already");
    println!("  2. choose a client library and fill in src/, from options.rs to introspect.rs");
    println!(
        "  3. `cargo nextest run -p quillback-driver-{id}` until the conformance suite is green"
    );
    println!(
        "  4. write driver.toml and README.md, then `cargo xtask codegen` for the table of drivers"
    );
    Ok(())
}

fn write(drivers: &Path, id: &str, name: &str) -> Result<()> {
    check_id(id)?;
    if name.is_empty() || name.contains(['"', '\\', '|', '\n', '`']) {
        bail!("the name must not be empty or hold quotes, `\\`, `|` or line breaks");
    }
    let folder = drivers.join(id);
    if folder.exists() {
        bail!("{} exists already", folder.display());
    }
    for (path, text) in TEMPLATE {
        let file = folder.join(path);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent)
                .with_context(|| format!("cannot make {}", parent.display()))?;
        }
        std::fs::write(&file, fill(text, id, name))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// The id becomes part of a crate's name, of a symbol and of a file name.
fn check_id(id: &str) -> Result<()> {
    let starts_well = id.starts_with(|c: char| c.is_ascii_lowercase());
    let is_plain = id
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !starts_well || !is_plain || id.len() > 32 {
        bail!("`{id}` is no id: use up to 32 lower case letters, digits and `_`, first a letter");
    }
    Ok(())
}

fn fill(text: &str, id: &str, name: &str) -> String {
    text.replace("__TYPE__", &type_name(id))
        .replace("__ENV__", &id.to_uppercase())
        .replace("__ID__", id)
        .replace("__NAME__", name)
}

fn type_name(id: &str) -> String {
    let words = id.split('_').map(|word| {
        let mut chars = word.chars();
        let first = chars.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(chars).collect::<String>()
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::{TEMPLATE, check_id, type_name, write};

    #[test]
    fn ids_that_would_break_a_name_are_refused() {
        for id in ["acme", "acme_2", "a"] {
            assert!(check_id(id).is_ok(), "{id}");
        }
        for id in [
            "",
            "2a",
            "Acme",
            "acme-sql",
            "_a",
            "é",
            "a b",
            "../x",
            &"a".repeat(33),
        ] {
            assert!(check_id(id).is_err(), "{id}");
        }
    }

    #[test]
    fn types_are_named_after_the_id() {
        assert_eq!(type_name("acme_sql2"), "AcmeSql2");
    }

    #[test]
    fn every_placeholder_is_filled_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "acme", "Acme SQL").unwrap();
        for (path, _) in TEMPLATE {
            let text = std::fs::read_to_string(folder.path().join("acme").join(path)).unwrap();
            assert!(!text.contains("__"), "{path}: {text}");
        }
        let again = write(folder.path(), "acme", "Acme SQL")
            .unwrap_err()
            .to_string();
        assert!(again.contains("exists"), "{again}");
        assert!(write(folder.path(), "other", "a\"b").is_err());
        assert!(!folder.path().join("other").exists());
    }

    #[test]
    fn the_template_has_the_files_of_every_driver() {
        let drivers = crate::workspace::root().join("drivers");
        for id in crate::workspace::drivers(&crate::workspace::root()).unwrap() {
            let manifest = std::fs::read_to_string(drivers.join(&id).join("Cargo.toml")).unwrap();
            // What a driver shares with its relatives is in the folder of their family, under the same name.
            let family = manifest
                .lines()
                .find_map(|line| line.strip_prefix("quillback-family-"))
                .and_then(|rest| rest.split(['.', ' ']).next())
                .map(|name| drivers.join("families").join(name));
            for (path, _) in TEMPLATE.iter().filter(|(path, _)| path.starts_with("src/")) {
                let mut places = family
                    .iter()
                    .chain([&drivers.join(&id)])
                    .cloned()
                    .collect::<Vec<_>>();
                places.retain(|place| place.join(path).is_file());
                assert!(!places.is_empty(), "{path} of {id} is missing");
            }
        }
    }
}
