//! What is created for a column of a neutral type.
//!
//! Two types have no spelling of their own and are created in a way that [`super::columns`] recognises again: a UUID is
//! `CHAR(36)` in `ascii_bin`, a moment is a `DATETIME` with the comment `UTC`.

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
        // Unchecked text would take what is no JSON.
        LogicalType::Json => {
            let what = "JSON columns before MySQL 5.7.8 and MariaDB 10.2.7";
            return Err(RenderError::unsupported(what));
        }
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

#[cfg(test)]
mod tests;
