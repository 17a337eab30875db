//! Whether a value is one of its column: databases differ in what they round, cut or keep as it is, so it is looked at
//! before anything is sent.

use quillback_plugin_api::DriverError;
use quillback_plugin_api::Value;
use quillback_plugin_api::types::LogicalType as T;
use serde::de::IgnoredAny;

use crate::types::bind::refused;
use crate::types::read;

const DAY: i64 = 86_400_000_000_000;

/// Checks a value that is to be stored in a column of type `ty`.
///
/// # Errors
/// `InvalidData`, without the value.
pub(crate) fn check(value: &Value, ty: &T) -> Result<(), DriverError> {
    if value.is_null() {
        return Ok(());
    }
    let (fits, why) = match ty {
        T::Bool => (
            matches!(value, Value::Bool(_) | Value::I64(0 | 1)),
            "the column holds truth values",
        ),
        T::Int { bits, unsigned } => (
            is_whole(value, *bits, *unsigned),
            "the column holds whole numbers of its width",
        ),
        T::Decimal { precision, scale } => (
            is_exact(value, *precision, *scale),
            "the column holds exact numbers of so many digits",
        ),
        T::Float { bits } => (
            is_float(value, *bits),
            "the column holds floats of its width",
        ),
        T::Text { length } => (
            is_text(value, *length),
            "the column holds texts of its length",
        ),
        T::Json => (is_json(value), "the column holds JSON documents"),
        T::Bytes { length } => (
            is_bytes(value, *length),
            "the column holds bytes of its length",
        ),
        T::Uuid => (is_uuid(value), "the column holds UUIDs"),
        T::Date => (
            matches!(value, Value::Date(date) if date.is_valid()),
            "the column holds days of the calendar",
        ),
        T::Time { precision } => (
            matches!(value, Value::Time(nanos) if (0..DAY).contains(nanos) && is_as_fine(*nanos, *precision)),
            "the column holds times of a day of its precision",
        ),
        T::Timestamp { precision } => (
            matches!(value, Value::Timestamp(stamp) | Value::Instant(stamp)
                if is_as_fine(stamp.nanos.into(), *precision)),
            "the column holds civil times of its precision",
        ),
        T::Instant { precision } => (
            matches!(value, Value::Instant(stamp)
                | Value::OffsetInstant { instant: stamp, .. }
                | Value::ZonedInstant { instant: stamp, .. } if is_as_fine(stamp.nanos.into(), *precision)),
            "the column holds moments of its precision",
        ),
        T::OffsetTime { .. }
        | T::OffsetInstant { .. }
        | T::Interval
        | T::Enum { .. }
        | T::List { .. }
        | T::Other => (true, ""),
    };
    if fits { Ok(()) } else { Err(refused(why)) }
}

fn is_whole(value: &Value, bits: u8, unsigned: bool) -> bool {
    let number: i128 = match value {
        Value::Bool(flag) => (*flag).into(),
        Value::I64(number) => (*number).into(),
        Value::U64(number) => (*number).into(),
        Value::Decimal(number) => match number.as_str().parse() {
            Ok(number) => number,
            Err(_) => return false,
        },
        _ => return false,
    };
    let bits = u32::from(bits.min(64));
    if unsigned {
        (0..1_i128 << bits).contains(&number)
    } else {
        let half = 1_i128 << (bits.max(1) - 1);
        (-half..half).contains(&number)
    }
}

fn is_exact(value: &Value, precision: Option<u32>, scale: Option<i32>) -> bool {
    let text = match value {
        Value::I64(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        Value::Decimal(number) if number.is_finite() => number.as_str().to_owned(),
        _ => return false,
    };
    let Some(precision) = precision else {
        return true;
    };
    let unsigned = text.trim_start_matches('-');
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let (whole, fraction) = (
        whole.trim_start_matches('0').len(),
        fraction.trim_end_matches('0').len(),
    );
    let scale = i64::from(scale.unwrap_or(0));
    let room = i64::from(precision) - scale;
    i64::try_from(whole).is_ok_and(|whole| whole <= room.max(0))
        && i64::try_from(fraction).is_ok_and(|fraction| fraction <= scale)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a float that is cut to 32 bits is only looked at"
)]
fn is_float(value: &Value, bits: u8) -> bool {
    match value {
        Value::F64(number) if bits == 32 => !number.is_finite() || (*number as f32).is_finite(),
        Value::F64(_) | Value::F32(_) | Value::I64(_) | Value::U64(_) => true,
        Value::Decimal(number) => number.is_finite(),
        _ => false,
    }
}

