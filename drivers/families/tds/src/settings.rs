//! The settings of a connection, made of a driver's own options.

mod url;

use std::time::Duration;

use quillback_plugin_api::{Category, DriverError};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use url::Address;

/// How the connection is encrypted, and what is demanded of the server's certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// Never encrypted, the password included.
    Disable,
    /// Always encrypted; the certificate is not checked, so that the one a server makes for itself will do.
    #[default]
    Require,
    /// Always encrypted; the certificate must come from a trusted authority and name the host.
    VerifyIdentity,
    /// As verify-identity, and encrypted from the first byte (TDS 8.0), which SQL Server 2022 and Azure SQL can.
    Strict,
}

/// Who signs in.
#[derive(Clone, PartialEq, Eq)]
pub enum Account {
    /// An account of the server.
    Sql {
        /// Its name.
        user: String,
        /// Its password.
        password: String,
    },
    /// The user that this process runs as.
    #[cfg(feature = "integrated")]
    Process,
}

/// Options that have been checked.
#[derive(Clone)]
pub struct Settings {
    /// Host name or address.
    pub host: String,
    /// Port; 1433 where neither it nor the instance is given.
    pub port: Option<u16>,
    /// Named instance, whose port SQL Browser tells.
    pub instance: Option<String>,
    /// Database to work in; the account's own when it is not given.
    pub database: Option<String>,
    /// Who signs in.
    pub account: Account,
    /// Encryption.
    pub tls: Tls,
    /// An authority to trust beside those of the machine: PEM text or a path.
    pub root_certificate: Option<String>,
    /// Name that the certificate must have, where it is not the host.
    pub certificate_host: Option<String>,
    /// Most connections at the same time.
    pub pool_size: u32,
    /// How long opening a connection may take.
    pub connect_timeout: Duration,
}

/// Reads options as they were written.
///
/// # Errors
/// `Config`, naming the option that is wrong and what it takes, but never what was given: it may be a secret.
pub fn options<T: DeserializeOwned>(given: serde_json::Value) -> Result<T, DriverError> {
    serde_path_to_error::deserialize(given).map_err(|error| {
        let (path, text) = (error.path().to_string(), error.inner().to_string());
        if text.starts_with("unknown field") {
            return config(format!("the options are wrong: {text}"));
        }
        let expected = text
            .rsplit_once("expected ")
            .map_or("another kind of value", |(_, what)| what);
        config(format!("option `{path}` must be {expected}"))
    })
}

/// A text that says something.
pub fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// Checks the number of connections.
///
/// # Errors
/// `Config`.
pub fn pool_size(size: u32) -> Result<u32, DriverError> {
    if (1..=256).contains(&size) {
        Ok(size)
    } else {
        Err(config("option `pool_size` must be between 1 and 256"))
    }
}

/// Checks the time that opening a connection may take, in milliseconds.
///
/// # Errors
/// `Config`.
pub fn connect_timeout(milliseconds: u32) -> Result<Duration, DriverError> {
    if (100..=600_000).contains(&milliseconds) {
        Ok(Duration::from_millis(milliseconds.into()))
    } else {
        Err(config(
            "option `connect_timeout_ms` must be between 100 and 600000",
        ))
    }
}

/// Checks who signs in.
///
/// # Errors
/// `Config`.
pub fn account(user: Option<String>, password: Option<String>) -> Result<Account, DriverError> {
    match user {
        Some(user) => Ok(Account::Sql {
            user,
            password: password.unwrap_or_default(),
        }),
        None if password.is_some_and(|password| !password.is_empty()) => {
            Err(config("option `user` is missing"))
        }
        #[cfg(feature = "integrated")]
        None => Ok(Account::Process),
        #[cfg(not(feature = "integrated"))]
        None => Err(config(
            "option `user` is missing: this driver was built without signing in as the user of the process (cargo \
             feature `integrated`)",
        )),
    }
}

/// An option is wrong; the message names it.
pub fn config(message: impl Into<String>) -> DriverError {
    DriverError::new(Category::Config, message)
}
