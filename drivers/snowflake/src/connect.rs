//! The service: requests with a token, sent again while that is of use and does no harm.
//!
//! The forms of requests and answers are those of Snowflake's own clients, such as
//! <https://github.com/snowflakedb/snowflake-connector-python/blob/main/src/snowflake/connector/network.py>.

pub(crate) mod login;

use quillback_family_http::{Answer, Http, Method, Request, Retry, client_config, fresh_bytes};
use quillback_plugin_api::value::uuid_text;
use quillback_plugin_api::{Category, DriverError};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::errors::{self, Refusal};
use crate::options::Settings;
use login::Credentials;

/// One account of the service.
pub(crate) struct Service {
    http: Http,
    base: String,
    pub(crate) credentials: Credentials,
    pub(crate) settings: Settings,
}

/// A request to the service.
pub(crate) struct Call<'c> {
    /// Path and query.
    pub(crate) path: String,
    pub(crate) token: Option<&'c str>,
    /// `None` asks with GET.
    pub(crate) body: Option<&'c Json>,
    /// Whether it does no harm when it arrives twice.
    pub(crate) repeatable: bool,
}

/// Why there is no answer.
pub(crate) enum Failure {
    /// The service refused.
    Refused(Refusal),
    /// Nothing came back, or what came back is no answer; `connection_lost` where it may have arrived.
    Lost(DriverError),
}

impl From<Failure> for DriverError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => errors::from_service(&refusal),
            Failure::Lost(error) => error,
        }
    }
}

/// Every answer of the service, whatever it is about.
#[derive(Debug, Deserialize)]
struct Envelope<T> {
    data: Option<T>,
    #[serde(default)]
    code: Option<Json>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    success: bool,
}

/// What is said about an error beside its number.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Trouble {
    sql_state: Option<String>,
}

/// Statuses after which the same request may be sent again: those of the service's own clients.
fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

impl Service {
    /// # Errors
    /// `Config` when key or certificate cannot be read.
    pub(crate) fn new(settings: Settings) -> Result<Self, DriverError> {
        let tls = client_config(settings.root_certificate.as_deref())?;
        Ok(Self {
            http: Http::new(tls, settings.connect_timeout),
            base: settings.endpoint.as_str().trim_end_matches('/').to_owned(),
            credentials: Credentials::new(&settings)?,
            settings,
        })
    }

    /// Closes the connections that nobody uses.
    pub(crate) fn close(&self) {
        self.http.close();
    }

    /// Sends a request and reads the answer. `Ok` has a code where the service says that there is more to come.
    ///
    /// # Errors
    /// What the service says last.
    pub(crate) async fn call<T: for<'de> Deserialize<'de>>(
        &self,
        call: &Call<'_>,
    ) -> Result<(T, String), Failure> {
        let answer = self.answer(call).await.map_err(Failure::Lost)?;
        parsed(&answer)
    }

    async fn answer(&self, call: &Call<'_>) -> Result<Answer, DriverError> {
        let mut retry = Retry::during(self.settings.retry);
        let authorization = call
            .token
            .map(|token| format!("Snowflake Token=\"{token}\""));
        let url = format!("{}{}", self.base, call.path);
        loop {
            let request = Request {
                method: if call.body.is_some() {
                    Method::POST
                } else {
                    Method::GET
                },
                url: &url,
                authorization: authorization.as_deref(),
                content: call.body.map(|body| ("application/json", body.to_string())),
                headers: &[("accept", "application/snowflake")],
            };
            let sent = tokio::time::timeout(self.settings.request_timeout, self.http.send(request));
            let result = sent.await.unwrap_or_else(|_| {
                let message = "the service did not answer within `request_timeout_ms`";
                Err(DriverError {
                    connection_lost: true,
                    ..DriverError::new(Category::Connect, message)
                })
            });
            let again = match &result {
                // Overload is said before anything is done; any other fault of the service may come after it.
                Ok(answer) => {
                    matches!(answer.status, 429 | 503)
                        || call.repeatable && is_passing(answer.status)
                }
                Err(error) => {
                    error.category == Category::Connect
                        && (call.repeatable || !error.connection_lost)
                }
            };
            if !again || !retry.pause().await {
                return result;
            }
        }
    }

    /// Reads a part of a result from where the service has put it.
    ///
    /// # Errors
    /// `Connect` when it is not there.
    pub(crate) async fn fetch(
        &self,
        url: &str,
        headers: &[(&str, &str)],
    ) -> Result<Vec<u8>, DriverError> {
        let mut retry = Retry::during(self.settings.retry);
        loop {
            let request = Request {
                method: Method::GET,
                url,
                authorization: None,
                content: None,
                headers,
            };
            let sent = tokio::time::timeout(self.settings.request_timeout, self.http.send(request));
            let failure = match sent.await {
                Ok(Ok(answer)) if answer.is_success() => return Ok(answer.body.to_vec()),
                Ok(Ok(answer)) => format!(
                    "a part of the result cannot be read: HTTP {}",
                    answer.status
                ),
                Ok(Err(error)) => format!("a part of the result cannot be read: {}", error.message),
                Err(_) => "a part of the result did not come within `request_timeout_ms`".into(),
            };
            if !retry.pause().await {
                return Err(DriverError::new(Category::Connect, failure));
            }
        }
    }
}

/// A name that nothing else has, in the form of a random UUID.
pub(crate) fn fresh_id() -> String {
    let mut bytes = fresh_bytes();
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    *version = *version & 0x0f | 0x40;
    *variant = *variant & 0x3f | 0x80;
    uuid_text(&bytes)
}

fn parsed<T: for<'de> Deserialize<'de>>(answer: &Answer) -> Result<(T, String), Failure> {
    let unreadable = || {
        let message = format!(
            "the endpoint answered with something that is no answer of Snowflake (HTTP {}): check the options `account` \
             and `endpoint`",
            answer.status
        );
        // A gateway in between may have passed the request on.
        let category = if answer.status >= 500 {
            Category::Unavailable
        } else {
            Category::Protocol
        };
        Failure::Lost(DriverError {
            connection_lost: true,
            ..DriverError::new(category, message)
        })
    };
    // The form of what is inside depends on whether it worked.
    let head: Envelope<serde::de::IgnoredAny> =
        serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
    let code = match head.code {
        Some(Json::String(code)) => code,
        Some(Json::Number(code)) => code.to_string(),
        _ => String::new(),
    };
    let is_to_come = matches!(code.as_str(), "333333" | "333334");
    if head.success || is_to_come {
        let whole: Envelope<T> = serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
        let empty = || serde_json::from_str("{}").map_err(|_| unreadable());
        return Ok((whole.data.map_or_else(empty, Ok)?, code));
    }
    let trouble = serde_json::from_slice::<Envelope<Trouble>>(&answer.body);
    Err(Failure::Refused(Refusal {
        status: answer.status,
        code,
        sqlstate: trouble.ok().and_then(|trouble| trouble.data?.sql_state),
        message: head.message.unwrap_or_default(),
    }))
}
