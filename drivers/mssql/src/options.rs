//! The options of a connection; the forms of the console are made from their schema.

mod url;
pub(crate) use url::SCHEMES;

use quillback_family_tds::settings::{Settings, Tls, account};
use quillback_plugin_api::DriverError;
use quillback_plugin_api::options::{self, config, filled};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// Reads the options of a connection.
///
/// # Errors
/// `Config`, naming the option that is wrong.
pub(crate) fn read(options: serde_json::Value) -> Result<Settings, DriverError> {
    check(url::fill(options::read(options)?)?)
}

fn check(options: Options) -> Result<Settings, DriverError> {
    let Some(host) = filled(options.host) else {
        return Err(config("option `host` is missing (or `url`)"));
    };
    let instance = filled(options.instance);
    if instance.is_some() && options.port.is_some() {
        return Err(config(
            "options `instance` and `port` exclude each other: the instance has a port of its own",
        ));
    }
    Ok(Settings {
        host: host.trim().to_owned(),
        port: options::port(options.port)?,
        instance,
        database: filled(options.database),
        account: account(filled(options.user), options.password)?,
        tls: options.tls.unwrap_or_default(),
        root_certificate: filled(options.root_certificate),
        certificate_host: filled(options.certificate_host),
        pool_size: options::pool_size(options.pool_size)?,
        connect_timeout: options::connect_timeout(options.connect_timeout_ms)?,
    })
}

#[cfg(test)]
mod tests;
