//! What a column of the database is, in neutral types.

use odbc_api::sys::SqlDataType;
use quillback_plugin_api::types::LogicalType as T;

use crate::spelling::{Native, Spelling};

/// What the catalogue says about the type of a column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Described {
    /// `DATA_TYPE`: ODBC's number of the type.
    pub(crate) code: i16,
    /// `TYPE_NAME`: the database's own name, which some drivers write with its lengths.
    pub(crate) name: String,
    /// `COLUMN_SIZE`: characters, bytes or digits.
    pub(crate) size: Option<i64>,
    /// `DECIMAL_DIGITS`: digits after a point.
    pub(crate) digits: Option<i64>,
    /// `REMARKS`: somebody's comment.
    pub(crate) remarks: String,
}

/// The comment that makes a civil time a moment, where there is no better type.
const MOMENT: &str = "UTC";

/// The comment that makes a small number a truth value: ODBC drivers leave the digit in `TINYINT(1)` out.
const TRUTH: &str = "boolean";

/// The neutral type of a column.
pub(crate) fn from_catalog(spelling: &Spelling, column: &Described) -> T {
    let (name, sizes) = split(&column.name);
    let known = spelling.natives.iter().find(|(known, _)| *known == name);
    let native = match known.map(|(_, native)| *native) {
        Some(Native::Timestamp) if column.remarks == MOMENT => Native::Instant,
        Some(native) => native,
        None => by_code(column.code),
    };
    let size = sizes.first().copied().or(column.size);
    let digits = sizes.get(1).copied().or(column.digits);
    let length = || {
        size.and_then(|size| u32::try_from(size).ok())
            .filter(|size| (1..LONG).contains(size))
    };
    let precision = || {
        let written = sizes.first().copied().or(column.digits);
        u8::try_from(written.unwrap_or(spelling.types.fraction.into())).unwrap_or(0)
    };
    let int = |bits, unsigned| T::Int { bits, unsigned };
    match native {
        Native::Bool => T::Bool,
        Native::Int(8) if column.remarks == TRUTH => T::Bool,
        Native::Int(8) if name == "tinyint" && sizes.first() == Some(&1) => T::Bool,
        Native::Int(bits) => int(bits, false),
        Native::Unsigned(bits) => int(bits, true),
        Native::Decimal => decimal(size, digits),
        Native::Float(bits) => T::Float { bits },
        Native::Text if is_long(column.code) => T::Text { length: None },
        Native::Text => T::Text { length: length() },
        Native::LongText => T::Text { length: None },
        Native::LongBytes => T::Bytes { length: None },
        Native::Json => T::Json,
        Native::Uuid => T::Uuid,
        Native::Time => T::Time {
            precision: precision(),
        },
        Native::Timestamp => T::Timestamp {
            precision: precision(),
        },
        Native::Instant => T::Instant {
            precision: precision(),
        },
        Native::Other => match SqlDataType(column.code) {
            SqlDataType::EXT_BINARY | SqlDataType::EXT_VAR_BINARY if known.is_none() => {
                T::Bytes { length: length() }
            }
            SqlDataType::EXT_LONG_VAR_BINARY if known.is_none() => T::Bytes { length: None },
            SqlDataType::DATE if known.is_none() => T::Date,
            _ => T::Other,
        },
    }
}

/// A text or binary that claims to be longer than this has no limit of its own.
const LONG: u32 = 16_000_000;

/// A type's name in lower case, and the numbers in its parentheses.
fn split(name: &str) -> (String, Vec<i64>) {
    let (head, rest) = name.split_once('(').unwrap_or((name, ""));
    let (inside, tail) = rest.split_once(')').unwrap_or((rest, ""));
    let numbers = inside.split(',').map_while(|part| part.trim().parse().ok());
    let name = format!("{}{tail}", head.trim()).to_ascii_lowercase();
    (name, numbers.collect())
}

fn is_long(code: i16) -> bool {
    matches!(
        SqlDataType(code),
        SqlDataType::EXT_LONG_VARCHAR | SqlDataType::EXT_W_LONG_VARCHAR
    )
}

