//! Everything that requests share: the repository, the target databases, the drivers and the keys.

use std::sync::Arc;

use quillback_plugin_api::remote::RemoteDriver;

use crate::catalog::Cache;
use crate::cx::Surroundings;
use crate::keyring::Keyring;
use crate::live::Feed;
use crate::repo::Repository;
use crate::targets::Targets;

/// The drivers that the server found at start-up.
#[derive(Clone, Default)]
pub struct Drivers(Vec<RemoteDriver>);

impl Drivers {
    /// These drivers.
    pub fn new(drivers: Vec<RemoteDriver>) -> Self {
        Self(drivers)
    }

    /// The driver called `id`.
    pub fn get(&self, id: &str) -> Option<&RemoteDriver> {
        self.0.iter().find(|driver| driver.info().id == id)
    }

    /// All drivers, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &RemoteDriver> {
        self.0.iter()
    }
}

/// Settings of the write path that an operator may change.
#[derive(Clone, Debug)]
pub struct Options {
    /// Milliseconds that one batch may take in a target database.
    pub batch_deadline_ms: u32,
    /// Milliseconds that opening a connection may take.
    pub open_deadline_ms: u32,
    /// Most rows of one change, however it is made.
    pub max_changes: usize,
    /// Most rows of one page.
    pub max_page: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            batch_deadline_ms: 30_000,
            open_deadline_ms: 15_000,
            max_changes: 10_000,
            max_page: 500,
        }
    }
}

/// What requests share; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The repository database.
    pub repo: Repository,
    /// The drivers.
    pub drivers: Drivers,
    /// The keys that seal secrets.
    pub keyring: Arc<Keyring>,
    /// The target databases.
    pub targets: Arc<Targets>,
    /// Metadata by revision.
    pub cache: Arc<Cache>,
    /// Clock and ids.
    pub surroundings: Surroundings,
    /// Those who watch schemas.
    pub feed: Arc<Feed>,
    /// Limits.
    pub options: Arc<Options>,
}

impl App {
    /// Puts the parts together.
    pub fn new(
        repo: Repository,
        drivers: Drivers,
        keyring: Keyring,
        surroundings: Surroundings,
        options: Options,
    ) -> Self {
        let surroundings = Surroundings {
            books: keyring.mac_keys(),
            ..surroundings
        };
        let targets = Arc::new(Targets::new(drivers.clone(), options.open_deadline_ms));
        Self {
            repo,
            drivers,
            keyring: Arc::new(keyring),
            targets,
            cache: Arc::default(),
            surroundings,
            feed: Arc::default(),
            options: Arc::new(options),
        }
    }

    /// Uses these keys from now on, for secrets and for the books.
    pub fn use_keys(&mut self, keyring: Keyring) {
        self.surroundings.books = keyring.mac_keys();
        self.keyring = Arc::new(keyring);
    }
}
