//! Values on their way into and out of the engine.

use quillback_plugin_api::civil::{Interval, TimeOfDay};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::value::is_decimal;
use quillback_plugin_api::{Category, DriverError, RowBuffer, ValueRef};
use rusqlite::types as engine;
use rusqlite::types::ToSqlOutput;

use crate::calendar;
use crate::decimal;
use crate::types;

/// The form in which the engine takes a value.
///
/// # Errors
/// `InvalidData` for what has no form here: NaN, which the engine would store as NULL, and arrays.
pub(crate) fn bind(value: ValueRef<'_>) -> Result<ToSqlOutput<'_>, DriverError> {
    let text = |text: &str| ToSqlOutput::Owned(engine::Value::Text(text.to_owned()));
    let printed = |text: String| ToSqlOutput::Owned(engine::Value::Text(text));
    let borrowed = ToSqlOutput::Borrowed;
    Ok(match value {
        ValueRef::Null => borrowed(engine::ValueRef::Null),
        ValueRef::Bool(flag) => borrowed(engine::ValueRef::Integer(flag.into())),
        ValueRef::I64(number) => borrowed(engine::ValueRef::Integer(number)),
        ValueRef::U64(number) => match i64::try_from(number) {
            Ok(number) => borrowed(engine::ValueRef::Integer(number)),
            Err(_) => printed(number.to_string()),
        },
        ValueRef::F64(number) => real(number)?,
        ValueRef::F32(number) => real(number.into())?,
        ValueRef::Decimal(inner)
        | ValueRef::Text(inner)
        | ValueRef::Json(inner)
        | ValueRef::Special(_, inner) => borrowed(engine::ValueRef::Text(inner.as_bytes())),
        ValueRef::Bytes(bytes) => borrowed(engine::ValueRef::Blob(bytes)),
        ValueRef::Uuid(uuid) => text(print_uuid(&uuid, &mut [0; 36])),
        ValueRef::Date(date) => printed(date.to_string()),
        ValueRef::Time(nanos) => printed(TimeOfDay(nanos).to_string()),
        ValueRef::OffsetTime(nanos, offset) => printed(format!(
            "{}{}",
            TimeOfDay(nanos),
            calendar::print_offset(offset)
        )),
        ValueRef::Timestamp(stamp) | ValueRef::Instant(stamp) => {
            printed(calendar::print_stamp(stamp))
        }
        ValueRef::OffsetInstant(instant, offset) => {
            printed(calendar::print_offset_stamp(instant, offset))
        }
        ValueRef::ZonedInstant(instant, offset, zone) => printed(format!(
            "{}[{zone}]",
            calendar::print_offset_stamp(instant, offset)
        )),
        ValueRef::Interval(interval) => printed(print_interval(interval)),
        ValueRef::List(_) | ValueRef::Struct(_) => {
            return Err(invalid(
                "SQLite has no arrays or composite values: use JSON",
            ));
        }
    })
}

fn real(number: f64) -> Result<ToSqlOutput<'static>, DriverError> {
    if number.is_nan() {
        return Err(invalid("SQLite has no NaN: it would become NULL"));
    }
    Ok(ToSqlOutput::Borrowed(engine::ValueRef::Real(number)))
}

fn invalid(message: &str) -> DriverError {
    DriverError::new(Category::InvalidData, message)
}

fn print_uuid<'t>(uuid: &[u8; 16], text: &'t mut [u8; 36]) -> &'t str {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digits = uuid.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let places = (0..36).filter(|place| !matches!(place, 8 | 13 | 18 | 23));
    text.fill(b'-');
    for (digit, place) in digits.zip(places) {
        if let (Some(to), Some(from)) = (text.get_mut(place), HEX.get(usize::from(digit))) {
            *to = *from;
        }
    }
    std::str::from_utf8(text).unwrap_or_default()
}

/// Reads the form that [`print_uuid`] prints: lower case with hyphens.
fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let bytes: &[u8; 36] = text.as_bytes().try_into().ok()?;
    let mut digits = [0_u8; 32];
    let mut to = digits.iter_mut();
    for (place, byte) in bytes.iter().enumerate() {
        let digit = match (place, byte) {
            (8 | 13 | 18 | 23, b'-') => continue,
            (8 | 13 | 18 | 23, _) => return None,
            (_, b'0'..=b'9') => byte - b'0',
            (_, b'a'..=b'f') => byte - b'a' + 10,
            _ => return None,
        };
        *to.next()? = digit;
    }
    let mut uuid = [0; 16];
    for (byte, pair) in uuid.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().fold(0, |all, digit| all << 4 | digit);
    }
    Some(uuid)
}

