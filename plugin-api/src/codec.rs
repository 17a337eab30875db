//! The tagged encoding of values: one tag byte, then the value, little-endian, lengths checked on reading.
//!
//! Tags 0 to 31 are frozen for version 1 of the plugin interface. New tags are 128 and above and always carry a
//! `u32` length after the tag, so that an old reader can skip them.

use std::fmt;

use crate::civil::{Date, Interval, Timestamp};
use crate::rows::Cells;
use crate::value::{Value, ValueRef, is_decimal};

/// Lists and structs nest at most this deep.
pub const MAX_DEPTH: usize = 32;

/// The bytes are not what the encoding allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodecError(pub &'static str);

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed row data: {}", self.0)
    }
}

impl std::error::Error for CodecError {}

/// Tag bytes.
pub mod tag {
    #![expect(
        missing_docs,
        reason = "each constant is the tag of the variant of `Value` with its name"
    )]
    pub const NULL: u8 = 0;
    pub const FALSE: u8 = 1;
    pub const TRUE: u8 = 2;
    pub const I64: u8 = 3;
    pub const U64: u8 = 4;
    pub const F64: u8 = 5;
    pub const F32: u8 = 6;
    pub const DECIMAL: u8 = 7;
    pub const TEXT: u8 = 8;
    pub const BYTES: u8 = 9;
    pub const UUID: u8 = 10;
    pub const DATE: u8 = 11;
    pub const TIME: u8 = 12;
    pub const OFFSET_TIME: u8 = 13;
    pub const TIMESTAMP: u8 = 14;
    pub const INSTANT: u8 = 15;
    pub const OFFSET_INSTANT: u8 = 16;
    pub const ZONED_INSTANT: u8 = 17;
    pub const INTERVAL: u8 = 18;
    pub const JSON: u8 = 19;
    pub const LIST: u8 = 20;
    pub const STRUCT: u8 = 21;
    pub const SPECIAL: u8 = 22;
}

fn put_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    put_raw(out, bytes);
}

fn put_raw(out: &mut Vec<u8>, bytes: &[u8]) {
    // A single value beyond 4 GiB cannot be encoded; it is cut to nothing rather than misread.
    let (length, bytes) = u32::try_from(bytes.len()).map_or((0, &[][..]), |length| (length, bytes));
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(bytes);
}

fn put_stamp(out: &mut Vec<u8>, stamp: Timestamp) {
    out.extend_from_slice(&stamp.seconds.to_le_bytes());
    out.extend_from_slice(&stamp.nanos.to_le_bytes());
}

/// Appends a borrowed value.
pub fn put(out: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => out.push(tag::NULL),
        ValueRef::Bool(flag) => out.push(if flag { tag::TRUE } else { tag::FALSE }),
        ValueRef::I64(number) => {
            out.push(tag::I64);
            out.extend_from_slice(&number.to_le_bytes());
        }
        ValueRef::U64(number) => {
            out.push(tag::U64);
            out.extend_from_slice(&number.to_le_bytes());
        }
        ValueRef::F64(number) => {
            out.push(tag::F64);
            out.extend_from_slice(&number.to_le_bytes());
        }
        ValueRef::F32(number) => {
            out.push(tag::F32);
            out.extend_from_slice(&number.to_le_bytes());
        }
        ValueRef::Decimal(text) => put_bytes(out, tag::DECIMAL, text.as_bytes()),
        ValueRef::Text(text) => put_bytes(out, tag::TEXT, text.as_bytes()),
        ValueRef::Json(text) => put_bytes(out, tag::JSON, text.as_bytes()),
        ValueRef::Bytes(bytes) => put_bytes(out, tag::BYTES, bytes),
        ValueRef::Uuid(uuid) => {
            out.push(tag::UUID);
            out.extend_from_slice(&uuid);
        }
        ValueRef::List(cells) => put_cells(out, tag::LIST, cells),
        ValueRef::Struct(cells) => put_cells(out, tag::STRUCT, cells),
        ValueRef::Special(kind, text) => {
            out.push(tag::SPECIAL);
            out.push(kind);
            put_raw(out, text.as_bytes());
        }
        temporal => put_temporal(out, temporal),
    }
}

