//! The servers' error numbers as categories, and their messages without what rows hold.
//!
//! Numbers: <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html> and
//! <https://mariadb.com/kb/en/mariadb-error-code-reference/>; the link of each is that page with `#error_<symbol>`.

mod names;

use mysql_async::{DriverError as ClientError, Error as AnyError, IoError, ServerError};
use quillback_plugin_api::error::Origin;
use quillback_plugin_api::{Category, DriverError};

use Category as C;

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

const TOO_LARGE: &str =
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
    let category = category(error.code);
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

/// The category of an error number.
pub(crate) fn category(code: u16) -> Category {
    match code {
        1062 => C::Unique,      // er_dup_entry
        1586 => C::Unique,      // er_dup_entry_with_key_name
        1169 => C::Unique,      // er_dup_unique
        1022 => C::Unique,      // er_dup_key
        1859 => C::Unique,      // er_dup_unknown_in_index
        1451 => C::ForeignKey,  // er_row_is_referenced_2
        1452 => C::ForeignKey,  // er_no_referenced_row_2
        1216 => C::ForeignKey,  // er_no_referenced_row
        1217 => C::ForeignKey,  // er_row_is_referenced
        1701 => C::ForeignKey,  // er_truncate_illegal_fk
        3730 => C::ForeignKey,  // er_fk_cannot_drop_parent
        1048 => C::NotNull,     // er_bad_null_error
        1364 => C::NotNull,     // er_no_default_for_field
        1263 => C::NotNull,     // er_warn_null_to_notnull
        1138 => C::NotNull,     // er_invalid_use_of_null
        3819 => C::Check,       // er_check_constraint_violated
        4025 => C::Check,       // MariaDB: er_constraint_failed
        1644 => C::Constraint,  // er_signal_exception: a trigger refused
        1369 => C::Constraint,  // er_view_check_failed
        1213 => C::Conflict,    // er_lock_deadlock
        1020 => C::Conflict,    // er_checkread: the row changed since it was read
        1615 => C::Conflict,    // er_need_reprepare
        1412 => C::Conflict,    // er_table_def_changed
        1613 => C::Conflict,    // er_xa_rbtimeout
        1614 => C::Conflict,    // er_xa_rbdeadlock
        3101 => C::Conflict,    // er_transaction_rollback_during_commit
        3572 => C::Conflict,    // er_lock_nowait
        1205 => C::Timeout,     // er_lock_wait_timeout
        3024 => C::Timeout,     // er_query_timeout
        1969 => C::Timeout,     // MariaDB: er_statement_timeout
        1317 => C::Cancelled,   // er_query_interrupted
        1927 => C::Cancelled,   // MariaDB: er_connection_killed
        1406 => C::InvalidData, // er_data_too_long
        1264 => C::InvalidData, // er_warn_data_out_of_range
        1265 => C::InvalidData, // warn_data_truncated
        1366 => C::InvalidData, // er_truncated_wrong_value_for_field
        1292 => C::InvalidData, // er_truncated_wrong_value
        1367 => C::InvalidData, // er_illegal_value_for_type
        1365 => C::InvalidData, // er_division_by_zero
        1411 => C::InvalidData, // er_wrong_value_for_type
        1441 => C::InvalidData, // er_datetime_function_overflow
        1525 => C::InvalidData, // er_wrong_value
        1690 => C::InvalidData, // er_data_out_of_range
        1300 => C::InvalidData, // er_invalid_character_string
        1267 => C::InvalidData, // er_cant_aggregate_2collations
        1416 => C::InvalidData, // er_cant_create_geometry_object
        3140 => C::InvalidData, // er_invalid_json_text
        3141 => C::InvalidData, // er_invalid_json_text_in_param
        3156 => C::InvalidData, // er_invalid_json_value_for_cast
        3854 => C::InvalidData, // er_cannot_convert_string
        3105 => C::InvalidData, // er_non_default_value_for_generated_column
        1906 => C::InvalidData, // MariaDB: er_warning_non_default_value_for_generated_column
        code => category_of_statements(code),
    }
}

