//! Access tokens: where they come from, and how long one is kept.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quillback_family_http::{Answer, Http, Method, Request};
use quillback_plugin_api::options::config;
use quillback_plugin_api::{Category, DriverError};
use serde::Deserialize;
use tokio::time::Instant;

use super::key::Key;
use crate::options::Authentication;

/// A token is renewed so long before it ends.
const MARGIN: Duration = Duration::from_mins(1);
/// Address of the metadata server: <https://cloud.google.com/compute/docs/metadata/querying-metadata>
const METADATA: &str = "metadata.google.internal";
const TOKEN_PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";

/// Gives out a token that is good for a while.
pub(crate) struct Tokens {
    source: Source,
    current: Mutex<Option<(Instant, String)>>,
    /// One request for a token at a time.
    renewing: tokio::sync::Mutex<()>,
}

enum Source {
    None,
    Key(Box<Key>),
    Machine { address: String },
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: u64,
}

#[derive(Deserialize)]
struct Denied {
    #[serde(default)]
    error: String,
}

impl Tokens {
    /// # Errors
    /// `Config` when credentials cannot be read.
    pub(crate) fn new(
        authentication: Authentication,
        key: Option<&str>,
    ) -> Result<Self, DriverError> {
        let source = match (authentication, key) {
            (Authentication::None, _) => Source::None,
            (Authentication::Key, Some(key)) => Source::Key(Box::new(Key::read(key)?)),
            (Authentication::Key, None) => return Err(config("option `key` is missing")),
            (Authentication::ApplicationDefault, _) => application_default()?,
        };
        Ok(Self {
            source,
            current: Mutex::default(),
            renewing: tokio::sync::Mutex::default(),
        })
    }

    /// The project that the credentials belong to.
    pub(crate) fn project(&self) -> Option<String> {
        match &self.source {
            Source::Key(key) => key.project.clone(),
            Source::None | Source::Machine { .. } => None,
        }
    }

    /// A token that is good for a minute at least.
    ///
    /// # Errors
    /// `Auth` when the credentials are refused; `Connect` when nobody answers.
    pub(crate) async fn current(&self, http: &Http) -> Result<Option<String>, DriverError> {
        if matches!(self.source, Source::None) {
            return Ok(None);
        }
        if let Some(token) = self.kept() {
            return Ok(Some(token));
        }
        let _one = self.renewing.lock().await;
        if let Some(token) = self.kept() {
            return Ok(Some(token));
        }
        let granted = granted(&self.ask(http).await?)?;
        let until = Instant::now() + Duration::from_secs(granted.expires_in);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((until, granted.access_token.clone()));
        Ok(Some(granted.access_token))
    }

    /// Has the next request ask for a new token.
    pub(crate) fn forget(&self) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn kept(&self) -> Option<String> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, token) = current.as_ref()?;
        (Instant::now() + MARGIN < *until).then(|| token.clone())
    }

    async fn ask(&self, http: &Http) -> Result<Answer, DriverError> {
        let sent = match &self.source {
            Source::None => return Err(config("option `authentication` is none")),
            Source::Key(key) => {
                let form = key.form(now())?;
                let content = Some(("application/x-www-form-urlencoded", form));
                http.send(Request {
                    method: Method::POST,
                    url: &key.address,
                    authorization: None,
                    content,
                    headers: &[],
                })
                .await
            }
            Source::Machine { address } => {
                http.send(Request {
                    method: Method::GET,
                    url: address,
                    authorization: None,
                    content: None,
                    headers: &[("metadata-flavor", "Google")],
                })
                .await
            }
        };
        let is_machine = matches!(self.source, Source::Machine { .. });
        sent.map_err(|error| {
            if is_machine {
                // Away from Google's machines there is no such server, and waiting does not help.
                DriverError::new(Category::Auth, NO_CREDENTIALS)
            } else {
                error
            }
        })
    }
}

const NO_CREDENTIALS: &str = "this machine has no credentials of Google: set the option `key`, or the variable \
     GOOGLE_APPLICATION_CREDENTIALS of the server";

fn granted(answer: &Answer) -> Result<Granted, DriverError> {
    if answer.is_success() {
        return serde_json::from_slice(&answer.body).map_err(|_| {
            DriverError::new(
                Category::Protocol,
                "the answer with the token cannot be read",
            )
        });
    }
    if answer.status == 429 || answer.status >= 500 {
        let message = "the service that gives out tokens cannot serve now";
        return Err(DriverError::new(Category::Connect, message));
    }
    // The words of the standard (RFC 6749, 5.2), such as invalid_grant; anything else is not passed on.
    let said = serde_json::from_slice::<Denied>(&answer.body).map(|denied| denied.error);
    let said = said.unwrap_or_default();
    let is_word = !said.is_empty() && said.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let said = if is_word {
        said
    } else {
        answer.status.to_string()
    };
    let message = format!("Google refused the credentials ({said}): check the option `key`");
    Err(DriverError::new(Category::Auth, message))
}

/// <https://cloud.google.com/docs/authentication/application-default-credentials>
fn application_default() -> Result<Source, DriverError> {
    if let Some(path) = variable("GOOGLE_APPLICATION_CREDENTIALS") {
        return Ok(Source::Key(Box::new(Key::read(&path)?)));
    }
    let folder = variable("CLOUDSDK_CONFIG")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(variable("HOME")?).join(".config/gcloud")));
    let file = folder.map(|folder| folder.join("application_default_credentials.json"));
    if let Some(file) = file.filter(|file| file.is_file()) {
        return Ok(Source::Key(Box::new(Key::read(&file.to_string_lossy())?)));
    }
    let host = variable("GCE_METADATA_HOST").unwrap_or_else(|| METADATA.into());
    Ok(Source::Machine {
        address: format!("http://{host}{TOKEN_PATH}"),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "application-default credentials are found through variables that Google's rules name"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// Signed requests for tokens carry the time, which the contract does not pass in.
#[expect(
    clippy::disallowed_methods,
    reason = "Google compares the time of an assertion with its own clock"
)]
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
