//! Where the keys that seal secrets are kept: the file `keys` in the data folder, or the configuration.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use quillback_core::{cx::Random, keyring::Keyring};

use super::private;
use crate::config::{DataSection, Environment, SecretText};

/// Name of the file in the data folder.
const NAME: &str = "keys";

/// The keys, and where they are from.
#[derive(Debug)]
pub struct KeyFile {
    text: SecretText,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// `data.master_key` of the configuration.
    Configured,
    /// The file, and whether this start made it.
    File { path: PathBuf, is_new: bool },
}

impl KeyFile {
    /// Finds the keys; without any, a file with one new key is made.
    ///
    /// # Errors
    /// The file or the configured secret cannot be read, or others can read the file.
    pub fn find(
        data: &DataSection,
        environment: &Environment,
        random: &dyn Random,
    ) -> anyhow::Result<Self> {
        if let Some(configured) = &data.master_key {
            let text = configured.resolve(environment).map_err(anyhow::Error::msg);
            let text = text.context("data.master_key")?;
            return Ok(Self {
                text,
                place: Place::Configured,
            });
        }
        let path = data.folder.join(NAME);
        if let Some(text) = private::read(&path)? {
            return Ok(Self {
                text: SecretText::new(text),
                place: Place::File {
                    path,
                    is_new: false,
                },
            });
        }
        let text = Keyring::generate(random);
        private::create(&path, &text)?;
        Ok(Self {
            text: SecretText::new(text.as_str()),
            place: Place::File { path, is_new: true },
        })
    }

    /// The keys.
    ///
    /// # Errors
    /// A line is not a key; its number is told, never its text.
    pub fn keyring(&self) -> anyhow::Result<Keyring> {
        Keyring::parse(self.text.expose()).with_context(|| match &self.place {
            Place::Configured => "data.master_key is not a key file".to_owned(),
            Place::File { path, .. } => format!("{} is not a key file", path.display()),
        })
    }

    /// The file, if the keys are in one of ours.
    pub fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::Configured => None,
            Place::File { path, .. } => Some(path),
        }
    }

    /// Removes a file that this start made: the repository turned out to have been sealed with other keys.
    pub fn forget_new(&self) {
        if let Place::File { path, is_new: true } = &self.place
            && let Err(error) = std::fs::remove_file(path)
        {
            tracing::warn!(path = %path.display(), %error, "the new key file could not be removed again");
        }
    }

    /// Adds a new active key to the file, on disk first.
    ///
    /// # Errors
    /// The keys are configured, so that a person has to add one; or the file cannot be written.
    pub fn add_key(&mut self, random: &dyn Random) -> anyhow::Result<()> {
        let Place::File { path, .. } = &self.place else {
            bail!(
                "the keys are in data.master_key, which this program cannot change: put the line that \
                 `quillback keys generate` prints before its first key, and run this again with --no-new-key"
            );
        };
        let text = Keyring::add_key(self.text.expose(), random)?;
        private::replace(path, &text)?;
        self.text = SecretText::new(text.as_str());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::SecretSource, wire::surroundings};

    fn section(folder: &Path) -> DataSection {
        DataSection {
            folder: folder.to_owned(),
            master_key: None,
        }
    }

    #[test]
    fn the_first_start_makes_a_key_that_later_ones_find_and_a_rotation_keeps() {
        let home = tempfile::tempdir().unwrap();
        let random = surroundings().unwrap().random;
        let find =
            || KeyFile::find(&section(home.path()), &Environment::default(), &*random).unwrap();
        let first = find().keyring().unwrap();
        let mut again = find();
        assert_eq!(again.keyring().unwrap().active_id(), first.active_id());
        again.add_key(&*random).unwrap();
        let rotated = find().keyring().unwrap();
        assert_ne!(rotated.active_id(), first.active_id());
        assert!(rotated.ids().any(|id| id == first.active_id()));
    }

    #[test]
    fn only_a_file_of_this_start_is_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let random = surroundings().unwrap().random;
        let find =
            || KeyFile::find(&section(home.path()), &Environment::default(), &*random).unwrap();
        find().forget_new();
        assert!(!home.path().join(NAME).exists());
        let _ = find();
        find().forget_new();
        assert!(home.path().join(NAME).exists());
    }

    #[test]
    fn configured_keys_win_make_no_file_and_are_never_told() {
        let home = tempfile::tempdir().unwrap();
        let random = surroundings().unwrap().random;
        let key = Keyring::generate(&*random);
        let line = key.lines().last().unwrap();
        let environment = Environment::from_pairs([("KEY", line), ("BAD", "k1:hunter2")]);
        let data = |name: &str| DataSection {
            master_key: Some(SecretSource::Env(name.to_owned())),
            ..section(home.path())
        };
        let mut keys = KeyFile::find(&data("KEY"), &environment, &*random).unwrap();
        assert!(line.starts_with(keys.keyring().unwrap().active_id()));
        let error = keys.add_key(&*random).unwrap_err().to_string();
        assert!(error.contains("keys generate"), "{error}");
        let bad = KeyFile::find(&data("BAD"), &environment, &*random).unwrap();
        let error = format!("{:#} {bad:?}", bad.keyring().unwrap_err());
        assert!(
            error.contains("data.master_key") && error.contains("line 1"),
            "{error}"
        );
        assert!(!error.contains("hunter2"), "{error}");
        assert!(KeyFile::find(&data("NONE"), &environment, &*random).is_err());
        assert!(!home.path().join(NAME).exists());
    }
}
