//! Values that travel between the server and any database without loss.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::civil::{Date, Interval, Timestamp};
use crate::rows::Cells;

/// An exact number in plain notation: `-?digits[.digits]`, or `NaN`, `Infinity`, `-Infinity`.
///
/// Precision is unlimited and trailing zeros are kept; it never passes through a float.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Decimal(String);

/// The text is not a plain decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidDecimal;

impl fmt::Display for InvalidDecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a decimal number: write digits with at most one point, such as -12.50")
    }
}

impl std::error::Error for InvalidDecimal {}

impl Decimal {
    /// Checks `text` and keeps it as it is.
    ///
    /// # Errors
    /// [`InvalidDecimal`] for anything but the notation named at the type.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidDecimal> {
        let text = text.into();
        if is_decimal(&text) {
            Ok(Self(text))
        } else {
            Err(InvalidDecimal)
        }
    }

    /// Whether it has digits: it is neither infinite nor no number at all.
    pub fn is_finite(&self) -> bool {
        self.0.ends_with(|last: char| last.is_ascii_digit())
    }

    /// The number in plain notation.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The 36 characters of a UUID, in lower case (<https://www.rfc-editor.org/rfc/rfc9562#section-4>).
pub fn uuid_text(uuid: &[u8; 16]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS.get(usize::from(half)).copied().unwrap_or(b'0'));
    let mut text = String::with_capacity(36);
    for (position, byte) in uuid.iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.extend([digit(byte >> 4), digit(byte & 15)]);
    }
    text
}

/// Whether `text` is in the notation of [`Decimal`].
pub fn is_decimal(text: &str) -> bool {
    if matches!(text, "NaN" | "Infinity" | "-Infinity") {
        return true;
    }
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned),
    }
}

impl TryFrom<String> for Decimal {
    type Error = InvalidDecimal;
    fn try_from(text: String) -> Result<Self, InvalidDecimal> {
        Self::new(text)
    }
}

