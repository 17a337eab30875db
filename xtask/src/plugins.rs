//! Putting the server and its driver plugins where they are wanted.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::{process, workspace};

/// Which build of the programs is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build.
    Dev,
    /// Quick to run.
    Release,
}

impl Profile {
    /// The folder below the target folder.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }
}

/// Picks the wanted drivers out of those that exist; none wanted means all.
///
/// # Errors
/// When a wanted driver does not exist.
pub(crate) fn choose(known: Vec<String>, wanted: &[String]) -> Result<Vec<String>> {
    if let Some(stranger) = wanted.iter().find(|id| !known.contains(id)) {
        bail!(
            "there is no driver `{stranger}`; choose from: {}",
            known.join(", ")
        );
    }
    if wanted.is_empty() {
        return Ok(known);
    }
    Ok(known.into_iter().filter(|id| wanted.contains(id)).collect())
}

/// Builds the server and the given drivers and returns the folder with the results.
///
/// # Errors
/// When something does not compile.
pub(crate) fn build(drivers: &[String], profile: Profile) -> Result<PathBuf> {
    let mut command = workspace::cargo();
    command.args(["build", "-p", "quillback-server"]);
    for id in drivers {
        command.args(["-p", &workspace::driver_package(id)]);
    }
    if profile == Profile::Release {
        command.arg("--release");
    }
    process::run(&mut command)?;
    Ok(workspace::target()?.join(profile.folder()))
}

/// Makes `folder` hold exactly the plugin libraries of the given drivers.
///
/// Each file is written beside its place and then renamed: overwriting a library that a running
/// server has loaded would kill that server.
///
/// # Errors
/// When a library is missing or a file cannot be written.
pub(crate) fn place(built: &Path, drivers: &[String], folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let wanted: Vec<String> = drivers
        .iter()
        .map(|id| workspace::driver_library(id))
        .collect();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if !wanted.iter().any(|name| entry.file_name() == name.as_str()) {
            std::fs::remove_file(entry.path())
                .with_context(|| format!("cannot remove {}", entry.path().display()))?;
        }
    }
    for name in &wanted {
        replace(&built.join(name), &folder.join(name))?;
    }
    Ok(())
}

/// Copies a file by writing a new one and renaming it into place.
///
/// # Errors
/// When the source is missing or the folder of the destination cannot be written.
pub(crate) fn replace(from: &Path, to: &Path) -> Result<()> {
    let new = to.with_extension(format!("new-{}", std::process::id()));
    std::fs::copy(from, &new)
        .with_context(|| format!("cannot copy {} to {}", from.display(), new.display()))?;
    std::fs::rename(&new, to).with_context(|| format!("cannot write {}", to.display()))
}

#[cfg(test)]
mod tests {
    use super::{choose, place};
    use crate::workspace::driver_library;

    fn ids(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn no_wish_means_every_driver_and_a_strange_wish_is_refused() {
        let known = ids(&["a", "b", "c"]);
        assert_eq!(choose(known.clone(), &[]).unwrap(), known);
        assert_eq!(
            choose(known.clone(), &ids(&["c", "a"])).unwrap(),
            ids(&["a", "c"])
        );
        let refused = choose(known, &ids(&["d"])).unwrap_err().to_string();
        assert!(
            refused.contains("`d`") && refused.contains("a, b, c"),
            "{refused}"
        );
    }

    #[test]
    fn placing_replaces_by_rename_and_removes_what_is_not_wanted() {
        let temporary = tempfile::tempdir().unwrap();
        let (built, folder) = (
            temporary.path().join("built"),
            temporary.path().join("drivers"),
        );
        std::fs::create_dir_all(&built).unwrap();
        for id in ["a", "b"] {
            std::fs::write(built.join(driver_library(id)), format!("old {id}")).unwrap();
        }
        place(&built, &ids(&["a", "b"]), &folder).unwrap();
        let loaded = std::fs::File::open(folder.join(driver_library("a"))).unwrap();
        std::fs::write(built.join(driver_library("a")), "new a").unwrap();
        place(&built, &ids(&["a"]), &folder).unwrap();

        let read = std::fs::read_to_string(folder.join(driver_library("a"))).unwrap();
        assert_eq!(read, "new a");
        assert_eq!(
            std::io::read_to_string(loaded).unwrap(),
            "old a",
            "the open file was touched"
        );
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        assert!(place(&built, &ids(&["c"]), &folder).is_err());
    }
}
