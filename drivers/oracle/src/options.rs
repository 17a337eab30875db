//! The options of a connection; the forms of the console are made from their schema.

use std::time::Duration;

use quillback_plugin_api::DriverError;
use quillback_plugin_api::options::{self, config, filled};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How to reach an Oracle Database.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    /// Host name or address of the listener.
    pub(crate) host: Option<String>,
    /// Port of the listener, usually 1521, and 2484 with TLS.
    #[schemars(range(min = 1))]
    pub(crate) port: Option<u16>,
    /// Name of the service, such as `FREEPDB1`.
    pub(crate) service: Option<String>,
    /// System identifier of the instance, for old servers that have no service name.
    pub(crate) sid: Option<String>,
    /// A full connect descriptor, `(DESCRIPTION=...)`, instead of host, port, service and TLS.
    pub(crate) descriptor: Option<String>,
    /// Name of the account, as it was created: an account made without quotation marks is in upper case.
    pub(crate) user: Option<String>,
    /// Password of the account.
    #[schemars(extend("writeOnly" = true))]
    pub(crate) password: Option<String>,
    /// Whether the connection is encrypted (TCPS). The server's certificate must come from a well-known public authority
    /// or from the wallet, and name the host.
    pub(crate) tls: bool,
    /// Folder of the server that holds the wallet as `ewallet.pem`.
    pub(crate) wallet: Option<String>,
    /// Password of the wallet.
    #[schemars(extend("writeOnly" = true))]
    pub(crate) wallet_password: Option<String>,
    /// Most connections to the server at the same time.
    #[schemars(range(min = 1, max = 256))]
    pub(crate) pool_size: u32,
    /// Milliseconds that opening a connection may take.
    #[schemars(range(min = 100, max = 600_000))]
    pub(crate) connect_timeout_ms: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: None,
            port: None,
            service: None,
            sid: None,
            descriptor: None,
            user: None,
            password: None,
            tls: false,
            wallet: None,
            wallet_password: None,
            pool_size: 8,
            connect_timeout_ms: 10_000,
        }
    }
}

/// Options that have been checked.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) descriptor: String,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) wallet: Option<String>,
    pub(crate) wallet_password: Option<String>,
    pub(crate) pool_size: u32,
    pub(crate) connect_timeout: Duration,
}

/// Reads the options of a connection.
///
/// # Errors
/// `Config`, naming the option that is wrong but never what was given: it may be a secret.
pub(crate) fn read(options: serde_json::Value) -> Result<Settings, DriverError> {
    check(options::read(options)?)
}

fn check(options: Options) -> Result<Settings, DriverError> {
    let descriptor = descriptor(&options)?;
    let user = filled(options.user).ok_or_else(|| config("option `user` is missing"))?;
    let password =
        filled(options.password).ok_or_else(|| config("option `password` is missing"))?;
    Ok(Settings {
        descriptor,
        user,
        password,
        wallet: filled(options.wallet),
        wallet_password: filled(options.wallet_password),
        pool_size: options::pool_size(options.pool_size)?,
        connect_timeout: options::connect_timeout(options.connect_timeout_ms)?,
    })
}

/// The connect descriptor. Its parts are checked, so that none of them can add a clause of its own.
fn descriptor(options: &Options) -> Result<String, DriverError> {
    if let Some(given) = part(options.descriptor.as_ref()) {
        if given.starts_with('(') && given.ends_with(')') {
            return Ok(given.to_owned());
        }
        return Err(config(
            "option `descriptor` must be a full connect descriptor, (DESCRIPTION=...)",
        ));
    }
    let host = part(options.host.as_ref())
        .ok_or_else(|| config("option `host` is missing (or `descriptor`)"))?;
    plain("host", host)?;
    let (name, value) = match (part(options.service.as_ref()), part(options.sid.as_ref())) {
        (Some(service), None) => ("SERVICE_NAME", service),
        (None, Some(sid)) => ("SID", sid),
        (Some(_), Some(_)) => return Err(config("give `service` or `sid`, not both")),
        (None, None) => return Err(config("option `service` is missing (or `sid`)")),
    };
    plain(if name == "SID" { "sid" } else { "service" }, value)?;
    let port = match options::port(options.port)? {
        Some(port) => port,
        None if options.tls => 2484,
        None => 1521,
    };
    let protocol = if options.tls { "tcps" } else { "tcp" };
    Ok(format!(
        "(DESCRIPTION=(ADDRESS=(PROTOCOL={protocol})(HOST={host})(PORT={port}))(CONNECT_DATA=({name}={value})))"
    ))
}

fn part(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

fn plain(option: &str, text: &str) -> Result<(), DriverError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-:$#".contains(c);
    if text.chars().all(is_plain) {
        Ok(())
    } else {
        Err(config(format!(
            "option `{option}` may hold letters, digits and . _ - : $ # only"
        )))
    }
}

#[cfg(test)]
mod tests;
