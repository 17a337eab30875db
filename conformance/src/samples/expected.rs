//! How a value comes back from a column, given the type that the database says the column has.

use std::fmt::Write;

use quillback_plugin_api::Value;
use quillback_plugin_api::civil::TimeOfDay;
use quillback_plugin_api::types::LogicalType;

/// Whether a column that was asked for as `wanted` and became `got` holds all values without loss.
pub(crate) fn widens(wanted: &LogicalType, got: &LogicalType) -> bool {
    use LogicalType as T;
    if wanted == got {
        return true;
    }
    match (wanted, got) {
        (T::Bool, T::Int { .. })
        | (T::Uuid, T::Text { .. } | T::Bytes { .. })
        | (
            T::Json | T::Interval | T::Enum { .. } | T::OffsetTime { .. } | T::OffsetInstant { .. },
            T::Text { .. },
        )
        | (T::List { .. }, T::Json | T::Text { .. }) => true,
        (
            T::Int { bits, unsigned },
            T::Int {
                bits: more,
                unsigned: free,
            },
        ) => (unsigned == free && more >= bits) || (*unsigned && !free && more > bits),
        (
            T::Int {
                bits: 64,
                unsigned: true,
            },
            T::Decimal { precision, .. },
        ) => precision.is_none_or(|digits| digits >= 20),
        (
            T::Decimal { precision, scale },
            T::Decimal {
                precision: more,
                scale: finer,
            },
        ) => {
            let whole = |p: &Option<u32>, s: &Option<i32>| {
                p.map(|p| i64::from(p) - i64::from(s.unwrap_or(0)))
            };
            let fits = match (whole(precision, scale), whole(more, finer)) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(wanted), Some(got)) => got >= wanted,
            };
            fits && (more.is_none() || finer.unwrap_or(0) >= scale.unwrap_or(0))
        }
        (T::Float { bits }, T::Float { bits: more }) => more >= bits,
        (T::Text { length }, T::Text { length: longer })
        | (T::Bytes { length }, T::Bytes { length: longer }) => match (length, longer) {
            (_, None) => true,
            (Some(wanted), Some(got)) => got >= wanted,
            (None, Some(got)) => *got >= 16_000_000,
        },
        (T::Time { precision }, T::Time { precision: finer })
        | (T::OffsetTime { precision }, T::OffsetTime { precision: finer })
        | (T::Timestamp { precision }, T::Timestamp { precision: finer })
        | (
            T::Instant { precision },
            T::Instant { precision: finer }
            | T::OffsetInstant { precision: finer }
            | T::Timestamp { precision: finer },
        )
        | (T::OffsetInstant { precision }, T::OffsetInstant { precision: finer }) => {
            finer >= precision
        }
        _ => false,
    }
}

/// What reading `value` from a column of type `ty` must answer.
pub(crate) fn as_read(value: &Value, ty: &LogicalType) -> Value {
    use LogicalType as T;
    match (value, ty) {
        (Value::Bool(flag), T::Int { .. }) => Value::I64((*flag).into()),
        (Value::Uuid(uuid), T::Text { .. }) => Value::Text(hyphenated(uuid)),
        (Value::Uuid(uuid), T::Bytes { .. }) => Value::Bytes(uuid.to_vec()),
        (Value::Json(json), T::Text { .. }) => Value::Text(json.clone()),
        (Value::Instant(stamp), T::Timestamp { .. }) => Value::Timestamp(*stamp),
        (Value::Instant(stamp), T::OffsetInstant { .. }) => Value::OffsetInstant {
            instant: *stamp,
            offset: 0,
        },
        (Value::Date(date), T::Text { .. }) => Value::Text(date.to_string()),
        (Value::Time(nanos), T::Text { .. }) => Value::Text(TimeOfDay(*nanos).to_string()),
        (Value::F32(number), T::Float { bits: 64 }) => Value::F64((*number).into()),
        _ => value.clone(),
    }
}

fn hyphenated(uuid: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (position, byte) in uuid.iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Whether both are whole numbers and equal, whatever their tags.
pub(crate) fn is_same_number(one: &Value, other: &Value) -> bool {
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::I64(number) => Some((*number).into()),
        Value::U64(number) => Some((*number).into()),
        Value::Decimal(number) => number.as_str().parse().ok(),
        _ => None,
    }
}

/// Whether both are JSON documents with the same content.
pub(crate) fn is_same_json(one: &Value, other: &Value) -> bool {
    let parse = |value: &Value| match value {
        Value::Json(text) | Value::Text(text) => {
            serde_json::from_str::<serde_json::Value>(text).ok()
        }
        _ => None,
    };
    matches!((parse(one), parse(other)), (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_column_holds_a_narrower_type_and_not_the_other_way_round() {
        let int = |bits, unsigned| LogicalType::Int { bits, unsigned };
        assert!(widens(&int(8, false), &int(16, false)));
        assert!(widens(&int(32, true), &int(64, false)));
        assert!(!widens(&int(32, true), &int(32, false)));
        assert!(!widens(&int(64, false), &int(32, false)));
        assert!(widens(
            &LogicalType::decimal(10, 2),
            &LogicalType::decimal(38, 10)
        ));
        assert!(!widens(
            &LogicalType::decimal(10, 2),
            &LogicalType::decimal(10, 4)
        ));
        assert!(!widens(
            &LogicalType::decimal(10, 2),
            &LogicalType::Float { bits: 64 }
        ));
        assert!(!widens(&LogicalType::text(10), &LogicalType::text(9)));
    }

    #[test]
    fn uuids_print_with_hyphens() {
        assert_eq!(
            hyphenated(&[0xab; 16]),
            "abababab-abab-abab-abab-abababababab"
        );
    }
}
