//! The service's numbers as categories, one line each, and its messages without what rows hold.
//!
//! Snowflake publishes no list. A number stands here for what the pages named beside it, or in threads about it, show it
//! for; the others are told apart by their SQLSTATE.

use quillback_plugin_api::error::Origin;
use quillback_plugin_api::{Category as C, DriverError};

/// An answer that is no success.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// The service's number, six digits.
    pub(crate) code: String,
    pub(crate) sqlstate: Option<String>,
    pub(crate) message: String,
}

const CODES: &[(&str, C)] = &[
    ("000002", C::Unsupported),   // unsupported feature
    ("000603", C::Unavailable),   // internal error, processing aborted
    ("000604", C::Cancelled),     // SQL execution canceled
    ("000606", C::Unavailable),   // no active warehouse selected in the current session
    ("000608", C::Unavailable),   // warehouse cannot be resumed
    ("000625", C::Conflict),      // lock not released in time, or too many wait for it
    ("000630", C::Timeout),       // statement reached its timeout and was canceled
    ("000904", C::NotFound),      // invalid identifier
    ("001003", C::Syntax),        // syntax error
    ("001007", C::InvalidData),   // invalid type for parameter
    ("001044", C::InvalidData),   // invalid argument types for function
    ("001795", C::Resource),      // maximum number of expressions in a list exceeded
    ("002002", C::AlreadyExists), // object already exists
    ("002003", C::NotFound),      // object does not exist or not authorized
    ("002023", C::InvalidData),   // expression type does not match column data type
    ("002025", C::AlreadyExists), // duplicate column name
    ("002043", C::NotFound),      // object does not exist, or operation cannot be performed
    ("002049", C::NotFound),      // column does not exist
    ("003001", C::Permission),    // insufficient privileges
    ("003540", C::Permission),    // not authorized
    ("090073", C::Resource),      // warehouse is out of credit
    ("090105", C::Config),        // no current database
    ("090106", C::Config),        // no current schema
    ("100035", C::InvalidData),   // timestamp is not recognized
    ("100037", C::InvalidData),   // boolean value is not recognized
    ("100038", C::InvalidData),   // numeric value is not recognized
    ("100039", C::InvalidData),   // numeric value is out of range
    ("100040", C::InvalidData),   // date is not recognized
    ("100046", C::InvalidData),   // number out of representable range
    ("100051", C::InvalidData),   // division by zero
    ("100069", C::InvalidData),   // error parsing JSON
    ("100072", C::NotNull),       // NULL result in a non-nullable column
    ("100078", C::InvalidData),   // string is too long and would be truncated
    ("100090", C::Conflict),      // duplicate row detected during DML action
    ("100145", C::InvalidData),   // hex string expected
    ("100183", C::InvalidData),   // value not recognized
    ("390100", C::Auth),          // incorrect username or password
    ("390101", C::Auth),          // user is locked
    ("390102", C::Auth),          // user is disabled
    ("390144", C::Auth),          // JWT token is invalid
    ("390189", C::Config),        // role does not exist or is not granted
    ("390201", C::Config),        // object of the session does not exist or is not authorized
    ("390303", C::Auth),          // invalid OAuth access token
    ("390318", C::Auth),          // OAuth access token expired
    ("390422", C::Permission),    // address not allowed to access
    ("394300", C::Auth),          // JWT: invalid
    ("394301", C::Auth),          // JWT: expired
    ("394302", C::Auth),          // JWT: not yet valid
    ("394303", C::Auth),          // JWT: invalid expiration time
    ("394304", C::Auth),          // JWT: public key does not match
    ("394305", C::Auth),          // JWT: invalid algorithm
    ("394306", C::Auth),          // JWT: invalid format
    ("394400", C::Auth),          // programmatic access token is invalid
];

/// Whether the token of a session is used up, and can be had anew with the master token:
/// <https://github.com/snowflakedb/snowflake-connector-python/blob/main/src/snowflake/connector/network.py> (GS codes).
pub(crate) fn is_used_up(code: &str) -> bool {
    code == "390112"
}

/// Whether the session itself is over (the same file: session gone, master token not found, expired or invalid).
pub(crate) fn is_over(code: &str) -> bool {
    matches!(code, "390104" | "390111" | "390113" | "390114" | "390115")
}

