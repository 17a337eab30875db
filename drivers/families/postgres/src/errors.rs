//! What the server's error codes mean here, and which of its words may be repeated.
//!
//! Codes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>. The detail, the hint and the place of an
//! error are never repeated, because they hold values of rows; the message only where its form has none.

use quillback_plugin_api::error::Origin;
use quillback_plugin_api::{Category, DriverError};

use crate::flavor::{Explain, Meaning, Report};
use crate::guard;

/// An error as the server sent it (<https://www.postgresql.org/docs/current/protocol-error-fields.html>).
#[derive(Debug, Default)]
pub(crate) struct ServerError {
    severity: String,
    code: String,
    message: String,
    /// What the flavor makes of it.
    meaning: Option<Meaning>,
    table: Option<String>,
    column: Option<String>,
    constraint: Option<String>,
}

/// Why an exchange failed.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The server answered with an error.
    Server(Box<ServerError>),
    /// The driver gave up: the connection broke, a value does not fit, an answer was not understood.
    Driver(DriverError),
}

impl From<DriverError> for Failed {
    fn from(error: DriverError) -> Self {
        Self::Driver(error)
    }
}

impl From<Failed> for DriverError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Server(error) => error.into_driver_error(),
            Failed::Driver(error) => error,
        }
    }
}

impl ServerError {
    /// Reads the body of an `ErrorResponse` of this database.
    pub(crate) fn parse(explain: Explain, body: &[u8]) -> Self {
        let mut error = Self::default();
        let mut detail = String::new();
        for field in body.split(|byte| *byte == 0) {
            let Some((kind, text)) = field.split_first() else {
                continue;
            };
            let text = String::from_utf8_lossy(text).into_owned();
            match kind {
                b'V' => error.severity = text,
                b'S' if error.severity.is_empty() => error.severity = text,
                b'C' => error.code = text,
                b'M' => error.message = text,
                b'D' => detail = text,
                b't' => error.table = Some(text),
                b'c' => error.column = Some(text),
                b'n' => error.constraint = Some(text),
                _ => {}
            }
        }
        error.meaning = explain(&Report {
            code: &error.code,
            message: &error.message,
            detail: &detail,
        });
        error
    }

    /// SQLSTATE.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Rows that a guarded statement found, when this error is a guard's.
    pub(crate) fn found(&self) -> Option<u64> {
        guard::found(&self.code, &self.message)
    }

    /// Whether the server closes the connection.
    pub(crate) fn is_fatal(&self) -> bool {
        matches!(self.severity.as_str(), "FATAL" | "PANIC")
    }

    /// The code, with one made up for what the server tells from a request to cancel in its message only.
    fn effective_code(&self) -> &str {
        let by_itself = self.code == "57014" && self.message.contains("statement timeout");
        if by_itself {
            STATEMENT_TIMEOUT
        } else {
            &self.code
        }
    }

    /// The error in the words of the contract.
    pub(crate) fn into_driver_error(self) -> DriverError {
        let code = self.effective_code();
        let (category, words) = match &self.meaning {
            Some(meaning) => (meaning.category, meaning.words),
            None => (category(code), own_words(code)),
        };
        let message = words.map_or_else(|| self.message.clone(), str::to_owned);
        let mut error = DriverError::new(category, message);
        error.connection_lost = self.is_fatal();
        let (vendor_code, column) = self.meaning.map_or((None, None), |meaning| {
            (meaning.vendor_code, meaning.column)
        });
        error.from_origin(Origin {
            sqlstate: Some(self.code),
            vendor_code,
            constraint: self.constraint,
            table: self.table,
            column: self.column.or(column),
        })
    }
}

/// Stands for `57014` when the server stopped a statement by itself.
const STATEMENT_TIMEOUT: &str = "57014 by time-out";

/// The category of a code; an unknown code goes by its class, the first two characters.
fn category(code: &str) -> Category {
    match code {
        "08P01" => Category::Protocol,
        // 42883: an operator that the column's type does not have, such as `=` of json.
        "0A000" | "42883" | "42725" => Category::Unsupported,
        "23502" => Category::NotNull,
        "23503" | "23001" => Category::ForeignKey,
        "23505" => Category::Unique,
        // `WITH CHECK OPTION` of a view, and what triggers raise on purpose, are checks in other clothes.
        "23514" | "44000" | "P0001" => Category::Check,
        "25006" | "42501" => Category::Permission,
        "3D000" => Category::Config,
        "40001" | "40P01" => Category::Conflict,
        "40002" => Category::Constraint,
        "3F000" | "42P01" | "42703" | "42704" => Category::NotFound,
        "42P04" | "42P06" | "42P07" | "42701" | "42710" | "42712" | "42723" => {
            Category::AlreadyExists
        }
        "42804" | "428C9" | "42846" => Category::InvalidData,
        "53300" | "55006" => Category::Unavailable,
        "55P03" | "25P03" | "25P04" | "57P05" | STATEMENT_TIMEOUT => Category::Timeout,
        "57014" => Category::Cancelled,
        _ => match code.get(..2).unwrap_or_default() {
            "08" => Category::Connect,
            "0L" | "0P" => Category::Permission,
            "22" => Category::InvalidData,
            "23" => Category::Constraint,
            "28" => Category::Auth,
            "42" => Category::Syntax,
            "53" | "54" | "58" => Category::Resource,
            "57" => Category::Unavailable,
            _ => Category::Other,
        },
    }
}

