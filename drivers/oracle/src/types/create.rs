//! What is created for a column of a neutral type.

use quillback_plugin_api::sql::RenderError;
use quillback_plugin_api::types::LogicalType;

/// Characters that a VARCHAR2 holds on every server: 4,000 bytes, four for each.
const MAX_VARCHAR: u32 = 1_000;
/// Bytes that a RAW holds on every server.
const MAX_RAW: u32 = 2_000;

/// The type to create for a column of type `ty`.
///
/// # Errors
/// `Unsupported` for what no column holds without loss.
pub(crate) fn to_create(ty: &LogicalType) -> Result<String, RenderError> {
    let unsupported = |what: &str| Err(RenderError::unsupported(what));
    Ok(match ty {
        LogicalType::Bool => "NUMBER(1)".into(),
        LogicalType::Int { bits, unsigned } => match (bits, unsigned) {
            (8, _) => "NUMBER(3)".into(),
            (16, _) => "NUMBER(5)".into(),
            (32, _) => "NUMBER(10)".into(),
            (64, false) => "NUMBER(19)".into(),
            (64, true) => "NUMBER(20)".into(),
            _ => return unsupported("integers of other than 8, 16, 32 or 64 bits"),
        },
        LogicalType::Decimal {
            precision: None, ..
        } => "NUMBER".into(),
        LogicalType::Decimal {
            precision: Some(precision),
            scale,
        } => {
            let scale = scale.unwrap_or(0);
            if !(1..=38).contains(precision) || !(-84..=127).contains(&scale) {
                return unsupported("decimals of more than 38 digits");
            }
            format!("NUMBER({precision},{scale})")
        }
        LogicalType::Float { bits: 32 } => "BINARY_FLOAT".into(),
        LogicalType::Float { .. } => "BINARY_DOUBLE".into(),
        LogicalType::Text {
            length: Some(length),
        } if (1..=MAX_VARCHAR).contains(length) => format!("VARCHAR2({length} CHAR)"),
        LogicalType::Text { .. } => "CLOB".into(),
        LogicalType::Bytes {
            length: Some(length),
        } if (1..=MAX_RAW).contains(length) => format!("RAW({length})"),
        LogicalType::Bytes { .. } => "BLOB".into(),
        LogicalType::Uuid => "RAW(16)".into(),
        LogicalType::Date => "DATE".into(),
        LogicalType::Timestamp { precision } => format!("TIMESTAMP({})", fraction(*precision)?),
        LogicalType::Instant { precision } => {
            format!("TIMESTAMP({}) WITH TIME ZONE", fraction(*precision)?)
        }
        LogicalType::Json => return unsupported("JSON columns (a large text holds them)"),
        LogicalType::Time { .. } | LogicalType::OffsetTime { .. } => {
            return unsupported("columns for times of day");
        }
        LogicalType::OffsetInstant { .. } => {
            return unsupported("columns for moments with an offset");
        }
        LogicalType::Interval => return unsupported("columns for intervals"),
        LogicalType::Enum { .. } => return unsupported("enumerations"),
        LogicalType::List { .. } => return unsupported("columns for lists"),
        LogicalType::Other => return unsupported("columns of a type it does not know"),
    })
}

fn fraction(precision: u8) -> Result<u8, RenderError> {
    if precision <= 9 {
        Ok(precision)
    } else {
        Err(RenderError::unsupported(
            "fractions of a second finer than nanoseconds",
        ))
    }
}
