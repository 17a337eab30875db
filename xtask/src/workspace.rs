//! Where things are in the checkout, and which drivers it holds.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::process;

/// The root folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// A `cargo` command that runs at the root of the workspace.
pub(crate) fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root());
    // `cargo run` describes xtask itself in these; some build scripts watch them, and would make
    // cargo build their crates again whenever it is called with and without xtask in turn.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// What `cargo metadata` says about the workspace itself, without its dependencies' insides.
///
/// # Errors
/// When a manifest cannot be read.
pub(crate) fn metadata() -> Result<Value> {
    let text = process::capture(cargo().args(["metadata", "--no-deps", "--format-version=1"]))?;
    serde_json::from_str(&text).context("`cargo metadata` printed something unexpected")
}

/// The folder that cargo builds into.
///
/// # Errors
/// When a manifest cannot be read.
pub(crate) fn target() -> Result<PathBuf> {
    let metadata = metadata()?;
    let path = metadata
        .get("target_directory")
        .and_then(Value::as_str)
        .context("cargo named no target folder")?;
    Ok(PathBuf::from(path))
}

/// The ids of all drivers: the folders below `drivers/` that hold a `driver.toml`, in order.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn drivers(root: &Path) -> Result<Vec<String>> {
    let folder = root.join("drivers");
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut ids = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.path().join("driver.toml").is_file() {
            ids.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    ids.sort();
    Ok(ids)
}

/// The cargo package of a driver.
pub(crate) fn driver_package(id: &str) -> String {
    format!("quillback-driver-{id}")
}

/// The file name of a driver's plugin library on this system.
pub(crate) fn driver_library(id: &str) -> String {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    format!(
        "{DLL_PREFIX}quillback_driver_{}{DLL_SUFFIX}",
        id.replace('-', "_")
    )
}

/// The file name of the server program on this system.
pub(crate) fn server_program() -> String {
    format!("quillback{}", std::env::consts::EXE_SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::{drivers, root};

    #[test]
    fn a_folder_without_a_manifest_is_no_driver() {
        let folder = tempfile::tempdir().unwrap();
        for id in ["b", "a", "notes"] {
            std::fs::create_dir_all(folder.path().join("drivers").join(id)).unwrap();
        }
        for id in ["b", "a"] {
            std::fs::write(
                folder.path().join("drivers").join(id).join("driver.toml"),
                "",
            )
            .unwrap();
        }
        assert_eq!(drivers(folder.path()).unwrap(), ["a", "b"]);
    }

    #[test]
    fn the_root_holds_this_crate() {
        assert!(root().join("xtask/src/workspace.rs").is_file());
    }
}
