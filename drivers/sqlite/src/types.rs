//! Neutral types and the type names that `SQLite` columns are declared with, both ways.
//!
//! The engine keeps the declared name as it is and takes only an affinity from it
//! (<https://www.sqlite.org/datatype3.html#determination_of_column_affinity>): a name with `INT` makes numbers of texts
//! that look like numbers, one with `TEXT` leaves texts alone. The names here have the affinity that keeps values.

use quillback_plugin_api::sql::{ColumnDef, RenderError};
use quillback_plugin_api::types::LogicalType;

use crate::decimal::COLLATION;

/// The declared type of a column that Quillback makes, with its collation.
///
/// # Errors
/// `Unsupported` for types that have no faithful and sortable form here.
pub(crate) fn declare(column: &ColumnDef) -> Result<String, RenderError> {
    if column.identity {
        return match column.ty {
            LogicalType::Int {
                unsigned: false, ..
            } => Ok("INTEGER".into()),
            _ => Err(RenderError::unsupported(
                "numbering the rows in a column that is not a signed integer",
            )),
        };
    }
    declare_type(&column.ty)
}

fn declare_type(ty: &LogicalType) -> Result<String, RenderError> {
    Ok(match ty {
        LogicalType::Bool => "BOOLEAN".into(),
        LogicalType::Int {
            bits: 64,
            unsigned: true,
        } => format!("U64_TEXT COLLATE {COLLATION}"),
        LogicalType::Int { bits, unsigned } => integer(*bits, *unsigned)?,
        LogicalType::Decimal { precision, scale } => decimal(*precision, *scale)?,
        LogicalType::Float { bits: 32 } => "FLOAT4".into(),
        LogicalType::Float { .. } => "DOUBLE".into(),
        LogicalType::Text { length } => sized("VARCHAR", "TEXT", *length),
        LogicalType::Json => "JSON_TEXT".into(),
        LogicalType::Bytes { length } => sized("BLOB", "BLOB", *length),
        LogicalType::Uuid => "UUID_TEXT COLLATE NOCASE".into(),
        LogicalType::Date => "DATE".into(),
        LogicalType::Time { precision } => fraction("TIME", *precision)?,
        LogicalType::Timestamp { precision } => fraction("TIMESTAMP", *precision)?,
        LogicalType::Instant { precision } => fraction("TIMESTAMP_UTC", *precision)?,
        LogicalType::OffsetTime { .. } => return unsupported("times with an offset"),
        LogicalType::OffsetInstant { .. } => return unsupported("moments that keep an offset"),
        LogicalType::Interval => return unsupported("intervals"),
        LogicalType::Enum { .. } => return unsupported("enumerations: use a text"),
        LogicalType::List { .. } => return unsupported("arrays: use JSON"),
        LogicalType::Other => return unsupported("a type of another database"),
    })
}

fn unsupported(what: &str) -> Result<String, RenderError> {
    Err(RenderError::unsupported(format!("columns of {what}")))
}

fn integer(bits: u8, unsigned: bool) -> Result<String, RenderError> {
    let name = match bits {
        8 => "TINYINT",
        16 => "SMALLINT",
        32 => "INT4",
        64 => "BIGINT",
        _ => return unsupported("integers of other widths than 8, 16, 32 and 64 bits"),
    };
    let sign = if unsigned { " UNSIGNED" } else { "" };
    Ok(format!("{name}{sign}"))
}

fn decimal(precision: Option<u32>, scale: Option<i32>) -> Result<String, RenderError> {
    let size = match (precision, scale.unwrap_or(0)) {
        (None, _) => String::new(),
        (Some(precision), scale) if (0..=i64::from(precision)).contains(&i64::from(scale)) => {
            format!("({precision},{scale})")
        }
        _ => return unsupported("decimals whose scale is negative or beyond their precision"),
    };
    Ok(format!("DECIMAL_TEXT{size} COLLATE {COLLATION}"))
}

