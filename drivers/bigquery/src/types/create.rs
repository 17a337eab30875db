//! What is created for a column of a neutral type.
//!
//! <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types>

use quillback_plugin_api::sql::RenderError;
use quillback_plugin_api::types::LogicalType;

/// Digits of NUMERIC before and after the point.
pub(crate) const NUMERIC: (u32, u32) = (29, 9);
/// Digits of BIGNUMERIC before and after the point; a 39th before it is there for small numbers only.
pub(crate) const BIGNUMERIC: (u32, u32) = (38, 38);

/// The type to create for a column of type `ty`.
///
/// # Errors
/// `Unsupported` for what no column holds without loss.
pub(crate) fn to_create(ty: &LogicalType) -> Result<String, RenderError> {
    Ok(match ty {
        LogicalType::Bool => "BOOL".into(),
        LogicalType::Int {
            bits: 64,
            unsigned: true,
        } => "NUMERIC(20)".into(),
        LogicalType::Int { .. } => "INT64".into(),
        LogicalType::Decimal { precision, scale } => decimal(*precision, *scale)?,
        LogicalType::Float { .. } => "FLOAT64".into(),
        LogicalType::Text { length } => sized("STRING", *length),
        LogicalType::Json => "JSON".into(),
        LogicalType::Bytes { length } => sized("BYTES", *length),
        LogicalType::Uuid => "STRING(36)".into(),
        LogicalType::Date => "DATE".into(),
        LogicalType::Time { precision } => micros("TIME", *precision)?,
        LogicalType::Timestamp { precision } => micros("DATETIME", *precision)?,
        LogicalType::Instant { precision } => micros("TIMESTAMP", *precision)?,
        LogicalType::Enum { labels } => {
            let longest = labels.iter().map(|label| label.chars().count()).max();
            sized("STRING", longest.and_then(|most| u32::try_from(most).ok()))
        }
        LogicalType::OffsetTime { .. } => return refused("columns for times with an offset"),
        LogicalType::OffsetInstant { .. } => return refused("columns for moments with an offset"),
        LogicalType::Interval => return refused("columns for intervals that are written"),
        LogicalType::List { .. } => return refused("columns for lists that are written"),
        LogicalType::Other => return refused("columns of a type it does not know"),
    })
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

fn micros(name: &str, precision: u8) -> Result<String, RenderError> {
    if precision <= 6 {
        Ok(name.into())
    } else {
        refused("fractions of a second finer than microseconds")
    }
}

fn decimal(precision: Option<u32>, scale: Option<i32>) -> Result<String, RenderError> {
    let Some(precision) = precision else {
        return refused(
            "decimals without a limit (name a precision up to 76 and a scale up to 38)",
        );
    };
    let scale = u32::try_from(scale.unwrap_or(0)).ok();
    let whole = scale.and_then(|scale| precision.checked_sub(scale));
    let (Some(scale), Some(whole), true) = (scale, whole, precision > 0) else {
        return refused("decimals whose scale is negative or larger than their precision");
    };
    let fits = |(most_whole, most_scale)| whole <= most_whole && scale <= most_scale;
    let name = if fits(NUMERIC) {
        "NUMERIC"
    } else if fits(BIGNUMERIC) {
        "BIGNUMERIC"
    } else {
        let what = format!(
            "decimals of {precision} digits with {scale} after the point (at most 38 on each side)"
        );
        return refused(&what);
    };
    Ok(if scale == 0 {
        format!("{name}({precision})")
    } else {
        format!("{name}({precision}, {scale})")
    })
}

/// A text as a literal: <https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#string_and_bytes_literals>
pub(crate) fn quote_text(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\0' => quoted.push_str("\\000"),
            _ => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_take_the_smaller_type_that_holds_them() {
        let made = |p, s| to_create(&LogicalType::decimal(p, s));
        assert_eq!(made(38, 9).unwrap(), "NUMERIC(38, 9)");
        assert_eq!(made(10, 0).unwrap(), "NUMERIC(10)");
        assert_eq!(made(38, 10).unwrap(), "BIGNUMERIC(38, 10)");
        assert_eq!(made(30, 0).unwrap(), "BIGNUMERIC(30)");
        assert_eq!(made(76, 38).unwrap(), "BIGNUMERIC(76, 38)");
        assert!(made(77, 38).is_err() && made(39, 0).is_err() && made(5, -1).is_err());
    }

    #[test]
    fn literals_keep_quotes_backslashes_and_ends_of_lines() {
        assert_eq!(quote_text("a'b\\c\nd"), "'a\\'b\\\\c\\nd'");
        assert_eq!(quote_text("\0"), "'\\000'");
    }
}
