//! Every failure in one place: its category, a code of this driver, and words that hold no values of rows.

use std::io;

use quillback_plugin_api::error::Origin;
use quillback_plugin_api::{Category, DriverError};

fn coded(category: Category, code: &str, message: String, origin: Origin) -> DriverError {
    let vendor_code = Some(code.to_owned());
    DriverError::new(category, message).from_origin(Origin {
        vendor_code,
        ..origin
    })
}

/// Something with a table, and perhaps a column of it.
fn at(
    category: Category,
    code: &str,
    message: String,
    table: &str,
    column: Option<&str>,
) -> DriverError {
    let origin = Origin {
        table: Some(table.to_owned()),
        column: column.map(str::to_owned),
        ..Origin::default()
    };
    coded(category, code, message, origin)
}

/// There is no such table.
pub(crate) fn no_table(table: &str) -> DriverError {
    at(
        Category::NotFound,
        "no_table",
        format!("there is no file for the table {table}"),
        table,
        None,
    )
}

/// There is no such column.
pub(crate) fn no_column(table: &str, column: &str) -> DriverError {
    let message = format!("the table {table} has no column {column}");
    at(
        Category::NotFound,
        "no_column",
        message,
        table,
        Some(column),
    )
}

/// There is such a table already.
pub(crate) fn table_exists(table: &str) -> DriverError {
    at(
        Category::AlreadyExists,
        "table_exists",
        format!("there is a table {table} already"),
        table,
        None,
    )
}

/// There is such a column already.
pub(crate) fn column_exists(table: &str, column: &str) -> DriverError {
    let message = format!("the table {table} has a column {column} already");
    at(
        Category::AlreadyExists,
        "column_exists",
        message,
        table,
        Some(column),
    )
}

/// Two rows would have the same key.
pub(crate) fn key_exists(table: &str) -> DriverError {
    let mut error = at(
        Category::Unique,
        "key_exists",
        format!("the table {table} has a row with this key already"),
        table,
        None,
    );
    error.origin.constraint = Some("key".to_owned());
    error
}

/// A required column has no value.
pub(crate) fn required(table: &str, column: &str) -> DriverError {
    let message = format!("the column {column} of {table} needs a value");
    at(Category::NotNull, "required", message, table, Some(column))
}

/// A value does not fit its column.
pub(crate) fn misfit(table: &str, column: &str, why: &str) -> DriverError {
    let message = format!("a value does not fit the column {column} of {table}: {why}");
    at(
        Category::InvalidData,
        "misfit",
        message,
        table,
        Some(column),
    )
}

/// A file does not hold what its description says, or no CSV at all.
pub(crate) fn damaged(file: &str, why: &str) -> DriverError {
    coded(
        Category::InvalidData,
        "damaged",
        format!("{file}: {why}"),
        Origin::default(),
    )
}

/// A name that is too long for a file name.
pub(crate) fn long_name(most: u32) -> DriverError {
    let message = format!("names of tables and columns have at most {most} bytes here");
    coded(Category::Syntax, "long_name", message, Origin::default())
}

/// The connection was closed.
pub(crate) fn closed() -> DriverError {
    DriverError::new(Category::Unavailable, "the connection is closed")
}

/// The time of a batch is over.
pub(crate) fn timeout() -> DriverError {
    let message =
        "the time is over: another program may hold the folder, or the files are large".to_owned();
    coded(Category::Timeout, "timeout", message, Origin::default())
}

/// The operating system refused something.
pub(crate) fn io(what: &str, error: &io::Error) -> DriverError {
    let category = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Category::Resource
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Category::Permission,
        _ => Category::Unavailable,
    };
    let code = error
        .raw_os_error()
        .map_or_else(|| "io".to_owned(), |number| number.to_string());
    coded(
        category,
        &code,
        format!("cannot {what}: {error}"),
        Origin::default(),
    )
}
