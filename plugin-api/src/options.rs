//! Reads the options of a connection, and says which one is wrong without repeating what was given: it may be a secret.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::error::{Category, DriverError};

/// Reads options as they were written.
///
/// # Errors
/// `Config`, naming the option that is wrong and what it takes.
pub fn read<T: DeserializeOwned>(given: serde_json::Value) -> Result<T, DriverError> {
    serde_path_to_error::deserialize(given).map_err(|error| {
        let (path, text) = (error.path().to_string(), error.inner().to_string());
        if text.starts_with("unknown field") || text.starts_with("missing field") {
            return config(format!("the options are wrong: {text}"));
        }
        // What stands before it repeats the value.
        let expected = text
            .rsplit_once("expected ")
            .map_or("another kind of value", |(_, what)| what);
        config(format!("option `{path}` must be {expected}"))
    })
}

/// An option is wrong; the message names it.
pub fn config(message: impl Into<String>) -> DriverError {
    DriverError::new(Category::Config, message)
}

/// A text that says something.
pub fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// Checks a number.
///
/// # Errors
/// `Config` when it is not in the range.
pub fn within(name: &str, number: u32, range: RangeInclusive<u32>) -> Result<u32, DriverError> {
    if range.contains(&number) {
        return Ok(number);
    }
    let (least, most) = range.into_inner();
    Err(config(format!(
        "option `{name}` must be between {least} and {most}"
    )))
}

/// Checks a time in milliseconds, of at most ten minutes.
///
/// # Errors
/// `Config` when it is shorter than `least`, or too long.
pub fn milliseconds(name: &str, time: u32, least: u32) -> Result<Duration, DriverError> {
    let time = within(name, time, least..=600_000)?;
    Ok(Duration::from_millis(time.into()))
}

/// Checks the option `port`: a JSON Schema does not keep anybody from giving 0.
///
/// # Errors
/// `Config`.
pub fn port(port: Option<u16>) -> Result<Option<u16>, DriverError> {
    match port {
        Some(0) => Err(config("option `port` must be between 1 and 65535")),
        port => Ok(port),
    }
}

/// Checks the option `pool_size`, the number of connections at the same time.
///
/// # Errors
/// `Config`.
pub fn pool_size(size: u32) -> Result<u32, DriverError> {
    within("pool_size", size, 1..=256)
}

/// Checks the option `connect_timeout_ms`, the milliseconds that opening a connection may take.
///
/// # Errors
/// `Config`.
pub fn connect_timeout(time: u32) -> Result<Duration, DriverError> {
    milliseconds("connect_timeout_ms", time, 100)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Options {
        host: String,
        port: Option<u16>,
    }

    #[test]
    fn what_is_wrong_is_named_and_what_was_given_is_not() {
        for (given, named) in [
            (json!({ "host": 4711 }), "option `host` must be a string"),
            (
                json!({ "host": "h", "port": "s3cret" }),
                "option `port` must be u16",
            ),
            (json!({ "host": "h", "prot": 4711 }), "`prot`"),
            (json!({}), "missing field `host`"),
        ] {
            let error = read::<Options>(given).unwrap_err();
            assert_eq!(error.category, Category::Config);
            assert!(error.message.contains(named), "{error}");
            assert!(!error.message.contains("4711"), "{error}");
            assert!(!error.message.contains("s3cret"), "{error}");
        }
        let read = read::<Options>(json!({ "host": "h", "port": 7 })).unwrap();
        assert_eq!((read.host.as_str(), read.port), ("h", Some(7)));
    }

    #[test]
    fn numbers_at_the_edges_pass_and_those_beyond_do_not() {
        assert_eq!(pool_size(256).unwrap(), 256);
        let error = pool_size(257).unwrap_err();
        assert_eq!(
            error.message,
            "option `pool_size` must be between 1 and 256"
        );
        assert!(pool_size(0).is_err());
        assert_eq!(connect_timeout(600_000).unwrap(), Duration::from_mins(10));
        assert!(connect_timeout(99).is_err() && connect_timeout(600_001).is_err());
        assert!(port(Some(0)).is_err());
        assert_eq!(port(Some(1)).unwrap(), Some(1));
        assert_eq!(port(None).unwrap(), None);
    }
}
