//! Column types: what is created for a neutral type, and what a column of the database is.
//!
//! Three types have no spelling of their own and are recognised by a convention that `README.md` documents: a UUID is
//! `CHAR(36)` in `ascii_bin`, a moment is a `DATETIME` with the comment `UTC`, and JSON on MariaDB is text that a
//! constraint checks.

use quillback_plugin_api::sql::RenderError;
use quillback_plugin_api::types::LogicalType;

use crate::capabilities::Flavor;

/// Most digits of a DECIMAL: <https://dev.mysql.com/doc/refman/8.0/en/precision-math-decimal-characteristics.html>
pub(crate) const MAX_PRECISION: usize = 65;
/// Most digits after its point; `MariaDB` takes 38, `MySQL` this many.
pub(crate) const MAX_SCALE: usize = 30;
/// Longest text that is created as VARCHAR. A row holds 65,535 bytes, so that sixteen such columns fit; longer texts
/// live outside the row.
const MAX_VARCHAR: u32 = 1_024;
/// Longest bytes that are created as VARBINARY.
const MAX_VARBINARY: u32 = 4_096;
/// Bytes of one character at most.
const CHARACTER: u32 = 4;

/// Compares characters as they are, trailing spaces included.
pub(crate) const MARIADB_COLLATION: &str = "utf8mb4_nopad_bin";
/// The same on `MySQL` from 8.0.17 on.
pub(crate) const MYSQL_COLLATION: &str = "utf8mb4_0900_bin";
/// The same on older servers, but trailing spaces do not count.
const PADDED_COLLATION: &str = "utf8mb4_bin";
/// The comment that makes a DATETIME a moment in time.
pub(crate) const INSTANT_COMMENT: &str = "UTC";

/// The collation of texts that Quillback creates.
pub(crate) fn collation(flavor: Flavor) -> &'static str {
    if flavor.is_mariadb_from((10, 2, 0)) {
        MARIADB_COLLATION
    } else if flavor.is_mysql_from((8, 0, 17)) {
        MYSQL_COLLATION
    } else {
        PADDED_COLLATION
    }
}

/// The type to create for a column of type `ty`.
///
/// # Errors
/// `Unsupported` for what no column holds without loss.
pub(crate) fn to_create(flavor: Flavor, ty: &LogicalType) -> Result<String, RenderError> {
    Ok(match ty {
        LogicalType::Bool => "TINYINT(1)".into(),
        LogicalType::Int { bits, unsigned } => integer(*bits, *unsigned)?,
        LogicalType::Decimal { precision, scale } => decimal(*precision, *scale)?,
        LogicalType::Float { bits: 32 } => "FLOAT".into(),
        LogicalType::Float { .. } => "DOUBLE".into(),
        LogicalType::Text { length } => text(flavor, *length),
        LogicalType::Json if flavor.has_json() => "JSON".into(),
        LogicalType::Json => format!("LONGTEXT {}", in_characters(flavor)),
        LogicalType::Bytes { length } => bytes(*length),
        LogicalType::Uuid => "CHAR(36) CHARACTER SET ascii COLLATE ascii_bin".into(),
        LogicalType::Date => "DATE".into(),
        LogicalType::Time { precision } => format!("TIME({})", fraction(*precision)?),
        LogicalType::Timestamp { precision } => format!("DATETIME({})", fraction(*precision)?),
        LogicalType::Instant { precision } => {
            let fraction = fraction(*precision)?;
            format!("DATETIME({fraction}) COMMENT '{INSTANT_COMMENT}'")
        }
        LogicalType::Enum { labels } if !labels.is_empty() => {
            let labels: Vec<_> = labels.iter().map(|label| quote_text(label)).collect();
            format!("ENUM({}) {}", labels.join(", "), in_characters(flavor))
        }
        LogicalType::Enum { .. } => {
            return Err(RenderError::unsupported("an enumeration without labels"));
        }
        LogicalType::OffsetTime { .. } => {
            return Err(RenderError::unsupported("columns for times with an offset"));
        }
        LogicalType::OffsetInstant { .. } => {
            return Err(RenderError::unsupported(
                "columns for moments with an offset",
            ));
        }
        LogicalType::Interval => return Err(RenderError::unsupported("columns for intervals")),
        LogicalType::List { .. } => return Err(RenderError::unsupported("columns for lists")),
        LogicalType::Other => {
            return Err(RenderError::unsupported(
                "columns of a type it does not know",
            ));
        }
    })
}