/// Prints an ISO 8601 duration; the parts may have different signs.
fn print_interval(interval: Interval) -> String {
    let Interval {
        months,
        days,
        seconds,
        nanos,
    } = interval;
    let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
    let mut fraction = String::new();
    if nanos != 0 {
        let digits = format!("{:09}", nanos.unsigned_abs());
        fraction = format!(".{}", digits.trim_end_matches('0'));
    }
    format!(
        "P{months}M{days}DT{sign}{}{fraction}S",
        seconds.unsigned_abs()
    )
}

/// How the cells of a result column are read, by the type that the column is declared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// As each cell is stored.
    AsStored,
    /// 0 and 1 are false and true.
    Bool,
    /// Texts and numbers are decimals with at least this many digits after the point.
    Decimal(usize),
    /// Texts are numbers beyond `i64`.
    Unsigned,
    /// Reals are single precision.
    Single,
    /// Texts are dates.
    Date,
    /// Texts are times of day.
    Time,
    /// Texts are time stamps.
    Timestamp,
    /// Texts are moments in UTC.
    Instant,
    /// Texts in lower case are UUIDs.
    Uuid,
    /// Texts are UUIDs: the column takes upper and lower case as the same.
    UuidOfAnyCase,
    /// Texts are JSON.
    Json,
}

impl Reading {
    /// For a column declared so; what is computed has no declared type, an empty one here.
    pub(crate) fn of(declared: &str) -> Self {
        match types::parse(declared) {
            LogicalType::Bool => Self::Bool,
            LogicalType::Int {
                bits: 64,
                unsigned: true,
            } => Self::Unsigned,
            LogicalType::Decimal { scale, .. } => {
                Self::Decimal(usize::try_from(scale.unwrap_or(0)).unwrap_or(0))
            }
            LogicalType::Float { bits: 32 } => Self::Single,
            LogicalType::Date => Self::Date,
            LogicalType::Time { .. } => Self::Time,
            LogicalType::Timestamp { .. } => Self::Timestamp,
            LogicalType::Instant { .. } => Self::Instant,
            LogicalType::Uuid if declared == "UUID_TEXT" => Self::UuidOfAnyCase,
            LogicalType::Uuid => Self::Uuid,
            LogicalType::Json => Self::Json,
            _ => Self::AsStored,
        }
    }
}

/// Appends one cell. A cell that is not what its column is declared as is read as it is stored: any column of `SQLite`
/// may hold any value, and what is read must find its row again when it is sent back.
pub(crate) fn read(cell: engine::ValueRef<'_>, reading: Reading, out: &mut RowBuffer) {
    match cell {
        engine::ValueRef::Null => out.push(ValueRef::Null),
        engine::ValueRef::Integer(number) => read_integer(number, reading, out),
        engine::ValueRef::Real(number) => read_real(number, reading, out),
        engine::ValueRef::Blob(bytes) => out.push(ValueRef::Bytes(bytes)),
        engine::ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => read_text(text, reading, out),
            Err(_) => out.push(ValueRef::Bytes(bytes)),
        },
    }
}

/// Decimal digits that a float keeps, whatever the number: <https://www.sqlite.org/floatingpoint.html>
const EXACT_DIGITS: usize = 15;

fn read_integer(number: i64, reading: Reading, out: &mut RowBuffer) {
    match (reading, number) {
        (Reading::Bool, 0 | 1) => out.push(ValueRef::Bool(number == 1)),
        (Reading::Decimal(scale), _) => {
            let digits = number.to_string();
            // With a point, the engine would make a float of it when it is sent back; that keeps 15 digits.
            let exact = digits.len() + scale <= EXACT_DIGITS;
            let scale = if exact { scale } else { 0 };
            out.push(ValueRef::Decimal(&decimal::pad(&digits, scale)));
        }
        _ => out.push(ValueRef::I64(number)),
    }
}

/// Another program's decimals are floats here; as decimals they are what that program wrote.
fn read_real(number: f64, reading: Reading, out: &mut RowBuffer) {
    if let Reading::Decimal(scale) = reading {
        let text = number.to_string();
        let digits = text.trim_start_matches(['-', '0', '.']).len();
        if digits <= EXACT_DIGITS && is_decimal(&text) {
            return out.push(ValueRef::Decimal(&decimal::pad(&text, scale)));
        }
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::float_cmp,
        reason = "the comparison finds out whether anything was cut off"
    )]
    if reading == Reading::Single && f64::from(number as f32) == number {
        return out.push(ValueRef::F32(number as f32));
    }
    out.push(ValueRef::F64(number));
}

