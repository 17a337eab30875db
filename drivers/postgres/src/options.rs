//! The options of a connection: the form that the console shows, and the settings made of it.

mod url;

use std::time::Duration;

use quillback_plugin_api::DriverError;
use schemars::JsonSchema;
use serde::Deserialize;

use quillback_family_postgres::settings::{Host, Settings, Tls, config, encryption};

/// Names of more bytes are cut short by the server without a word.
pub(crate) const MAX_NAME_BYTES: usize = 63;
const DEFAULT_PORT: u16 = 5432;
const DEFAULT_CONNECTIONS: u32 = 8;
const DEFAULT_CONNECT_TIMEOUT_MS: u32 = 10_000;

/// The options as they are written.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "PostgreSQL")]
pub(crate) struct Options {
    /// All of host, port, database, user and password as one address, such as
    /// `postgres://user:password@host:5432/database?sslmode=verify-full`. Options given beside it come first.
    #[schemars(title = "URL", extend("writeOnly" = true))]
    url: Option<String>,
    /// Name or address of the server, or the folder of its Unix socket. Default: localhost.
    #[schemars(title = "Host")]
    host: Option<String>,
    /// Port. Default: 5432.
    #[schemars(title = "Port", range(min = 1))]
    port: Option<u16>,
    /// Database. Default: the one named like the user.
    #[schemars(title = "Database")]
    database: Option<String>,
    /// Account to sign in with.
    #[schemars(title = "User")]
    user: Option<String>,
    /// Password of the account.
    #[schemars(title = "Password", extend("writeOnly" = true))]
    password: Option<String>,
    /// Schema of tables that are named without one. Default: what the account's search path says.
    #[schemars(title = "Schema")]
    schema: Option<String>,
    /// Encryption. Default: prefer.
    #[schemars(title = "TLS")]
    tls: Option<Tls>,
    /// Certificate of the authority that signed the server's (PEM text, or the path of a file on this server), for
    /// verify-ca and verify-full. Default: the authorities that this machine trusts.
    #[schemars(title = "Root certificate")]
    root_certificate: Option<String>,
    /// Name shown in the server's list of activities. Default: quillback.
    #[schemars(title = "Application name")]
    application_name: Option<String>,
    /// Most connections at the same time. Default: 8.
    #[schemars(title = "Connections", range(min = 1, max = 1000))]
    max_connections: Option<u32>,
    /// Milliseconds that connecting may take. Default: 10000.
    #[schemars(title = "Time-out of connecting (ms)", range(min = 1))]
    connect_timeout_ms: Option<u32>,
    /// Milliseconds after which the server stops any statement, streamed reads included; 0 is never. Default: what the
    /// server is set to.
    #[schemars(title = "Time-out of statements (ms)")]
    statement_timeout_ms: Option<u32>,
}

/// JSON Schema of the options.
pub(crate) fn schema() -> serde_json::Value {
    schemars::schema_for!(Options).to_value()
}

/// Reads and checks the options.
///
/// # Errors
/// `Config`, naming the option that is wrong. The message holds no value, which may be a secret.
pub(crate) fn read(options: serde_json::Value) -> Result<Settings, DriverError> {
    let options: Options = serde_path_to_error::deserialize(options).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner().to_string();
        // Any other message repeats the value.
        if inner.starts_with("unknown field") || inner.starts_with("unknown variant") {
            config(&path, &inner)
        } else {
            config(&path, "this is not the kind of value that it takes")
        }
    })?;
    options.settings()
}

impl Options {
    fn settings(mut self) -> Result<Settings, DriverError> {
        if let Some(address) = self.url.take() {
            self.fill_from(url::parse(&address)?);
        }
        let user = required("user", self.user)?;
        let database = self.database.filter(|name| !name.is_empty());
        let tls = self.tls.unwrap_or_default();
        if self.root_certificate.is_some() && !matches!(tls, Tls::VerifyCa | Tls::VerifyFull) {
            return Err(config(
                "root_certificate",
                "it is only looked at with tls verify-ca or verify-full",
            ));
        }
        let host = self.host.unwrap_or_else(|| "localhost".to_owned());
        let host = if host.starts_with('/') {
            Host::Folder(host.into())
        } else {
            Host::Name(required("host", Some(host))?)
        };
        let connections = self.max_connections.unwrap_or(DEFAULT_CONNECTIONS);
        if !(1..=1_000).contains(&connections) {
            return Err(config("max_connections", "give a number from 1 to 1000"));
        }
        let schema = self.schema.filter(|name| !name.is_empty());
        if schema
            .as_ref()
            .is_some_and(|name| name.len() > MAX_NAME_BYTES)
        {
            return Err(config("schema", "names have at most 63 bytes"));
        }
        let connect_timeout = self
            .connect_timeout_ms
            .unwrap_or(DEFAULT_CONNECT_TIMEOUT_MS);
        if connect_timeout == 0 {
            return Err(config(
                "connect_timeout_ms",
                "give at least one millisecond",
            ));
        }
        Ok(Settings {
            host,
            port: self.port.unwrap_or(DEFAULT_PORT),
            database: database.unwrap_or_else(|| user.clone()),
            user,
            password: self.password,
            schema,
            tls,
            tls_config: encryption(tls, self.root_certificate.as_deref())?,
            application_name: self
                .application_name
                .unwrap_or_else(|| "quillback".to_owned()),
            max_connections: usize::try_from(connections).unwrap_or(1),
            connect_timeout: Duration::from_millis(connect_timeout.into()),
            statement_timeout_ms: self.statement_timeout_ms,
        })
    }

