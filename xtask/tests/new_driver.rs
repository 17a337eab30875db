//! A driver made from the template compiles, without warnings, in a workspace of its own.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// A workspace like ours with the new driver as its only member; our crates are where they are.
fn manifest() -> String {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut manifest: toml::Table = text.parse().unwrap();
    let workspace = manifest
        .get_mut("workspace")
        .unwrap()
        .as_table_mut()
        .unwrap();
    workspace.insert(
        "members".into(),
        toml::Value::Array(vec!["drivers/acme_sql".into()]),
    );
    workspace.remove("default-members");
    workspace.remove("exclude");
    let dependencies = workspace
        .get_mut("dependencies")
        .unwrap()
        .as_table_mut()
        .unwrap();
    for (_, dependency) in dependencies.iter_mut() {
        let Some(table) = dependency.as_table_mut() else {
            continue;
        };
        if let Some(path) = table.get("path").and_then(toml::Value::as_str) {
            let path = root().join(path).display().to_string();
            table.insert("path".into(), path.into());
        }
    }
    toml::to_string(&manifest).unwrap()
}

#[test]
fn a_new_driver_compiles_without_warnings() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Cargo.toml"), manifest()).unwrap();
    for file in ["Cargo.lock", "clippy.toml", "rustfmt.toml"] {
        std::fs::copy(root().join(file), folder.path().join(file)).unwrap();
    }
    let drivers = folder.path().join("drivers");
    let mut make = Command::new(env!("CARGO_BIN_EXE_xtask"));
    make.args(["new-driver", "acme_sql", "--name", "Acme SQL", "--into"])
        .arg(&drivers);
    assert!(make.status().unwrap().success());

    // Beside our own results, so that the crates of others are compiled once.
    let target = Path::new(env!("CARGO_BIN_EXE_xtask"))
        .ancestors()
        .nth(2)
        .unwrap();
    let mut check = Command::new(env!("CARGO"));
    check
        .args(["clippy", "--offline", "--all-targets", "--target-dir"])
        .arg(target);
    check
        .args(["--", "-D", "warnings"])
        .current_dir(folder.path());
    let output = check.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
