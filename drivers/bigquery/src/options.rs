//! The options of a connection; the forms of the console are made from their schema.

use std::time::Duration;

use quillback_family_http::options::{endpoint, text};
use quillback_plugin_api::DriverError;
use quillback_plugin_api::options::{self, config, milliseconds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

/// Where the service is.
const ENDPOINT: &str = "https://bigquery.googleapis.com";

/// How the driver proves who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Authentication {
    /// With the key in `key`.
    Key,
    /// As Google's own programs do: the file named by `GOOGLE_APPLICATION_CREDENTIALS`, then the file that
    /// `gcloud auth application-default login` writes, then the account of the machine (metadata server).
    #[default]
    ApplicationDefault,
    /// Not at all: for emulators.
    None,
}

/// How to reach a data set of Google BigQuery.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    /// Project that is worked in and that pays. Without it the project in `key` is taken.
    pub(crate) project: Option<String>,
    /// Data set to work in. Tables of others are reached by naming them as the schema.
    pub(crate) dataset: Option<String>,
    /// Location of the data set, such as EU, US or europe-west3. Without it BigQuery finds it out for each statement,
    /// and lists of all data sets look in US.
    pub(crate) location: Option<String>,
    /// How to sign in. Without it: by `key` when that is given, else application-default.
    pub(crate) authentication: Option<Authentication>,
    /// Key of a service account or credentials of a user, as Google gives them out: JSON text, or the path of a file.
    #[schemars(extend("writeOnly" = true))]
    pub(crate) key: Option<String>,
    /// Address of the service, for emulators and private endpoints.
    pub(crate) endpoint: Option<String>,
    /// Certificate of the authority that vouches for the endpoint, as PEM text or as the path of a file. Without it the
    /// authorities that the machine trusts are taken.
    pub(crate) root_certificate: Option<String>,
    /// Most bytes that one statement may be charged for; a statement that would read more fails without a charge.
    /// 0 is no limit.
    pub(crate) maximum_bytes_billed: u64,
    /// Milliseconds that connecting to the service may take.
    #[schemars(range(min = 100, max = 600_000))]
    pub(crate) connect_timeout_ms: u32,
    /// Milliseconds that one request may take before it counts as lost and is sent again.
    #[schemars(range(min = 1_000, max = 600_000))]
    pub(crate) request_timeout_ms: u32,
    /// Milliseconds for which a request is sent again while the service is overloaded or out of reach.
    #[schemars(range(max = 600_000))]
    pub(crate) retry_ms: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            project: None,
            dataset: None,
            location: None,
            authentication: None,
            key: None,
            endpoint: None,
            root_certificate: None,
            maximum_bytes_billed: 0,
            connect_timeout_ms: 10_000,
            request_timeout_ms: 60_000,
            retry_ms: 30_000,
        }
    }
}

/// Options that have been checked.
pub(crate) struct Settings {
    /// `None` is the project of the key.
    pub(crate) project: Option<String>,
    pub(crate) dataset: String,
    pub(crate) location: Option<String>,
    pub(crate) authentication: Authentication,
    pub(crate) key: Option<String>,
    pub(crate) endpoint: Url,
    pub(crate) root_certificate: Option<String>,
    pub(crate) maximum_bytes_billed: u64,
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
    let (project, key) = (text(options.project), text(options.key));
    let dataset = text(options.dataset).ok_or_else(|| config("option `dataset` is missing"))?;
    let authentication = options.authentication.unwrap_or(if key.is_some() {
        Authentication::Key
    } else {
        Authentication::ApplicationDefault
    });
    if authentication == Authentication::Key && key.is_none() {
        return Err(config("option `key` is missing"));
    }
    if project.is_none() && key.is_none() {
        return Err(config("option `project` is missing"));
    }
    let plain = |name: &str| {
        name.chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.'))
    };
    if !project.as_deref().is_none_or(plain) {
        return Err(config(
            "option `project` takes the id of a project: letters, digits and dashes",
        ));
    }
    let location = text(options.location);
    if !location.as_deref().is_none_or(plain) {
        return Err(config(
            "option `location` takes the name of a location, such as EU or europe-west3",
        ));
    }
    let given = text(options.endpoint);
    Ok(Settings {
        project,
        dataset,
        location,
        authentication,
        key,
        endpoint: endpoint(given.as_deref().unwrap_or(ENDPOINT))?,
        root_certificate: text(options.root_certificate),
        maximum_bytes_billed: options.maximum_bytes_billed,
        connect_timeout: options::connect_timeout(options.connect_timeout_ms)?,
        request_timeout: milliseconds("request_timeout_ms", options.request_timeout_ms, 1_000)?,
        retry: milliseconds("retry_ms", options.retry_ms, 0)?,
    })
}

#[cfg(test)]
mod tests;
