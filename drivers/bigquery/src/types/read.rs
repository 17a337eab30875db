//! Cells of results as values of the contract, without loss.
//!
//! The service writes every cell as text, whatever its type:
//! <https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/getQueryResults>

use base64ct::{Base64, Encoding as _};
use quillback_plugin_api::civil::{Date, Timestamp};
use quillback_plugin_api::value::is_decimal;
use quillback_plugin_api::{RowBuffer, ValueRef};
use serde_json::Value as Json;

use super::columns::Kind;

/// [`ValueRef::Special`] of what has no neutral type: lists, structs, ranges, intervals and places.
pub(crate) const FOREIGN: u8 = 1;

/// Appends a cell as it stands in an answer.
pub(crate) fn push(kind: Kind, cell: &Json, out: &mut RowBuffer) {
    match cell {
        Json::Null => out.push(ValueRef::Null),
        Json::String(text) => push_text(kind, text, out),
        other => out.push(ValueRef::Special(FOREIGN, &other.to_string())),
    }
}

/// Appends a cell that is not NULL. What cannot be read as its type stays what it is: text.
fn push_text(kind: Kind, text: &str, out: &mut RowBuffer) {
    let value = match kind {
        Kind::Bool => match text {
            "true" => Some(ValueRef::Bool(true)),
            "false" => Some(ValueRef::Bool(false)),
            _ => None,
        },
        Kind::Int => text.parse().ok().map(ValueRef::I64),
        Kind::Float => float(text).map(ValueRef::F64),
        Kind::Decimal => is_decimal(text).then_some(ValueRef::Decimal(text)),
        Kind::Text => Some(ValueRef::Text(text)),
        Kind::Json => Some(ValueRef::Json(text)),
        Kind::Bytes => {
            return match Base64::decode_vec(text) {
                Ok(bytes) => out.push(ValueRef::Bytes(&bytes)),
                Err(_) => out.push(ValueRef::Text(text)),
            };
        }
        Kind::Date => date(text).map(ValueRef::Date),
        Kind::Time => time(text).map(ValueRef::Time),
        Kind::Timestamp => stamp(text).map(ValueRef::Timestamp),
        Kind::Instant => text
            .parse()
            .ok()
            .map(|micros| ValueRef::Instant(Timestamp::from_micros(micros))),
        Kind::Other => Some(ValueRef::Special(FOREIGN, text)),
    };
    out.push(value.unwrap_or(ValueRef::Text(text)));
}

fn float(text: &str) -> Option<f64> {
    match text {
        "NaN" | "nan" => Some(f64::NAN),
        "Infinity" | "inf" | "+inf" => Some(f64::INFINITY),
        "-Infinity" | "-inf" => Some(f64::NEG_INFINITY),
        number => number.parse().ok(),
    }
}

fn date(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let date = Date {
        year: parts.next()?.parse().ok()?,
        month: parts.next()?.parse().ok()?,
        day: parts.next()?.parse().ok()?,
    };
    date.is_valid().then_some(date)
}

/// Nanoseconds since midnight.
fn time(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.splitn(3, ':').map(str::parse::<i64>);
    let mut next = || parts.next()?.ok();
    let seconds = next()? * 3_600 + next()? * 60 + next()?;
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos: i64 = format!("{fraction:0<9}").parse().ok()?;
    Some(seconds * 1_000_000_000 + nanos)
}

fn stamp(text: &str) -> Option<Timestamp> {
    let (day, clock) = text.split_once(['T', ' '])?;
    Some(Timestamp::from_parts(date(day)?, time(clock)?))
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::Value;

    use super::*;

    fn read(kind: Kind, text: &str) -> Value {
        let mut out = RowBuffer::new(1);
        push(kind, &Json::String(text.into()), &mut out);
        out.first().unwrap().to_owned()
    }

    #[test]
    fn cells_keep_every_digit() {
        assert_eq!(
            read(Kind::Int, "-9223372036854775808"),
            Value::I64(i64::MIN)
        );
        assert_eq!(
            read(Kind::Instant, "-1"),
            Value::Instant(Timestamp::from_micros(-1))
        );
        assert_eq!(
            read(Kind::Time, "23:59:59.000001"),
            Value::Time(86_399_000_001_000)
        );
        let stamp = Timestamp::from_micros(1_709_210_096_123_456);
        assert_eq!(
            read(Kind::Timestamp, "2024-02-29T12:34:56.123456"),
            Value::Timestamp(stamp)
        );
        assert_eq!(read(Kind::Bytes, "/w=="), Value::Bytes(vec![255]));
        assert!(matches!(read(Kind::Float, "NaN"), Value::F64(n) if n.is_nan()));
    }

    #[test]
    fn what_is_not_of_its_type_stays_text() {
        for kind in [
            Kind::Bool,
            Kind::Int,
            Kind::Float,
            Kind::Decimal,
            Kind::Date,
            Kind::Time,
        ] {
            assert_eq!(read(kind, "odd"), Value::Text("odd".into()), "{kind:?}");
        }
    }
}
