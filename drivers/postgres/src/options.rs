//! The options of a connection: the form that the console shows, and the settings made of it.

use quillback_family_postgres::settings::{self, Defaults, Given, Settings, Tls};
use quillback_plugin_api::DriverError;
use schemars::JsonSchema;
use serde::Deserialize;

/// Names of more bytes are cut short by the server without a word.
pub(crate) const MAX_NAME_BYTES: usize = 63;

const DEFAULTS: Defaults = Defaults {
    host: Some("localhost"),
    port: 5432,
    database: None,
    tls: Tls::Prefer,
    most_name_bytes: MAX_NAME_BYTES,
    schemes: &["postgres", "postgresql"],
};

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
    let options: Options = settings::read(options)?;
    let given = Given {
        host: options.host,
        port: options.port,
        database: options.database,
        user: options.user,
        password: options.password,
        schema: options.schema,
        tls: options.tls,
        root_certificate: options.root_certificate,
        application_name: options.application_name,
        max_connections: options.max_connections,
        connect_timeout_ms: options.connect_timeout_ms,
        statement_timeout_ms: options.statement_timeout_ms,
    };
    given.settings(options.url.as_deref(), &DEFAULTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use quillback_family_postgres::settings::Host;
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
