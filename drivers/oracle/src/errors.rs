//! Oracle's error numbers as categories, one line each, and messages without what rows hold.
//!
//! The server's own words are never passed on: newer servers quote the values of a row in them. Each number is explained
//! at <https://docs.oracle.com/error-help/db/>.

use oracledb::{Error, ErrorKind};
use quillback_plugin_api::error::Origin;
use quillback_plugin_api::{Category as C, DriverError};

const NUMBERS: &[(usize, C, &str)] = &[
    (1, C::Unique, "a row with this key exists already"),
    (54, C::Conflict, "a row or table is locked by somebody else"),
    (
        60,
        C::Conflict,
        "a deadlock was broken; send the change again",
    ),
    (900, C::Syntax, "the statement is not understood"),
    (904, C::NotFound, "a column does not exist"),
    (907, C::Syntax, "the statement is not understood"),
    (
        911,
        C::Syntax,
        "the statement has a character that is not allowed",
    ),
    (923, C::Syntax, "the statement is not understood"),
    (
        932,
        C::InvalidData,
        "types do not fit; large texts and binaries cannot be compared or sorted",
    ),
    (933, C::Syntax, "the statement is not understood"),
    (
        942,
        C::NotFound,
        "the table or view does not exist, or the account does not see it",
    ),
    (955, C::AlreadyExists, "the name is used already"),
    (972, C::Unsupported, "the name is too long"),
    (1013, C::Timeout, "the statement was stopped"),
    (1017, C::Auth, "user name or password is wrong"),
    (1031, C::Permission, "the account lacks a right"),
    (1033, C::Unavailable, "the server is starting or stopping"),
    (1034, C::Unavailable, "the server is not running"),
    (1400, C::NotNull, "a required value is missing"),
    (1407, C::NotNull, "a required value is missing"),
    (
        1408,
        C::AlreadyExists,
        "these columns have an index already",
    ),
    (1430, C::AlreadyExists, "the column exists already"),
    (
        1438,
        C::InvalidData,
        "a number has more digits than its column",
    ),
    (
        1440,
        C::Constraint,
        "the column must be empty to hold fewer digits",
    ),
    (
        1441,
        C::Constraint,
        "a value is longer than the column would be",
    ),
    (1536, C::Resource, "the quota of the tablespace is used up"),
    (1652, C::Resource, "the temporary tablespace is full"),
    (1653, C::Resource, "the tablespace is full"),
    (1722, C::InvalidData, "a text is no number"),
    (1795, C::Resource, "a list has too many values"),
    (1843, C::InvalidData, "a text is no date"),
    (2014, C::Unsupported, "rows of such a read cannot be locked"),
    (
        2049,
        C::Conflict,
        "a lock was not given in time; send the change again",
    ),
    (2290, C::Check, "a check constraint was violated"),
    (
        2291,
        C::ForeignKey,
        "the row that is referred to does not exist",
    ),
    (2292, C::ForeignKey, "another row refers to this one"),
    (2296, C::NotNull, "the column has rows without a value"),
    (2299, C::Unique, "there are rows with the same key"),
    (3113, C::Connect, "the connection broke"),
    (3114, C::Connect, "the connection is gone"),
    (
        8177,
        C::Conflict,
        "somebody else changed the rows; send the change again",
    ),
    (12_170, C::Timeout, "the server did not answer in time"),
    (
        12_505,
        C::Config,
        "the listener does not know the option `sid`",
    ),
    (
        12_514,
        C::Config,
        "the listener does not know the option `service`",
    ),
    (
        12_541,
        C::Connect,
        "nothing listens there: check the options `host` and `port`",
    ),
    (12_899, C::InvalidData, "a text is longer than its column"),
    (28_000, C::Auth, "the account is locked"),
    (28_001, C::Auth, "the password of the account has expired"),
    (
        30_006,
        C::Conflict,
        "a lock was not given in time; send the change again",
    ),
];

/// Numbers after which the connection is of no more use: <https://docs.oracle.com/error-help/db/ora-03113/>
const LOST: &[usize] = &[
    28, 600, 1012, 1033, 1034, 1089, 1090, 1092, 2396, 3113, 3114, 3135,
];

