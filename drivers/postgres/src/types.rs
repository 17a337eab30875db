//! The types to create columns of.

use quillback_plugin_api::sql::RenderError;
use quillback_plugin_api::types::LogicalType;

/// The longest text that `varchar(n)` takes.
const MAX_VARCHAR: u32 = 10_485_760;
/// Most digits of the fraction of a second.
const MAX_FRACTION: u8 = 6;

/// The type to create for a column. `varchar` without a length, `numeric` without digits: see [`bare_type`].
///
/// # Errors
/// What the database has no type for.
pub(crate) fn sql_type(ty: &LogicalType) -> Result<String, RenderError> {
    Ok(match ty {
        LogicalType::Decimal {
            precision: Some(precision),
            scale,
        } => decimal_type(*precision, scale.unwrap_or(0))?,
        LogicalType::Text {
            length: Some(length),
        } if (1..=MAX_VARCHAR).contains(length) => format!("varchar({length})"),
        LogicalType::Time { precision } => format!("time({})", fraction(*precision)?),
        LogicalType::OffsetTime { precision } => {
            format!("time({}) with time zone", fraction(*precision)?)
        }
        LogicalType::Timestamp { precision } => format!("timestamp({})", fraction(*precision)?),
        LogicalType::Instant { precision } => {
            format!("timestamp({}) with time zone", fraction(*precision)?)
        }
        LogicalType::List { element } => format!("{}[]", sql_type(element)?),
        other => bare_type(other)?,
    })
}

/// The type without its length or digits: casting to it loses nothing, so that the database itself still refuses
/// what does not fit when it puts the result into the column.
///
/// # Errors
/// What the database has no type for.
pub(crate) fn bare_type(ty: &LogicalType) -> Result<String, RenderError> {
    let text = match ty {
        LogicalType::Bool => "boolean",
        LogicalType::Int {
            bits: 8 | 16,
            unsigned: false,
        }
        | LogicalType::Int {
            bits: 8,
            unsigned: true,
        } => "smallint",
        LogicalType::Int {
            bits: 32,
            unsigned: false,
        }
        | LogicalType::Int {
            bits: 16,
            unsigned: true,
        } => "integer",
        LogicalType::Int {
            bits: 64,
            unsigned: false,
        }
        | LogicalType::Int {
            bits: 32,
            unsigned: true,
        } => "bigint",
        // There is no wider integer; twenty digits hold every unsigned one.
        LogicalType::Int {
            bits: 64,
            unsigned: true,
        } => "numeric(20,0)",
        LogicalType::Decimal { .. } => "numeric",
        LogicalType::Float { bits: 32 } => "real",
        LogicalType::Float { bits: 64 } => "double precision",
        LogicalType::Text { .. } | LogicalType::Enum { .. } => "text",
        LogicalType::Json => "jsonb",
        LogicalType::Bytes { .. } => "bytea",
        LogicalType::Uuid => "uuid",
        LogicalType::Date => "date",
        LogicalType::Time { .. } => "time",
        LogicalType::OffsetTime { .. } => "time with time zone",
        LogicalType::Timestamp { .. } => "timestamp",
        LogicalType::Instant { .. } => "timestamp with time zone",
        LogicalType::Interval => "interval",
        LogicalType::List { element } => return Ok(format!("{}[]", bare_type(element)?)),
        LogicalType::OffsetInstant { .. } => {
            return Err(RenderError::unsupported(
                "columns that remember an offset from UTC; use a moment in time, kept as UTC",
            ));
        }
        LogicalType::Int { bits, .. } | LogicalType::Float { bits } => {
            return Err(RenderError::unsupported(format!("numbers of {bits} bits")));
        }
        LogicalType::Other => {
            return Err(RenderError::unsupported(
                "columns of a type that only another has",
            ));
        }
    };
    Ok(text.to_owned())
}

fn decimal_type(precision: u32, scale: i32) -> Result<String, RenderError> {
    // A scale below zero or above the precision is allowed from version 15 on.
    if (1..=1_000).contains(&precision) && (-1_000..=1_000).contains(&scale) {
        Ok(format!("numeric({precision},{scale})"))
    } else {
        Err(RenderError::unsupported(format!(
            "numbers of {precision} digits, {scale} of them after the point"
        )))
    }
}

fn fraction(digits: u8) -> Result<u8, RenderError> {
    if digits <= MAX_FRACTION {
        Ok(digits)
    } else {
        Err(RenderError::unsupported(format!(
            "{digits} digits of a second; it keeps {MAX_FRACTION}"
        )))
    }
}
