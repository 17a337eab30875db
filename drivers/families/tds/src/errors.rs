//! The server's error numbers as categories, and words of our own: the server's messages quote what rows hold.

mod numbers;

use quillback_plugin_api::error::Origin;
use quillback_plugin_api::{Category as C, DriverError};
use tiberius::error::{Error, TokenError};

/// What a failure of the client library or the server means.
pub(crate) fn from_client(error: Error) -> DriverError {
    match error {
        Error::Server(error) => from_server(&error),
        Error::Io { kind, .. } => lost(
            C::Connect,
            format!("the connection to the server broke: {kind}"),
        ),
        Error::Tls(_) => lost(C::Connect, "the encrypted connection to the server broke"),
        Error::Protocol(_) | Error::Encoding(_) | Error::Utf8 | Error::Utf16 => lost(
            C::Protocol,
            "the server sent something that the client library cannot read",
        ),
        // The library's other errors may quote what it was given.
        _ => lost(
            C::Internal,
            "the client library could not do what the driver asked of it",
        ),
    }
}

/// What a refusal to sign in means.
pub(crate) fn at_sign_in(error: Error) -> DriverError {
    from_client(error)
}

fn lost(category: C, message: impl Into<String>) -> DriverError {
    DriverError {
        connection_lost: true,
        ..DriverError::new(category, message)
    }
}

fn from_server(error: &TokenError) -> DriverError {
    let made = from_parts(error.code(), error.message());
    DriverError {
        // The server ends the connection after such an error:
        // https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-error-severities
        connection_lost: error.class() >= 20,
        ..made
    }
}

/// The category, words and names of an error.
pub(crate) fn from_parts(code: u32, message: &str) -> DriverError {
    let category = match (numbers::category(code), code) {
        // One number for all constraints but keys.
        (_, 547) if message.contains("CHECK constraint") => C::Check,
        (_, 547) => C::ForeignKey,
        (category, _) => category.unwrap_or(C::Other),
    };
    let origin = Origin {
        vendor_code: Some(code.to_string()),
        constraint: constraint(code, message),
        table: table(code, message),
        column: column(code, message),
        sqlstate: None,
    };
    DriverError::new(category, words(category)).from_origin(origin)
}

fn constraint(code: u32, message: &str) -> Option<String> {
    match code {
        547 => quoted(message, "constraint \"", '"'),
        2627 => quoted(message, "constraint '", '\''),
        2601 => quoted(message, "unique index '", '\''),
        _ => None,
    }
}

fn table(code: u32, message: &str) -> Option<String> {
    match code {
        547 => quoted(message, "table \"", '"'),
        2601 | 2627 => quoted(message, "object '", '\''),
        208 => quoted(message, "object name '", '\''),
        515 | 2628 => quoted(message, "table '", '\''),
        _ => None,
    }
}

fn column(code: u32, message: &str) -> Option<String> {
    match code {
        207 => quoted(message, "column name '", '\''),
        515 | 2628 => quoted(message, "column '", '\''),
        _ => None,
    }
}

/// What stands between `before` and the next `end`. Names come before values in all messages that this is used for.
fn quoted(message: &str, before: &str, end: char) -> Option<String> {
    let (_, rest) = message.split_once(before)?;
    let (name, _) = rest.split_once(end)?;
    Some(name.to_owned())
}

fn words(category: C) -> &'static str {
    match category {
        C::Auth => {
            "the server refused the account: check the options `user`, `password` and `database`"
        }
        C::Permission => "the account lacks a right for this: ask who administers the database",
        C::NotFound => "a table, column or other object does not exist",
        C::AlreadyExists => "an object of that name exists already",
        C::Syntax => "the database did not understand the statement",
        C::Constraint => "the database refused the change by a rule of its own, such as a trigger",
        C::Unique => "a row with the same key exists already",
        C::ForeignKey => {
            "a row that is referred to does not exist, or the row is referred to by others"
        }
        C::NotNull => "a required value is missing",
        C::Check => "a value breaks a rule (check constraint) of the table",
        C::Conflict => "another transaction was in the way: send the same again",
        C::Timeout => "the server gave up waiting",
        C::Unavailable => "the server is there but cannot serve now: try again later",
        C::Unsupported => "the database cannot do this",
        C::InvalidData => "a value does not fit its column: its range, length or type",
        C::Resource => "memory, disk or another resource of the server is used up",
        _ => "the server refused the statement; its number says why",
    }
}

#[cfg(test)]
mod tests;