fn read_text(text: &str, reading: Reading, out: &mut RowBuffer) {
    let value = match reading {
        Reading::Decimal(scale) if is_decimal(text) => {
            return out.push(ValueRef::Decimal(&decimal::pad(text, scale)));
        }
        Reading::Unsigned => text.parse().ok().map(ValueRef::U64),
        Reading::Date => calendar::parse_date(text).map(ValueRef::Date),
        Reading::Time => calendar::parse_time(text).map(ValueRef::Time),
        Reading::Timestamp => calendar::parse_stamp(text).map(ValueRef::Timestamp),
        Reading::Instant => calendar::parse_stamp(text).map(ValueRef::Instant),
        Reading::Uuid => parse_uuid(text).map(ValueRef::Uuid),
        Reading::UuidOfAnyCase => parse_uuid(&text.to_ascii_lowercase()).map(ValueRef::Uuid),
        Reading::Json => Some(ValueRef::Json(text)),
        _ => None,
    };
    out.push(value.unwrap_or(ValueRef::Text(text)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use quillback_plugin_api::Value;

    fn read_one(cell: engine::ValueRef<'_>, declared: &str) -> Value {
        let mut out = RowBuffer::new(1);
        read(cell, Reading::of(declared), &mut out);
        out.first().unwrap().to_owned()
    }

    #[test]
    fn cells_that_do_not_fit_the_declared_type_stay_as_they_are() {
        use engine::ValueRef::{Integer, Real, Text};
        for (cell, declared, value) in [
            (Text(b"abc"), "INTEGER", Value::Text("abc".into())),
            (Real(1e300), "NUMERIC(10,2)", Value::F64(1e300)),
            (Real(f64::INFINITY), "NUMERIC", Value::F64(f64::INFINITY)),
            (
                Text(b"2026-02-30"),
                "DATE",
                Value::Text("2026-02-30".into()),
            ),
            (
                Integer(1_700_000_000),
                "DATETIME",
                Value::I64(1_700_000_000),
            ),
            (Integer(2), "BOOLEAN", Value::I64(2)),
            (Integer(1), "BOOLEAN", Value::Bool(true)),
            (Text(b"\xff\xfe"), "TEXT", Value::Bytes(vec![255, 254])),
            (Real(0.1), "FLOAT4", Value::F64(0.1)),
            (Real(0.1_f32.into()), "FLOAT4", Value::F32(0.1)),
            (
                Text(b"{\"a\":1.10}"),
                "JSON_TEXT",
                Value::Json("{\"a\":1.10}".into()),
            ),
        ] {
            assert_eq!(read_one(cell, declared), value, "{declared}");
        }
    }

    #[test]
    fn decimals_are_read_with_the_digits_of_their_column() {
        use engine::ValueRef::{Integer, Real, Text};
        let decimal = |text: &str| Value::Decimal(text.to_owned().try_into().unwrap());
        assert_eq!(
            read_one(Text(b"1.5"), "DECIMAL_TEXT(18,4)"),
            decimal("1.5000")
        );
        assert_eq!(read_one(Text(b"1.50"), "DECIMAL_TEXT"), decimal("1.50"));
        assert_eq!(read_one(Integer(7), "DECIMAL(10,2)"), decimal("7.00"));
        assert_eq!(read_one(Real(-0.01), "DECIMAL(10,2)"), decimal("-0.01"));
        assert_eq!(read_one(Real(1.5), "NUMERIC(10,2)"), decimal("1.50"));
        assert_eq!(
            read_one(Text(b"x"), "DECIMAL_TEXT(18,4)"),
            Value::Text("x".into())
        );
    }

    #[test]
    fn uuids_print_and_read_in_one_form_only() {
        let uuid: [u8; 16] = std::array::from_fn(|i| u8::try_from(i * 17).unwrap());
        let text = print_uuid(&uuid, &mut [0; 36]).to_owned();
        assert_eq!(text, "00112233-4455-6677-8899-aabbccddeeff");
        assert_eq!(parse_uuid(&text), Some(uuid));
        assert_eq!(parse_uuid(&text.to_uppercase()), None);
        assert_eq!(parse_uuid(&text.replace('-', "0")), None);
        assert_eq!(parse_uuid(&text[1..]), None);
    }

    #[test]
    fn values_without_a_form_are_refused() {
        for value in [ValueRef::F64(f64::NAN), ValueRef::F32(f32::NAN)] {
            assert_eq!(bind(value).unwrap_err().category, Category::InvalidData);
        }
        assert!(bind(ValueRef::F64(f64::INFINITY)).is_ok());
    }

    #[test]
    fn intervals_print_as_iso_8601() {
        let interval = Interval {
            months: 14,
            days: -3,
            seconds: -1,
            nanos: -500_000_000,
        };
        assert_eq!(print_interval(interval), "P14M-3DT-1.5S");
    }
}
