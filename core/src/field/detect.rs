//! Field types and column types, both ways (see the type tables of each driver's README).

use quillback_plugin_api::catalog::ColumnInfo;
use quillback_plugin_api::types::LogicalType;

use super::FieldKind;

/// Digits of a whole number that a 64-bit integer always holds.
const INTEGER_DIGITS: u32 = 18;

/// The column type that a field of a managed table is created as.
pub fn column_type(kind: &FieldKind) -> LogicalType {
    match kind {
        FieldKind::Text { length } | FieldKind::Dropdown { length } => LogicalType::text(*length),
        FieldKind::Paragraph => LogicalType::Text { length: None },
        FieldKind::Integer => LogicalType::INT64,
        FieldKind::Decimal { precision, scale } => {
            LogicalType::decimal(*precision, i32::try_from(*scale).unwrap_or(0))
        }
        FieldKind::Boolean => LogicalType::Bool,
        FieldKind::Date => LogicalType::Date,
        FieldKind::DateTime { zoned: true } => LogicalType::INSTANT,
        FieldKind::DateTime { zoned: false } => LogicalType::Timestamp { precision: 6 },
        FieldKind::Uuid => LogicalType::Uuid,
        FieldKind::Time => LogicalType::Time { precision: 6 },
        FieldKind::Float => LogicalType::Float { bits: 64 },
        FieldKind::Json => LogicalType::Json,
        FieldKind::Other => LogicalType::Other,
    }
}

/// The field type for a column of an existing table.
pub fn detect(column: &ColumnInfo) -> FieldKind {
    match &column.ty {
        LogicalType::Bool => FieldKind::Boolean,
        LogicalType::Int {
            bits: 64,
            unsigned: true,
        } => FieldKind::Decimal {
            precision: 20,
            scale: 0,
        },
        LogicalType::Int { .. } => FieldKind::Integer,
        LogicalType::Decimal {
            precision: Some(digits),
            scale: Some(0),
        } if *digits <= INTEGER_DIGITS => FieldKind::Integer,
        LogicalType::Decimal { precision, scale } => decimal(*precision, *scale),
        LogicalType::Float { .. } => FieldKind::Float,
        LogicalType::Text {
            length: Some(length),
        } => FieldKind::Text { length: *length },
        LogicalType::Text { length: None } => FieldKind::Paragraph,
        LogicalType::Enum { labels } => {
            let longest = labels
                .iter()
                .map(|label| label.chars().count())
                .max()
                .unwrap_or(0);
            FieldKind::Dropdown {
                length: u32::try_from(longest).unwrap_or(u32::MAX),
            }
        }
        LogicalType::Uuid => FieldKind::Uuid,
        LogicalType::Date => FieldKind::Date,
        LogicalType::Time { .. } => FieldKind::Time,
        LogicalType::Timestamp { .. } => FieldKind::DateTime { zoned: false },
        LogicalType::Instant { .. } | LogicalType::OffsetInstant { .. } => {
            FieldKind::DateTime { zoned: true }
        }
        LogicalType::Json => FieldKind::Json,
        LogicalType::Bytes { .. }
        | LogicalType::OffsetTime { .. }
        | LogicalType::Interval
        | LogicalType::List { .. }
        | LogicalType::Other => FieldKind::Other,
    }
}

fn decimal(precision: Option<u32>, scale: Option<i32>) -> FieldKind {
    // An unlimited number: the limits are the database's, so ours only have to be wide enough.
    let Some(precision) = precision else {
        return FieldKind::Decimal {
            precision: 1_000,
            scale: 500,
        };
    };
    FieldKind::Decimal {
        precision,
        scale: scale
            .and_then(|scale| u32::try_from(scale).ok())
            .unwrap_or(0),
    }
}
