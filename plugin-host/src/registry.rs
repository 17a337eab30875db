//! All drivers of a server: those linked into it, those loaded, and the files that were refused.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};

use quillback_plugin_api::DriverError;
use quillback_plugin_api::abi::Plugin;
use quillback_plugin_api::remote::{self, RemoteDriver};

use crate::listing::{Loaded, Missing, Options, Origin, Refused};
use crate::load;
use crate::refusal::Refusal;
use crate::report;
use crate::trust::Mode;

/// All drivers of a server.
#[derive(Debug, Default)]
pub struct Registry {
    loaded: Vec<Loaded>,
    refused: Vec<Refused>,
    dirs: Vec<PathBuf>,
}

/// The name of the file that brings driver `id` on this system.
pub fn file_name(id: &str) -> String {
    format!("{DLL_PREFIX}quillback_driver_{id}{DLL_SUFFIX}")
}

/// The identifier in the name of a file; `None` when it is not the name of a driver.
fn id_of(file: &Path) -> Option<String> {
    let id = file
        .file_name()?
        .to_str()?
        .strip_prefix(DLL_PREFIX)?
        .strip_prefix("quillback_driver_")?
        .strip_suffix(DLL_SUFFIX)?;
    let is_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (!id.is_empty() && id.bytes().all(is_id)).then(|| id.to_owned())
}

impl Registry {
    /// The drivers in the folders of `options`. It blocks; use it before the server answers requests. What is refused
    /// keeps nothing else from being loaded, and both are logged.
    pub fn load(options: &Options) -> Self {
        let mut registry = Self::default();
        registry.scan(options);
        registry
    }

    /// Adds a driver that is linked into the server. It wins over a file that brings the same driver.
    ///
    /// # Errors
    /// What keeps the driver from starting; that it is linked already.
    pub fn link(&mut self, plugin: &'static Plugin) -> Result<(), DriverError> {
        let info = remote::describe(plugin)?;
        if let Some(at) = self.position(&info.id) {
            let known = self.loaded.remove(at);
            match known.origin.clone() {
                Origin::Linked => {
                    self.loaded.insert(at, known);
                    return Ok(());
                }
                Origin::File { path, sha256, .. } => {
                    self.refuse(path, Some(sha256), duplicate(&info.id, &Origin::Linked));
                }
            }
        }
        let settings = report::settings(&Options::default());
        let driver = RemoteDriver::start(plugin, info, settings)?;
        self.add(driver, Origin::Linked, plugin.abi_minor);
        Ok(())
    }

    /// Adds the drivers in the folders of `options`; see [`Registry::load`].
    pub fn scan(&mut self, options: &Options) {
        for dir in &options.dirs {
            for (id, path) in candidates(dir) {
                let mut sha256 = None;
                if let Err(reason) = self.load_file(&id, &path, options, &mut sha256) {
                    self.refuse(path, sha256, reason);
                }
            }
            self.dirs.push(dir.clone());
        }
    }

    /// Adds the driver of one file, wherever it is. Answers `false` when the file does not have the name of a driver.
    pub fn scan_file(&mut self, path: &Path, options: &Options) -> bool {
        let Some(id) = id_of(path) else {
            return false;
        };
        let mut sha256 = None;
        if let Err(reason) = self.load_file(&id, path, options, &mut sha256) {
            self.refuse(path.to_owned(), sha256, reason);
        }
        true
    }

    fn load_file(
        &mut self,
        id: &str,
        path: &Path,
        options: &Options,
        sha256: &mut Option<String>,
    ) -> Result<(), Refusal> {
        if let Some(known) = self.find(id) {
            return Err(duplicate(id, &known.origin));
        }
        let candidate = load::check(path, id, options, sha256)?;
        let (plugin, info) = load::open(&candidate, options)?;
        if info.id != id {
            return Err(Refusal::Name {
                found: info.id,
                wanted: id.to_owned(),
            });
        }
        let driver = load::start(plugin, info, options)?;
        let standing = candidate.standing;
        if options.mode == Mode::Warn && (!standing.is_listed || standing.is_group_writable) {
            tracing::warn!(
                driver.id = id,
                path = %candidate.path.display(),
                sha256 = candidate.sha256,
                is_listed = standing.is_listed,
                is_group_writable = standing.is_group_writable,
                "loaded a driver file that an enforced allow-list would refuse"
            );
        }
        let origin = Origin::File {
            path: candidate.path,
            sha256: candidate.sha256,
            is_listed: standing.is_listed,
        };
        self.add(driver, origin, plugin.abi_minor);
        Ok(())
    }

