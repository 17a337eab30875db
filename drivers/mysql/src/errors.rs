//! The servers' error numbers as categories, and their messages without what rows hold.
//!
//! The numbers are in `errors/numbers.rs`, one line each; `errors/names.rs` finds the names in messages.

mod names;
mod numbers;

use mysql_async::{DriverError as ClientError, Error as AnyError, IoError, ServerError};
use quillback_plugin_api::error::Origin;
use quillback_plugin_api::{Category as C, DriverError};

/// What a failure of the client library or the server means.
pub(crate) fn from_client(error: AnyError) -> DriverError {
    match error {
        AnyError::Server(error) => from_server(&error),
        AnyError::Io(error) => lost(&error),
        AnyError::Driver(ClientError::ConnectionClosed) => closed(),
        AnyError::Driver(ClientError::PacketTooLarge) => DriverError {
            connection_lost: true,
            ..DriverError::new(C::Resource, TOO_LARGE)
        },
        AnyError::Driver(ClientError::UnexpectedPacket { .. } | ClientError::PacketOutOfOrder) => {
            let message = "the server sent something that is no answer of this protocol";
            DriverError {
                connection_lost: true,
                ..DriverError::new(C::Protocol, message)
            }
        }
        // The library's other errors may quote what it was given.
        AnyError::Driver(_) | AnyError::Other(_) | AnyError::Url(_) => {
            let message = "the client library could not do what the driver asked of it";
            DriverError {
                connection_lost: true,
                ..DriverError::new(C::Internal, message)
            }
        }
    }
}

/// What is wrong with a statement that does not fit a packet, and what to do.
pub(crate) const TOO_LARGE: &str =
    "the statement is larger than the server takes (its setting max_allowed_packet)";

fn lost(error: &IoError) -> DriverError {
    let why = match error {
        IoError::Io(error) => format!("the connection to the server broke: {}", error.kind()),
        IoError::Tls(_) => "the encrypted connection to the server broke".to_owned(),
    };
    DriverError {
        connection_lost: true,
        ..DriverError::new(C::Connect, why)
    }
}

fn closed() -> DriverError {
    let message = "the server closed the connection";
    DriverError {
        connection_lost: true,
        ..DriverError::new(C::Connect, message)
    }
}

/// What an error that the server answered with means.
pub(crate) fn from_server(error: &ServerError) -> DriverError {
    let category = numbers::category(error.code);
    let mut origin = Origin {
        sqlstate: Some(error.state.clone()),
        vendor_code: Some(error.code.to_string()),
        ..Origin::default()
    };
    names::find(error.code, &error.message, &mut origin);
    DriverError {
        connection_lost: ends_connection(error.code),
        ..DriverError::new(category, message(error, category)).from_origin(origin)
    }
}

/// Whether the connection is of no use after this error.
fn ends_connection(code: u16) -> bool {
    // Shut down, killed, aborted, timed out, closed for being idle, packet too large: the server hangs up after them.
    matches!(
        code,
        1053 | 1077 | 1079 | 1080 | 1152 | 1153 | 1156
            ..=1161 | 1184 | 1927 | 2006 | 2013 | 3032 | 4031
    )
}

/// A message for people. Only sentences that name nothing but tables, columns and keys are the server's own.
fn message(error: &ServerError, category: C) -> String {
    let own = match error.code {
        1045 | 1698 => {
            "the server refused the user name or the password: check the options `user` and `password`"
        }
        1044 => "the account may not use the database: check the options `user` and `database`",
        1130 => "the server takes no connections from this machine for anybody",
        1040 | 1203 | 1226 => {
            "the server has as many connections as it takes: lower `pool_size` or raise its limit"
        }
        1049 => "the database does not exist: check the option `database`",
        1046 => "no database is chosen: set the option `database`, or name the schema of the table",
        1205 => "a lock was not free in time",
        1213 => "the transaction was the victim of a deadlock: it may be sent again",
        1644 => "a trigger of the database refused the change",
        1690 => "the result of a calculation is out of range",
        1153 => TOO_LARGE,
        1071 => {
            "an index over these columns is longer than the server takes: shorten the columns, or index fewer"
        }
        1170 => {
            "a column of long text or bytes cannot be in a key: give it a length of at most 1024"
        }
        // These are made of names and fixed words: table, column, key.
        1048 | 1050 | 1051 | 1054 | 1060 | 1061 | 1072 | 1091 | 1118 | 1146 | 1264 | 1265
        | 1364 | 1406 => return error.message.clone(),
        _ => return without_values(error, category),
    };
    own.to_owned()
}

fn without_values(error: &ServerError, category: C) -> String {
    let what = match category {
        C::Unique => "a row with the same key exists already",
        C::ForeignKey => "a row that is referred to is missing, or is still referred to",
        C::NotNull => "a required value is missing",
        C::Check => "a check constraint does not allow the values",
        C::Constraint => "a constraint does not allow the values",
        C::Conflict => "another transaction was in the way: the same batch may be sent again",
        C::Timeout => "the time allowed by the server is over",
        C::Cancelled => "the statement was cancelled",
        C::InvalidData => "a value does not fit its column",
        C::Permission => "the account lacks a right for this",
        C::Auth => "the server did not let the account in",
        C::NotFound => "something that the statement names does not exist",
        C::AlreadyExists => "something of that name exists already",
        C::Syntax => "the server does not understand the statement",
        C::Unavailable => "the server cannot serve now",
        C::Connect => "the connection to the server broke",
        C::Resource => "the server has run out of disk, memory or another resource",
        C::Unsupported => "the server cannot do this",
        _ => "the server reports an error",
    };
    format!("{what} (error {})", error.code)
}

#[cfg(test)]
mod tests;
