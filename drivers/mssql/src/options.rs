//! The options of a connection; the forms of the console are made from their schema.

mod url;

use std::time::Duration;

use quillback_plugin_api::{Category, DriverError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the connection is encrypted, and what is demanded of the server's certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Tls {
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

/// How to reach a Microsoft SQL Server or Azure SQL database.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    /// Host name or address of the server.
    pub(crate) host: Option<String>,
    /// Port of the server, usually 1433. Not together with `instance`.
    #[schemars(range(min = 1))]
    pub(crate) port: Option<u16>,
    /// Name of the instance, whose port the server's SQL Browser service tells.
    pub(crate) instance: Option<String>,
    /// Database to work in; the account's default database when it is empty.
    pub(crate) database: Option<String>,
    /// Name of the account. Empty together with the password: sign in as the user that the server of Quillback runs as
    /// (Windows or Kerberos), where this driver was built for that.
    pub(crate) user: Option<String>,
    /// Password of the account.
    #[schemars(extend("writeOnly" = true))]
    pub(crate) password: Option<String>,
    /// Encryption of the connection.
    pub(crate) tls: Option<Tls>,
    /// Certificate of the authority that vouches for the server, as PEM text or as the path of a file; it is trusted
    /// beside those of the system.
    pub(crate) root_certificate: Option<String>,
    /// Name that the server's certificate must have, where it is not `host`.
    pub(crate) certificate_host: Option<String>,
    /// Most connections to the server at the same time.
    #[schemars(range(min = 1, max = 256))]
    pub(crate) pool_size: u32,
    /// Milliseconds that opening a connection may take.
    #[schemars(range(min = 100, max = 600_000))]
    pub(crate) connect_timeout_ms: u32,
    /// All of it as one address, such as `mssql://user:password@host:1433/database?tls=require`; other options win over
    /// its parts.
    #[schemars(extend("writeOnly" = true))]
    pub(crate) url: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: None,
            port: None,
            instance: None,
            database: None,
            user: None,
            password: None,
            tls: None,
            root_certificate: None,
            certificate_host: None,
            pool_size: 8,
            connect_timeout_ms: 10_000,
            url: None,
        }
    }
}

/// Who signs in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Account {
    /// An account of the server.
    Sql { user: String, password: String },
    /// The user that this process runs as.
    #[cfg(feature = "integrated")]
    Process,
}

/// Options that have been checked.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) instance: Option<String>,
    pub(crate) database: Option<String>,
    pub(crate) account: Account,
    pub(crate) tls: Tls,
    pub(crate) root_certificate: Option<String>,
    pub(crate) certificate_host: Option<String>,
    pub(crate) pool_size: u32,
    pub(crate) connect_timeout: Duration,
}

/// Reads the options of a connection.
///
/// # Errors
/// `Config`, naming the option that is wrong.
pub(crate) fn read(options: serde_json::Value) -> Result<Settings, DriverError> {
    let options: Options =
        serde_path_to_error::deserialize(options).map_err(|error| unreadable(&error))?;
    check(url::fill(options)?)
}

/// Names the option and what it takes, but never what was given: it may be a secret.
fn unreadable(error: &serde_path_to_error::Error<serde_json::Error>) -> DriverError {
    let (path, text) = (error.path().to_string(), error.inner().to_string());
    if text.starts_with("unknown field") {
        return config(format!("the options are wrong: {text}"));
    }
    let expected = text
        .rsplit_once("expected ")
        .map_or("another kind of value", |(_, what)| what);
    config(format!("option `{path}` must be {expected}"))
}

fn check(options: Options) -> Result<Settings, DriverError> {
    let text = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let Some(host) = text(options.host) else {
        return Err(config("option `host` is missing (or `url`)"));
    };
    let instance = text(options.instance);
    if instance.is_some() && options.port.is_some() {
        return Err(config(
            "options `instance` and `port` exclude each other: the instance has a port of its own",
        ));
    }
    if options.port == Some(0) {
        return Err(config("option `port` must be between 1 and 65535"));
    }
    if !(1..=256).contains(&options.pool_size) {
        return Err(config("option `pool_size` must be between 1 and 256"));
    }
    if !(100..=600_000).contains(&options.connect_timeout_ms) {
        return Err(config(
            "option `connect_timeout_ms` must be between 100 and 600000",
        ));
    }
    Ok(Settings {
        host: host.trim().to_owned(),
        port: options.port,
        instance,
        database: text(options.database),
        account: account(text(options.user), options.password)?,
        tls: options.tls.unwrap_or_default(),
        root_certificate: text(options.root_certificate),
        certificate_host: text(options.certificate_host),
        pool_size: options.pool_size,
        connect_timeout: Duration::from_millis(options.connect_timeout_ms.into()),
    })
}

fn account(user: Option<String>, password: Option<String>) -> Result<Account, DriverError> {
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

fn config(message: impl Into<String>) -> DriverError {
    DriverError::new(Category::Config, message)
}

#[cfg(test)]
mod tests;
