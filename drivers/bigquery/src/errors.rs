//! The service's reasons as categories, one line each, and its messages without what rows hold.
//!
//! <https://cloud.google.com/bigquery/docs/error-messages> lists the reasons.

use quillback_plugin_api::error::Origin;
use quillback_plugin_api::{Category as C, DriverError};
use serde::Deserialize;

/// One error of an answer or a job.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ErrorProto {
    pub(crate) reason: String,
    pub(crate) message: String,
}

const REASONS: &[(&str, C)] = &[
    ("accessDenied", C::Permission),
    ("attributeError", C::Other),
    ("authError", C::Auth),
    ("backendError", C::Unavailable),
    ("badRequest", C::Syntax),
    ("billingNotEnabled", C::Resource),
    ("billingTierLimitExceeded", C::Resource),
    ("blocked", C::Permission),
    ("bytesBilledLimitExceeded", C::Resource),
    ("duplicate", C::AlreadyExists),
    ("forbidden", C::Permission),
    ("internalError", C::Unavailable),
    ("invalid", C::InvalidData),
    ("invalidQuery", C::Syntax),
    ("invalidUser", C::Auth),
    ("jobBackendError", C::Unavailable),
    ("jobInternalError", C::Unavailable),
    ("jobRateLimitExceeded", C::Unavailable),
    ("notFound", C::NotFound),
    ("notImplemented", C::Unsupported),
    ("proxyAuthenticationRequired", C::Connect),
    ("quotaExceeded", C::Resource),
    ("rateLimitExceeded", C::Unavailable),
    ("required", C::NotNull),
    ("resourceInUse", C::Conflict),
    ("resourcesExceeded", C::Resource),
    ("responseTooLarge", C::Resource),
    ("stopped", C::Cancelled),
    ("tableUnavailable", C::Unavailable),
    ("timeout", C::Timeout),
    ("userRateLimitExceeded", C::Unavailable),
];

/// One reason covers many things in statements; the fixed words of the message tell more.
/// <https://cloud.google.com/bigquery/docs/troubleshoot-queries>
const WORDS: &[(&str, C)] = &[
    ("aborted due to concurrent update", C::Conflict),
    ("due to concurrent update", C::Conflict),
    ("Transaction is aborted", C::Conflict),
    ("Resources exceeded", C::Resource),
    ("Query too large", C::Resource),
    ("Too many query parameters", C::Resource),
    ("Already Exists", C::AlreadyExists),
    ("Column already exists", C::AlreadyExists),
    ("Not found", C::NotFound),
    ("Unrecognized name", C::NotFound),
    ("not found inside", C::NotFound),
    ("Column not found", C::NotFound),
    ("is not present in table", C::NotFound),
    ("Access Denied", C::Permission),
    ("does not have permission", C::Permission),
    ("Required field", C::NotNull),
    ("cannot be null", C::NotNull),
    ("NULL value", C::NotNull),
    ("NOT NULL constraint", C::NotNull),
    ("Cannot set required", C::NotNull),
    ("streaming buffer", C::Unavailable),
    ("is not supported", C::Unsupported),
    ("Not implemented", C::Unsupported),
    ("overflow", C::InvalidData),
    ("out of range", C::InvalidData),
    ("Out of range", C::InvalidData),
    ("Invalid value", C::InvalidData),
    ("Bad int64", C::InvalidData),
    ("Could not cast", C::InvalidData),
    ("has maximum length", C::InvalidData),
    ("Value too long", C::InvalidData),
    ("Invalid NUMERIC", C::InvalidData),
    ("division by zero", C::InvalidData),
];

/// Whether the same request may be sent again after a while.
/// <https://cloud.google.com/bigquery/docs/error-messages#errortable>
pub(crate) fn is_passing(status: u16, reason: &str) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
        || matches!(
            reason,
            "rateLimitExceeded" | "userRateLimitExceeded" | "jobRateLimitExceeded" | "backendError"
        )
}

/// What an error of the service means.
pub(crate) fn from_service(status: u16, error: &ErrorProto) -> DriverError {
    let category = category(status, error);
    let origin = Origin {
        vendor_code: Some(if error.reason.is_empty() {
            status.to_string()
        } else {
            error.reason.clone()
        }),
        column: required_field(&error.message),
        ..Origin::default()
    };
    DriverError::new(category, message(category, error)).from_origin(origin)
}

