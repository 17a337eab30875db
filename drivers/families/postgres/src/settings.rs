//! The settings of a connection, made of a driver's own options.

mod url;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quillback_plugin_api::{Category, DriverError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::connect::tls::client_config as encryption;

/// How a connection is encrypted, and what that protects from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// Nothing is encrypted.
    Disable,
    /// Encrypted when the server can; protects from nobody who changes what is sent.
    #[default]
    Prefer,
    /// Always encrypted, whoever the server is; protects from listeners.
    Require,
    /// Encrypted, and the certificate must come from a trusted authority.
    VerifyCa,
    /// Encrypted, and the certificate must come from a trusted authority and carry the host's name.
    VerifyFull,
}

/// Where the server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// Name or address.
    Name(String),
    /// Folder of a Unix socket.
    Folder(PathBuf),
}

/// The options as a driver was given them.
#[derive(Clone, Default)]
pub struct Given {
    pub host: Option<String>,
    pub port: Option<u16>,
    pub database: Option<String>,
    pub user: Option<String>,
    pub password: Option<String>,
    pub schema: Option<String>,
    pub tls: Option<Tls>,
    pub root_certificate: Option<String>,
    pub application_name: Option<String>,
    pub max_connections: Option<u32>,
    pub connect_timeout_ms: Option<u32>,
    pub statement_timeout_ms: Option<u32>,
}

/// What holds where an option is not given.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// The server; `None` demands it.
    pub host: Option<&'static str>,
    pub port: u16,
    /// The database; `None` is the one named like the user.
    pub database: Option<&'static str>,
    pub tls: Tls,
    /// Most bytes of a name.
    pub most_name_bytes: usize,
    /// What addresses start with.
    pub schemes: &'static [&'static str],
}

const DEFAULT_CONNECTIONS: u32 = 8;
const DEFAULT_CONNECT_TIMEOUT_MS: u32 = 10_000;

/// The options, checked and with their defaults.
#[derive(Clone)]
pub struct Settings {
    pub host: Host,
    pub port: u16,
    pub database: String,
    pub user: String,
    pub password: Option<String>,
    pub schema: Option<String>,
    pub tls: Tls,
    pub tls_config: Option<Arc<rustls::ClientConfig>>,
    pub application_name: String,
    pub max_connections: usize,
    pub connect_timeout: Duration,
    pub statement_timeout_ms: Option<u32>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("address", &self.address())
            .field("database", &self.database)
            .field("user", &self.user)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

/// An option is wrong; the message names it.
pub fn config(option: &str, what: &str) -> DriverError {
    DriverError::new(Category::Config, format!("option {option}: {what}"))
}

/// Reads a driver's options from JSON.
///
/// # Errors
/// `Config`, naming the option that is wrong. The message holds no value, which may be a secret.
pub fn read<T: DeserializeOwned>(options: serde_json::Value) -> Result<T, DriverError> {
    serde_path_to_error::deserialize(options).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner().to_string();
        // Any other message repeats the value.
        if inner.starts_with("unknown field") || inner.starts_with("unknown variant") {
            config(&path, &inner)
        } else {
            config(&path, "this is not the kind of value that it takes")
        }
    })
}

fn required(option: &str, value: Option<String>) -> Result<String, DriverError> {
    value
        .filter(|text| !text.is_empty())
        .ok_or_else(|| config(option, "it is missing"))
}

impl Given {
    /// The settings of these options; those of an address fill in what is not given beside it.
    ///
    /// # Errors
    /// `Config`, naming the option that is wrong.
    pub fn settings(
        mut self,
        address: Option<&str>,
        defaults: &Defaults,
    ) -> Result<Settings, DriverError> {
        if let Some(address) = address {
            self.fill_from(url::parse(address, defaults.schemes)?);
        }
        let user = required("user", self.user)?;
        let database = self.database.filter(|name| !name.is_empty());
        let database = database.or_else(|| defaults.database.map(str::to_owned));
        let tls = self.tls.unwrap_or(defaults.tls);
        if self.root_certificate.is_some() && !matches!(tls, Tls::VerifyCa | Tls::VerifyFull) {
            return Err(config(
                "root_certificate",
                "it is only looked at with tls verify-ca or verify-full",
            ));
        }
        let host = self.host.or_else(|| defaults.host.map(str::to_owned));
        let host = required("host", host)?;
        let connections = self.max_connections.unwrap_or(DEFAULT_CONNECTIONS);
        if !(1..=1_000).contains(&connections) {
            return Err(config("max_connections", "give a number from 1 to 1000"));
        }
        let schema = self.schema.filter(|name| !name.is_empty());
        let most = defaults.most_name_bytes;
        if schema.as_ref().is_some_and(|name| name.len() > most) {
            return Err(config(
                "schema",
                &format!("names have at most {most} bytes"),
            ));
        }
        let connect_timeout = self
            .connect_timeout_ms
            .unwrap_or(DEFAULT_CONNECT_TIMEOUT_MS);
        if connect_timeout == 0 {
            return Err(config(
                "connect_timeout_ms",
                "give at least one millisecond",
            ));
        }
        Ok(Settings {
            host: if host.starts_with('/') {
                Host::Folder(host.into())
            } else {
                Host::Name(host)
            },
            port: self.port.unwrap_or(defaults.port),
            database: database.unwrap_or_else(|| user.clone()),
            user,
            password: self.password,
            schema,
            tls,
            tls_config: encryption(tls, self.root_certificate.as_deref())?,
            application_name: self
                .application_name
                .unwrap_or_else(|| "quillback".to_owned()),
            max_connections: usize::try_from(connections).unwrap_or(1),
            connect_timeout: Duration::from_millis(connect_timeout.into()),
            statement_timeout_ms: self.statement_timeout_ms,
        })
    }

    /// Takes over what is not given here.
    fn fill_from(&mut self, other: Self) {
        fn fill<T>(own: &mut Option<T>, other: Option<T>) {
            if own.is_none() {
                *own = other;
            }
        }
        fill(&mut self.host, other.host);
        fill(&mut self.port, other.port);
        fill(&mut self.database, other.database);
        fill(&mut self.user, other.user);
        fill(&mut self.password, other.password);
        fill(&mut self.tls, other.tls);
        fill(&mut self.root_certificate, other.root_certificate);
        fill(&mut self.application_name, other.application_name);
        fill(&mut self.connect_timeout_ms, other.connect_timeout_ms);
    }
}

impl Settings {
    /// The password, for a server that asks for one.
    ///
    /// # Errors
    /// `Auth` when there is none.
    pub fn password(&self) -> Result<&str, DriverError> {
        self.password.as_deref().ok_or_else(|| {
            let message = "the server asks for a password: set the option password";
            DriverError::new(Category::Auth, message)
        })
    }

    /// Where the server is, for messages.
    pub fn address(&self) -> String {
        match &self.host {
            Host::Name(host) => format!("{host}:{}", self.port),
            Host::Folder(folder) => format!("{} port {}", folder.display(), self.port),
        }
    }
}
