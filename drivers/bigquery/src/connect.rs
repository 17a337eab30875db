//! The service: requests with a token, sent again while that is of use.

pub(crate) mod credentials;
mod key;

use std::time::Duration;

use quillback_family_http::{Answer, Http, Method, Request, Retry, client_config, fresh_bytes};
use quillback_plugin_api::options::config;
use quillback_plugin_api::{Category, DriverError};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::errors::{self, ErrorProto};
use crate::options::Settings;
use credentials::Tokens;

/// One project of the service.
pub(crate) struct Service {
    http: Http,
    tokens: Tokens,
    base: String,
    request_timeout: Duration,
    retry: Duration,
    /// Project that is worked in.
    pub(crate) project: String,
    /// Data set that unnamed tables are in.
    pub(crate) dataset: String,
    pub(crate) location: Option<String>,
    pub(crate) maximum_bytes_billed: u64,
}

/// A request to the service. Each may be sent twice: those that start something carry an id of their own.
pub(crate) struct Call<'c> {
    pub(crate) method: Method,
    /// Path below the project.
    pub(crate) path: String,
    pub(crate) query: Vec<(&'c str, String)>,
    pub(crate) body: Option<&'c Json>,
}

impl<'c> Call<'c> {
    pub(crate) fn get(path: String) -> Self {
        Self {
            method: Method::GET,
            path,
            query: Vec::new(),
            body: None,
        }
    }

    pub(crate) fn post(path: String, body: &'c Json) -> Self {
        Self {
            method: Method::POST,
            path,
            query: Vec::new(),
            body: Some(body),
        }
    }

    pub(crate) fn with(mut self, name: &'c str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }
}

/// An answer that is no success.
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) proto: ErrorProto,
    /// Whether the request was sent before, so that it may have been taken then.
    pub(crate) is_repeated: bool,
}

/// Why there is no answer.
pub(crate) enum Failure {
    /// The service refused.
    Refused(Refusal),
    /// Nothing came back, or what came back is no answer.
    Lost(DriverError),
}

impl From<Failure> for DriverError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => errors::from_service(refusal.status, &refusal.proto),
            Failure::Lost(error) => error,
        }
    }
}

impl Service {
    /// # Errors
    /// `Config` when key or certificate cannot be read.
    pub(crate) fn new(settings: Settings) -> Result<Self, DriverError> {
        let tls = client_config(settings.root_certificate.as_deref())?;
        let http = Http::new(tls, settings.connect_timeout);
        let tokens = Tokens::new(settings.authentication, settings.key.as_deref())?;
        let project = settings.project.or_else(|| tokens.project());
        let project = project.ok_or_else(|| config("option `project` is missing"))?;
        let base = settings.endpoint.as_str().trim_end_matches('/');
        Ok(Self {
            base: format!("{base}/bigquery/v2/projects/{project}"),
            http,
            tokens,
            request_timeout: settings.request_timeout,
            retry: settings.retry,
            project,
            dataset: settings.dataset,
            location: settings.location,
            maximum_bytes_billed: settings.maximum_bytes_billed,
        })
    }

    /// Closes the connections that nobody uses.
    pub(crate) fn close(&self) {
        self.http.close();
    }

    /// A name for a job or request that nothing else has.
    pub(crate) fn fresh_id() -> String {
        format!("quillback_{:032x}", u128::from_be_bytes(fresh_bytes()))
    }

    /// Sends a request and reads the answer. While the service is out of reach, overloaded or over a rate it is sent
    /// again, after waits that double and differ by chance.
    ///
    /// # Errors
    /// What the service says last.
    pub(crate) async fn call<T: for<'de> Deserialize<'de>>(
        &self,
        call: &Call<'_>,
    ) -> Result<T, Failure> {
        let mut retry = Retry::during(self.retry);
        let (mut is_repeated, mut has_renewed) = (false, false);
        loop {
            let (passing, failure) = match self.attempt(call).await {
                Ok(answer) if answer.is_success() => return parsed(&answer),
                Ok(answer) if answer.status == 401 && !has_renewed => {
                    // A token may be taken back before its time.
                    self.tokens.forget();
                    has_renewed = true;
                    continue;
                }
                Ok(answer) => {
                    let proto = error_of(&answer);
                    let passing = errors::is_passing(answer.status, &proto.reason);
                    let refusal = Refusal {
                        status: answer.status,
                        proto,
                        is_repeated,
                    };
                    (passing, Failure::Refused(refusal))
                }
                Err(error) => (error.category == Category::Connect, Failure::Lost(error)),
            };
            if !passing || !retry.pause().await {
                return Err(failure);
            }
            is_repeated = true;
        }
    }

    async fn attempt(&self, call: &Call<'_>) -> Result<Answer, DriverError> {
        let token = self.tokens.current(&self.http).await?;
        let authorization = token.map(|token| format!("Bearer {token}"));
        let mut url = format!("{}{}", self.base, call.path);
        if !call.query.is_empty() {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(call.query.iter().map(|(name, value)| (*name, value)));
            url = format!("{url}?{}", query.finish());
        }
        let request = Request {
            method: call.method.clone(),
            url: &url,
            authorization: authorization.as_deref(),
            content: call.body.map(|body| ("application/json", body.to_string())),
            headers: &[],
        };
        let sent = tokio::time::timeout(self.request_timeout, self.http.send(request));
        sent.await.unwrap_or_else(|_| {
            let message = "the service did not answer within `request_timeout_ms`";
            Err(DriverError::new(Category::Connect, message))
        })
    }
}

fn parsed<T: for<'de> Deserialize<'de>>(answer: &Answer) -> Result<T, Failure> {
    // Some successes, such as a cancellation, may have nothing to say.
    let body: &[u8] = if answer.body.is_empty() {
        b"{}"
    } else {
        &answer.body
    };
    serde_json::from_slice(body).map_err(|_| {
        let message = "the endpoint answered with something that is no answer of BigQuery: check the option `endpoint`";
        Failure::Lost(DriverError::new(Category::Protocol, message))
    })
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorList,
}

#[derive(Deserialize)]
struct ErrorList {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<ErrorProto>,
}

fn error_of(answer: &Answer) -> ErrorProto {
    let Ok(ErrorBody { error }) = serde_json::from_slice(&answer.body) else {
        return ErrorProto::default();
    };
    let first = error.errors.into_iter().next();
    first.unwrap_or(ErrorProto {
        reason: String::new(),
        message: error.message,
    })
}
