//! The settings of a connection, made of a driver's own options.

mod url;

use std::time::Duration;

use quillback_plugin_api::DriverError;
use quillback_plugin_api::options::config;
use schemars::JsonSchema;
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
