//! Signing in, and what proves who the driver is.
//!
//! <https://github.com/snowflakedb/snowflake-connector-python/tree/main/src/snowflake/connector/auth>

use std::time::{SystemTime, UNIX_EPOCH};

use quillback_family_http::SigningKey;
use quillback_family_http::options::config;
use quillback_plugin_api::{Category, DriverError};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{Call, Failure, Service, fresh_id};
use crate::options::{Secret, Settings};

/// Seconds that a signed token is good for: the service takes one hour at most
/// (<https://docs.snowflake.com/en/developer-guide/sql-api/authenticating>).
const LIFETIME: u64 = 60;

/// What the driver proves itself with.
pub(crate) enum Credentials {
    Password(String),
    Key(SigningKey),
    Token(String),
}

/// Tokens of a session.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tokens {
    /// Good for statements, for an hour or so.
    pub(crate) token: String,
    /// Good for getting a new one of the other.
    #[serde(default)]
    pub(crate) master_token: String,
    #[serde(default)]
    session_info: Info,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Info {
    database_name: Option<String>,
    schema_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Renewed {
    session_token: String,
    master_token: Option<String>,
}

impl Credentials {
    /// # Errors
    /// `Config` when the key cannot be read; it is never quoted.
    pub(crate) fn new(settings: &Settings) -> Result<Self, DriverError> {
        match &settings.secret {
            Secret::Password(password) => Ok(Self::Password(password.clone())),
            Secret::Token(token) => Ok(Self::Token(token.clone())),
            Secret::Key(given) => {
                let pem = if given.contains("-----BEGIN") {
                    given.clone()
                } else {
                    std::fs::read_to_string(given).map_err(|error| {
                        config(format!(
                            "option `private_key` cannot be read: {}",
                            error.kind()
                        ))
                    })?
                };
                SigningKey::from_pem(&pem).map(Self::Key).ok_or_else(|| {
                    config("option `private_key` is no RSA key in PKCS #8, or it is encrypted")
                })
            }
        }
    }

    /// Adds the proof to a request to sign in.
    fn prove(&self, settings: &Settings, data: &mut Json, now: u64) -> Result<(), DriverError> {
        match self {
            Self::Password(password) => data["PASSWORD"] = json!(password),
            Self::Token(token) => {
                data["AUTHENTICATOR"] = json!("PROGRAMMATIC_ACCESS_TOKEN");
                data["TOKEN"] = json!(token);
            }
            Self::Key(key) => {
                data["AUTHENTICATOR"] = json!("SNOWFLAKE_JWT");
                let (header, claims) = claims(settings, &key.fingerprint(), now);
                let token = key.token(&header, &claims);
                data["TOKEN"] = json!(
                    token.ok_or_else(|| config("the key in option `private_key` cannot sign"))?
                );
            }
        }
        Ok(())
    }
}

/// <https://docs.snowflake.com/en/developer-guide/sql-api/authenticating#using-key-pair-authentication>
fn claims(settings: &Settings, fingerprint: &str, now: u64) -> (Json, Json) {
    let subject = format!("{}.{}", settings.account, settings.user.to_uppercase());
    let claims = json!({
        "iss": format!("{subject}.SHA256:{fingerprint}"), "sub": subject, "iat": now, "exp": now + LIFETIME,
    });
    (json!({ "alg": "RS256", "typ": "JWT" }), claims)
}

/// Signs in, into a session whose settings do not depend on those of the user.
///
/// # Errors
/// `Auth` when the credentials are refused, `NotFound` when the database or schema is not there for this role.
pub(crate) async fn sign_in(service: &Service) -> Result<Tokens, DriverError> {
    let settings = &service.settings;
    let mut data = json!({
        // Without the name of one of its own clients the service answers in JSON, as it does to other clients in Rust:
        // https://github.com/estie-inc/snowflake-connector-rs
        "ACCOUNT_NAME": settings.account,
        "CLIENT_ENVIRONMENT": { "APPLICATION": "Quillback" },
        "SESSION_PARAMETERS": parameters(),
    });
    if !settings.user.is_empty()
        && let Some(data) = data.as_object_mut()
    {
        data.insert("LOGIN_NAME".into(), json!(settings.user));
    }
    service.credentials.prove(settings, &mut data, now())?;
    let body = json!({ "data": data });
    let call = Call {
        path: format!("/session/v1/login-request?{}", place(settings)),
        token: None,
        body: Some(&body),
        repeatable: true,
    };
    let (tokens, _) = service.call::<Tokens>(&call).await?;
    for (option, found) in [
        ("database", &tokens.session_info.database_name),
        ("schema", &tokens.session_info.schema_name),
    ] {
        // The service signs in all the same, into no database.
        if found.is_none() {
            let message = format!(
                "there is no such {option}, or the role does not see it: check the option `{option}`, in upper case unless it \
                 was made in quotes"
            );
            return Err(DriverError::new(Category::NotFound, message));
        }
    }
    Ok(tokens)
}

/// Where the session is to work.
fn place(settings: &Settings) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("requestId", &fresh_id());
    for (name, value) in [
        ("databaseName", Some(&settings.database)),
        ("schemaName", Some(&settings.schema)),
        ("warehouse", settings.warehouse.as_ref()),
        ("roleName", settings.role.as_ref()),
    ] {
        if let Some(value) = value {
            // Quoted, so that the name is taken as it stands.
            query.append_pair(name, &format!("\"{}\"", value.replace('"', "\"\"")));
        }
    }
    query.finish()
}

/// <https://docs.snowflake.com/en/sql-reference/parameters>
fn parameters() -> Json {
    json!({
        "AUTOCOMMIT": true,
        "TIMEZONE": "UTC",
        "QUOTED_IDENTIFIERS_IGNORE_CASE": false,
        "BINARY_INPUT_FORMAT": "HEX",
        "BINARY_OUTPUT_FORMAT": "HEX",
        "JSON_INDENT": 0,
        "ERROR_ON_NONDETERMINISTIC_UPDATE": true,
    })
}

/// Gets a new token for a session whose own is used up.
///
/// # Errors
/// What the service says: the session is over then.
pub(crate) async fn renew(service: &Service, tokens: &mut Tokens) -> Result<(), Failure> {
    let body = json!({ "oldSessionToken": tokens.token, "requestType": "RENEW" });
    let call = Call {
        path: format!("/session/token-request?requestId={}", fresh_id()),
        token: Some(&tokens.master_token),
        body: Some(&body),
        repeatable: true,
    };
    let (renewed, _) = service.call::<Renewed>(&call).await?;
    tokens.token = renewed.session_token;
    if let Some(master) = renewed.master_token {
        tokens.master_token = master;
    }
    Ok(())
}

/// Signed requests for tokens carry the time, which the contract does not pass in.
#[expect(
    clippy::disallowed_methods,
    reason = "Snowflake compares the time of a token with its own clock"
)]
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
