//! The repository: its address, its driver, the lock of an embedded one, and its migrations.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, bail};
use quillback_core::repo::{Neighbours, migrate};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::driver::ServerInfo;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_host::{Options, Registry, RemoteDriver};
use serde_json::json;

use super::{
    drivers,
    lock::Lock,
    neighbours::{self, Visit},
};
use crate::config::{Config, Environment, RepositorySection, SecretText};

/// Longest time that opening the repository may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The repository as it is configured; nothing is opened yet.
#[derive(Debug)]
pub struct Site {
    url: SecretText,
    driver: RemoteDriver,
    /// The file of an embedded repository.
    file: Option<PathBuf>,
}

/// The open repository.
#[derive(Debug)]
pub struct Repository {
    /// The connection.
    pub instance: RemoteInstance,
    /// Who answered.
    pub server: ServerInfo,
    /// Where it is, without account and password.
    pub place: String,
}

impl Site {
    /// Finds the driver for the configured address, or for the embedded default.
    ///
    /// # Errors
    /// The secret cannot be fetched, or no loaded driver serves the address.
    pub fn find(
        config: &Config,
        environment: &Environment,
        registry: &Registry,
        options: &Options,
    ) -> anyhow::Result<Self> {
        let url = match &config.repository.url {
            Some(url) => url
                .resolve(environment)
                .map_err(anyhow::Error::msg)
                .context("repository.url")?,
            None => SecretText::new(RepositorySection::embedded(&config.data.folder)?),
        };
        let driver = drivers::for_url(registry, options, url.expose())?;
        let file = drivers::is_embedded(driver.info()).then(|| file_of(url.expose()));
        Ok(Self { url, driver, file })
    }

    /// Whether the repository is a file that this process opens itself.
    pub fn is_embedded(&self) -> bool {
        self.file.is_some()
    }

    /// Makes sure that no other server uses an embedded repository. Those on a server may be shared.
    ///
    /// # Errors
    /// Another process has it.
    pub fn lock(&self) -> anyhow::Result<Option<Lock>> {
        self.file.as_deref().map(Lock::take).transpose()
    }

    /// Tells the server that has an embedded repository to itself that this process writes as well, until it is dropped.
    ///
    /// # Errors
    /// The file that tells it cannot be written.
    pub(super) fn visit(&self) -> anyhow::Result<Option<Visit>> {
        self.file.as_deref().map(Visit::begin).transpose()
    }

    /// Who else writes into an embedded repository that was locked.
    ///
    /// # Errors
    /// The file that tells it cannot be made.
    pub(super) fn neighbours(&self) -> anyhow::Result<Option<Neighbours>> {
        self.file.as_deref().map(neighbours::watch).transpose()
    }

    /// Where the repository is, without account and password.
    pub fn place(&self) -> String {
        let name = &self.driver.info().name;
        match &self.file {
            Some(file) => format!("{name}, {}", file.display()),
            None => format!("{name}, {}", without_account(self.url.expose())),
        }
    }

    /// Opens it.
    ///
    /// # Errors
    /// What the driver says, with what to do; never the address, which may hold a password.
    pub async fn open(&self) -> anyhow::Result<Repository> {
        let opening = async {
            let instance = self
                .driver
                .open(json!({ "url": self.url.expose() }))
                .await?;
            let server = instance.ping().await?;
            Ok::<_, quillback_plugin_api::DriverError>((instance, server))
        };
        let place = self.place();
        let (instance, server) = tokio::time::timeout(PATIENCE, opening)
            .await
            .with_context(|| {
                format!(
                    "the repository ({place}) did not answer within {} s",
                    PATIENCE.as_secs()
                )
            })?
            .with_context(|| format!("cannot open the repository ({place}); see repository.url"))?;
        if !server.capabilities.repository {
            bail!(
                "{} {} cannot hold the repository; see the driver's README.md for what it takes",
                server.product,
                server.version
            );
        }
        Ok(Repository {
            instance,
            server,
            place,
        })
    }
}

impl Repository {
    /// Brings the tables to this program's version.
    ///
    /// # Errors
    /// A newer or another program was here, or the database failed.
    pub async fn migrate(&self, now: Timestamp) -> anyhow::Result<()> {
        let report = migrate::migrate(&self.instance, now).await?;
        if !report.ran.is_empty() {
            tracing::info!(
                version = report.version,
                ran = report.ran.len(),
                "repository migrated"
            );
        }
        Ok(())
    }

    /// Refuses a repository whose tables are not of this program's version.
    ///
    /// # Errors
    /// As [`Repository::migrate`], or versions are missing.
    pub async fn require_migrated(&self) -> anyhow::Result<()> {
        let status = migrate::status(&self.instance).await?;
        if !status.pending.is_empty() {
            bail!(
                "the repository ({}) lacks {} migrations of this program; run `quillback migrate`",
                self.place,
                status.pending.len()
            );
        }
        Ok(())
    }
}

/// The path in an address such as `scheme:/path/to/file` or `scheme:///path/to/file?option=1`.
fn file_of(url: &str) -> PathBuf {
    let rest = url.split_once(':').map_or(url, |(_, rest)| rest);
    PathBuf::from(rest.strip_prefix("//").unwrap_or(rest))
}

/// Host and database of an address, or nothing if it has none: the part before the last `@` and the options after `?`
/// may hold secrets.
fn without_account(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    rest.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shown_place_holds_no_account_password_or_option() {
        for (url, shown) in [
            ("db://me:p@ss@host:1/name?password=x", "host:1/name"),
            ("db://host/name", "host/name"),
            ("db:me:hunter2", ""),
        ] {
            assert_eq!(without_account(url), shown);
        }
    }

    #[test]
    fn the_file_is_what_follows_the_scheme() {
        for url in ["x:/a/b c.db", "x:///a/b c.db"] {
            assert_eq!(file_of(url), PathBuf::from("/a/b c.db"));
        }
    }
}
