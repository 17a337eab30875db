//! Values as the text that the database's own input functions read.

use std::borrow::Cow;
use std::fmt::Write as _;

use quillback_plugin_api::Value;
use quillback_plugin_api::civil::{Date, TimeOfDay, Timestamp};
use quillback_plugin_api::value::uuid_text;

use super::fit::{EPOCH_DAYS, EPOCH_SECONDS, Form, Slot, Unfit, fit, float_text};
use super::oid;

/// The text of a value in a text column, if the value has one; bytes and lists have not.
pub(crate) fn plain(value: &Value) -> Option<Cow<'_, str>> {
    Some(match value {
        Value::Text(text) | Value::Json(text) | Value::Special { text, .. } => text.into(),
        Value::Decimal(number) => number.as_str().into(),
        Value::Bool(flag) => if *flag { "true" } else { "false" }.into(),
        Value::I64(number) => number.to_string().into(),
        Value::U64(number) => number.to_string().into(),
        Value::F64(number) => float_text(&number.to_string()),
        Value::F32(number) => float_text(&number.to_string()),
        Value::Uuid(uuid) => uuid_text(uuid).into(),
        Value::Date(date) => date.to_string().into(),
        Value::Time(nanos) => TimeOfDay(*nanos).to_string().into(),
        Value::Timestamp(stamp) => stamp.to_string().into(),
        Value::Instant(instant) => format!("{instant}Z").into(),
        _ => return None,
    })
}

/// The text of a value for a type that is not known here; `separator` stands between the elements of a list.
pub(crate) fn of(value: &Value, separator: char) -> Result<Cow<'_, str>, Unfit> {
    match value {
        Value::List(items) => {
            let mut out = String::new();
            put_list(items, separator, &mut out)?;
            Ok(out.into())
        }
        Value::Struct(fields) => {
            let mut out = String::new();
            put_record(fields, &mut out)?;
            Ok(out.into())
        }
        _ => Ok(of_form(&fit(value, Slot::of(natural(value)), 2)?)),
    }
}

/// The type that holds a value as it is.
fn natural(value: &Value) -> u32 {
    match value {
        Value::Bool(_) => oid::BOOL,
        Value::I64(_) => oid::INT8,
        Value::F64(_) => oid::FLOAT8,
        Value::F32(_) => oid::FLOAT4,
        Value::U64(_) | Value::Decimal(_) => oid::NUMERIC,
        Value::Json(_) => oid::JSON,
        Value::Bytes(_) => oid::BYTEA,
        Value::Uuid(_) => oid::UUID,
        Value::Date(_) => oid::DATE,
        Value::Time(_) => oid::TIME,
        Value::OffsetTime { .. } => oid::TIMETZ,
        Value::Timestamp(_) => oid::TIMESTAMP,
        Value::Instant(_) | Value::OffsetInstant { .. } | Value::ZonedInstant { .. } => {
            oid::TIMESTAMPTZ
        }
        Value::Interval(_) => oid::INTERVAL,
        _ => oid::TEXT,
    }
}

/// The text of a fitted value; NULL has none and reads as an empty text.
pub(crate) fn of_form<'v>(form: &Form<'v>) -> Cow<'v, str> {
    match form {
        Form::Null => "".into(),
        Form::Bool(flag) => if *flag { "t" } else { "f" }.into(),
        Form::I16(number) => number.to_string().into(),
        Form::I32(number) => number.to_string().into(),
        Form::U32(number) => number.to_string().into(),
        Form::I64(number) => number.to_string().into(),
        Form::F32(number) => float_text(&number.to_string()),
        Form::F64(number) => float_text(&number.to_string()),
        Form::Numeric(text) | Form::Text(text) | Form::Jsonb(text) | Form::Literal(text) => {
            text.clone()
        }
        Form::Money(units, scale) => money(*units, *scale).into(),
        Form::Bytes(bytes) => hex(bytes).into(),
        Form::Uuid(uuid) => uuid_text(uuid).into(),
        Form::Date(days) => date(*days).into(),
        Form::Time(micros) => TimeOfDay(micros.saturating_mul(1_000)).to_string().into(),
        Form::TimeTz(micros, offset) => time_with_zone(*micros, *offset).into(),
        Form::Timestamp(micros) => timestamp(*micros).into(),
        Form::Interval(micros, days, months) => {
            format!("{months} mons {days} days {}", interval_time(*micros)).into()
        }
    }
}

fn put_list(items: &[Value], separator: char, out: &mut String) -> Result<(), Unfit> {
    out.push('{');
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            out.push(separator);
        }
        match item {
            Value::Null => out.push_str("NULL"),
            Value::List(items) => put_list(items, separator, out)?,
            item => put_quoted(&of(item, ',')?, out),
        }
    }
    out.push('}');
    Ok(())
}

fn put_record(fields: &[Value], out: &mut String) -> Result<(), Unfit> {
    out.push('(');
    for (position, field) in fields.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        if !field.is_null() {
            put_quoted(&of(field, ',')?, out);
        }
    }
    out.push(')');
    Ok(())
}

fn put_quoted(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}

fn hex(bytes: &[u8]) -> String {
    format!("\\x{}", digits(bytes))
}

/// Bytes as pairs of hexadecimal digits.
pub(super) fn digits(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

pub(super) fn money(units: i64, scale: u8) -> String {
    let scale = usize::from(scale);
    let sign = if units < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let point = if scale > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

/// A date with the era where the year asks for it.
fn civil(date: Date, time: &str) -> String {
    let Date { year, month, day } = date;
    if year > 0 {
        format!("{year:04}-{month:02}-{day:02}{time}")
    } else {
        let year = 1 - i64::from(year);
        format!("{year:04}-{month:02}-{day:02}{time} BC")
    }
}

fn date(days: i32) -> String {
    Date::from_days(i64::from(days) + EPOCH_DAYS).map_or_else(String::new, |date| civil(date, ""))
}

fn timestamp(micros: i64) -> String {
    let since_2000 = Timestamp::from_micros(micros);
    let stamp = Timestamp {
        seconds: since_2000.seconds.saturating_add(EPOCH_SECONDS),
        ..since_2000
    };
    stamp.to_parts().map_or_else(String::new, |(date, nanos)| {
        civil(date, &format!(" {}", TimeOfDay(nanos)))
    })
}

fn time_with_zone(micros: i64, offset: i32) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let seconds = offset.unsigned_abs();
    format!(
        "{}{sign}{:02}:{:02}:{:02}",
        TimeOfDay(micros.saturating_mul(1_000)),
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

fn interval_time(micros: i64) -> String {
    let total = micros.unsigned_abs();
    let sign = if micros < 0 { "-" } else { "" };
    let (seconds, fraction) = (total / 1_000_000, total % 1_000_000);
    format!(
        "{sign}{:02}:{:02}:{:02}.{fraction:06}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}
