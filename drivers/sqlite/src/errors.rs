//! What a failure of `SQLite` means: its result codes, one line each (<https://www.sqlite.org/rescode.html>), and the
//! messages of the one code that says nothing by itself.

use quillback_plugin_api::error::Origin;
use quillback_plugin_api::{Category, DriverError};
use rusqlite::ffi;

/// Translates a failure. `table` is the table that the statement is about, where there is one: constraint messages name
/// tables and columns with a dot between them, which is ambiguous when names have dots.
pub(crate) fn translate(error: &rusqlite::Error, table: Option<&str>) -> DriverError {
    use rusqlite::Error;
    match error {
        Error::SqliteFailure(code, message) => {
            from_code(code.extended_code, message.as_deref(), table)
        }
        Error::SqlInputError { error, msg, .. } => {
            from_code(error.extended_code, Some(msg.as_str()), table)
        }
        Error::InvalidParameterCount(..) | Error::MultipleStatement => DriverError::new(
            Category::Internal,
            "a statement was printed with other parameters than it has",
        ),
        Error::ExecuteReturnedResults => DriverError::new(
            Category::Internal,
            "a statement that should return no rows returned rows",
        ),
        _ => DriverError::new(Category::Internal, "the client library failed"),
    }
}

fn from_code(code: i32, message: Option<&str>, table: Option<&str>) -> DriverError {
    let message = message.unwrap_or("no message");
    let mut error = match code & 0xff {
        ffi::SQLITE_CONSTRAINT => constraint(code, message, table),
        ffi::SQLITE_ERROR => generic(message),
        primary => {
            let (category, text) = by_code(code, primary);
            DriverError::new(category, text)
        }
    };
    error.origin.vendor_code = Some(code.to_string());
    error
}

/// The codes that need nothing but themselves.
fn by_code(code: i32, primary: i32) -> (Category, &'static str) {
    match primary {
        // https://www.sqlite.org/rescode.html#busy_snapshot
        ffi::SQLITE_BUSY if code == ffi::SQLITE_BUSY_SNAPSHOT => (
            Category::Conflict,
            "another process wrote to the database in between: send the batch again",
        ),
        // https://www.sqlite.org/rescode.html#busy
        ffi::SQLITE_BUSY => (
            Category::Unavailable,
            "another process holds the database file: try again, or raise the option `busy_timeout_ms`",
        ),
        // https://www.sqlite.org/rescode.html#locked
        ffi::SQLITE_LOCKED => (Category::Unavailable, "a table is in use: try again"),
        // https://www.sqlite.org/rescode.html#full
        ffi::SQLITE_FULL => (
            Category::Resource,
            "the disk or the database is full: make room, or raise `max_page_count`",
        ),
        // https://www.sqlite.org/rescode.html#nomem
        ffi::SQLITE_NOMEM => (Category::Resource, "memory is used up"),
        // https://www.sqlite.org/rescode.html#ioerr
        ffi::SQLITE_IOERR if code == ffi::SQLITE_IOERR_NOMEM => {
            (Category::Resource, "memory is used up")
        }
        ffi::SQLITE_IOERR => (
            Category::Unavailable,
            "reading or writing the database file failed: look at the disk and the system's log",
        ),
        // https://www.sqlite.org/rescode.html#readonly
        ffi::SQLITE_READONLY => (
            Category::Permission,
            "the database file cannot be written: give the server's account the right to write it and its folder",
        ),
        // https://www.sqlite.org/rescode.html#perm
        ffi::SQLITE_PERM | ffi::SQLITE_AUTH => (
            Category::Permission,
            "the database file does not allow this",
        ),
        // https://www.sqlite.org/rescode.html#cantopen
        ffi::SQLITE_CANTOPEN => (
            Category::Connect,
            "the database file cannot be opened: it is gone, or the server's account may not open it",
        ),
        // https://www.sqlite.org/rescode.html#notadb
        ffi::SQLITE_NOTADB => (Category::Connect, "the file is not an SQLite database"),
        // https://www.sqlite.org/rescode.html#corrupt
        ffi::SQLITE_CORRUPT => (
            Category::Unavailable,
            "the database file is damaged: restore it from a backup",
        ),
        // https://www.sqlite.org/rescode.html#toobig
        ffi::SQLITE_TOOBIG => (
            Category::InvalidData,
            "a value is larger than SQLite can hold",
        ),
        // https://www.sqlite.org/rescode.html#mismatch
        ffi::SQLITE_MISMATCH => (
            Category::InvalidData,
            "a value has another type than its column, or a sum is out of range",
        ),
        // https://www.sqlite.org/rescode.html#schema
        ffi::SQLITE_SCHEMA | ffi::SQLITE_ABORT => (
            Category::Conflict,
            "the table was changed at the same time: send the batch again",
        ),
        // https://www.sqlite.org/rescode.html#interrupt
        ffi::SQLITE_INTERRUPT => (Category::Cancelled, "the call was cancelled"),
        // https://www.sqlite.org/rescode.html#range and #misuse
        ffi::SQLITE_RANGE | ffi::SQLITE_MISUSE | ffi::SQLITE_INTERNAL => {
            (Category::Internal, "the driver used the database wrongly")
        }
        _ => (Category::Other, "the database failed"),
    }
}