fn put_cells(out: &mut Vec<u8>, tag: u8, cells: Cells<'_>) {
    out.push(tag);
    out.extend_from_slice(&cells.remaining().to_le_bytes());
    out.extend_from_slice(cells.bytes());
}

fn put_temporal(out: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::Date(date) => {
            out.push(tag::DATE);
            out.extend_from_slice(&date.year.to_le_bytes());
            out.extend_from_slice(&[date.month, date.day]);
        }
        ValueRef::Time(nanos) => {
            out.push(tag::TIME);
            out.extend_from_slice(&nanos.to_le_bytes());
        }
        ValueRef::OffsetTime(nanos, offset) => {
            out.push(tag::OFFSET_TIME);
            out.extend_from_slice(&nanos.to_le_bytes());
            out.extend_from_slice(&offset.to_le_bytes());
        }
        ValueRef::Timestamp(stamp) => {
            out.push(tag::TIMESTAMP);
            put_stamp(out, stamp);
        }
        ValueRef::Instant(stamp) => {
            out.push(tag::INSTANT);
            put_stamp(out, stamp);
        }
        ValueRef::OffsetInstant(stamp, offset) => {
            out.push(tag::OFFSET_INSTANT);
            put_stamp(out, stamp);
            out.extend_from_slice(&offset.to_le_bytes());
        }
        ValueRef::ZonedInstant(stamp, offset, zone) => {
            out.push(tag::ZONED_INSTANT);
            put_stamp(out, stamp);
            out.extend_from_slice(&offset.to_le_bytes());
            put_raw(out, zone.as_bytes());
        }
        ValueRef::Interval(interval) => {
            out.push(tag::INTERVAL);
            out.extend_from_slice(&interval.months.to_le_bytes());
            out.extend_from_slice(&interval.days.to_le_bytes());
            out.extend_from_slice(&interval.seconds.to_le_bytes());
            out.extend_from_slice(&interval.nanos.to_le_bytes());
        }
        _ => out.push(tag::NULL),
    }
}

/// Appends an owned value.
pub fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::List(items) => put_nested(out, tag::LIST, items),
        Value::Struct(items) => put_nested(out, tag::STRUCT, items),
        flat => put(out, flat.flat()),
    }
}

fn put_nested(out: &mut Vec<u8>, tag: u8, items: &[Value]) {
    out.push(tag);
    out.extend_from_slice(&u32::try_from(items.len()).unwrap_or(0).to_le_bytes());
    for item in items {
        put_value(out, item);
    }
}

impl Value {
    /// Borrows a value that is neither list nor struct; those two read as NULL.
    pub fn flat(&self) -> ValueRef<'_> {
        match self {
            Self::Null | Self::List(_) | Self::Struct(_) => ValueRef::Null,
            Self::Bool(flag) => ValueRef::Bool(*flag),
            Self::I64(number) => ValueRef::I64(*number),
            Self::U64(number) => ValueRef::U64(*number),
            Self::F64(number) => ValueRef::F64(*number),
            Self::F32(number) => ValueRef::F32(*number),
            Self::Decimal(number) => ValueRef::Decimal(number.as_str()),
            Self::Text(text) => ValueRef::Text(text),
            Self::Json(text) => ValueRef::Json(text),
            Self::Bytes(bytes) => ValueRef::Bytes(bytes),
            Self::Uuid(uuid) => ValueRef::Uuid(*uuid),
            Self::Date(date) => ValueRef::Date(*date),
            Self::Time(nanos) => ValueRef::Time(*nanos),
            Self::OffsetTime { nanos, offset } => ValueRef::OffsetTime(*nanos, *offset),
            Self::Timestamp(stamp) => ValueRef::Timestamp(*stamp),
            Self::Instant(instant) => ValueRef::Instant(*instant),
            Self::OffsetInstant { instant, offset } => ValueRef::OffsetInstant(*instant, *offset),
            Self::ZonedInstant {
                instant,
                offset,
                zone,
            } => ValueRef::ZonedInstant(*instant, *offset, zone),
            Self::Interval(interval) => ValueRef::Interval(*interval),
            Self::Special { kind, text } => ValueRef::Special(*kind, text),
        }
    }
}