fn sized(name: &str, unlimited: &str, length: Option<u32>) -> String {
    length.map_or_else(
        || unlimited.to_owned(),
        |length| format!("{name}({length})"),
    )
}

fn fraction(name: &str, digits: u8) -> Result<String, RenderError> {
    if digits > 9 {
        return unsupported("more than nine digits of a second");
    }
    Ok(format!("{name}({digits})"))
}

/// The neutral type of a declared type, of this driver or of any other program.
pub(crate) fn parse(declared: &str) -> LogicalType {
    let (name, first, second) = split(declared);
    let int = |bits, unsigned| LogicalType::Int { bits, unsigned };
    let digits = |default| first.map_or(default, |digits| u8::try_from(digits.min(9)).unwrap_or(9));
    match name.as_str() {
        "boolean" | "bool" | "bit" => LogicalType::Bool,
        "tinyint" => int(8, false),
        "tinyint unsigned" => int(8, true),
        "smallint" | "int2" => int(16, false),
        "smallint unsigned" => int(16, true),
        "int4" => int(32, false),
        "int4 unsigned" => int(32, true),
        "u64_text" => int(64, true),
        "decimal_text" | "decimal" | "numeric" | "dec" | "number" => LogicalType::Decimal {
            precision: first,
            scale: first.map(|_| second.unwrap_or(0)),
        },
        "float4" => LogicalType::Float { bits: 32 },
        "json_text" | "json" => LogicalType::Json,
        "uuid_text" | "uuid" | "guid" | "uniqueidentifier" => LogicalType::Uuid,
        "date" => LogicalType::Date,
        "time" => LogicalType::Time {
            precision: digits(6),
        },
        "timestamp" | "datetime" => LogicalType::Timestamp {
            precision: digits(6),
        },
        "timestamp_utc" => LogicalType::Instant {
            precision: digits(6),
        },
        "binary" | "varbinary" | "bytea" => LogicalType::Bytes { length: first },
        _ => by_affinity(&name, first),
    }
}

fn by_affinity(name: &str, first: Option<u32>) -> LogicalType {
    match affinity(name) {
        Affinity::Integer => LogicalType::INT64,
        Affinity::Text if name.contains("char") => LogicalType::Text { length: first },
        Affinity::Text => LogicalType::Text { length: None },
        Affinity::Blob if name.is_empty() => LogicalType::Other,
        Affinity::Blob => LogicalType::Bytes { length: first },
        Affinity::Real => LogicalType::Float { bits: 64 },
        Affinity::Numeric => LogicalType::Other,
    }
}

/// What the engine makes of values on their way into a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Affinity {
    /// Texts that look like numbers become numbers.
    Integer,
    /// Numbers become texts.
    Text,
    /// Nothing is changed.
    Blob,
    /// Numbers become floats.
    Real,
    /// Texts that look like numbers become numbers.
    Numeric,
}

/// The affinity of a declared type (<https://www.sqlite.org/datatype3.html#determination_of_column_affinity>).
pub(crate) fn affinity(declared: &str) -> Affinity {
    let declared = declared.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| declared.contains(part));
    if has(&["int"]) {
        Affinity::Integer
    } else if has(&["char", "clob", "text"]) {
        Affinity::Text
    } else if declared.is_empty() || has(&["blob"]) {
        Affinity::Blob
    } else if has(&["real", "floa", "doub"]) {
        Affinity::Real
    } else {
        Affinity::Numeric
    }
}