/// <https://learn.microsoft.com/sql/odbc/reference/appendixes/sql-data-types>
fn by_code(code: i16) -> Native {
    match SqlDataType(code) {
        SqlDataType::CHAR
        | SqlDataType::VARCHAR
        | SqlDataType::EXT_W_CHAR
        | SqlDataType::EXT_W_VARCHAR => Native::Text,
        SqlDataType::EXT_LONG_VARCHAR | SqlDataType::EXT_W_LONG_VARCHAR => Native::LongText,
        SqlDataType::EXT_BIT => Native::Bool,
        SqlDataType::EXT_TINY_INT => Native::Int(8),
        SqlDataType::SMALLINT => Native::Int(16),
        SqlDataType::INTEGER => Native::Int(32),
        SqlDataType::EXT_BIG_INT => Native::Int(64),
        SqlDataType::NUMERIC | SqlDataType::DECIMAL => Native::Decimal,
        SqlDataType::REAL => Native::Float(32),
        SqlDataType::FLOAT | SqlDataType::DOUBLE => Native::Float(64),
        SqlDataType::TIME => Native::Time,
        SqlDataType::TIMESTAMP => Native::Timestamp,
        SqlDataType::EXT_GUID => Native::Uuid,
        _ => Native::Other,
    }
}

/// A number without digits after the point stays a decimal: its column may hold more than 64 bits.
fn decimal(size: Option<i64>, digits: Option<i64>) -> T {
    let precision = size.and_then(|size| u32::try_from(size).ok());
    T::Decimal {
        precision: precision.filter(|precision| *precision > 0),
        scale: digits.and_then(|digits| i32::try_from(digits).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spelling::Dialect;

    fn of(dialect: Dialect, code: i16, name: &str, size: i64, digits: i64) -> T {
        let described = Described {
            code,
            name: name.to_owned(),
            size: Some(size),
            digits: Some(digits),
            remarks: String::new(),
        };
        from_catalog(dialect.spelling(), &described)
    }

    #[test]
    fn types_are_known_by_name_where_their_number_says_too_little() {
        let int = |bits, unsigned| T::Int { bits, unsigned };
        let pg = Dialect::Postgresql;
        assert_eq!(of(pg, 12, "bool", 5, 0), T::Bool);
        assert_eq!(
            of(pg, 93, "timestamptz", 26, 6),
            T::Instant { precision: 6 }
        );
        assert_eq!(
            of(pg, 93, "timestamp", 26, 3),
            T::Timestamp { precision: 3 }
        );
        assert_eq!(of(pg, -9, "jsonb", 255, 0), T::Json);
        assert_eq!(of(pg, 2, "numeric", 38, 10), T::decimal(38, 10));
        let my = Dialect::Mysql;
        assert_eq!(of(my, -5, "BIGINT UNSIGNED", 20, 0), int(64, true));
        assert_eq!(of(my, -6, "TINYINT(1)", 3, 0), T::Bool);
        let lite = Dialect::Sqlite;
        assert_eq!(of(lite, 4, "INTEGER", 9, 10), int(64, false));
        assert_eq!(of(lite, 12, "VARCHAR(20)", 20, 20), T::text(20));
        assert_eq!(
            of(lite, 93, "TIMESTAMP(6)", 3, 32),
            T::Timestamp { precision: 6 }
        );
    }

    #[test]
    fn a_comment_tells_what_the_type_does_not() {
        let of = |name: &str, remarks: &str| {
            let described = Described {
                code: 0,
                name: name.to_owned(),
                remarks: remarks.to_owned(),
                ..Described::default()
            };
            from_catalog(Dialect::Mariadb.spelling(), &described)
        };
        assert_eq!(of("TINYINT", "boolean"), T::Bool);
        assert_eq!(of("DATETIME", "UTC"), T::Instant { precision: 6 });
        let int = T::Int {
            bits: 8,
            unsigned: false,
        };
        assert_eq!(of("TINYINT", "true or false"), int);
    }

    #[test]
    fn types_without_a_name_go_by_their_number() {
        let pg = Dialect::Postgresql;
        assert_eq!(of(pg, 91, "date", 10, 0), T::Date);
        assert_eq!(of(pg, -11, "uuid", 37, 0), T::Uuid);
        assert_eq!(
            of(Dialect::Mysql, -3, "VARBINARY", 50, 0),
            T::Bytes { length: Some(50) }
        );
        assert_eq!(of(pg, -999, "mystery", 1, 0), T::Other);
    }
}
