//! Options of a connection: read so that a refusal names the option and what it takes, and never what was given.

use quillback_plugin_api::{Category, DriverError};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use url::Url;

/// Most milliseconds of any time-out.
const MOST_MS: u32 = 600_000;

/// Reads the options of a connection.
///
/// # Errors
/// `Config`, naming the option that is wrong, but never what was given: it may be a secret.
pub fn read<T: DeserializeOwned>(options: Json) -> Result<T, DriverError> {
    serde_path_to_error::deserialize(options).map_err(|error| {
        let (path, text) = (error.path().to_string(), error.inner().to_string());
        if text.starts_with("unknown field") {
            return config(format!("the options are wrong: {text}"));
        }
        let expected = text
            .rsplit_once("expected ")
            .map_or("another kind of value", |(_, what)| what);
        config(format!("option `{path}` must be {expected}"))
    })
}

/// A text without what is blank around it; `None` for one that is empty.
pub fn text(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
}

/// Checks that a number is in its range.
///
/// # Errors
/// `Config`, naming the option.
pub fn within(name: &str, value: u32, least: u32, most: u32) -> Result<(), DriverError> {
    let fits = (least..=most).contains(&value);
    fits.then_some(()).ok_or_else(|| {
        config(format!(
            "option `{name}` must be between {least} and {most}"
        ))
    })
}

/// Checks the options `connect_timeout_ms`, `request_timeout_ms` and `retry_ms`.
///
/// # Errors
/// `Config`, naming the option that is wrong.
pub fn check_times(connect: u32, request: u32, retry: u32) -> Result<(), DriverError> {
    within("connect_timeout_ms", connect, 100, MOST_MS)?;
    within("request_timeout_ms", request, 1_000, MOST_MS)?;
    within("retry_ms", retry, 0, MOST_MS)
}

/// Reads the option `endpoint`: the address of a service, without a user, a password or a query.
///
/// # Errors
/// `Config` for anything else.
pub fn endpoint(text: &str) -> Result<Url, DriverError> {
    let is_plain = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.host_str().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
    };
    let url = Url::parse(text).ok().filter(is_plain);
    url.ok_or_else(|| config("option `endpoint` must look like https://host:port"))
}

/// An error of the options.
pub fn config(message: impl Into<String>) -> DriverError {
    DriverError::new(Category::Config, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_names_the_option_and_not_what_was_given() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Options {
            #[expect(dead_code, reason = "it is only read")]
            retry_ms: u32,
        }
        let refused = |options| read::<Options>(options).unwrap_err().message;
        assert_eq!(
            refused(json!({ "retry_ms": "hush" })),
            "option `retry_ms` must be u32"
        );
        assert!(refused(json!({ "retry": 1 })).starts_with("the options are wrong: unknown field"));
        assert!(read::<Options>(json!({ "retry_ms": 1 })).is_ok());
        let error = check_times(100, 999, 0).unwrap_err();
        assert_eq!(
            error.message,
            "option `request_timeout_ms` must be between 1000 and 600000"
        );
    }

    #[test]
    fn an_endpoint_is_an_address_and_nothing_else() {
        for wrong in ["host", "ftp://host", "https://me@host", "https://host?x=1"] {
            assert!(endpoint(wrong).is_err(), "{wrong}");
        }
        assert_eq!(endpoint("http://host:1").unwrap().port(), Some(1));
        assert_eq!(text(Some(" a ".into())).as_deref(), Some("a"));
        assert_eq!(text(Some(" ".into())), None);
    }
}