/// Errors that have more to do with the statement, the account or the server than with values.
fn category_of_statements(code: u16) -> Category {
    match code {
        1146 => C::NotFound,       // er_no_such_table
        1054 => C::NotFound,       // er_bad_field_error
        1049 => C::NotFound,       // er_bad_db_error
        1051 => C::NotFound,       // er_bad_table_error
        1091 => C::NotFound,       // er_cant_drop_field_or_key
        1072 => C::NotFound,       // er_key_column_does_not_exits
        1109 => C::NotFound,       // er_unknown_table
        1176 => C::NotFound,       // er_key_does_not_exits
        1046 => C::NotFound,       // er_no_db_error
        1050 => C::AlreadyExists,  // er_table_exists_error
        1060 => C::AlreadyExists,  // er_dup_fieldname
        1061 => C::AlreadyExists,  // er_dup_keyname
        1007 => C::AlreadyExists,  // er_db_create_exists
        1826 => C::AlreadyExists,  // er_fk_dup_name
        3822 => C::AlreadyExists,  // er_check_constraint_dup_name
        1045 => C::Auth,           // er_access_denied_error
        1698 => C::Auth,           // er_access_denied_no_password_error
        1251 => C::Auth,           // er_not_supported_auth_mode
        1130 => C::Auth,           // er_host_not_privileged
        1820 => C::Auth,           // er_must_change_password
        1862 => C::Auth,           // er_must_change_password_login
        3118 => C::Auth,           // er_account_has_been_locked
        4151 => C::Auth,           // MariaDB: er_account_has_been_locked
        1044 => C::Permission,     // er_dbaccess_denied_error
        1142 => C::Permission,     // er_tableaccess_denied_error
        1143 => C::Permission,     // er_columnaccess_denied_error
        1227 => C::Permission,     // er_specific_access_denied_error
        1370 => C::Permission,     // er_procaccess_denied_error
        1290 => C::Permission,     // er_option_prevents_statement: the server is read-only
        1792 => C::Permission,     // er_cant_execute_in_read_only_transaction
        1836 => C::Permission,     // er_read_only_mode
        1064 => C::Syntax,         // er_parse_error
        1149 => C::Syntax,         // er_syntax_error
        1040 => C::Unavailable,    // er_con_count_error
        1203 => C::Unavailable,    // er_too_many_user_connections
        1226 => C::Unavailable,    // er_user_limit_reached
        1129 => C::Unavailable,    // er_host_is_blocked
        1053 => C::Unavailable,    // er_server_shutdown
        1047 => C::Unavailable,    // er_unknown_com_error: a Galera node that is not ready
        3032 => C::Unavailable,    // er_server_offline_mode
        2006 => C::Connect,        // cr_server_gone_error
        2013 => C::Connect,        // cr_server_lost
        1152 => C::Connect,        // er_aborting_connection
        1156..=1161 => C::Connect, // er_net_packets_out_of_order to er_net_write_interrupted
        1184 => C::Connect,        // er_new_aborting_connection
        4031 => C::Connect,        // er_client_interaction_timeout
        1114 => C::Resource,       // er_record_file_full
        1021 => C::Resource,       // er_disk_full
        1026 => C::Resource,       // er_error_on_write
        1037 => C::Resource,       // er_outofmemory
        1038 => C::Resource,       // er_out_of_sortmemory
        1041 => C::Resource,       // er_out_of_resources
        1135 => C::Resource,       // er_cant_create_thread
        1153 => C::Resource,       // er_net_packet_too_large
        1206 => C::Resource,       // er_lock_table_full
        1390 => C::Resource,       // er_ps_many_param
        1461 => C::Resource,       // er_max_prepared_stmt_count_reached
        1197 => C::Resource,       // er_trans_cache_full
        1059 => C::Unsupported,    // er_too_long_ident
        1071 => C::Unsupported,    // er_too_long_key
        1069 => C::Unsupported,    // er_too_many_keys
        1070 => C::Unsupported,    // er_too_many_key_parts
        1074 => C::Unsupported,    // er_too_big_fieldlength
        1075 => C::Unsupported,    // er_wrong_auto_key
        1101 => C::Unsupported,    // er_blob_cant_have_default
        1117 => C::Unsupported,    // er_too_many_fields
        1118 => C::Unsupported,    // er_too_big_rowsize
        1170 => C::Unsupported,    // er_blob_key_without_length
        1235 => C::Unsupported,    // er_not_supported_yet
        1295 => C::Unsupported,    // er_unsupported_ps
        1471 => C::Unsupported,    // er_non_insertable_table
        1288 => C::Unsupported,    // er_non_updatable_table
        1347 => C::Unsupported,    // er_wrong_object
        1665 => C::Unsupported,    // er_binlog_stmt_mode_and_row_engine
        1067 => C::InvalidData,    // er_invalid_default
        _ => C::Other,
    }
}

/// A message for people. Only sentences that name nothing but tables, columns and keys are the server's own.
fn message(error: &ServerError, category: Category) -> String {
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

fn without_values(error: &ServerError, category: Category) -> String {
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
