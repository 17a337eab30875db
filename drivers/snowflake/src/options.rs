//! The options of a connection; the forms of the console are made from their schema.

use std::time::Duration;

use quillback_family_http::options::text;
use quillback_plugin_api::DriverError;
use quillback_plugin_api::options::{self, config, milliseconds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

/// How to reach a database of Snowflake. Names of warehouse, role, database and schema are written as Snowflake stores
/// them: in upper case unless they were made in quotes.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    /// Identifier of the account, such as myorg-myaccount.
    pub(crate) account: Option<String>,
    /// Address of the service, for private links and stand-ins. Without it: that of the account.
    pub(crate) endpoint: Option<String>,
    /// Name to sign in with.
    pub(crate) user: Option<String>,
    /// Password of the user.
    #[schemars(extend("writeOnly" = true))]
    pub(crate) password: Option<String>,
    /// Private key of the user, in place of a password: RSA in PKCS #8 that is not encrypted, as PEM text or as the path
    /// of a file.
    #[schemars(extend("writeOnly" = true))]
    pub(crate) private_key: Option<String>,
    /// Programmatic access token, in place of a password.
    #[schemars(extend("writeOnly" = true))]
    pub(crate) token: Option<String>,
    /// Warehouse that does the work. Without it: that of the user.
    pub(crate) warehouse: Option<String>,
    /// Role to work in. Without it: that of the user.
    pub(crate) role: Option<String>,
    /// Database to work in.
    pub(crate) database: Option<String>,
    /// Schema to work in. Tables of others are reached by naming them.
    pub(crate) schema: String,
    /// Certificate of the authority that vouches for the endpoint, as PEM text or as the path of a file. Without it the
    /// authorities that the machine trusts are taken.
    pub(crate) root_certificate: Option<String>,
    /// Sessions that are open at the same time.
    #[schemars(range(min = 1, max = 100))]
    pub(crate) max_connections: u32,
    /// Milliseconds that connecting to the service may take.
    #[schemars(range(min = 100, max = 600_000))]
    pub(crate) connect_timeout_ms: u32,
    /// Milliseconds that one request may take before it counts as lost. The service answers a request about a statement
    /// that takes long after 45 seconds, and is asked again then.
    #[schemars(range(min = 1_000, max = 600_000))]
    pub(crate) request_timeout_ms: u32,
    /// Milliseconds for which a request is sent again while the service is overloaded or out of reach. One that may have
    /// arrived is sent again only where that does no harm.
    #[schemars(range(max = 600_000))]
    pub(crate) retry_ms: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            account: None,
            endpoint: None,
            user: None,
            password: None,
            private_key: None,
            token: None,
            warehouse: None,
            role: None,
            database: None,
            schema: "PUBLIC".into(),
            root_certificate: None,
            max_connections: 8,
            connect_timeout_ms: 10_000,
            request_timeout_ms: 90_000,
            retry_ms: 30_000,
        }
    }
}

/// How the driver proves who it is.
pub(crate) enum Secret {
    Password(String),
    Key(String),
    Token(String),
}

/// Options that have been checked.
pub(crate) struct Settings {
    /// Identifier of the account without what stands behind a dot.
    pub(crate) account: String,
    pub(crate) endpoint: Url,
    pub(crate) user: String,
    pub(crate) secret: Secret,
    pub(crate) warehouse: Option<String>,
    pub(crate) role: Option<String>,
    pub(crate) database: String,
    pub(crate) schema: String,
    pub(crate) root_certificate: Option<String>,
    pub(crate) max_connections: usize,
    pub(crate) connect_timeout: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) retry: Duration,
}

/// Reads the options of a connection.
///
/// # Errors
/// `Config`, naming the option that is wrong.
pub(crate) fn read(options: serde_json::Value) -> Result<Settings, DriverError> {
    check(options::read(options)?)
}

fn check(options: Options) -> Result<Settings, DriverError> {
    let account = text(options.account);
    let endpoint = endpoint(text(options.endpoint), account.as_deref())?;
    let database = text(options.database).ok_or_else(|| config("option `database` is missing"))?;
    let schema = text(Some(options.schema)).ok_or_else(|| config("option `schema` is missing"))?;
    let user = text(options.user).unwrap_or_default();
    let (password, key, token) = (
        options.password.filter(|password| !password.is_empty()),
        text(options.private_key),
        text(options.token),
    );
    let secret = match (password, key, token) {
        (Some(password), None, None) => Secret::Password(password),
        (None, Some(key), None) => Secret::Key(key),
        (None, None, Some(token)) => Secret::Token(token),
        (None, None, None) => {
            return Err(config(
                "one of the options `password`, `private_key` and `token` is needed",
            ));
        }
        _ => {
            return Err(config(
                "only one of the options `password`, `private_key` and `token` may be given",
            ));
        }
    };
    if user.is_empty() && !matches!(secret, Secret::Token(_)) {
        return Err(config("option `user` is missing"));
    }
    Ok(Settings {
        account: short_account(account.as_deref(), &endpoint),
        endpoint,
        user,
        secret,
        warehouse: text(options.warehouse),
        role: text(options.role),
        database,
        schema,
        root_certificate: text(options.root_certificate),
        max_connections: options::within("max_connections", options.max_connections, 1..=100)?
            as usize,
        connect_timeout: options::connect_timeout(options.connect_timeout_ms)?,
        request_timeout: milliseconds("request_timeout_ms", options.request_timeout_ms, 1_000)?,
        retry: milliseconds("retry_ms", options.retry_ms, 0)?,
    })
}

/// <https://docs.snowflake.com/en/user-guide/admin-account-identifier>
fn endpoint(given: Option<String>, account: Option<&str>) -> Result<Url, DriverError> {
    if let Some(text) = given {
        return quillback_family_http::options::endpoint(&text);
    }
    let account = account.ok_or_else(|| config("option `account` is missing"))?;
    let wrong =
        || config("option `account` takes the identifier of an account, such as myorg-myaccount");
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !account.chars().all(fits) {
        return Err(wrong());
    }
    // Names of hosts have no underscores: the same page.
    let host = account.replace('_', "-").to_lowercase();
    Url::parse(&format!("https://{host}.snowflakecomputing.com")).map_err(|_| wrong())
}

/// The account as sign-in wants it: without region and cloud.
fn short_account(account: Option<&str>, endpoint: &Url) -> String {
    let whole = account.unwrap_or_else(|| endpoint.host_str().unwrap_or_default());
    let short = if whole.contains(".global") {
        whole.split('-').next()
    } else {
        whole.split('.').next()
    };
    short.unwrap_or_default().to_uppercase()
}

#[cfg(test)]
mod tests;
