//! Finds and loads the plugin file of the driver under test.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use quillback_plugin_host::{Mode, Options, Registry, RemoteDriver, file_name};

/// Loads the driver as a server does, from a folder that holds nothing else.
pub(crate) fn load(id: &str) -> Result<RemoteDriver> {
    let file = find(id)?;
    let folder = tempfile::tempdir().context("a folder for the plugin")?;
    place(&file, &folder.path().join(file_name(id)))?;
    let options = Options {
        dirs: vec![folder.path().to_owned()],
        mode: Mode::Off,
        ..Options::default()
    };
    let registry = Registry::load(&options);
    if let Some(refused) = registry.refused().first() {
        bail!("{} was refused: {}", refused.path.display(), refused.reason);
    }
    registry
        .get(id)
        .with_context(|| format!("{} brings no driver {id}", file.display()))
}

/// A link will do where there are links: the host looks at the file behind it.
fn place(file: &Path, to: &Path) -> Result<()> {
    #[cfg(unix)]
    std::os::unix::fs::symlink(file, to).context("a link to the plugin")?;
    #[cfg(not(unix))]
    std::fs::copy(file, to).context("a copy of the plugin")?;
    Ok(())
}

/// The plugin file that was built together with this test.
///
/// Cargo builds all kinds of a package's library for its tests, so the plugin lies in the test's own folder
/// (`target/<profile>/deps`); the folder above holds the copy that `cargo build` makes.
fn find(id: &str) -> Result<PathBuf> {
    let name = file_name(id);
    let test = std::env::current_exe().context("the path of this test")?;
    let places: Vec<PathBuf> = test
        .ancestors()
        .skip(1)
        .take(2)
        .map(|place| place.join(&name))
        .collect();
    places.iter().find(|file| file.is_file()).cloned().with_context(|| {
        let looked: Vec<_> = places.iter().map(|file| file.display().to_string()).collect();
        format!(
            "the plugin file is neither of {}: run `cargo build -p quillback-driver-{id}` with the same profile",
            looked.join(", ")
        )
    })
}
