//! The options of a connection; the forms of the console are made from their schema.

use std::time::Duration;

use mysql_async::OptsBuilder;
use quillback_plugin_api::DriverError;
use quillback_plugin_api::options::{self, config};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the connection is encrypted, and what is demanded of the server's certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Tls {
    /// Never encrypted.
    Disable,
    /// Encrypted if the server can; the certificate is not checked.
    #[default]
    Prefer,
    /// Always encrypted; the certificate is not checked.
    Require,
    /// Always encrypted; the certificate must come from a trusted authority.
    VerifyCa,
    /// Always encrypted; the certificate must come from a trusted authority and name the host.
    VerifyIdentity,
}

/// How to reach a MySQL or MariaDB server.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    /// Host name or address of the server.
    pub(crate) host: Option<String>,
    /// Port of the server, usually 3306.
    #[schemars(range(min = 1))]
    pub(crate) port: Option<u16>,
    /// Path of the server's Unix socket, instead of host and port.
    pub(crate) socket: Option<String>,
    /// Database to work in. Tables of other databases are reached by naming them.
    pub(crate) database: Option<String>,
    /// Name of the account.
    pub(crate) user: Option<String>,
    /// Password of the account.
    #[schemars(extend("writeOnly" = true))]
    pub(crate) password: Option<String>,
    /// Encryption of the connection.
    pub(crate) tls: Option<Tls>,
    /// Certificate of the authority that vouches for the server, as PEM text or as the path of a file. Without it the
    /// well-known public authorities are trusted.
    pub(crate) root_certificate: Option<String>,
    /// Most connections to the server at the same time.
    #[schemars(range(min = 1, max = 256))]
    pub(crate) pool_size: u32,
    /// Milliseconds that opening a connection may take.
    #[schemars(range(min = 100, max = 600_000))]
    pub(crate) connect_timeout_ms: u32,
    /// All of it as one address, such as `mysql://user:password@host:3306/database?tls=require`; other options win over
    /// its parts.
    #[schemars(extend("writeOnly" = true))]
    pub(crate) url: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: None,
            port: None,
            socket: None,
            database: None,
            user: None,
            password: None,
            tls: None,
            root_certificate: None,
            pool_size: 8,
            connect_timeout_ms: 10_000,
            url: None,
        }
    }
}

/// Options that have been checked.
pub(crate) struct Settings {
    /// Who and where, without encryption.
    pub(crate) address: OptsBuilder,
    pub(crate) tls: Tls,
    pub(crate) root_certificate: Option<String>,
    pub(crate) pool_size: u32,
    pub(crate) connect_timeout: Duration,
}

/// Reads the options of a connection.
///
/// # Errors
/// `Config`, naming the option that is wrong.
pub(crate) fn read(options: serde_json::Value) -> Result<Settings, DriverError> {
    check(options::read::<Options>(options)?.with_url()?)
}

impl Options {
    /// Fills what is not given from the parts of `url`.
    fn with_url(mut self) -> Result<Self, DriverError> {
        let Some(text) = self.url.take() else {
            return Ok(self);
        };
        let wrong =
            || config("option `url` must look like mysql://user:password@host:3306/database");
        let url = url::Url::parse(&text).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "mysql" | "mariadb") {
            return Err(wrong());
        }
        let host = url.host_str().map(|host| host.trim_matches(['[', ']']));
        self.host = self.host.or_else(|| host.and_then(decoded));
        self.port = self.port.or(url.port());
        self.user = self.user.or_else(|| decoded(url.username()));
        self.password = self.password.or_else(|| url.password().and_then(decoded));
        self.database = self
            .database
            .or_else(|| decoded(url.path().trim_start_matches('/')));
        for (name, value) in url.query_pairs() {
            match name.as_ref() {
                "tls" | "ssl-mode" | "sslmode" => self.tls = self.tls.or(Some(tls_of_url(&value)?)),
                "ssl-ca" | "root_certificate" => {
                    self.root_certificate
                        .get_or_insert_with(|| value.into_owned());
                }
                "socket" => {
                    self.socket.get_or_insert_with(|| value.into_owned());
                }
                _ => {
                    let known = "tls, ssl-mode, ssl-ca and socket";
                    return Err(config(format!(
                        "option `url`: unknown parameter; known are {known}"
                    )));
                }
            }
        }
        Ok(self)
    }
}

/// Undoes percent encoding; an empty text counts as not given.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let half = |at: usize| tail.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (*first, half(0), half(1)) {
            bytes.push(u8::try_from(high << 4 | low).unwrap_or(b'%'));
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.is_empty())
}

/// Takes the names of the options and those of the vendors' tools.
fn tls_of_url(value: &str) -> Result<Tls, DriverError> {
    match value.to_ascii_lowercase().replace('_', "-").as_str() {
        "disable" | "disabled" => Ok(Tls::Disable),
        "prefer" | "preferred" => Ok(Tls::Prefer),
        "require" | "required" => Ok(Tls::Require),
        "verify-ca" => Ok(Tls::VerifyCa),
        "verify-identity" => Ok(Tls::VerifyIdentity),
        _ => {
            let known = "disable, prefer, require, verify-ca and verify-identity";
            Err(config(format!("option `url`: `tls` takes {known}")))
        }
    }
}

fn check(options: Options) -> Result<Settings, DriverError> {
    let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
    let mut tls = options.tls.unwrap_or_default();
    if given(&options.socket) {
        if !matches!(tls, Tls::Disable | Tls::Prefer) {
            return Err(config(
                "option `tls`: a connection through a socket is not encrypted, choose disable",
            ));
        }
        tls = Tls::Disable;
    } else if !given(&options.host) {
        return Err(config("option `host` is missing (or `socket`, or `url`)"));
    }
    if !given(&options.user) {
        return Err(config("option `user` is missing"));
    }
    let text = |text: Option<String>| text.filter(|text| !text.is_empty());
    let address = OptsBuilder::default()
        .ip_or_hostname(options.host.unwrap_or_default().trim())
        .tcp_port(options::port(options.port)?.unwrap_or(3306))
        .socket(text(options.socket))
        .user(text(options.user))
        .pass(options.password)
        .db_name(text(options.database));
    Ok(Settings {
        address,
        tls,
        root_certificate: text(options.root_certificate),
        pool_size: options::pool_size(options.pool_size)?,
        connect_timeout: options::connect_timeout(options.connect_timeout_ms)?,
    })
}

#[cfg(test)]
mod tests;