/// <https://www.sqlite.org/rescode.html#constraint> and the codes after it.
fn constraint(code: i32, message: &str, table: Option<&str>) -> DriverError {
    let detail = message.split_once(": ").map_or("", |(_, detail)| detail);
    let owned = |text: &str| Some(text.to_owned());
    let known = |category, text: &str, origin: Origin| {
        DriverError::new(category, text.to_owned()).from_origin(origin)
    };
    match code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => known(
            Category::Unique,
            "a row with the same key exists already",
            key_origin(detail, table),
        ),
        ffi::SQLITE_CONSTRAINT_ROWID => known(
            Category::Unique,
            "a row with the same key exists already",
            Origin {
                table: table.and_then(owned),
                ..Origin::default()
            },
        ),
        ffi::SQLITE_CONSTRAINT_NOTNULL => known(
            Category::NotNull,
            "a required value is missing",
            key_origin(detail, table),
        ),
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => known(
            Category::ForeignKey,
            "the row refers to a row that does not exist, or is referred to by another",
            Origin {
                table: table.and_then(owned),
                ..Origin::default()
            },
        ),
        ffi::SQLITE_CONSTRAINT_CHECK => check(detail, table),
        ffi::SQLITE_CONSTRAINT_DATATYPE => known(
            Category::InvalidData,
            "a value has another type than its column",
            key_origin(
                message
                    .split_once(" column ")
                    .map_or("", |(_, place)| place),
                table,
            ),
        ),
        _ => known(
            Category::Constraint,
            "a rule of the database refused the row",
            Origin {
                table: table.and_then(owned),
                ..Origin::default()
            },
        ),
    }
}

/// Reads `table.column, table.column` or `index 'name'`.
fn key_origin(detail: &str, table: Option<&str>) -> Origin {
    if let Some(index) = detail.strip_prefix("index '") {
        return Origin {
            constraint: Some(index.trim_end_matches('\'').to_owned()),
            table: table.map(str::to_owned),
            ..Origin::default()
        };
    }
    let expected = table.filter(|table| {
        detail
            .strip_prefix(*table)
            .is_some_and(|rest| rest.starts_with('.'))
    });
    let Some(table) = expected.or_else(|| detail.split_once('.').map(|(table, _)| table)) else {
        return Origin::default();
    };
    let columns = detail.get(table.len() + 1..).unwrap_or_default();
    let several = columns.contains(&format!(", {table}."));
    Origin {
        table: Some(table.to_owned()),
        column: (!several).then(|| columns.to_owned()),
        ..Origin::default()
    }
}

/// The types of columns are checks too (see `checks.rs`): those begin with `typeof("column")`.
fn check(detail: &str, table: Option<&str>) -> DriverError {
    let mut origin = Origin {
        table: table.map(str::to_owned),
        ..Origin::default()
    };
    if let Some(column) = crate::checks::column_of(detail) {
        origin.column = Some(column);
        let text = "a value does not fit the type of its column";
        return DriverError::new(Category::InvalidData, text).from_origin(origin);
    }
    origin.constraint = Some(detail.to_owned());
    DriverError::new(Category::Check, "a check of the table refused the row").from_origin(origin)
}

/// `SQLITE_ERROR` tells nothing but in its message, which quotes names and syntax, never values.
fn generic(message: &str) -> DriverError {
    let category = match message {
        m if m.starts_with("no such table")
            || m.starts_with("no such column")
            || m.starts_with("no such index")
            || m.starts_with("no such view")
            || m.contains(" has no column named ") =>
        {
            Category::NotFound
        }
        m if m.ends_with(" already exists")
            || m.starts_with("there is already ")
            || m.starts_with("duplicate column name") =>
        {
            Category::AlreadyExists
        }
        m if m.contains("syntax error")
            || m.starts_with("unrecognized token")
            || m.starts_with("incomplete input") =>
        {
            Category::Syntax
        }
        m if m.starts_with("Cannot add a NOT NULL column") => Category::NotNull,
        m if m.starts_with("non-deterministic use of")
            || m.starts_with("integer overflow")
            || m.starts_with("malformed JSON") =>
        {
            Category::InvalidData
        }
        m if m.starts_with("too many SQL variables")
            || m.starts_with("Expression tree is too large") =>
        {
            Category::Resource
        }
        m if m.starts_with("cannot modify ")
            || m.starts_with("cannot UPDATE generated column")
            || m.starts_with("cannot INSERT into generated column")
            || m.starts_with("cannot drop ") =>
        {
            Category::Unsupported
        }
        m if m.contains(" after drop column") || m.contains(" after rename") => {
            Category::Unsupported
        }
        _ => Category::Other,
    };
    DriverError::new(category, message).from_origin(missing(message))
}

fn missing(message: &str) -> Origin {
    let after = |prefix: &str| message.strip_prefix(prefix).map(str::to_owned);
    if let Some((table, column)) = message
        .strip_prefix("table ")
        .and_then(|rest| rest.split_once(" has no column named "))
    {
        return Origin {
            table: Some(table.to_owned()),
            column: Some(column.to_owned()),
            ..Origin::default()
        };
    }
    Origin {
        table: after("no such table: ").map(|name| {
            name.strip_prefix("main.")
                .map_or(name.clone(), str::to_owned)
        }),
        column: after("no such column: ").or_else(|| after("duplicate column name: ")),
        ..Origin::default()
    }
}

#[cfg(test)]
#[path = "errors_tests.rs"]
mod tests;
