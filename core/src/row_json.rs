//! Values as JSON: what the API, the audit trail and stored plans hold. Numbers never pass through a float.
//!
//! Whole numbers beyond 2^53 and all decimals are strings, dates and times are ISO 8601, moments end in `Z`.

mod write;

pub(crate) use write::print_object;
pub use write::{print, write, write_ref};

use std::str::FromStr;

use quillback_plugin_api::Value;
use quillback_plugin_api::civil::{Date, Timestamp};
use quillback_plugin_api::value::Decimal;
use serde_json::Value as Json;

use crate::error::Problem;
use crate::field::FieldKind;

/// Reads a value of a field's type.
///
/// # Errors
/// A problem without a path that says which form is expected.
pub fn read(json: &Json, kind: &FieldKind) -> Result<Value, Problem> {
    if json.is_null() {
        return Ok(Value::Null);
    }
    let read = match kind {
        FieldKind::Text { .. } | FieldKind::Paragraph | FieldKind::Dropdown { .. } => text(json),
        FieldKind::Integer => integer(json),
        FieldKind::Decimal { precision, scale } => return decimal(json, *precision, *scale),
        FieldKind::Boolean => json.as_bool().map(Value::Bool),
        FieldKind::Date => json.as_str().and_then(parse_date).map(Value::Date),
        FieldKind::DateTime { zoned: true } => {
            json.as_str().and_then(parse_instant).map(Value::Instant)
        }
        FieldKind::DateTime { zoned: false } => json
            .as_str()
            .and_then(parse_timestamp)
            .map(Value::Timestamp),
        FieldKind::Uuid => json
            .as_str()
            .and_then(|text| uuid::Uuid::try_parse(text).ok())
            .map(|id| Value::Uuid(*id.as_bytes())),
        FieldKind::Time => json.as_str().and_then(parse_time).map(Value::Time),
        FieldKind::Float => json.as_f64().map(Value::F64),
        FieldKind::Json => Some(Value::Json(json.to_string())),
        FieldKind::Other => None,
    };
    read.ok_or_else(|| Problem::new(String::new(), "WRONG_TYPE", expected(kind)))
}

fn expected(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Text { .. } | FieldKind::Paragraph | FieldKind::Dropdown { .. } => {
            "A text is expected."
        }
        FieldKind::Integer => {
            "A whole number of 64 bits is expected, as a number or as a string of digits."
        }
        FieldKind::Decimal { .. } => "A decimal number is expected, as a string such as \"12.50\".",
        FieldKind::Boolean => "true or false is expected.",
        FieldKind::Date => "A date is expected, such as \"2026-11-22\".",
        FieldKind::DateTime { zoned: true } => {
            "A moment is expected, such as \"2026-11-22T08:30:00Z\"."
        }
        FieldKind::DateTime { zoned: false } => {
            "A date and time is expected, such as \"2026-11-22T08:30:00\"."
        }
        FieldKind::Uuid => "A UUID is expected.",
        FieldKind::Time => "A time is expected, such as \"08:30:00\".",
        FieldKind::Float => "A number is expected.",
        FieldKind::Json => "A JSON document is expected.",
        FieldKind::Other => "Values of this type cannot be written.",
    }
}

fn text(json: &Json) -> Option<Value> {
    json.as_str().map(Value::from)
}

fn integer(json: &Json) -> Option<Value> {
    match json {
        Json::Number(number) => number.as_i64().map(Value::I64),
        Json::String(digits) => digits.parse().ok().map(Value::I64),
        _ => None,
    }
}

fn decimal(json: &Json, precision: u32, scale: u32) -> Result<Value, Problem> {
    let wrong = || {
        Problem::new(
            String::new(),
            "WRONG_TYPE",
            expected(&FieldKind::Decimal { precision, scale }),
        )
    };
    let text = match json {
        // A JSON number that is a whole number is exact; one with a fraction may have been rounded on its way here.
        Json::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        Json::String(text) => text.clone(),
        _ => return Err(wrong()),
    };
    let number = Decimal::new(text).map_err(|_| wrong())?;
    let digits = number.as_str().trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(wrong());
    }
    let whole = whole.trim_start_matches('0').len();
    if fraction.trim_end_matches('0').len() > scale as usize
        || whole > (precision.saturating_sub(scale)) as usize
    {
        let message = format!(
            "The number does not fit: at most {} digits before the point and {scale} after it.",
            precision.saturating_sub(scale)
        );
        return Err(Problem::new(String::new(), "OUT_OF_RANGE", message));
    }
    Ok(Value::Decimal(number))
}

