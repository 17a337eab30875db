//! The settings of a connection, made of a driver's own options.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quillback_plugin_api::{Category, DriverError};
use schemars::JsonSchema;
use serde::Deserialize;

pub use crate::connect::tls::client_config as encryption;

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
