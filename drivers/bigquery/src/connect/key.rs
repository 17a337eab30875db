//! What Google gives out as credentials: keys of service accounts and credentials of users, as JSON.
//!
//! <https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests>

use quillback_family_http::SigningKey;
use quillback_plugin_api::DriverError;
use quillback_plugin_api::options::config;
use serde::Deserialize;
use serde_json::json;

/// Rights that the driver asks for.
const SCOPE: &str = "https://www.googleapis.com/auth/bigquery";
const TOKEN_ADDRESS: &str = "https://oauth2.googleapis.com/token";

/// Credentials as they stand in a file.
#[derive(Deserialize)]
struct File {
    #[serde(rename = "type")]
    kind: String,
    project_id: Option<String>,
    quota_project_id: Option<String>,
    client_email: Option<String>,
    private_key: Option<String>,
    private_key_id: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    refresh_token: Option<String>,
    token_uri: Option<String>,
}

/// Credentials that can be turned into tokens.
pub(crate) struct Key {
    /// The project that they belong to.
    pub(crate) project: Option<String>,
    /// Where tokens come from.
    pub(crate) address: String,
    kind: Kind,
}

enum Kind {
    Account {
        email: String,
        id: Option<String>,
        key: SigningKey,
    },
    User {
        client: String,
        secret: String,
        refresh: String,
    },
}

impl Key {
    /// Reads credentials: JSON text, or the path of a file of it.
    ///
    /// # Errors
    /// `Config`, which never quotes what was given.
    pub(crate) fn read(given: &str) -> Result<Self, DriverError> {
        let text = if given.trim_start().starts_with('{') {
            given.to_owned()
        } else {
            std::fs::read_to_string(given)
                .map_err(|error| wrong(&format!("the file cannot be read: {}", error.kind())))?
        };
        let file: File =
            serde_json::from_str(&text).map_err(|_| wrong("it is no credentials in JSON"))?;
        let kind = match file.kind.as_str() {
            "service_account" => Kind::Account {
                email: needed(file.client_email, "client_email")?,
                id: file.private_key_id,
                key: signing_key(&needed(file.private_key, "private_key")?)?,
            },
            "authorized_user" => Kind::User {
                client: needed(file.client_id, "client_id")?,
                secret: needed(file.client_secret, "client_secret")?,
                refresh: needed(file.refresh_token, "refresh_token")?,
            },
            _ => {
                return Err(wrong(
                    "its `type` must be service_account or authorized_user",
                ));
            }
        };
        Ok(Self {
            project: file.project_id.or(file.quota_project_id),
            address: file.token_uri.unwrap_or_else(|| TOKEN_ADDRESS.into()),
            kind,
        })
    }

    /// The form that asks for a token at `now`, in seconds since 1970.
    ///
    /// # Errors
    /// `Config` when the key cannot sign.
    pub(crate) fn form(&self, now: u64) -> Result<String, DriverError> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        match &self.kind {
            Kind::Account { email, id, key } => {
                let assertion = self.assertion(email, id.as_deref(), key, now)?;
                form.append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
                form.append_pair("assertion", &assertion);
            }
            Kind::User {
                client,
                secret,
                refresh,
            } => {
                form.append_pair("grant_type", "refresh_token");
                form.append_pair("client_id", client);
                form.append_pair("client_secret", secret);
                form.append_pair("refresh_token", refresh);
            }
        }
        Ok(form.finish())
    }

    fn assertion(
        &self,
        email: &str,
        id: Option<&str>,
        key: &SigningKey,
        now: u64,
    ) -> Result<String, DriverError> {
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": id });
        let claims = json!({
            "iss": email, "scope": SCOPE, "aud": self.address, "iat": now, "exp": now + 3_600,
        });
        key.token(&header, &claims)
            .ok_or_else(|| wrong("its private key cannot sign"))
    }
}

fn needed(part: Option<String>, name: &str) -> Result<String, DriverError> {
    part.ok_or_else(|| wrong(&format!("it lacks `{name}`")))
}

fn signing_key(pem: &str) -> Result<SigningKey, DriverError> {
    SigningKey::from_pem(pem).ok_or_else(|| wrong("its `private_key` is no RSA key in PKCS #8"))
}

fn wrong(why: &str) -> DriverError {
    config(format!("the credentials cannot be used: {why}"))
}