fn in_characters(flavor: Flavor) -> String {
    format!("CHARACTER SET utf8mb4 COLLATE {}", collation(flavor))
}

fn integer(bits: u8, unsigned: bool) -> Result<String, RenderError> {
    let name = match bits {
        8 => "TINYINT",
        16 => "SMALLINT",
        32 => "INT",
        64 => "BIGINT",
        _ => return Err(RenderError::unsupported(format!("integers of {bits} bits"))),
    };
    let sign = if unsigned { " UNSIGNED" } else { "" };
    Ok(format!("{name}{sign}"))
}

fn decimal(precision: Option<u32>, scale: Option<i32>) -> Result<String, RenderError> {
    let Some(precision) = precision else {
        let what = "decimals without a limit (name a precision up to 65 and a scale up to 30)";
        return Err(RenderError::unsupported(what));
    };
    let scale = scale.unwrap_or(0);
    let fits = (1..=MAX_PRECISION).contains(&(precision as usize))
        && usize::try_from(scale)
            .is_ok_and(|scale| scale <= MAX_SCALE && scale <= precision as usize);
    if fits {
        Ok(format!("DECIMAL({precision},{scale})"))
    } else {
        let what = format!(
            "decimals of {precision} digits with {scale} after the point (at most 65 and 30)"
        );
        Err(RenderError::unsupported(what))
    }
}

fn text(flavor: Flavor, length: Option<u32>) -> String {
    let ty = match length {
        Some(length) if length <= MAX_VARCHAR => format!("VARCHAR({length})"),
        Some(length) if length <= 65_535 / CHARACTER => "TEXT".into(),
        Some(length) if length <= 16_777_215 / CHARACTER => "MEDIUMTEXT".into(),
        _ => "LONGTEXT".into(),
    };
    format!("{ty} {}", in_characters(flavor))
}

fn bytes(length: Option<u32>) -> String {
    match length {
        Some(length) if length <= MAX_VARBINARY => format!("VARBINARY({length})"),
        Some(length) if length <= 65_535 => "BLOB".into(),
        Some(length) if length <= 16_777_215 => "MEDIUMBLOB".into(),
        _ => "LONGBLOB".into(),
    }
}

fn fraction(precision: u8) -> Result<u8, RenderError> {
    if precision <= 6 {
        Ok(precision)
    } else {
        Err(RenderError::unsupported(
            "fractions of a second finer than microseconds",
        ))
    }
}

/// A text as a literal of a session without `NO_BACKSLASH_ESCAPES`, which is what `connect.rs` sets.
pub(crate) fn quote_text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// Whether a DECIMAL holds the number: not NaN, and not more digits than there are.
pub(crate) fn fits_decimal(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    digits.starts_with(|c: char| c.is_ascii_digit())
        && fraction.len() <= MAX_SCALE
        && whole.len() + fraction.len() <= MAX_PRECISION
}

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
        "enum" => LogicalType::Enum {
            labels: labels(column.column_type),
        },
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

/// The labels in `enum('a','b''c')`: quotes inside a label are doubled, other characters stand as they are.
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
            if c != '\'' {
                label.push(c);
            } else if characters.next_if_eq(&'\'').is_some() {
                label.push('\'');
            } else {
                break;
            }
        }
        labels.push(label);
        characters.next_if_eq(&',');
    }
    labels
}

#[cfg(test)]
mod tests;