fn is_text(value: &Value, length: Option<u32>) -> bool {
    match value {
        Value::Text(text) | Value::Json(text) => {
            !text.contains('\0') && length.is_none_or(|most| text.chars().count() <= most as usize)
        }
        Value::Uuid(_) => length.is_none_or(|most| most >= 36),
        Value::Date(_)
        | Value::Time(_)
        | Value::Timestamp(_)
        | Value::Instant(_)
        | Value::I64(_)
        | Value::U64(_)
        | Value::Decimal(_) => true,
        _ => false,
    }
}

fn is_json(value: &Value) -> bool {
    match value {
        Value::Json(text) | Value::Text(text) => serde_json::from_str::<IgnoredAny>(text).is_ok(),
        _ => false,
    }
}

fn is_uuid(value: &Value) -> bool {
    match value {
        Value::Uuid(_) => true,
        Value::Text(text) => read::uuid(text).is_some(),
        _ => false,
    }
}

fn is_bytes(value: &Value, length: Option<u32>) -> bool {
    match value {
        Value::Bytes(bytes) => length.is_none_or(|most| bytes.len() <= most as usize),
        _ => false,
    }
}

/// Whether nothing is lost when so many digits of a second are kept.
fn is_as_fine(nanos: i64, digits: u8) -> bool {
    let unit = 10_i64.pow(9 - u32::from(digits.min(9)));
    nanos % unit == 0
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::value::Decimal;

    use super::*;

    fn fits(value: impl Into<Value>, ty: &T) -> bool {
        check(&value.into(), ty).is_ok()
    }

    fn decimal(text: &str) -> Value {
        Value::Decimal(Decimal::new(text).unwrap())
    }

    #[test]
    fn numbers_neither_overflow_nor_round() {
        let small = T::Int {
            bits: 8,
            unsigned: false,
        };
        assert!(fits(-128, &small) && fits(127, &small) && !fits(128, &small));
        assert!(!fits(decimal("1.5"), &small) && !fits("12", &small));
        let large = T::Int {
            bits: 64,
            unsigned: true,
        };
        assert!(fits(Value::U64(u64::MAX), &large) && !fits(-1, &large));
        let price = T::decimal(4, 2);
        assert!(fits(decimal("99.990"), &price) && !fits(decimal("99.999"), &price));
        assert!(!fits(100, &price) && !fits(decimal("NaN"), &price));
        let fraction = T::decimal(2, 2);
        assert!(fits(decimal("-0.99"), &fraction) && !fits(1, &fraction));
    }

    #[test]
    fn floats_texts_and_bytes_keep_to_their_width() {
        assert!(!fits(1e300, &T::Float { bits: 32 }) && fits(0.1, &T::Float { bits: 32 }));
        assert!(fits(f64::NAN, &T::Float { bits: 64 }));
        assert!(fits("🚀🚀", &T::text(2)) && !fits("abc", &T::text(2)) && !fits("\0", &T::text(2)));
        assert!(!fits(
            Value::Bytes(vec![0; 3]),
            &T::Bytes { length: Some(2) }
        ));
        assert!(
            fits(Value::Json("[1]".into()), &T::Json)
                && !fits(Value::Json("[1,]".into()), &T::Json)
        );
    }

    #[test]
    fn times_are_as_fine_as_their_column() {
        let millis = T::Time { precision: 3 };
        assert!(fits(Value::Time(1_000_000), &millis) && !fits(Value::Time(1_000), &millis));
        assert!(!fits(Value::Time(DAY), &millis) && !fits(Value::Time(-1_000_000), &millis));
    }
}
