//! What is wrong with a configuration: every problem names its place, its key and what to do.

use std::{collections::BTreeMap, fmt, path::PathBuf};

/// Where a setting was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A line (counted from 1) of the configuration file.
    File(PathBuf, Option<usize>),
    /// An environment variable.
    Variable(String),
    /// An option of the command line.
    Flag(String),
    /// Nowhere: the built-in default.
    Default,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, Some(line)) => write!(f, "{}, line {line}", path.display()),
            Self::File(path, None) => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "option {name}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where the setting was made.
    pub place: Place,
    /// The key, such as `server.listen`; empty when the problem is with the file as a whole.
    pub key: String,
    /// What is wrong and what to do; never the value of a secret.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            write!(f, "{}: {}", self.place, self.message)
        } else {
            write!(f, "{}: {}: {}", self.place, self.key, self.message)
        }
    }
}

/// Everything that is wrong with a configuration.
#[derive(Debug)]
pub struct ConfigError {
    /// At least one problem, in the order of the places.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used")?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self {
            problems: vec![problem],
        }
    }
}

/// Which place set which key; a key inside a list or secret belongs to the place of what holds it.
#[derive(Debug, Default)]
pub(super) struct Places(BTreeMap<String, Place>);

impl Places {
    pub(super) fn set(&mut self, key: &str, place: Place) {
        self.0.insert(key.to_owned(), place);
    }

    /// The place of `key`, or of the nearest key around it.
    pub(super) fn of(&self, key: &str) -> Place {
        let mut key = key;
        loop {
            if let Some(place) = self.0.get(key) {
                return place.clone();
            }
            match key.rfind(['.', '[']) {
                Some(end) => key = key.get(..end).unwrap_or_default(),
                None => return Place::Default,
            }
        }
    }
}

/// Collects what the sections find wrong with their values.
pub(super) struct SectionProblems<'a> {
    pub(super) places: &'a Places,
    pub(super) found: Vec<Problem>,
}

impl SectionProblems<'_> {
    /// Records that the value of `key` cannot be used.
    pub(super) fn add(&mut self, key: &str, message: String) {
        self.found.push(Problem {
            place: self.places.of(key),
            key: key.to_owned(),
            message,
        });
    }
}