fn parse_date(text: &str) -> Option<Date> {
    civil_date(jiff::civil::Date::from_str(text).ok()?)
}

fn civil_date(date: jiff::civil::Date) -> Option<Date> {
    let part = |part: i8| u8::try_from(part).ok();
    Some(Date {
        year: date.year().into(),
        month: part(date.month())?,
        day: part(date.day())?,
    })
}

fn parse_time(text: &str) -> Option<i64> {
    let time = jiff::civil::Time::from_str(text).ok()?;
    let seconds =
        i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    Some(seconds * 1_000_000_000 + i64::from(time.subsec_nanosecond()))
}

/// Reads a moment with an offset or `Z`.
pub fn parse_instant(text: &str) -> Option<Timestamp> {
    let instant = jiff::Timestamp::from_str(text).ok()?;
    let nanos = instant.subsec_nanosecond();
    let (seconds, nanos) = if nanos < 0 {
        (instant.as_second() - 1, nanos + 1_000_000_000)
    } else {
        (instant.as_second(), nanos)
    };
    Some(Timestamp {
        seconds,
        nanos: u32::try_from(nanos).ok()?,
    })
}

fn parse_timestamp(text: &str) -> Option<Timestamp> {
    // A zone would be dropped silently: refuse it instead.
    if text.ends_with(['Z', 'z']) || text.get(10..).is_some_and(|time| time.contains(['+', '-'])) {
        return None;
    }
    let stamp = jiff::civil::DateTime::from_str(text).ok()?;
    let date = civil_date(stamp.date())?;
    let time = stamp.time();
    let seconds =
        i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    Some(Timestamp::from_parts(
        date,
        seconds * 1_000_000_000 + i64::from(time.subsec_nanosecond()),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "reads better where it is called"
    )]
    fn round_trip(kind: &FieldKind, given: Json) {
        let value = read(&given, kind).unwrap();
        assert_eq!(write(&value), given);
    }

    #[test]
    fn values_come_back_as_they_were_sent() {
        round_trip(&FieldKind::Integer, json!(9_007_199_254_740_991_i64));
        round_trip(&FieldKind::Integer, json!("9007199254740992"));
        round_trip(
            &FieldKind::Decimal {
                precision: 38,
                scale: 4,
            },
            json!("-12345678901234567890.1000"),
        );
        round_trip(&FieldKind::Date, json!("0001-01-01"));
        round_trip(
            &FieldKind::DateTime { zoned: true },
            json!("1969-12-31T23:59:59.999999Z"),
        );
        round_trip(
            &FieldKind::DateTime { zoned: false },
            json!("9999-12-31T23:59:59.9999999"),
        );
        round_trip(&FieldKind::Time, json!("23:59:59.5"));
        round_trip(
            &FieldKind::Uuid,
            json!("0190a4c8-0000-7000-8000-00000000abcd"),
        );
        round_trip(&FieldKind::Float, json!(0.1));
        round_trip(&FieldKind::Paragraph, json!("é🚀"));
    }

    #[test]
    fn values_that_would_be_changed_are_refused() {
        let money = FieldKind::Decimal {
            precision: 5,
            scale: 2,
        };
        for (kind, wrong, code) in [
            (&FieldKind::Integer, json!(1.5), "WRONG_TYPE"),
            (
                &FieldKind::Integer,
                json!("9223372036854775808"),
                "WRONG_TYPE",
            ),
            (&money, json!(1.5), "WRONG_TYPE"),
            (&money, json!("1e3"), "WRONG_TYPE"),
            (&money, json!("NaN"), "WRONG_TYPE"),
            (&money, json!("1.005"), "OUT_OF_RANGE"),
            (&money, json!("1000"), "OUT_OF_RANGE"),
            (&FieldKind::Date, json!("2026-02-29"), "WRONG_TYPE"),
            (
                &FieldKind::DateTime { zoned: false },
                json!("2026-01-01T00:00:00Z"),
                "WRONG_TYPE",
            ),
            (
                &FieldKind::DateTime { zoned: false },
                json!("2026-01-01T00:00:00+02:00"),
                "WRONG_TYPE",
            ),
            (
                &FieldKind::DateTime { zoned: true },
                json!("2026-01-01T00:00:00"),
                "WRONG_TYPE",
            ),
            (&FieldKind::Boolean, json!("true"), "WRONG_TYPE"),
            (&FieldKind::Other, json!("x"), "WRONG_TYPE"),
        ] {
            assert_eq!(read(&wrong, kind).unwrap_err().code, code, "{wrong}");
        }
    }
}
