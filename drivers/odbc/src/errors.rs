//! What a diagnostic of ODBC means: the database's own number where its dialect knows it, else its SQLSTATE.
//!
//! The words of a driver are never passed on: they quote values of rows. SQLSTATEs and their classes are listed at
//! <https://learn.microsoft.com/sql/odbc/reference/appendixes/appendix-a-odbc-error-codes> and, for those that only
//! PostgreSQL has, at <https://www.postgresql.org/docs/current/errcodes-appendix.html>.

use odbc_api::Error;
use odbc_api::handles::Record;
use quillback_plugin_api::error::Origin;
use quillback_plugin_api::{Category as C, DriverError};

use crate::spelling::{Naming, Spelling};

/// SQLSTATEs with a meaning of their own.
const STATES: &[(&str, C)] = &[
    ("01S00", C::Config),
    ("08001", C::Connect),
    ("08004", C::Auth),
    ("21S01", C::Syntax),
    ("22001", C::InvalidData),
    ("23001", C::ForeignKey),
    ("23502", C::NotNull),
    ("23503", C::ForeignKey),
    ("23505", C::Unique),
    ("23514", C::Check),
    ("25006", C::Permission),
    ("3D000", C::Config),
    ("3F000", C::NotFound),
    ("40003", C::Connect),
    ("42501", C::Permission),
    ("42602", C::Unsupported),
    ("42622", C::Unsupported),
    ("42701", C::AlreadyExists),
    ("42703", C::NotFound),
    ("42710", C::AlreadyExists),
    ("42723", C::AlreadyExists),
    ("42804", C::InvalidData),
    ("42830", C::Constraint),
    ("42883", C::NotFound),
    ("42P01", C::NotFound),
    ("42P04", C::AlreadyExists),
    ("42P06", C::AlreadyExists),
    ("42P07", C::AlreadyExists),
    ("42S01", C::AlreadyExists),
    ("42S02", C::NotFound),
    ("42S11", C::AlreadyExists),
    ("42S12", C::NotFound),
    ("42S21", C::AlreadyExists),
    ("42S22", C::NotFound),
    ("55006", C::Conflict),
    ("55P03", C::Conflict),
    ("57014", C::Timeout),
    ("57P01", C::Connect),
    ("57P02", C::Connect),
    ("57P03", C::Unavailable),
    ("HY001", C::Resource),
    ("HY008", C::Cancelled),
    ("HY013", C::Resource),
    ("HY014", C::Resource),
    ("HYC00", C::Unsupported),
    ("HYT00", C::Timeout),
    ("HYT01", C::Timeout),
    ("IM001", C::Unsupported),
    ("IM002", C::Config),
    ("IM003", C::Config),
    ("IM004", C::Config),
    ("IM010", C::Config),
    ("IM012", C::Config),
];

/// Classes of SQLSTATEs: their first two characters.
const CLASSES: &[(&str, C)] = &[
    ("08", C::Connect),
    ("0A", C::Unsupported),
    ("21", C::Syntax),
    ("22", C::InvalidData),
    ("23", C::Constraint),
    ("25", C::Protocol),
    ("28", C::Auth),
    ("40", C::Conflict),
    ("42", C::Syntax),
    ("44", C::Check),
    ("53", C::Resource),
    ("54", C::Resource),
    ("57", C::Unavailable),
];

/// Knows what the numbers and words of one dialect mean.
#[derive(Clone, Copy)]
pub(crate) struct Translator(&'static Spelling);

impl Translator {
    /// For errors of databases of this dialect.
    pub(crate) fn new(spelling: &'static Spelling) -> Self {
        Self(spelling)
    }

    /// What a failure of the client means.
    pub(crate) fn translate(self, error: &Error) -> DriverError {
        match error {
            Error::Diagnostics { record, .. }
            | Error::InvalidRowArraySize { record, .. }
            | Error::UnsupportedOdbcApiVersion(record)
            | Error::UnableToRepresentNull(record)
            | Error::OracleOdbcDriverDoesNotSupport64Bit(record) => self.record(record),
            Error::FailedAllocatingEnvironment => {
                DriverError::new(C::Resource, "the ODBC driver manager does not start")
            }
            Error::TooLargeColumnBufferSize { .. } | Error::TooLargeValueForBuffer { .. } => {
                DriverError::new(C::Resource, "a value is too large to be read")
            }
            Error::NoDiagnostics { .. } => DriverError::new(
                C::Protocol,
                "the ODBC driver failed without saying why; a library that it needs may be missing",
            ),
            _ => DriverError::new(C::Internal, "the ODBC client failed"),
        }
    }

    fn record(self, record: &Record) -> DriverError {
        let message = String::from_utf16_lossy(&record.message);
        self.diagnostic(record.state.as_str(), record.native_error, &message)
    }

    /// What a diagnostic means; of its message only names are kept.
    pub(crate) fn diagnostic(self, state: &str, native: i32, message: &str) -> DriverError {
        let spelling = self.0;
        let number = spelling.numbers.iter().find(|(known, _)| *known == native);
        let word = || {
            let mut words = spelling.words.iter();
            words.find(|(word, _)| message.contains(word))
        };
        let category = number
            .map(|(_, category)| *category)
            .or_else(|| word().map(|(_, category)| *category))
            .unwrap_or_else(|| by_state(state));
        let mut origin = Origin {
            sqlstate: Some(state.to_owned()),
            vendor_code: (native != 0).then(|| native.to_string()),
            ..Origin::default()
        };
        if matches!(
            category,
            C::Unique | C::ForeignKey | C::NotNull | C::Check | C::Constraint
        ) {
            name(&mut origin, &spelling.naming, message);
        }
        let error = DriverError::new(category, words(category)).from_origin(origin);
        DriverError {
            connection_lost: category == C::Connect || state.starts_with("08"),
            ..error
        }
    }
}

fn by_state(state: &str) -> C {
    let exact = STATES.iter().find(|(known, _)| *known == state);
    let class = || CLASSES.iter().find(|(class, _)| state.starts_with(class));
    exact
        .or_else(class)
        .map_or(C::Other, |(_, category)| *category)
}

/// What is told of a failure.
fn words(category: C) -> &'static str {
    match category {
        C::Config => {
            "the ODBC driver or the data source is not known, or an attribute of the connection string is wrong"
        }
        C::Connect => "the server cannot be reached, or the connection broke",
        C::Auth => "the server refused the credentials",
        C::Permission => "the account lacks a right",
        C::NotFound => "a table, column or other object does not exist",
        C::AlreadyExists => "an object of that name exists already",
        C::Syntax => {
            "the database did not understand the statement; is the option `dialect` right?"
        }
        C::Constraint => "a constraint was violated",
        C::Unique => "a row with this key exists already",
        C::ForeignKey => {
            "a row that is referred to does not exist, or another row refers to this one"
        }
        C::NotNull => "a required value is missing",
        C::Check => "a check constraint was violated",
        C::Conflict => "somebody else changed or locked the rows; send the change again",
        C::Timeout => "the server did not answer in time",
        C::Cancelled => "the statement was stopped",
        C::Unavailable => "the server cannot serve now",
        C::Unsupported => "the ODBC driver or the database cannot do this",
        C::InvalidData => "a value does not fit its column",
        C::Resource => "memory, disk or a quota is used up",
        _ => "the database refused the statement",
    }
}

