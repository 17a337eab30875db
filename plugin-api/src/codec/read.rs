//! Reads values.

use super::{CodecError, EARLY, tag};
use crate::civil::{Date, Interval, Timestamp};
use crate::rows::Cells;
use crate::value::ValueRef;

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
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// The next `count` bytes.
    #[inline]
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(EARLY)?;
        self.bytes = rest;
        Ok(taken)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let (taken, rest) = self.bytes.split_first_chunk().ok_or(EARLY)?;
        self.bytes = rest;
        Ok(*taken)
    }

    /// The next byte.
    #[inline]
    pub fn u8(&mut self) -> Result<u8, CodecError> {
        let (first, rest) = self.bytes.split_first().ok_or(EARLY)?;
        self.bytes = rest;
        Ok(*first)
    }

    /// The next `u32`.
    #[inline]
    pub fn u32(&mut self) -> Result<u32, CodecError> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next `i32`.
    #[inline]
    pub fn i32(&mut self) -> Result<i32, CodecError> {
        self.array().map(i32::from_le_bytes)
    }

    /// The next `i64`.
    #[inline]
    pub fn i64(&mut self) -> Result<i64, CodecError> {
        self.array().map(i64::from_le_bytes)
    }

    /// The next `u64`.
    #[inline]
    pub fn u64(&mut self) -> Result<u64, CodecError> {
        self.array().map(u64::from_le_bytes)
    }

    /// The next length-prefixed bytes.
    #[inline]
    pub fn block(&mut self) -> Result<&'a [u8], CodecError> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    /// The next length-prefixed text.
    #[inline]
    pub fn text(&mut self) -> Result<&'a str, CodecError> {
        std::str::from_utf8(self.block()?).map_err(|_| CodecError("a text is not UTF-8"))
    }

    /// The next value, after checking everything about it.
    pub fn value(&mut self) -> Result<ValueRef<'a>, CodecError> {
        let mut ahead = *self;
        ahead.check()?;
        self.cell()
    }

    /// The next value, of bytes that were checked.
    #[inline]
    pub(crate) fn cell(&mut self) -> Result<ValueRef<'a>, CodecError> {
        Ok(match self.u8()? {
            tag::NULL => ValueRef::Null,
            tag::FALSE => ValueRef::Bool(false),
            tag::TRUE => ValueRef::Bool(true),
            tag::I64 => ValueRef::I64(self.i64()?),
            tag::F64 => ValueRef::F64(f64::from_bits(self.u64()?)),
            tag::DECIMAL => ValueRef::Decimal(self.text()?),
            tag::TEXT => ValueRef::Text(self.text()?),
            tag::UUID => ValueRef::Uuid(self.array()?),
            tag::TIMESTAMP => ValueRef::Timestamp(self.stamp()?),
            tag::INSTANT => ValueRef::Instant(self.stamp()?),
            other => return self.rare_cell(other),
        })
    }

    #[inline(never)]
    fn rare_cell(&mut self, tag: u8) -> Result<ValueRef<'a>, CodecError> {
        Ok(match tag {
            tag::U64 => ValueRef::U64(self.u64()?),
            tag::F32 => ValueRef::F32(f32::from_le_bytes(self.array()?)),
            tag::JSON => ValueRef::Json(self.text()?),
            tag::BYTES => ValueRef::Bytes(self.block()?),
            tag::LIST => ValueRef::List(self.cells()?),
            tag::STRUCT => ValueRef::Struct(self.cells()?),
            tag::SPECIAL => ValueRef::Special(self.u8()?, self.text()?),
            tag::DATE => ValueRef::Date(Date {
                year: self.i32()?,
                month: self.u8()?,
                day: self.u8()?,
            }),
            tag::TIME => ValueRef::Time(self.i64()?),
            tag::OFFSET_TIME => ValueRef::OffsetTime(self.i64()?, self.i32()?),
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

    #[inline]
    fn stamp(&mut self) -> Result<Timestamp, CodecError> {
        Ok(Timestamp {
            seconds: self.i64()?,
            nanos: self.u32()?,
        })
    }

    fn cells(&mut self) -> Result<Cells<'a>, CodecError> {
        let count = self.u32()?;
        let start = self.bytes;
        for _ in 0..count {
            self.skip()?;
        }
        let used = start.len() - self.bytes.len();
        Ok(Cells::new(start.get(..used).ok_or(EARLY)?, count))
    }
}