/// The name in lower case with single spaces, and the numbers in parentheses.
fn split(declared: &str) -> (String, Option<u32>, Option<i32>) {
    let (name, arguments) = match declared.split_once('(') {
        Some((name, rest)) => (name, rest.split(')').next().unwrap_or_default()),
        None => (declared, ""),
    };
    let mut name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    name.make_ascii_lowercase();
    let mut arguments = arguments.split(',').map(str::trim);
    let first = arguments.next().and_then(|number| number.parse().ok());
    let second = arguments.next().and_then(|number| number.parse().ok());
    (name, first, second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use quillback_plugin_api::Ident;

    fn declared(ty: LogicalType) -> Result<String, String> {
        let column = ColumnDef::required(Ident::literal("c"), ty);
        declare(&column).map_err(|error| error.to_string())
    }

    #[test]
    fn a_declared_type_carries_the_neutral_type() {
        let int = |bits, unsigned| LogicalType::Int { bits, unsigned };
        let cases = [
            (LogicalType::Bool, "BOOLEAN"),
            (int(8, false), "TINYINT"),
            (int(8, true), "TINYINT UNSIGNED"),
            (int(16, false), "SMALLINT"),
            (int(16, true), "SMALLINT UNSIGNED"),
            (int(32, false), "INT4"),
            (int(32, true), "INT4 UNSIGNED"),
            (LogicalType::INT64, "BIGINT"),
            (int(64, true), "U64_TEXT COLLATE quillback_decimal"),
            (
                LogicalType::decimal(18, 4),
                "DECIMAL_TEXT(18,4) COLLATE quillback_decimal",
            ),
            (
                LogicalType::Decimal {
                    precision: None,
                    scale: None,
                },
                "DECIMAL_TEXT COLLATE quillback_decimal",
            ),
            (LogicalType::Float { bits: 64 }, "DOUBLE"),
            (LogicalType::Float { bits: 32 }, "FLOAT4"),
            (LogicalType::text(255), "VARCHAR(255)"),
            (LogicalType::Text { length: None }, "TEXT"),
            (LogicalType::Json, "JSON_TEXT"),
            (LogicalType::Bytes { length: None }, "BLOB"),
            (LogicalType::Bytes { length: Some(32) }, "BLOB(32)"),
            (LogicalType::Uuid, "UUID_TEXT COLLATE NOCASE"),
            (LogicalType::Date, "DATE"),
            (LogicalType::Time { precision: 0 }, "TIME(0)"),
            (LogicalType::Timestamp { precision: 3 }, "TIMESTAMP(3)"),
            (LogicalType::INSTANT, "TIMESTAMP_UTC(6)"),
        ];
        for (ty, name) in cases {
            assert_eq!(declared(ty.clone()).as_deref(), Ok(name));
            let bare = name.split(" COLLATE").next().unwrap();
            assert_eq!(parse(bare), ty, "{name}");
        }
    }

    #[test]
    fn type_names_of_other_programs_are_understood() {
        for (name, ty) in [
            ("INTEGER", LogicalType::INT64),
            ("unsigned big int", LogicalType::INT64),
            ("NVARCHAR(70)", LogicalType::text(70)),
            ("varying  character (20)", LogicalType::text(20)),
            ("longtext", LogicalType::Text { length: None }),
            ("NUMERIC(10, 2)", LogicalType::decimal(10, 2)),
            ("Decimal(5)", LogicalType::decimal(5, 0)),
            ("double precision", LogicalType::Float { bits: 64 }),
            ("DATETIME", LogicalType::Timestamp { precision: 6 }),
            ("varbinary(16)", LogicalType::Bytes { length: Some(16) }),
            ("", LogicalType::Other),
            ("geometry", LogicalType::Other),
        ] {
            assert_eq!(parse(name), ty, "{name}");
        }
    }

    #[test]
    fn types_without_a_faithful_form_are_refused() {
        for ty in [
            LogicalType::Interval,
            LogicalType::OffsetInstant { precision: 6 },
            LogicalType::Enum {
                labels: vec!["a".into()],
            },
            LogicalType::decimal(2, 4),
            LogicalType::Int {
                bits: 24,
                unsigned: false,
            },
            LogicalType::Timestamp { precision: 10 },
        ] {
            assert!(
                declared(ty)
                    .unwrap_err()
                    .contains("does not support columns of")
            );
        }
    }
}
