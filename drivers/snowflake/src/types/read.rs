//! Cells of results as values of the contract, without loss.
//!
//! The service writes every cell as text: <https://docs.snowflake.com/en/developer-guide/sql-api/handling-responses>

use quillback_plugin_api::civil::{Date, Timestamp};
use quillback_plugin_api::value::is_decimal;
use quillback_plugin_api::{RowBuffer, ValueRef};

use super::columns::Kind;

/// [`ValueRef::Special`] of what has no neutral type: places, vectors, maps.
pub(crate) const FOREIGN: u8 = 1;

/// Appends a cell. What cannot be read as its type stays what it is: text.
pub(crate) fn push(kind: Kind, cell: Option<&str>, out: &mut RowBuffer) {
    let Some(text) = cell else {
        return out.push(ValueRef::Null);
    };
    let value = match kind {
        Kind::Bool => match text.to_lowercase().as_str() {
            "1" | "true" => Some(ValueRef::Bool(true)),
            "0" | "false" => Some(ValueRef::Bool(false)),
            _ => None,
        },
        // A number of nineteen digits may be beyond 64 bits.
        Kind::Int => text
            .parse()
            .ok()
            .map(ValueRef::I64)
            .or_else(|| is_decimal(text).then_some(ValueRef::Decimal(text))),
        Kind::Float => float(text).map(ValueRef::F64),
        Kind::Decimal => is_decimal(text).then_some(ValueRef::Decimal(text)),
        Kind::Text => Some(ValueRef::Text(text)),
        Kind::Json => Some(ValueRef::Json(text)),
        Kind::Bytes => {
            return match bytes(text) {
                Some(bytes) => out.push(ValueRef::Bytes(&bytes)),
                None => out.push(ValueRef::Text(text)),
            };
        }
        Kind::Date => text
            .parse()
            .ok()
            .and_then(Date::from_days)
            .map(ValueRef::Date),
        Kind::Time => stamp(text)
            .and_then(|at| {
                at.seconds
                    .checked_mul(1_000_000_000)?
                    .checked_add(at.nanos.into())
            })
            .map(ValueRef::Time),
        Kind::Timestamp => stamp(text).map(ValueRef::Timestamp),
        Kind::Instant => stamp(text).map(ValueRef::Instant),
        Kind::OffsetInstant => text.split_once(' ').and_then(|(at, minutes)| {
            // Minutes from 24 hours west on.
            let minutes: i32 = minutes.parse().ok()?;
            Some(ValueRef::OffsetInstant(stamp(at)?, (minutes - 1_440) * 60))
        }),
        Kind::Other => Some(ValueRef::Special(FOREIGN, text)),
    };
    out.push(value.unwrap_or(ValueRef::Text(text)));
}

fn float(text: &str) -> Option<f64> {
    match text {
        "NaN" | "nan" => Some(f64::NAN),
        "inf" | "Infinity" => Some(f64::INFINITY),
        "-inf" | "-Infinity" => Some(f64::NEG_INFINITY),
        number => number.parse().ok(),
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits?;
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs
        .map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).ok(),
            _ => None,
        })
        .collect()
}

/// Seconds with a fraction, negative before 1970.
fn stamp(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let seconds: i64 = whole.parse().ok()?;
    let nanos: u32 = format!("{fraction:0<9}").parse().ok()?;
    if !text.starts_with('-') || nanos == 0 {
        return Some(Timestamp { seconds, nanos });
    }
    // The fraction counts backwards there, ours forwards.
    Some(Timestamp {
        seconds: seconds.checked_sub(1)?,
        nanos: 1_000_000_000 - nanos,
    })
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::Value;

    use super::*;

    fn read(kind: Kind, text: &str) -> Value {
        let mut out = RowBuffer::new(1);
        push(kind, Some(text), &mut out);
        out.first().unwrap().to_owned()
    }

    #[test]
    fn cells_keep_every_digit() {
        assert_eq!(
            read(Kind::Int, "-9223372036854775808"),
            Value::I64(i64::MIN)
        );
        assert!(matches!(
            read(Kind::Int, "9223372036854775808"),
            Value::Decimal(_)
        ));
        let before = Timestamp {
            seconds: -1,
            nanos: 999_999_999,
        };
        assert_eq!(
            read(Kind::Timestamp, "-0.000000001"),
            Value::Timestamp(before)
        );
        let before = Timestamp {
            seconds: -2,
            nanos: 500_000_000,
        };
        assert_eq!(read(Kind::Instant, "-1.500000000"), Value::Instant(before));
        let offset = Value::OffsetInstant {
            instant: Timestamp {
                seconds: 5,
                nanos: 0,
            },
            offset: -3_600,
        };
        assert_eq!(read(Kind::OffsetInstant, "5.000000000 1380"), offset);
        assert_eq!(
            read(Kind::Time, "86399.000001000"),
            Value::Time(86_399_000_001_000)
        );
        assert_eq!(
            read(Kind::Date, "-1"),
            Value::Date(Date {
                year: 1969,
                month: 12,
                day: 31
            })
        );
        assert_eq!(read(Kind::Bytes, "FF00"), Value::Bytes(vec![255, 0]));
        assert!(matches!(read(Kind::Float, "NaN"), Value::F64(n) if n.is_nan()));
    }

    #[test]
    fn what_is_not_of_its_type_stays_text() {
        for kind in [
            Kind::Bool,
            Kind::Int,
            Kind::Float,
            Kind::Decimal,
            Kind::Bytes,
            Kind::Date,
            Kind::Time,
            Kind::Timestamp,
            Kind::OffsetInstant,
        ] {
            assert_eq!(read(kind, "odd"), Value::Text("odd".into()), "{kind:?}");
        }
    }
}
