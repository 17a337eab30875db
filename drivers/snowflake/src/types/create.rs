//! What is created for a column of a neutral type.
//!
//! <https://docs.snowflake.com/en/sql-reference/intro-summary-data-types>

use quillback_plugin_api::sql::RenderError;
use quillback_plugin_api::types::LogicalType;

/// Digits of a number: <https://docs.snowflake.com/en/sql-reference/data-types-numeric>
pub(crate) const DIGITS: u32 = 38;

/// The type to create for a column of type `ty`.
///
/// # Errors
/// `Unsupported` for what no column holds without loss.
pub(crate) fn to_create(ty: &LogicalType) -> Result<String, RenderError> {
    if let Some((precision, scale)) = digits(ty) {
        if !(1..=DIGITS).contains(&precision) || scale > precision.min(37) {
            let what = format!(
                "decimals of {precision} digits with {scale} after the point (at most 38, and 37)"
            );
            return refused(&what);
        }
        return Ok(format!("NUMBER({precision}, {scale})"));
    }
    Ok(match ty {
        LogicalType::Bool => "BOOLEAN".into(),
        LogicalType::Int { .. } | LogicalType::Decimal { .. } => {
            return refused("decimals without a limit (name a precision up to 38)");
        }
        LogicalType::Float { .. } => "FLOAT".into(),
        LogicalType::Text { length } => sized("VARCHAR", *length),
        LogicalType::Json => "VARIANT".into(),
        LogicalType::Bytes { length } => sized("BINARY", *length),
        LogicalType::Uuid => "VARCHAR(36)".into(),
        LogicalType::Date => "DATE".into(),
        LogicalType::Time { precision } => fraction("TIME", *precision)?,
        LogicalType::Timestamp { precision } => fraction("TIMESTAMP_NTZ", *precision)?,
        LogicalType::Instant { precision } => fraction("TIMESTAMP_LTZ", *precision)?,
        LogicalType::OffsetInstant { precision } => fraction("TIMESTAMP_TZ", *precision)?,
        LogicalType::Enum { labels } => {
            let longest = labels.iter().map(|label| label.chars().count()).max();
            sized("VARCHAR", longest.and_then(|most| u32::try_from(most).ok()))
        }
        LogicalType::OffsetTime { .. } => return refused("columns for times with an offset"),
        LogicalType::Interval => return refused("columns for intervals that are written"),
        LogicalType::List { .. } => return refused("columns for lists that are written"),
        LogicalType::Other => return refused("columns of a type it does not know"),
    })
}

/// Digits, and those after the point, of what is created as a number.
pub(crate) fn digits(ty: &LogicalType) -> Option<(u32, u32)> {
    match ty {
        // One type for all widths, so that it is read as what it was made for.
        LogicalType::Int {
            bits: 64,
            unsigned: true,
        } => Some((20, 0)),
        LogicalType::Int { .. } => Some((19, 0)),
        LogicalType::Decimal {
            precision: Some(precision),
            scale,
        } => {
            // One that is negative is out of any bounds.
            let scale = u32::try_from(scale.unwrap_or(0)).unwrap_or(u32::MAX);
            Some((*precision, scale))
        }
        _ => None,
    }
}

fn refused<T>(what: &str) -> Result<T, RenderError> {
    Err(RenderError::unsupported(what))
}

fn sized(name: &str, length: Option<u32>) -> String {
    match length {
        Some(length) if length > 0 => format!("{name}({length})"),
        _ => name.into(),
    }
}

fn fraction(name: &str, precision: u8) -> Result<String, RenderError> {
    if precision <= 9 {
        Ok(format!("{name}({precision})"))
    } else {
        refused("fractions of a second finer than nanoseconds")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_38_digits_and_37_after_the_point() {
        let made = |p, s| to_create(&LogicalType::decimal(p, s));
        assert_eq!(made(38, 9).unwrap(), "NUMBER(38, 9)");
        assert_eq!(made(38, 37).unwrap(), "NUMBER(38, 37)");
        assert_eq!(to_create(&LogicalType::INT64).unwrap(), "NUMBER(19, 0)");
        assert!(
            made(39, 0).is_err()
                && made(38, 38).is_err()
                && made(5, -1).is_err()
                && made(0, 0).is_err()
        );
    }
}