    /// Takes over what is not given here.
    fn fill_from(&mut self, other: Self) {
        fn fill<T>(own: &mut Option<T>, other: Option<T>) {
            if own.is_none() {
                *own = other;
            }
        }
        fill(&mut self.host, other.host);
        fill(&mut self.port, other.port);
        fill(&mut self.database, other.database);
        fill(&mut self.user, other.user);
        fill(&mut self.password, other.password);
        fill(&mut self.tls, other.tls);
        fill(&mut self.root_certificate, other.root_certificate);
        fill(&mut self.application_name, other.application_name);
        fill(&mut self.connect_timeout_ms, other.connect_timeout_ms);
    }
}

fn required(option: &str, value: Option<String>) -> Result<String, DriverError> {
    value
        .filter(|text| !text.is_empty())
        .ok_or_else(|| config(option, "it is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quillback_plugin_api::Category;
    use serde_json::json;

    fn message(options: serde_json::Value) -> String {
        let error = read(options).unwrap_err();
        assert_eq!(error.category, Category::Config);
        error.message
    }

    #[test]
    fn options_beside_an_address_come_first() {
        let settings = read(json!({
            "url": "postgres://ann:a%40b@db.example:6543/shop?sslmode=require&application_name=x",
            "port": 7654,
            "schema": "sales",
        }))
        .unwrap();
        assert_eq!(settings.host, Host::Name("db.example".into()));
        assert_eq!(settings.port, 7654);
        assert_eq!((&*settings.user, &*settings.database), ("ann", "shop"));
        assert_eq!(settings.password().unwrap(), "a@b");
        assert_eq!(settings.tls, Tls::Require);
        assert_eq!(settings.application_name, "x");
    }

    #[test]
    fn defaults_are_local_and_prefer_encryption() {
        let settings = read(json!({ "user": "ann" })).unwrap();
        assert_eq!(settings.address(), "localhost:5432");
        assert_eq!(settings.database, "ann");
        assert_eq!(settings.tls, Tls::Prefer);
        assert_eq!(settings.max_connections, 8);
        let settings = read(json!({ "user": "ann", "host": "/run/postgresql" })).unwrap();
        assert_eq!(settings.host, Host::Folder("/run/postgresql".into()));
    }

    #[test]
    fn messages_name_the_option_and_no_secret() {
        assert!(message(json!({})).contains("user"));
        assert!(message(json!({ "user": "a", "max_connections": 0 })).contains("max_connections"));
        assert!(message(json!({ "user": "a", "root_certificate": "x" })).contains("verify-full"));
        assert!(message(json!({ "user": "a", "usr": "b" })).contains("usr"));
        assert!(message(json!({ "user": "a", "tls": "on" })).contains("tls"));
        let wrong = message(json!({ "user": "a", "password": 271_828 }));
        assert!(
            wrong.contains("password") && !wrong.contains("271828"),
            "{wrong}"
        );
        let wrong = message(json!({ "url": "postgres://a:s3cret@h:port/d" }));
        assert!(
            wrong.contains("url") && !wrong.contains("s3cret"),
            "{wrong}"
        );
    }

    #[test]
    fn settings_print_without_the_password() {
        let settings = read(json!({ "user": "a", "password": "s3cret" })).unwrap();
        assert!(!format!("{settings:?}").contains("s3cret"));
    }

    #[test]
    fn the_form_hides_secrets() {
        let schema = schema();
        for secret in ["url", "password"] {
            assert_eq!(
                schema["properties"][secret]["writeOnly"],
                json!(true),
                "{secret}"
            );
        }
        assert_eq!(schema["additionalProperties"], json!(false));
    }
}
