//! The options of a connection; the forms of the console are made from their schema.

use std::fmt::Write as _;
use std::time::Duration;

use odbc_api::escape_attribute_value;
use quillback_plugin_api::DriverError;
use quillback_plugin_api::options::{self, config};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spelling::{Dialect, Spelling};

/// How to reach a database through ODBC.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    /// The SQL that the database understands.
    pub(crate) dialect: Option<Dialect>,
    /// Name of a data source that is set up on the server of Quillback (in `odbc.ini`).
    pub(crate) dsn: Option<String>,
    /// Name of an ODBC driver that is set up on the server of Quillback (in `odbcinst.ini`); instead of a data source.
    pub(crate) driver: Option<String>,
    /// Host name or address of the database server (the attribute `Server`).
    pub(crate) host: Option<String>,
    /// Port of the database server (the attribute `Port`).
    #[schemars(range(min = 1))]
    pub(crate) port: Option<u16>,
    /// Name or file of the database (the attribute `Database`).
    pub(crate) database: Option<String>,
    /// Name of the account (the attribute `UID`).
    pub(crate) user: Option<String>,
    /// Password of the account (the attribute `PWD`).
    #[schemars(extend("writeOnly" = true))]
    pub(crate) password: Option<String>,
    /// A connection string, `Name=value;Name=value`: alone, or for what the other options do not name.
    #[schemars(extend("writeOnly" = true))]
    pub(crate) connection_string: Option<String>,
    /// Most connections to the server at the same time; each has a thread of its own.
    #[schemars(range(min = 1, max = 256))]
    pub(crate) pool_size: u32,
    /// Milliseconds that opening a connection may take.
    #[schemars(range(min = 100, max = 600_000))]
    pub(crate) connect_timeout_ms: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dialect: None,
            dsn: None,
            driver: None,
            host: None,
            port: None,
            database: None,
            user: None,
            password: None,
            connection_string: None,
            pool_size: 8,
            connect_timeout_ms: 10_000,
        }
    }
}

/// Options that have been checked.
pub(crate) struct Settings {
    pub(crate) dialect: Dialect,
    /// What the driver manager is given, secrets included.
    pub(crate) connection_string: String,
    pub(crate) pool_size: u32,
    pub(crate) connect_timeout: Duration,
}

impl Settings {
    /// How the database spells SQL.
    pub(crate) fn spelling(&self) -> &'static Spelling {
        self.dialect.spelling()
    }
}

/// Reads the options of a connection.
///
/// # Errors
/// `Config`, naming the option that is wrong but never what was given: it may be a secret.
pub(crate) fn read(options: serde_json::Value) -> Result<Settings, DriverError> {
    check(&options::read(options)?)
}

fn check(options: &Options) -> Result<Settings, DriverError> {
    let dialect = options
        .dialect
        .ok_or_else(|| config("option `dialect` is missing"))?;
    Ok(Settings {
        dialect,
        connection_string: connection_string(options, dialect)?,
        pool_size: options::pool_size(options.pool_size)?,
        connect_timeout: options::connect_timeout(options.connect_timeout_ms)?,
    })
}

/// The connection string. Where an attribute is given twice the first counts:
/// <https://learn.microsoft.com/sql/odbc/reference/syntax/sqldriverconnect-function>
fn connection_string(options: &Options, dialect: Dialect) -> Result<String, DriverError> {
    let port = options::port(options.port)?.map(|port| port.to_string());
    let parts = [
        ("dsn", "DSN", &options.dsn),
        ("driver", "Driver", &options.driver),
        ("host", "Server", &options.host),
        ("port", "Port", &port),
        ("database", "Database", &options.database),
        ("user", "UID", &options.user),
        ("password", "PWD", &options.password),
    ];
    let mut text = String::new();
    for (option, attribute, value) in parts {
        let Some(value) = value.as_ref().filter(|value| !value.is_empty()) else {
            continue;
        };
        if value.contains('\0') {
            return Err(config(format!("option `{option}` has a NUL character")));
        }
        let _ = write!(text, "{attribute}={};", escape_attribute_value(value));
    }
    text.push_str(dialect.spelling().attributes);
    let own = options.connection_string.as_deref().unwrap_or_default();
    if own.contains('\0') {
        return Err(config("option `connection_string` has a NUL character"));
    }
    text.push_str(own);
    let lower = own.to_ascii_lowercase();
    let given = |name: &'static str| {
        let parts = lower.split(';').filter_map(|part| part.split_once('='));
        parts.filter_map(move |(found, value)| (found.trim() == name).then_some(value))
    };
    if options
        .driver
        .as_deref()
        .into_iter()
        .chain(given("driver"))
        .any(is_path)
    {
        return Err(config(
            "option `driver` must be a name of `odbcinst.ini` on the server, not the path of a library",
        ));
    }
    // Both are files of the server, of which one is read as a data source and the other one written.
    if given("filedsn").chain(given("savefile")).next().is_some() {
        return Err(config(
            "option `connection_string` must not have `FILEDSN` or `SAVEFILE`",
        ));
    }
    let is_given = |option: &Option<String>| option.as_ref().is_some_and(|text| !text.is_empty());
    let source = [
        is_given(&options.dsn) || given("dsn").next().is_some(),
        is_given(&options.driver) || given("driver").next().is_some(),
    ];
    match source {
        [false, false] => Err(config(
            "option `dsn` or `driver` is missing (or either in `connection_string`)",
        )),
        [true, true] => Err(config("give a data source or a driver, not both")),
        _ => Ok(text),
    }
}

/// Whoever makes a connection must not choose which code the server loads: only who sets up the server does.
fn is_path(driver: &str) -> bool {
    driver.contains(['/', '\\'])
}

#[cfg(test)]
mod tests;
