//! The options of a connection; the forms of the console are made from their schema.

mod url;
pub(crate) use url::SCHEMES;

use quillback_family_tds::settings::{Account, Settings, Tls};
use quillback_plugin_api::DriverError;
use quillback_plugin_api::options::{self, config, filled};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::define::{Distribution, Layout, Storage};

/// How to reach a dedicated SQL pool of Azure Synapse Analytics.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    /// Host name of the workspace's dedicated SQL endpoint, such as `name.sql.azuresynapse.net`.
    pub(crate) host: Option<String>,
    /// Port of the server, 1433 unless something stands between.
    #[schemars(range(min = 1))]
    pub(crate) port: Option<u16>,
    /// Name of the dedicated SQL pool.
    pub(crate) database: Option<String>,
    /// Name of the SQL account.
    pub(crate) user: Option<String>,
    /// Password of the account.
    #[schemars(extend("writeOnly" = true))]
    pub(crate) password: Option<String>,
    /// Encryption of the connection; verify-identity unless another one is named.
    pub(crate) tls: Option<Tls>,
    /// Certificate of the authority that vouches for the server, as PEM text or as the path of a file; it is trusted
    /// beside those of the system.
    pub(crate) root_certificate: Option<String>,
    /// Name that the server's certificate must have, where it is not `host`.
    pub(crate) certificate_host: Option<String>,
    /// Over which distributions the rows of new tables are spread.
    pub(crate) distribution: Option<Distribution>,
    /// Column by which rows of new tables are spread, with the distribution `hash`; the first of the primary key when it
    /// is empty.
    pub(crate) distribution_column: Option<String>,
    /// How the rows of new tables are kept.
    pub(crate) storage: Option<Storage>,
    /// Whether a pool may be used whose option `READ_COMMITTED_SNAPSHOT` is off, so that reads see what other
    /// transactions have not committed.
    pub(crate) allow_dirty_reads: Option<bool>,
    /// Most connections to the server at the same time.
    #[schemars(range(min = 1, max = 256))]
    pub(crate) pool_size: u32,
    /// Milliseconds that opening a connection may take.
    #[schemars(range(min = 100, max = 600_000))]
    pub(crate) connect_timeout_ms: u32,
    /// All of it as one address, such as `synapse://user:password@name.sql.azuresynapse.net/pool`; other options win over
    /// its parts.
    #[schemars(extend("writeOnly" = true))]
    pub(crate) url: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: None,
            port: None,
            database: None,
            user: None,
            password: None,
            tls: None,
            root_certificate: None,
            certificate_host: None,
            distribution: None,
            distribution_column: None,
            storage: None,
            allow_dirty_reads: None,
            pool_size: 8,
            connect_timeout_ms: 30_000,
            url: None,
        }
    }
}

/// Options that have been checked.
pub(crate) struct Checked {
    /// How to connect.
    pub(crate) settings: Settings,
    /// How new tables are kept.
    pub(crate) layout: Layout,
    /// Whether reads may see what is not committed.
    pub(crate) allow_dirty_reads: bool,
}

/// Reads the options of a connection.
///
/// # Errors
/// `Config`, naming the option that is wrong.
pub(crate) fn read(options: serde_json::Value) -> Result<Checked, DriverError> {
    check(url::fill(options::read(options)?)?)
}

fn check(options: Options) -> Result<Checked, DriverError> {
    let Some(host) = filled(options.host) else {
        return Err(config("option `host` is missing (or `url`)"));
    };
    // Without one the service connects to `master`, in which there are no tables.
    let Some(database) = filled(options.database) else {
        return Err(config(
            "option `database` is missing: the name of the dedicated SQL pool",
        ));
    };
    let Some(user) = filled(options.user) else {
        return Err(config("option `user` is missing"));
    };
    let layout = Layout {
        distribution: options.distribution.unwrap_or_default(),
        column: filled(options.distribution_column),
        storage: options.storage.unwrap_or_default(),
    };
    if layout.column.is_some() && layout.distribution != Distribution::Hash {
        return Err(config(
            "option `distribution_column` goes with the distribution `hash` only",
        ));
    }
    let settings = Settings {
        host: host.trim().to_owned(),
        port: options::port(options.port)?,
        instance: None,
        database: Some(database),
        account: Account::Sql {
            user,
            password: options.password.unwrap_or_default(),
        },
        tls: options.tls.unwrap_or(Tls::VerifyIdentity),
        root_certificate: filled(options.root_certificate),
        certificate_host: filled(options.certificate_host),
        pool_size: options::pool_size(options.pool_size)?,
        connect_timeout: options::connect_timeout(options.connect_timeout_ms)?,
    };
    Ok(Checked {
        settings,
        layout,
        allow_dirty_reads: options.allow_dirty_reads.unwrap_or(false),
    })
}

#[cfg(test)]
mod tests;
