//! The options of a connection; the forms of the console are made from their schema.

use quillback_plugin_api::DriverError;
use quillback_plugin_api::options::{self, config};
use schemars::JsonSchema;
use serde::Deserialize;

/// How to reach a server of __NAME__.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// Host name or address of the server.
    pub(crate) host: String,
    /// Port of the server.
    #[serde(default = "default_port")]
    #[schemars(range(min = 1))]
    pub(crate) port: u16,
    /// Database to work in.
    pub(crate) database: String,
    /// Name of the account.
    pub(crate) user: String,
    /// Password of the account.
    // `writeOnly` marks a secret: it is encrypted at rest and never sent to a browser.
    #[schemars(extend("writeOnly" = true))]
    #[serde(default)]
    #[expect(dead_code, reason = "until opening a connection is written")]
    pub(crate) password: String,
}

/// The port that the vendor uses.
fn default_port() -> u16 {
    1
}

/// The JSON Schema of the options.
pub(crate) fn schema() -> serde_json::Value {
    schemars::schema_for!(Options).to_value()
}

/// Reads and checks the options of a connection.
///
/// # Errors
/// `Config`, naming the option that is wrong but never what was given: it may be a secret.
pub(crate) fn read(options: serde_json::Value) -> Result<Options, DriverError> {
    let options: Options = options::read(options)?;
    for (name, value) in
        [("host", &options.host), ("database", &options.database), ("user", &options.user)]
    {
        if value.trim().is_empty() {
            return Err(config(format!("option `{name}` is missing")));
        }
    }
    options::port(Some(options.port))?;
    Ok(options)
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::Category;
    use serde_json::json;

    use super::{read, schema};

    #[test]
    fn the_password_is_marked_as_a_secret() {
        assert_eq!(schema()["properties"]["password"]["writeOnly"], json!(true));
    }

    #[test]
    fn wrong_options_are_named_and_not_repeated() {
        let good = json!({ "host": "h", "database": "d", "user": "u", "password": "s3cret" });
        assert!(read(good.clone()).is_ok());
        for (option, value) in [("host", json!("")), ("port", json!(0)), ("password", json!(1234))] {
            let mut options = good.clone();
            options[option] = value;
            let Err(error) = read(options) else { panic!("{option} was taken") };
            assert_eq!(error.category, Category::Config);
            assert!(!error.message.contains("1234"), "{error}");
        }
    }
}