impl From<Decimal> for String {
    fn from(decimal: Decimal) -> Self {
        decimal.0
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self(number.to_string())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One value, owned. Each variant is one tag of the row buffer (see [`crate::codec`]).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// SQL NULL.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// Signed integer.
    I64(i64),
    /// Unsigned integer beyond `i64`.
    U64(u64),
    /// Double precision float; NaN and infinities included.
    F64(f64),
    /// Single precision float, kept apart so that 0.1 prints as 0.1.
    F32(f32),
    /// Exact number.
    Decimal(Decimal),
    /// Text.
    Text(String),
    /// JSON, verbatim.
    Json(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// UUID in network order.
    Uuid([u8; 16]),
    /// Calendar date.
    Date(Date),
    /// Time of day in nanoseconds; may be negative or beyond 24 hours where the database allows it.
    Time(i64),
    /// Time of day with an offset from UTC.
    OffsetTime {
        /// Nanoseconds since midnight of the local time.
        nanos: i64,
        /// Seconds east of UTC.
        offset: i32,
    },
    /// Civil time stamp without a zone.
    Timestamp(Timestamp),
    /// Moment in time, UTC.
    Instant(Timestamp),
    /// Moment in time that remembers its offset.
    OffsetInstant {
        /// The moment, UTC.
        instant: Timestamp,
        /// Seconds east of UTC.
        offset: i32,
    },
    /// Moment in time that remembers its offset and zone.
    ZonedInstant {
        /// The moment, UTC.
        instant: Timestamp,
        /// Seconds east of UTC.
        offset: i32,
        /// IANA zone name.
        zone: String,
    },
    /// Calendar interval.
    Interval(Interval),
    /// Array; elements may be NULL or arrays.
    List(Vec<Value>),
    /// Composite value; field names are in the column's type.
    Struct(Vec<Value>),
    /// A value that no other variant holds, in the database's own text.
    Special {
        /// What it is, by the driver's own numbering (listed in its README).
        kind: u8,
        /// The database's own text.
        text: String,
    },
}

/// One value, borrowed from a row buffer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueRef<'a> {
    /// SQL NULL.
    Null,
    /// True or false.
    Bool(bool),
    /// Signed integer.
    I64(i64),
    /// Unsigned integer beyond `i64`.
    U64(u64),
    /// Double precision float.
    F64(f64),
    /// Single precision float.
    F32(f32),
    /// Exact number in the notation of [`Decimal`].
    Decimal(&'a str),
    /// Text.
    Text(&'a str),
    /// JSON, verbatim.
    Json(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// UUID in network order.
    Uuid([u8; 16]),
    /// Calendar date.
    Date(Date),
    /// Time of day in nanoseconds.
    Time(i64),
    /// Time of day (nanoseconds) with an offset (seconds east of UTC).
    OffsetTime(i64, i32),
    /// Civil time stamp.
    Timestamp(Timestamp),
    /// Moment in time, UTC.
    Instant(Timestamp),
    /// Moment in time with its offset (seconds east of UTC).
    OffsetInstant(Timestamp, i32),
    /// Moment in time with its offset and zone name.
    ZonedInstant(Timestamp, i32, &'a str),
    /// Calendar interval.
    Interval(Interval),
    /// Array.
    List(Cells<'a>),
    /// Composite value.
    Struct(Cells<'a>),
    /// See [`Value::Special`].
    Special(u8, &'a str),
}

impl Value {
    /// Whether this is SQL NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }

    /// An integer, if it is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::I64(number) => Some(*number),
            Self::U64(number) => i64::try_from(*number).ok(),
            Self::Bool(flag) => Some(i64::from(*flag)),
            Self::Decimal(number) => number.as_str().parse().ok(),
            _ => None,
        }
    }
}

impl ValueRef<'_> {
    /// Copies the value out of its buffer. Nested values that cannot be read become NULL: a buffer is checked when
    /// it is received, so that does not happen on a checked one.
    pub fn to_owned(self) -> Value {
        match self {
            ValueRef::Null => Value::Null,
            ValueRef::Bool(flag) => Value::Bool(flag),
            ValueRef::I64(number) => Value::I64(number),
            ValueRef::U64(number) => Value::U64(number),
            ValueRef::F64(number) => Value::F64(number),
            ValueRef::F32(number) => Value::F32(number),
            ValueRef::Decimal(text) => Decimal::new(text).map_or(Value::Null, Value::Decimal),
            ValueRef::Text(text) => Value::Text(text.to_owned()),
            ValueRef::Json(text) => Value::Json(text.to_owned()),
            ValueRef::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
            ValueRef::Uuid(uuid) => Value::Uuid(uuid),
            ValueRef::Date(date) => Value::Date(date),
            ValueRef::Time(nanos) => Value::Time(nanos),
            ValueRef::OffsetTime(nanos, offset) => Value::OffsetTime { nanos, offset },
            ValueRef::Timestamp(stamp) => Value::Timestamp(stamp),
            ValueRef::Instant(instant) => Value::Instant(instant),
            ValueRef::OffsetInstant(instant, offset) => Value::OffsetInstant { instant, offset },
            ValueRef::ZonedInstant(instant, offset, zone) => Value::ZonedInstant {
                instant,
                offset,
                zone: zone.to_owned(),
            },
            ValueRef::Interval(interval) => Value::Interval(interval),
            ValueRef::List(cells) => Value::List(owned(cells)),
            ValueRef::Struct(cells) => Value::Struct(owned(cells)),
            ValueRef::Special(kind, text) => Value::Special {
                kind,
                text: text.to_owned(),
            },
        }
    }

    /// Whether this is SQL NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, ValueRef::Null)
    }
}

fn owned(cells: Cells<'_>) -> Vec<Value> {
    cells
        .map(|cell| cell.map_or(Value::Null, ValueRef::to_owned))
        .collect()
}

macro_rules! from {
    ($($from:ty => $to:expr),* $(,)?) => {
        $(impl From<$from> for Value { fn from(value: $from) -> Self { $to(value) } })*
    };
}

from! {
    bool => Value::Bool,
    i64 => Value::I64,
    u64 => Value::U64,
    f64 => Value::F64,
    String => Value::Text,
    Decimal => Value::Decimal,
    Date => Value::Date,
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::I64(value.into())
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::I64(value.into())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<Cow<'_, str>> for Value {
    fn from(value: Cow<'_, str>) -> Self {
        Self::Text(value.into_owned())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_notation_is_a_decimal() {
        for good in [
            "0",
            "-0",
            "12.50",
            "007",
            "99999999999999999999999999.000001",
            "NaN",
            "-Infinity",
        ] {
            assert!(is_decimal(good), "{good}");
        }
        for bad in [
            "", "-", ".5", "5.", "1e5", "+1", "1,5", "1.2.3", " 1", "٣", "inf", "0x10",
        ] {
            assert!(!is_decimal(bad), "{bad}");
        }
    }
}