fn category(status: u16, error: &ErrorProto) -> C {
    let known = REASONS.iter().find(|(reason, _)| *reason == error.reason);
    let by_reason = known.map(|(_, category)| *category);
    let is_broad = matches!(
        by_reason,
        None | Some(C::Syntax | C::InvalidData | C::Other | C::Conflict)
    );
    if is_broad && let Some((_, category)) = WORDS.iter().find(|(w, _)| error.message.contains(w)) {
        return *category;
    }
    by_reason.unwrap_or(match status {
        401 => C::Auth,
        403 => C::Permission,
        404 => C::NotFound,
        408 | 504 => C::Timeout,
        409 => C::AlreadyExists,
        413 => C::Resource,
        429 | 500 | 502 | 503 => C::Unavailable,
        501 => C::Unsupported,
        _ => C::Other,
    })
}

/// A message for people. Only what names nothing but projects, data sets, tables, columns and rights is the service's
/// own words: others may quote values.
fn message(category: C, error: &ErrorProto) -> String {
    let own = match category {
        C::NotFound | C::AlreadyExists | C::Permission if is_clean(&error.message) => {
            return first_line(&error.message);
        }
        C::Auth => {
            "the service refused the credentials: check the options `authentication` and `key`"
        }
        C::Conflict => {
            "another transaction changed the same table: the same batch may be sent again"
        }
        C::Cancelled => "the job was cancelled",
        C::Timeout => "the time allowed is over",
        C::Unavailable => {
            "the service cannot serve now, or is asked for too much at once: try again later"
        }
        C::Resource => {
            "a quota or limit of the project is used up, or the statement is too large: see the quotas of BigQuery"
        }
        C::InvalidData => "a value does not fit its column",
        C::NotNull => "a required value is missing",
        C::NotFound => "something that the statement names does not exist",
        C::AlreadyExists => "something of that name exists already",
        C::Permission => {
            "the account lacks a right for this: it needs BigQuery Data Editor and BigQuery Job User"
        }
        C::Unsupported => "the service cannot do this",
        C::Syntax => "the service does not understand the statement",
        _ => "the service reports an error",
    };
    own.to_owned()
}

/// The column in "Required field name cannot be null".
fn required_field(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("Required field ")?;
    let (name, _) = rest.split_once(" cannot be null")?;
    Some(name.trim_matches(['`', '\'']).to_owned())
}

/// Quotes may hold values.
fn is_clean(message: &str) -> bool {
    !message.is_empty() && !message.contains(['\'', '"'])
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}

/// The line of the script at which it failed, counted from 1: messages end with `at [line:column]`.
pub(crate) fn line(message: &str) -> Option<usize> {
    let (_, place) = message.rsplit_once("at [")?;
    place.split_once(':')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proto(reason: &str, message: &str) -> ErrorProto {
        ErrorProto {
            reason: reason.into(),
            message: message.into(),
        }
    }

    #[test]
    fn reasons_are_listed_once_and_in_order() {
        assert!(REASONS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn words_tell_what_a_broad_reason_does_not() {
        for (reason, message, category) in [
            (
                "invalidQuery",
                "Syntax error: Unexpected keyword",
                C::Syntax,
            ),
            (
                "invalidQuery",
                "Transaction is aborted due to concurrent update against table p.d.t",
                C::Conflict,
            ),
            (
                "invalidQuery",
                "Unrecognized name: nope at [1:8]",
                C::NotFound,
            ),
            (
                "invalidQuery",
                "Required field id cannot be null",
                C::NotNull,
            ),
            (
                "invalidQuery",
                "Could not cast literal \"x\" to type DATE",
                C::InvalidData,
            ),
            ("accessDenied", "Access Denied: Table p:d.t", C::Permission),
            (
                "quotaExceeded",
                "Quota exceeded: too many jobs",
                C::Resource,
            ),
            ("stopped", "Job execution was cancelled", C::Cancelled),
            ("", "", C::Unavailable),
        ] {
            let error = from_service(503, &proto(reason, message));
            assert_eq!(error.category, category, "{message}");
        }
        assert!(from_service(409, &proto("invalidQuery", "Transaction is aborted")).is_retryable());
    }

    #[test]
    fn messages_quote_no_value() {
        let error = from_service(400, &proto("invalidQuery", "Bad int64 value: hush-hush"));
        assert!(!error.message.contains("hush"), "{}", error.message);
        let error = from_service(404, &proto("notFound", "Not found: Table 'hush'"));
        assert!(!error.message.contains("hush"), "{}", error.message);
        let error = from_service(404, &proto("notFound", "Not found: Table p:d.t"));
        assert_eq!(error.message, "Not found: Table p:d.t");
    }

    #[test]
    fn the_line_of_a_script_is_read_from_the_end() {
        assert_eq!(
            line("Query error: no at [1:2] such thing at [12:3]"),
            Some(12)
        );
        assert_eq!(line("nothing"), None);
    }
}