/// Our own words where the server's repeat a value of a row, or would not help; `None` where its own are free of them.
fn own_words(code: &str) -> Option<&'static str> {
    Some(match code {
        "22001" => "a text is longer than its column takes",
        "22003" => "a number is out of the range of its column",
        "22007" | "22008" | "22009" => "a date or time is not one, or out of range",
        "22012" => "a division by zero in an expression of the table",
        "22021" | "22P05" => "a text has a character that the database's encoding does not have",
        "22P02" | "22P03" => "a value does not have the form that its column's type needs",
        "22030" | "22032" => "a JSON document is not valid",
        "23502" => "a required value is missing",
        "23503" | "23001" => "a row that is referred to does not exist, or is still referred to",
        "23505" => "a row with the same key exists already",
        "23514" => "a row violates a check of its table",
        "23P01" => "a row conflicts with another under an exclusion constraint",
        "28000" | "28P01" => {
            "the server refused the account: check the options user, password and database, \
             and the server's pg_hba.conf"
        }
        "44000" => "a row would not be visible through the view it is written to",
        "57014" => "the statement was cancelled on the server",
        STATEMENT_TIMEOUT => {
            "the statement took longer than the option statement_timeout_ms, or the server itself, allows"
        }
        "P0001" => "a trigger or function of the database refused the statement",
        _ => match code.get(..2).unwrap_or_default() {
            "22" => "a value does not fit its column",
            "23" => "a constraint of the table is violated",
            "P0" => "a function of the database failed",
            _ => return None,
        },
    })
}

/// The connection broke while an answer was awaited.
pub(crate) fn lost(error: &std::io::Error) -> DriverError {
    let mut lost = DriverError::new(
        Category::Unavailable,
        format!("the connection to the server broke: {}", error.kind()),
    );
    lost.connection_lost = true;
    lost
}

/// The server sent what the protocol does not allow here.
pub(crate) fn protocol(what: &'static str) -> DriverError {
    let mut error = DriverError::new(
        Category::Protocol,
        format!("the server's answer is not understood: {what}"),
    );
    error.connection_lost = true;
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(code: &str, message: &str) -> DriverError {
        let body = format!(
            "SERROR\0VERROR\0C{code}\0M{message}\0DKey (mail)=(a@b.c) exists.\0HTry x.\0\
             sshop\0tcustomer\0cmail\0ncustomer_mail_key\0\0"
        );
        ServerError::parse(|_| None, body.as_bytes()).into_driver_error()
    }

    #[test]
    fn every_kind_of_failure_has_its_category() {
        for (code, category) in [
            ("0A000", Category::Unsupported),
            ("22001", Category::InvalidData),
            ("22P02", Category::InvalidData),
            ("23502", Category::NotNull),
            ("23503", Category::ForeignKey),
            ("23505", Category::Unique),
            ("23514", Category::Check),
            ("23P01", Category::Constraint),
            ("28P01", Category::Auth),
            ("3D000", Category::Config),
            ("40001", Category::Conflict),
            ("40P01", Category::Conflict),
            ("42501", Category::Permission),
            ("42601", Category::Syntax),
            ("42P01", Category::NotFound),
            ("42P07", Category::AlreadyExists),
            ("53100", Category::Resource),
            ("53300", Category::Unavailable),
            ("57014", Category::Cancelled),
            ("57P01", Category::Unavailable),
            ("XX000", Category::Other),
            ("", Category::Other),
        ] {
            assert_eq!(server(code, "m").category, category, "{code}");
        }
    }

    #[test]
    fn names_are_kept_and_values_are_not() {
        for (code, message) in [
            ("22P02", "invalid input syntax for type uuid: \"secret\""),
            (
                "22003",
                "value \"secret\" is out of range for type smallint",
            ),
            ("22008", "date/time field value out of range: \"secret\""),
            ("23505", "secret"),
            ("P0001", "amount of secret is too high"),
            ("23000", "secret"),
        ] {
            let error = server(code, message);
            let shown = format!("{error:?} {error}");
            assert!(!shown.contains("secret"), "{shown}");
            assert!(!shown.contains("a@b.c"), "{shown}");
            assert_eq!(
                error.origin.constraint.as_deref(),
                Some("customer_mail_key")
            );
            assert_eq!(error.origin.table.as_deref(), Some("customer"));
            assert_eq!(error.origin.column.as_deref(), Some("mail"));
            assert_eq!(error.origin.sqlstate.as_deref(), Some(code));
        }
        let error = server("42P01", "relation \"x\" does not exist");
        assert_eq!(error.message, "relation \"x\" does not exist");
    }

    #[test]
    fn a_statement_that_the_server_stops_by_itself_is_a_timeout() {
        let error = server("57014", "canceling statement due to statement timeout");
        assert_eq!(error.category, Category::Timeout);
        assert_eq!(error.origin.sqlstate.as_deref(), Some("57014"));
    }

    #[test]
    fn a_fatal_error_ends_the_connection() {
        let error = ServerError::parse(|_| None, b"SFATAL\0VFATAL\0C57P01\0Mterminating\0\0");
        assert!(error.into_driver_error().connection_lost);
    }
}
