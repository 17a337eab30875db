//! What a column of the database is, in neutral types.
//!
//! Besides what the server has types for, three things are recognised by how they are made: a UUID is `CHAR(36)` in
//! `ascii_bin`, a moment is a `TIMESTAMP` or a `DATETIME` with the comment `UTC`, and JSON on MariaDB is text that a
//! constraint checks.

use quillback_plugin_api::types::LogicalType;

use super::create::INSTANT_COMMENT;

/// What the catalog of the server says about the type of a column.
#[derive(Debug, Default)]
pub(crate) struct Described<'a> {
    /// `DATA_TYPE`, such as `int`.
    pub(crate) data_type: &'a str,
    /// `COLUMN_TYPE`, such as `int(10) unsigned`.
    pub(crate) column_type: &'a str,
    /// `CHARACTER_MAXIMUM_LENGTH`: characters, or bytes of a binary type.
    pub(crate) length: Option<u64>,
    /// `NUMERIC_PRECISION`.
    pub(crate) precision: Option<u64>,
    /// `NUMERIC_SCALE`.
    pub(crate) scale: Option<u64>,
    /// `DATETIME_PRECISION`.
    pub(crate) fraction: Option<u64>,
    /// `COLLATION_NAME`.
    pub(crate) collation: Option<&'a str>,
    /// `COLUMN_COMMENT`.
    pub(crate) comment: &'a str,
    /// Whether a constraint demands that the text is JSON.
    pub(crate) is_json: bool,
}

/// The neutral type of a column.
pub(crate) fn from_catalog(column: &Described<'_>) -> LogicalType {
    let unsigned = column.column_type.contains("unsigned");
    let int = |bits| LogicalType::Int { bits, unsigned };
    match column.data_type {
        "tinyint" if column.column_type.starts_with("tinyint(1)") && !unsigned => LogicalType::Bool,
        "tinyint" => int(8),
        "smallint" => int(16),
        "mediumint" | "int" => int(32),
        "bigint" => int(64),
        "year" => LogicalType::Int {
            bits: 16,
            unsigned: true,
        },
        "decimal" => LogicalType::Decimal {
            precision: number(column.precision),
            scale: number(column.scale),
        },
        "float" => LogicalType::Float { bits: 32 },
        "double" => LogicalType::Float { bits: 64 },
        "bit" => bits(column.precision),
        "json" => LogicalType::Json,
        "uuid" => LogicalType::Uuid,
        "date" => LogicalType::Date,
        "time" => LogicalType::Time {
            precision: number(column.fraction).unwrap_or(0),
        },
        "datetime" | "timestamp" => moment(column),
        "enum" => enumeration(column),
        "set" => LogicalType::Text {
            length: number(column.length),
        },
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => {
            LogicalType::Bytes {
                length: limit(column.length),
            }
        }
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => characters(column),
        "inet4" | "inet6" => LogicalType::Text { length: Some(45) },
        _ => LogicalType::Other,
    }
}

fn number<T: TryFrom<u64>>(number: Option<u64>) -> Option<T> {
    number.and_then(|number| T::try_from(number).ok())
}

/// A length; that of the `LONG..` types is no limit to speak of.
fn limit(length: Option<u64>) -> Option<u32> {
    number(length.filter(|length| *length < u64::from(u32::MAX)))
}

fn bits(count: Option<u64>) -> LogicalType {
    match count {
        Some(1) => LogicalType::Bool,
        count => LogicalType::Bytes {
            length: number(count.map(|bits| bits.div_ceil(8))),
        },
    }
}

fn moment(column: &Described<'_>) -> LogicalType {
    let precision = number(column.fraction).unwrap_or(0);
    if column.data_type == "timestamp" || is_instant_comment(column.comment) {
        LogicalType::Instant { precision }
    } else {
        LogicalType::Timestamp { precision }
    }
}

fn is_instant_comment(comment: &str) -> bool {
    comment.trim().eq_ignore_ascii_case(INSTANT_COMMENT)
}

fn characters(column: &Described<'_>) -> LogicalType {
    if column.is_json {
        LogicalType::Json
    } else if column.column_type == "char(36)" && column.collation == Some("ascii_bin") {
        LogicalType::Uuid
    } else {
        LogicalType::Text {
            length: limit(column.length),
        }
    }
}

/// An enumeration by its labels. The catalog is kept in three-byte characters: it shows a question mark for each
/// longer one, so that a label with a question mark may be another one. Such a column is text to us; the server
/// itself still takes its labels only.
fn enumeration(column: &Described<'_>) -> LogicalType {
    let labels = labels(column.column_type);
    if labels.iter().any(|label| label.contains('?')) {
        LogicalType::Text {
            length: number(column.length),
        }
    } else {
        LogicalType::Enum { labels }
    }
}

/// The labels in `enum('a','b''c')`: quotes inside a label are doubled, backslashes and control characters escaped.
fn labels(column_type: &str) -> Vec<String> {
    let inner = column_type
        .strip_prefix("enum(")
        .and_then(|rest| rest.strip_suffix(')'))
        .unwrap_or_default();
    let mut labels = Vec::new();
    let mut characters = inner.chars().peekable();
    while characters.next().is_some_and(|c| c == '\'') {
        let mut label = String::new();
        while let Some(c) = characters.next() {
            match c {
                '\'' if characters.next_if_eq(&'\'').is_some() => label.push('\''),
                '\'' => break,
                '\\' => label.extend(characters.next().map(unescaped)),
                other => label.push(other),
            }
        }
        labels.push(label);
        characters.next_if_eq(&',');
    }
    labels
}

fn unescaped(escaped: char) -> char {
    match escaped {
        '0' => '\0',
        'n' => '\n',
        'r' => '\r',
        'Z' => '\u{1a}',
        other => other,
    }
}

#[cfg(test)]
mod tests;