/// Reads encoded values from a slice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(count)
            .ok_or(CodecError("it ends too early"))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        self.take(N)?
            .try_into()
            .map_err(|_| CodecError("it ends too early"))
    }

    /// The next byte.
    pub fn u8(&mut self) -> Result<u8, CodecError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// The next `u32`.
    pub fn u32(&mut self) -> Result<u32, CodecError> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next `i32`.
    pub fn i32(&mut self) -> Result<i32, CodecError> {
        self.array().map(i32::from_le_bytes)
    }

    /// The next `i64`.
    pub fn i64(&mut self) -> Result<i64, CodecError> {
        self.array().map(i64::from_le_bytes)
    }

    /// The next `u64`.
    pub fn u64(&mut self) -> Result<u64, CodecError> {
        self.array().map(u64::from_le_bytes)
    }

    /// The next length-prefixed bytes.
    pub fn block(&mut self) -> Result<&'a [u8], CodecError> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    /// The next length-prefixed text.
    pub fn text(&mut self) -> Result<&'a str, CodecError> {
        std::str::from_utf8(self.block()?).map_err(|_| CodecError("a text is not UTF-8"))
    }

    fn stamp(&mut self) -> Result<Timestamp, CodecError> {
        Ok(Timestamp {
            seconds: self.i64()?,
            nanos: self.u32()?,
        })
    }

    /// The next value.
    pub fn value(&mut self) -> Result<ValueRef<'a>, CodecError> {
        self.value_at(0)
    }

    fn value_at(&mut self, depth: usize) -> Result<ValueRef<'a>, CodecError> {
        Ok(match self.u8()? {
            tag::NULL => ValueRef::Null,
            tag::FALSE => ValueRef::Bool(false),
            tag::TRUE => ValueRef::Bool(true),
            tag::I64 => ValueRef::I64(self.i64()?),
            tag::U64 => ValueRef::U64(self.u64()?),
            tag::F64 => ValueRef::F64(f64::from_le_bytes(self.array()?)),
            tag::F32 => ValueRef::F32(f32::from_le_bytes(self.array()?)),
            tag::DECIMAL => ValueRef::Decimal(self.decimal()?),
            tag::TEXT => ValueRef::Text(self.text()?),
            tag::JSON => ValueRef::Json(self.text()?),
            tag::BYTES => ValueRef::Bytes(self.block()?),
            tag::UUID => ValueRef::Uuid(self.array()?),
            tag::LIST => ValueRef::List(self.cells(depth)?),
            tag::STRUCT => ValueRef::Struct(self.cells(depth)?),
            tag::SPECIAL => ValueRef::Special(self.u8()?, self.text()?),
            other => self.temporal(other)?,
        })
    }

    fn temporal(&mut self, tag: u8) -> Result<ValueRef<'a>, CodecError> {
        Ok(match tag {
            tag::DATE => ValueRef::Date(Date {
                year: self.i32()?,
                month: self.u8()?,
                day: self.u8()?,
            }),
            tag::TIME => ValueRef::Time(self.i64()?),
            tag::OFFSET_TIME => ValueRef::OffsetTime(self.i64()?, self.i32()?),
            tag::TIMESTAMP => ValueRef::Timestamp(self.stamp()?),
            tag::INSTANT => ValueRef::Instant(self.stamp()?),
            tag::OFFSET_INSTANT => ValueRef::OffsetInstant(self.stamp()?, self.i32()?),
            tag::ZONED_INSTANT => ValueRef::ZonedInstant(self.stamp()?, self.i32()?, self.text()?),
            tag::INTERVAL => ValueRef::Interval(Interval {
                months: self.i64()?,
                days: self.i64()?,
                seconds: self.i64()?,
                nanos: self.i32()?,
            }),
            _ => return Err(CodecError("unknown tag")),
        })
    }

    fn decimal(&mut self) -> Result<&'a str, CodecError> {
        let text = self.text()?;
        if is_decimal(text) {
            Ok(text)
        } else {
            Err(CodecError("a decimal is not in plain notation"))
        }
    }

    fn cells(&mut self, depth: usize) -> Result<Cells<'a>, CodecError> {
        if depth >= MAX_DEPTH {
            return Err(CodecError("lists nest too deep"));
        }
        let count = self.u32()?;
        let start = self.bytes;
        for _ in 0..count {
            self.value_at(depth + 1)?;
        }
        let used = start.len() - self.bytes.len();
        let bytes = start.get(..used).ok_or(CodecError("it ends too early"))?;
        Ok(Cells::new(bytes, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> Value {
        (0..depth).fold(Value::I64(1), |inner, _| {
            Value::List(vec![inner, Value::Null])
        })
    }

    #[test]
    fn every_kind_of_value_survives() {
        let stamp = Timestamp {
            seconds: 253_402_300_799,
            nanos: 999_999_999,
        };
        let values = vec![
            Value::Null,
            Value::Bool(true),
            Value::Bool(false),
            Value::I64(i64::MIN),
            Value::U64(u64::MAX),
            Value::F64(f64::NEG_INFINITY),
            Value::F32(0.1),
            Value::Decimal(
                crate::value::Decimal::new("-123456789012345678901234567890.000100").unwrap(),
            ),
            Value::Text("naïve 🚀 \0".into()),
            Value::Json("{\"a\":1.0}".into()),
            Value::Bytes(vec![0, 255]),
            Value::Uuid([7; 16]),
            Value::Date(Date {
                year: -1,
                month: 0,
                day: 0,
            }),
            Value::Time(-1),
            Value::OffsetTime {
                nanos: 1,
                offset: -50_400,
            },
            Value::Timestamp(stamp),
            Value::Instant(stamp),
            Value::OffsetInstant {
                instant: stamp,
                offset: 50_400,
            },
            Value::ZonedInstant {
                instant: stamp,
                offset: 3_600,
                zone: "Europe/Paris".into(),
            },
            Value::Interval(Interval {
                months: i64::MAX,
                days: -1,
                seconds: 1,
                nanos: 2,
            }),
            nested(MAX_DEPTH),
            Value::Struct(vec![Value::Null, Value::Text("x".into())]),
            Value::Special {
                kind: 3,
                text: "infinity".into(),
            },
        ];
        let mut bytes = Vec::new();
        for value in &values {
            put_value(&mut bytes, value);
        }
        let mut reader = Reader::new(&bytes);
        for value in &values {
            let read = reader.value().unwrap();
            assert_eq!(&read.to_owned(), value);
            let mut again = Vec::new();
            put(&mut again, read);
            assert_eq!(Reader::new(&again).value().unwrap().to_owned(), *value);
        }
        assert!(reader.rest().is_empty());
    }

    #[test]
    fn bytes_cut_anywhere_are_an_error_and_never_a_panic() {
        let mut bytes = Vec::new();
        put_value(
            &mut bytes,
            &Value::List(vec![Value::Text("abc".into()), nested(3)]),
        );
        for cut in 0..bytes.len() {
            assert!(Reader::new(&bytes[..cut]).value().is_err());
        }
        for (position, flip) in
            (0..bytes.len()).flat_map(|position| [(position, 0xff), (position, 0x01)])
        {
            let mut broken = bytes.clone();
            broken[position] ^= flip;
            let _ = Reader::new(&broken).value();
        }
    }

    #[test]
    fn nesting_beyond_the_limit_is_refused() {
        let mut bytes = Vec::new();
        put_value(&mut bytes, &nested(MAX_DEPTH + 1));
        assert!(Reader::new(&bytes).value().is_err());
        assert!(
            Reader::new(&[tag::LIST, 255, 255, 255, 255])
                .value()
                .is_err()
        );
        assert!(Reader::new(&[200]).value().is_err());
    }
}
