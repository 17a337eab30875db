//! The set of servers of one command, and the environment variables that lead tests to them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::account::Account;
use super::guard::Guard;
use super::peer::Peer;
use super::server::Server;
use super::tls::Certificates;
use super::{Durability, Engine, mysql, postgres, tls};

/// Environment variables by name.
#[derive(Debug, Default, Clone)]
pub(crate) struct Exports(BTreeMap<String, String>);

impl Exports {
    /// Sets a variable.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// All variables, in the order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter()
    }

    /// The variables as lines for a shell to read.
    pub(crate) fn shell(&self) -> String {
        self.iter().fold(String::new(), |mut text, (name, value)| {
            let _ = writeln!(text, "export {name}='{}'", value.replace('\'', r"'\''"));
            text
        })
    }
}

/// Where a server is made and how.
#[derive(Debug)]
pub(crate) struct Place {
    /// The temporary folder of all servers.
    pub(crate) folder: PathBuf,
    pub(crate) certificates: Certificates,
    pub(crate) durability: Durability,
}

/// Running servers. Dropping this stops them and removes their files.
#[derive(Debug)]
pub(crate) struct Instances {
    servers: Vec<Server>,
    exports: Exports,
    // Last, so that it is dropped last: it stops the servers.
    _guard: Guard,
}

impl Instances {
    /// Starts the given servers and peers in a new temporary folder.
    ///
    /// # Errors
    /// When one of them does not start; those already running are stopped.
    pub(crate) fn start(
        engines: &[Engine],
        peers: &[Peer],
        durability: Durability,
    ) -> Result<Self> {
        // Below `/tmp` and short, whatever the temporary folder is: a socket's path may have at
        // most 107 bytes.
        let folder = tempfile::Builder::new()
            .prefix("quillback-")
            .tempdir_in("/tmp")
            .context("cannot make a temporary folder")?;
        // From here on the guard removes the folder.
        let mut guard = Guard::start(folder.path())?;
        let folder = folder.keep();
        let mut exports = Exports::default();
        let nobody_else = Account::find("root")?;
        // Other accounts must be able to pass through to their own folder, but not to list it.
        nobody_else.own(&folder, 0o711)?;
        let certificates = tls::make(&folder.join("tls"))?;
        exports.set(
            "QUILLBACK_TEST_TLS_CA",
            certificates.authority.display().to_string(),
        );
        exports.set(
            "QUILLBACK_TEST_TLS_OTHER_CA",
            certificates.stranger.display().to_string(),
        );
        let place = Place {
            folder,
            certificates,
            durability,
        };
        let mut servers = Vec::new();
        for engine in engines {
            let start = match engine {
                Engine::Postgres => postgres::start,
                Engine::Mysql => mysql::start,
            };
            servers.push(start(&place, &mut guard, &mut exports)?);
        }
        for peer in peers {
            servers.push(peer.start(&place, &mut guard, &mut exports)?);
        }
        Ok(Self {
            servers,
            exports,
            _guard: guard,
        })
    }

    /// The variables that lead to the servers.
    pub(crate) fn exports(&self) -> &Exports {
        &self.exports
    }

    /// The name of a server that has ended by itself, if one has.
    ///
    /// # Errors
    /// When the operating system cannot say.
    pub(crate) fn first_stopped(&mut self) -> Result<Option<String>> {
        for server in &mut self.servers {
            if !server.is_running()? {
                return Ok(Some(server.name.clone()));
            }
        }
        Ok(None)
    }

    /// The end of the log of the named server.
    pub(crate) fn log_tail(&self, name: &str) -> String {
        self.servers
            .iter()
            .find(|s| s.name == name)
            .map(Server::log_tail)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Exports;

    #[test]
    fn shell_lines_survive_quotes() {
        let mut exports = Exports::default();
        exports.set("B", "it's");
        exports.set("A", "1");
        assert_eq!(exports.shell(), "export A='1'\nexport B='it'\\''s'\n");
    }
}
