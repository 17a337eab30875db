//! What a registry is told and what it lists.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use quillback_plugin_api::remote::{Isolate, RemoteDriver};

use crate::refusal::Refusal;
use crate::trust::{AllowList, Mode};

/// Where drivers are looked for, which are loaded, and how they are run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folders, in order; the first file of a driver wins. Nothing else is searched.
    pub dirs: Vec<PathBuf>,
    /// What the allow-list does.
    pub mode: Mode,
    /// Digests of the files that may be loaded.
    pub allow: AllowList,
    /// Whether calls run on threads of the drivers.
    pub isolate: Isolate,
    /// Threads of each loaded driver.
    pub worker_threads: u16,
    /// Longest time that a driver may take to describe itself, and to start.
    pub start_timeout: Duration,
}

impl Default for Options {
    /// No folders; warnings about files that are not listed; two threads a driver; ten seconds.
    fn default() -> Self {
        Self {
            dirs: Vec::new(),
            mode: Mode::default(),
            allow: AllowList::new(),
            isolate: Isolate::default(),
            worker_threads: 2,
            start_timeout: Duration::from_secs(10),
        }
    }
}

/// Where a driver comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Linked into the server.
    Linked,
    /// Loaded from a file.
    File {
        /// Where it is, without symbolic links.
        path: PathBuf,
        /// Its SHA-256 digest.
        sha256: String,
        /// Whether the allow-list has it.
        is_listed: bool,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linked => f.write_str("built in"),
            Self::File { path, .. } => write!(f, "loaded from {}", path.display()),
        }
    }
}

/// A driver that is ready.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The driver; [`RemoteDriver::info`] has its versions.
    pub driver: RemoteDriver,
    /// Where it comes from.
    pub origin: Origin,
    /// Minor version of the plugin interface that it was built with.
    pub abi_minor: u16,
}

/// A file that was not loaded.
#[derive(Debug)]
pub struct Refused {
    /// Where it is.
    pub path: PathBuf,
    /// Its SHA-256 digest, when it could be read.
    pub sha256: Option<String>,
    /// Why.
    pub reason: Refusal,
}

/// There is no such driver.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no driver `{id}`: {advice}")]
pub struct Missing {
    /// Identifier asked for.
    pub id: String,
    /// Which file would bring it, or why the one that is there was refused.
    pub advice: String,
}