/// What an error of the service means.
pub(crate) fn from_service(refusal: &Refusal) -> DriverError {
    let category = category(refusal);
    let code = if refusal.code.is_empty() {
        refusal.status.to_string()
    } else {
        refusal.code.clone()
    };
    let origin = Origin {
        sqlstate: refusal.sqlstate.clone(),
        vendor_code: Some(code),
        ..Origin::default()
    };
    DriverError::new(category, message(category, refusal)).from_origin(origin)
}

fn category(refusal: &Refusal) -> C {
    if is_used_up(&refusal.code) || is_over(&refusal.code) {
        return C::Unavailable;
    }
    if let Ok(at) = CODES.binary_search_by_key(&refusal.code.as_str(), |(code, _)| code)
        && let Some((_, category)) = CODES.get(at)
    {
        return *category;
    }
    let state = refusal.sqlstate.as_deref().unwrap_or_default();
    match (state, refusal.status) {
        ("42501", _) => C::Permission,
        ("42710" | "42S01", _) => C::AlreadyExists,
        ("42S02" | "02000", _) => C::NotFound,
        ("0A000", _) => C::Unsupported,
        ("57014", _) => C::Cancelled,
        (state, _) if state.starts_with("22") => C::InvalidData,
        (state, _) if state.starts_with("42") => C::Syntax,
        (_, 401) => C::Auth,
        (_, 403) => C::Permission,
        (_, 408 | 504) => C::Timeout,
        (_, 429 | 500 | 502 | 503) => C::Unavailable,
        _ => C::Other,
    }
}

/// A message for people. Only what names nothing but objects and rights is the service's own words: others may quote
/// values.
fn message(category: C, refusal: &Refusal) -> String {
    let own = match category {
        C::NotFound | C::AlreadyExists | C::Permission | C::Config
            if !refusal.message.is_empty() =>
        {
            return words(&refusal.message);
        }
        C::Auth => "the service refused the credentials: check the options for signing in",
        C::Conflict => {
            "another transaction holds or changed the same table: the same batch may be sent again"
        }
        C::Cancelled => "the statement was cancelled",
        C::Timeout => "the time allowed is over",
        C::Unavailable => {
            "the service cannot serve now: check that there is a warehouse and that it can start (option `warehouse`)"
        }
        C::Resource => "a limit of the service or the account is reached",
        C::InvalidData => "a value does not fit its column",
        C::NotNull => "a required value is missing",
        C::NotFound => "something that the statement names does not exist",
        C::AlreadyExists => "something of that name exists already",
        C::Permission => "the role lacks a right for this",
        C::Unsupported => "the service cannot do this",
        C::Syntax => "the service does not understand the statement",
        _ => "the service reports an error",
    };
    own.to_owned()
}

/// The lines of a message without the first that only says in which phase it failed.
fn words(message: &str) -> String {
    let lines = message.lines().map(str::trim);
    let told = lines.filter(|line| !line.is_empty() && !line.ends_with("error:"));
    told.take(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: &str, sqlstate: &str, message: &str) -> Refusal {
        Refusal {
            status: 200,
            code: code.into(),
            sqlstate: Some(sqlstate.into()),
            message: message.into(),
        }
    }

    #[test]
    fn numbers_are_listed_once_and_in_order() {
        assert!(CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn numbers_come_before_states_and_states_before_nothing() {
        for (code, state, category) in [
            ("000625", "57014", C::Conflict),
            ("000604", "57014", C::Cancelled),
            ("000999", "57014", C::Cancelled),
            ("100072", "22000", C::NotNull),
            ("100999", "22000", C::InvalidData),
            ("390112", "08001", C::Unavailable),
            ("999999", "", C::Other),
        ] {
            let error = from_service(&refusal(code, state, "x"));
            assert_eq!(error.category, category, "{code}");
            assert_eq!(error.origin.vendor_code.as_deref(), Some(code));
        }
    }

    #[test]
    fn messages_quote_names_and_no_values() {
        let told = from_service(&refusal(
            "002003",
            "42S02",
            "SQL compilation error:\nObject 'A.B' does not exist or not authorized.",
        ));
        assert_eq!(
            told.message,
            "Object 'A.B' does not exist or not authorized."
        );
        let kept = from_service(&refusal(
            "100038",
            "22018",
            "Numeric value 'hush' is not recognized",
        ));
        assert!(!kept.message.contains("hush"));
    }
}
