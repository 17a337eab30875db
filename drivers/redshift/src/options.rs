//! The options of a connection: the form that the console shows, and the settings made of it.

use quillback_family_postgres::settings::{self, Defaults, Given, Settings, Tls};
use quillback_plugin_api::DriverError;
use schemars::JsonSchema;
use serde::Deserialize;

/// Names of more bytes are cut short by the server without a word:
/// <https://docs.aws.amazon.com/redshift/latest/dg/r_names.html>
pub(crate) const MAX_NAME_BYTES: usize = 127;

const DEFAULTS: Defaults = Defaults {
    host: None,
    port: 5439,
    // What clusters and workgroups are made with.
    database: Some("dev"),
    tls: Tls::VerifyFull,
    most_name_bytes: MAX_NAME_BYTES,
    schemes: &["redshift"],
};

/// The options as they are written.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "Amazon Redshift")]
pub(crate) struct Options {
    /// All of host, port, database, user and password as one address, such as
    /// `redshift://user:password@name.id.region.redshift.amazonaws.com:5439/dev`. Options given beside it come first.
    #[schemars(title = "URL", extend("writeOnly" = true))]
    url: Option<String>,
    /// Endpoint of the cluster or workgroup, without port and database.
    #[schemars(title = "Host")]
    host: Option<String>,
    /// Port. Default: 5439.
    #[schemars(title = "Port", range(min = 1))]
    port: Option<u16>,
    /// Database. Default: dev.
    #[schemars(title = "Database")]
    database: Option<String>,
    /// Account of the database to sign in with.
    #[schemars(title = "User")]
    user: Option<String>,
    /// Password of the account.
    #[schemars(title = "Password", extend("writeOnly" = true))]
    password: Option<String>,
    /// Schema of tables that are named without one. Default: what the account's search path says.
    #[schemars(title = "Schema")]
    schema: Option<String>,
    /// Encryption. Default: verify-full.
    #[schemars(title = "TLS")]
    tls: Option<Tls>,
    /// Certificate of the authority that signed the server's (PEM text, or the path of a file on this server), for
    /// verify-ca and verify-full. Default: the authorities that this machine trusts, Amazon's among them.
    #[schemars(title = "Root certificate")]
    root_certificate: Option<String>,
    /// Name shown in the server's list of sessions. Default: quillback.
    #[schemars(title = "Application name")]
    application_name: Option<String>,
    /// Most connections at the same time. Default: 8.
    #[schemars(title = "Connections", range(min = 1, max = 1000))]
    max_connections: Option<u32>,
    /// Milliseconds that connecting may take. Default: 10000.
    #[schemars(title = "Time-out of connecting (ms)", range(min = 1))]
    connect_timeout_ms: Option<u32>,
    /// Milliseconds after which the server stops any statement, waiting in a queue included; 0 is never. Default: what
    /// the server is set to.
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
    use quillback_plugin_api::Category;
    use serde_json::json;

    #[test]
    fn connections_are_encrypted_and_the_server_proven_by_default() {
        let settings = read(json!({ "host": "h", "user": "ann" })).unwrap();
        assert_eq!(settings.tls, Tls::VerifyFull);
        assert!(settings.tls_config.is_some());
        assert_eq!(settings.address(), "h:5439");
        assert_eq!(settings.database, "dev");
    }

    #[test]
    fn an_address_fills_in_what_is_not_given_beside_it() {
        let settings = read(json!({
            "url": "redshift://ann:a%40b@x.eu-west-1.redshift.amazonaws.com/shop?sslmode=require",
            "port": 5440,
        }))
        .unwrap();
        assert_eq!(
            settings.address(),
            "x.eu-west-1.redshift.amazonaws.com:5440"
        );
        assert_eq!(settings.password().unwrap(), "a@b");
        assert_eq!(settings.tls, Tls::Require);
    }

    #[test]
    fn what_is_missing_or_too_long_is_named() {
        for (options, option) in [
            (json!({ "user": "a" }), "host"),
            (json!({ "host": "h" }), "user"),
            (
                json!({ "host": "h", "user": "a", "schema": "é".repeat(64) }),
                "schema",
            ),
            (json!({ "url": "postgres://a@h/d" }), "url"),
        ] {
            let error = read(options).unwrap_err();
            assert_eq!(error.category, Category::Config);
            assert!(error.message.contains(option), "{error}");
        }
    }
}