    fn add(&mut self, driver: RemoteDriver, origin: Origin, abi_minor: u16) {
        let info = driver.info();
        tracing::info!(
            driver.id = info.id,
            driver.version = info.version,
            driver.api = info.api_version,
            driver.build = info.build,
            abi_minor,
            %origin,
            "driver ready"
        );
        self.loaded.push(Loaded {
            driver,
            origin,
            abi_minor,
        });
    }

    fn refuse(&mut self, path: PathBuf, sha256: Option<String>, reason: Refusal) {
        tracing::warn!(path = %path.display(), %reason, "driver file refused");
        self.refused.push(Refused {
            path,
            sha256,
            reason,
        });
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.loaded
            .iter()
            .position(|loaded| loaded.driver.info().id == id)
    }

    fn find(&self, id: &str) -> Option<&Loaded> {
        self.loaded.get(self.position(id)?)
    }

    /// The driver called `id`.
    pub fn get(&self, id: &str) -> Option<RemoteDriver> {
        Some(self.find(id)?.driver.clone())
    }

    /// The driver called `id`, or what to do about it.
    ///
    /// # Errors
    /// [`Missing`] says which file would bring the driver, or why the one that is there was refused.
    pub fn require(&self, id: &str) -> Result<RemoteDriver, Missing> {
        self.get(id).ok_or_else(|| Missing {
            id: id.to_owned(),
            advice: self.advice(id),
        })
    }

    fn advice(&self, id: &str) -> String {
        let is_it = |refused: &&Refused| id_of(&refused.path).as_deref() == Some(id);
        if let Some(Refused { path, reason, .. }) = self.refused.iter().find(is_it) {
            return format!("{} was refused: {reason}", path.display());
        }
        let file = file_name(id);
        if self.dirs.is_empty() {
            return format!("put {file} into a folder and name the folder in the configuration");
        }
        let dirs: Vec<_> = self
            .dirs
            .iter()
            .map(|dir| dir.display().to_string())
            .collect();
        format!("put {file} into {} and restart", dirs.join(" or "))
    }

    /// The drivers that are ready.
    pub fn loaded(&self) -> &[Loaded] {
        &self.loaded
    }

    /// The files that were not loaded, to keep.
    pub fn into_refused(self) -> Vec<Refused> {
        self.refused
    }

    /// The files that were not loaded.
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }
}

fn duplicate(id: &str, by: &Origin) -> Refusal {
    Refusal::Duplicate {
        id: id.to_owned(),
        by: by.to_string(),
    }
}

/// Files of a folder that have names of drivers, in the order of their names.
fn candidates(dir: &Path) -> Vec<(String, PathBuf)> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => {
            tracing::info!(path = %dir.display(), %error, "no drivers from this folder");
            return Vec::new();
        }
    };
    let mut found: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter_map(|path| Some((id_of(&path)?, path)))
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_drivers_are_looked_at() {
        assert_eq!(id_of(Path::new(&file_name("my_sql2"))).unwrap(), "my_sql2");
        for name in [
            file_name(""),
            file_name("My"),
            file_name("../x"),
            file_name("a.b"),
            format!("{}.bak", file_name("x")),
            "libother.so".to_owned(),
        ] {
            assert_eq!(id_of(Path::new(&name)), None, "{name}");
        }
    }

    #[test]
    fn a_missing_driver_names_the_file_that_would_bring_it() {
        let error = Registry::default().require("mysql").unwrap_err();
        assert!(error.to_string().contains(&file_name("mysql")), "{error}");
        let registry = Registry::load(&Options {
            dirs: vec!["/nonexistent/drivers".into()],
            ..Options::default()
        });
        let error = registry.require("mysql").unwrap_err();
        assert!(
            error.to_string().contains("/nonexistent/drivers"),
            "{error}"
        );
    }
}
