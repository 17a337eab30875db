//! The composition root: where configuration, drivers, repository, keys, sign-in and GraphQL are put together.
//!
//! Nothing else of the program knows all of them. The commands of [`crate::cli`] ask for as much of it as they need.

mod authenticate;
mod banner;
mod books;
pub mod drivers;
mod export;
mod key_file;
mod lock;
mod neighbours;
mod private;
mod repository;
mod serve;
mod surroundings;
mod upkeep;

use anyhow::Context as _;
use quillback_auth::Auth;
use quillback_core::{
    App, Cx, Error, admin, app::Options, bootstrap::FirstAdministrator, cx::Surroundings, repo,
};
use quillback_plugin_host::Registry;

pub use self::{
    banner::{Started, print as print_banner},
    key_file::KeyFile,
    repository::{Repository, Site},
    serve::{Running, serve},
    surroundings::surroundings,
};

use self::{lock::Lock, neighbours::Visit};
use crate::config::{Config, Environment};

/// What the parts are made of.
#[derive(Debug)]
pub struct Ground {
    /// All settings.
    pub config: Config,
    /// The environment, for secrets.
    pub environment: Environment,
    /// The drivers.
    pub registry: Registry,
    /// Where they were looked for.
    pub plugins: quillback_plugin_host::Options,
    /// Settings of sign-in.
    pub auth: quillback_auth::Options,
}

/// How a command uses the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// As the only program on an embedded repository, bringing its tables up to date.
    AloneMigrating,
    /// As the only program on an embedded repository, whose tables must be up to date.
    Alone,
    /// Beside a server that runs, to read, or to write books; the tables must be up to date.
    Beside,
    /// Beside a server that runs, to change what it may remember.
    Visiting,
}

/// The parts that requests and commands work with.
pub struct Parts {
    /// What the use-cases need.
    pub app: App,
    /// What sign-in needs.
    pub auth: Auth,
    /// Where the repository is, for people; without account and password.
    pub place: String,
    /// Whether no other server can use the same repository at the same time.
    pub is_alone: bool,
    /// The keys that seal secrets, as they are on disk.
    pub keys: KeyFile,
    /// How to sign in, at the very first start only.
    pub first: Option<FirstAdministrator>,
    /// The lock of an embedded repository.
    _lock: Option<Lock>,
    /// What tells the server that has an embedded repository of this command.
    _visit: Option<Visit>,
}

impl Ground {
    /// Takes the configuration as it is and loads the drivers that it names. It blocks.
    ///
    /// # Errors
    /// The folder of this program cannot be found. A driver that cannot be loaded is no error.
    pub fn load(config: Config, environment: Environment) -> anyhow::Result<Self> {
        let plugins = drivers::options(&config.plugins)?;
        let registry = Registry::load(&plugins);
        let auth = quillback_auth::Options {
            session_seconds: i64::from(config.session.absolute_minutes) * 60,
            idle_seconds: i64::from(config.session.idle_minutes) * 60,
            ..quillback_auth::Options::default()
        };
        Ok(Self {
            config,
            environment,
            registry,
            plugins,
            auth,
        })
    }

    /// Finds the repository's driver and makes the data folder, without opening anything.
    ///
    /// # Errors
    /// The folder cannot be made or is open to others, or no loaded driver serves the repository.
    pub fn site(&self) -> anyhow::Result<Site> {
        let site = Site::find(
            &self.config,
            &self.environment,
            &self.registry,
            &self.plugins,
        )?;
        private::folder(&self.config.data.folder)?;
        Ok(site)
    }

    /// Opens the repository and puts everything on top of it.
    ///
    /// # Errors
    /// What keeps a part from working and what to do about it.
    pub async fn open(&self, how: Use) -> anyhow::Result<Parts> {
        let site = self.site()?;
        let (lock, visit, neighbours) = match how {
            Use::Beside => (None, None, None),
            Use::Visiting => (None, site.visit()?, None),
            Use::Alone | Use::AloneMigrating => (site.lock()?, None, site.neighbours()?),
        };
        let surroundings = surroundings()?;
        let repository = site.open().await?;
        match how {
            Use::AloneMigrating => repository.migrate(surroundings.clock.now()).await?,
            Use::Alone | Use::Beside | Use::Visiting => repository.require_migrated().await?,
        }
        let repo = match neighbours {
            Some(neighbours) => repo::Repository::exclusive(repository.instance, neighbours),
            None => repo::Repository::shared(repository.instance),
        };
        let keys = KeyFile::find(&self.config.data, &self.environment, &*surroundings.random)?;
        let app = App::new(
            repo,
            drivers::for_core(&self.registry),
            keys.keyring()?,
            surroundings,
            Options {
                max_changes: self.config.limits.row_changes,
                ..Options::default()
            },
        );
        if let Err(error) = admin::keys::check(&app).await {
            if matches!(error, Error::Keyring(_)) {
                keys.forget_new();
            }
            return Err(error).context("the keys that seal secrets do not fit the repository");
        }
        let auth = Auth::open(&app, self.auth.clone()).await?;
        let first = match how {
            Use::Beside | Use::Visiting => None,
            Use::Alone | Use::AloneMigrating => {
                quillback_auth::start::first_start(&app, &auth).await?
            }
        };
        Ok(Parts {
            app,
            auth,
            place: repository.place,
            is_alone: lock.is_some(),
            keys,
            first,
            _lock: lock,
            _visit: visit,
        })
    }
}

/// A request that the server makes itself: nobody asks, so only what needs no right can be done.
pub fn own_request(surroundings: &Surroundings, name: &str) -> Cx {
    Cx {
        surroundings: surroundings.clone(),
        principal: None,
        request_id: name.to_owned(),
        deadline_ms: 0,
    }
}