/// Keeps the names in a message about a constraint. Further lines may quote the row.
fn name(origin: &mut Origin, naming: &Naming, message: &str) {
    let line = message.lines().next().unwrap_or_default();
    let find = |markers: &[&str]| {
        let mut found = markers
            .iter()
            .filter_map(|marker| after(line, marker, naming.from_end));
        found.next()
    };
    origin.constraint = find(naming.constraint);
    origin.table = find(naming.table);
    origin.column = find(naming.column);
    if naming.path.is_empty() {
        return;
    }
    let Some((_, path)) = line.rsplit_once(naming.path) else {
        return;
    };
    let path = path.rsplit_once(" (").map_or(path, |(path, _)| path);
    let first = path.split(", ").next().unwrap_or(path);
    match first.rsplit_once('.') {
        Some((table, column)) => {
            origin.table = Some(table.to_owned());
            origin.column = Some(column.to_owned());
        }
        None => origin.constraint = Some(first.to_owned()),
    }
}

/// What stands behind `marker` up to the quote that it ends with.
fn after(line: &str, marker: &str, from_end: bool) -> Option<String> {
    let (_, rest) = if from_end {
        line.rsplit_once(marker)?
    } else {
        line.split_once(marker)?
    };
    let close = marker.chars().next_back()?;
    let (name, _) = rest.split_once(close)?;
    // MySQL puts the table before the name of a key.
    let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spelling::Dialect;

    fn error(dialect: Dialect, state: &str, native: i32, message: &str) -> DriverError {
        Translator::new(dialect.spelling()).diagnostic(state, native, message)
    }

    #[test]
    fn states_are_sorted_and_classes_catch_the_rest() {
        assert!(STATES.is_sorted_by(|one, next| one.0 < next.0));
        assert!(CLASSES.is_sorted_by(|one, next| one.0 < next.0));
        let of = |state| error(Dialect::Teradata, state, 0, "").category;
        assert_eq!(of("22003"), C::InvalidData);
        assert_eq!(of("40001"), C::Conflict);
        assert_eq!(of("42000"), C::Syntax);
        assert_eq!(of("HY000"), C::Other);
        assert!(error(Dialect::Tsql, "08S01", 0, "").connection_lost);
    }

    #[test]
    fn names_are_kept_and_values_are_not() {
        let message = "ERROR: duplicate key value violates unique constraint \"items_pkey\"\n\
             DETAIL: Key (t)=(secret-4711) already exists.;\nError while executing the query";
        let found = error(Dialect::Postgresql, "23505", 1, message);
        assert_eq!(found.category, C::Unique);
        assert_eq!(found.origin.constraint.as_deref(), Some("items_pkey"));
        assert!(!format!("{found:?}").contains("4711"));
        let message = "[ma]Duplicate entry 'x for key 'secret-4711' for key 'PRIMARY'";
        let found = error(Dialect::Mysql, "23000", 1062, message);
        assert_eq!(found.category, C::Unique);
        assert_eq!(found.origin.constraint.as_deref(), Some("PRIMARY"));
        assert!(!format!("{found:?}").contains("4711"));
    }

    #[test]
    fn a_driver_without_states_is_understood_by_its_words() {
        let message = "[SQLite]NOT NULL constraint failed: items.name (19)";
        let found = error(Dialect::Sqlite, "HY000", 19, message);
        assert_eq!(found.category, C::NotNull);
        assert_eq!(found.origin.table.as_deref(), Some("items"));
        assert_eq!(found.origin.column.as_deref(), Some("name"));
        let found = error(Dialect::Sqlite, "HY000", 1, "[SQLite]no such table: x (1)");
        assert_eq!(found.category, C::NotFound);
        assert_eq!(error(Dialect::Sqlite, "HY000", 5, "").category, C::Conflict);
    }
}