/// What a failure of the client means.
pub(crate) fn translate(error: &Error) -> DriverError {
    match error.kind() {
        ErrorKind::DbError(inner) => from_number(inner.code(), inner.message()),
        ErrorKind::ListenerRefusedConnection(_, _, _, code) => {
            let mut error = from_number(*code, "");
            if error.category == C::Other {
                error.category = C::Connect;
            }
            lost(error)
        }
        ErrorKind::InvalidServiceName(..) => lost(from_number(12_514, "")),
        ErrorKind::InvalidSid(..) => lost(from_number(12_505, "")),
        // The server was told to stop and has answered, but what it did before is not known here.
        ErrorKind::CallTimeoutExceeded => lost(DriverError::new(
            C::Timeout,
            "the deadline passed; nothing took effect",
        )),
        ErrorKind::InvalidConnectString(..)
        | ErrorKind::InvalidDescriptorNode(..)
        | ErrorKind::InvalidNetworkName(_)
        | ErrorKind::TnsAliasNotFound(..) => {
            DriverError::new(C::Config, "option `descriptor` is not a connect descriptor")
        }
        ErrorKind::WalletPasswordMissingOrInvalid(..) => DriverError::new(
            C::Config,
            "option `wallet_password` is missing or does not open the wallet",
        ),
        ErrorKind::WalletPrivateKeyInvalid(_)
        | ErrorKind::WalletUnreadable(_)
        | ErrorKind::PemFileOperation => DriverError::new(
            C::Config,
            "the wallet cannot be read: option `wallet` is a folder with an `ewallet.pem`",
        ),
        ErrorKind::TlsOperation => lost(DriverError::new(
            C::Connect,
            "encryption failed, or the server's certificate is not trusted: check the options `tls` and `wallet`",
        )),
        ErrorKind::ServerVersionNotSupported => lost(DriverError::new(
            C::Unsupported,
            "the server is too old: 12.2 is the first that this driver takes",
        )),
        ErrorKind::DeadConnection
        | ErrorKind::NotConnected
        | ErrorKind::StreamOperation
        | ErrorKind::UnableToRecover
        | ErrorKind::LockPoisoned
        | ErrorKind::UnexpectedRefuse(_)
        | ErrorKind::OutOfData => lost(DriverError::new(
            C::Connect,
            "the server cannot be reached, or hung up: check the options `host` and `port`",
        )),
        ErrorKind::InvalidOracleNumber(_) | ErrorKind::OutOfRange(_) => DriverError::new(
            C::InvalidData,
            "a value does not fit: its range is too small",
        ),
        ErrorKind::NotImplemented(_)
        | ErrorKind::UnsupportedDbType(_)
        | ErrorKind::UnsupportedConversion(..) => DriverError::new(
            C::Unsupported,
            "the client does not know a type of the table",
        ),
        // What is left are faults in what was sent or understood; their words may quote it.
        _ => lost(DriverError::new(
            C::Protocol,
            "the client and the server did not understand each other",
        )),
    }
}

/// What an error number of the server means; of its message only names are kept.
pub(crate) fn from_number(code: usize, message: &str) -> DriverError {
    let (category, words) = NUMBERS
        .iter()
        .find(|(number, ..)| *number == code)
        .map_or((C::Other, "the server refused the statement"), |known| {
            (known.1, known.2)
        });
    let text = format!("{words} (see https://docs.oracle.com/error-help/db/ora-{code:05}/)");
    let mut origin = Origin {
        vendor_code: Some(format!("ORA-{code:05}")),
        ..Origin::default()
    };
    match code {
        1 | 2290..=2292 => origin.constraint = constraint(message),
        1400 | 1407 => {
            let mut parts = between(message, '(', ')')
                .into_iter()
                .flat_map(|path| path.split('.'));
            let mut next = || parts.next().map(|part| part.trim_matches('"').to_owned());
            let _schema = next();
            origin.table = next();
            origin.column = next();
        }
        _ => {}
    }
    let error = DriverError::new(category, text).from_origin(origin);
    if LOST.contains(&code) {
        lost(error)
    } else {
        error
    }
}

/// The name in `unique constraint (OWNER.NAME) violated`.
fn constraint(message: &str) -> Option<String> {
    let path = between(message, '(', ')')?;
    let name = path.rsplit_once('.').map_or(path, |(_, name)| name);
    Some(name.to_owned())
}

fn between(text: &str, open: char, close: char) -> Option<&str> {
    text.split_once(open)?
        .1
        .split_once(close)
        .map(|(inner, _)| inner)
}

fn lost(error: DriverError) -> DriverError {
    DriverError {
        connection_lost: true,
        ..error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_sorted_and_have_categories() {
        assert!(NUMBERS.is_sorted_by(|one, next| one.0 < next.0));
        assert_eq!(from_number(60, "").category, C::Conflict);
        assert!(from_number(60, "").is_retryable());
        assert!(from_number(3113, "").connection_lost);
        assert_eq!(from_number(99_999, "").category, C::Other);
    }

    #[test]
    fn names_are_kept_and_values_are_not() {
        let message = "ORA-00001: unique constraint (SHOP.PK_ITEMS) violated on table SHOP.ITEMS columns (ID)\n\
             ORA-03301: (ORA-00001 details) row with column values (ID:4711) already exists";
        let error = from_number(1, message);
        assert_eq!(error.category, C::Unique);
        assert_eq!(error.origin.constraint.as_deref(), Some("PK_ITEMS"));
        assert_eq!(error.origin.vendor_code.as_deref(), Some("ORA-00001"));
        assert!(!format!("{error:?}").contains("4711"));
        assert!(
            error
                .message
                .contains("https://docs.oracle.com/error-help/db/ora-00001/")
        );
    }

    #[test]
    fn a_missing_value_names_its_column() {
        let message = r#"ORA-01400: cannot insert NULL into ("SHOP"."ITEMS"."NAME")"#;
        let error = from_number(1400, message);
        assert_eq!(error.origin.table.as_deref(), Some("ITEMS"));
        assert_eq!(error.origin.column.as_deref(), Some("NAME"));
    }
}
