//! Writes values.

use super::tag;
use crate::civil::Timestamp;
use crate::rows::Cells;
use crate::value::{Value, ValueRef};

#[inline]
fn put_raw(out: &mut Vec<u8>, bytes: &[u8]) {
    // A single value beyond 4 GiB cannot be encoded; it is cut to nothing rather than misread.
    let (length, bytes) = u32::try_from(bytes.len()).map_or((0, &[][..]), |length| (length, bytes));
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(bytes);
}

#[inline]
fn put_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    let (length, bytes) = u32::try_from(bytes.len()).map_or((0, &[][..]), |length| (length, bytes));
    let [a, b, c, d] = length.to_le_bytes();
    out.reserve(5 + bytes.len());
    out.extend_from_slice(&[tag, a, b, c, d]);
    out.extend_from_slice(bytes);
}

/// The tag and the bytes as one piece: one look at the room that is left instead of two.
#[inline]
fn put_eight(out: &mut Vec<u8>, tag: u8, bytes: [u8; 8]) {
    let mut piece = [tag; 9];
    if let Some(tail) = piece.last_chunk_mut() {
        *tail = bytes;
    }
    out.extend_from_slice(&piece);
}

#[inline]
fn put_stamp(out: &mut Vec<u8>, tag: u8, stamp: Timestamp) {
    out.reserve(13);
    put_eight(out, tag, stamp.seconds.to_le_bytes());
    out.extend_from_slice(&stamp.nanos.to_le_bytes());
}

/// Appends a borrowed value.
#[expect(
    clippy::inline_always,
    reason = "the caller nearly always knows the kind, and then one arm of the match is left"
)]
#[inline(always)]
pub fn put(out: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => out.push(tag::NULL),
        ValueRef::Bool(flag) => out.push(if flag { tag::TRUE } else { tag::FALSE }),
        ValueRef::I64(number) => put_eight(out, tag::I64, number.to_le_bytes()),
        ValueRef::F64(number) => put_eight(out, tag::F64, number.to_le_bytes()),
        ValueRef::Decimal(text) => put_bytes(out, tag::DECIMAL, text.as_bytes()),
        ValueRef::Text(text) => put_bytes(out, tag::TEXT, text.as_bytes()),
        ValueRef::Timestamp(stamp) => put_stamp(out, tag::TIMESTAMP, stamp),
        ValueRef::Instant(stamp) => put_stamp(out, tag::INSTANT, stamp),
        rare => put_rare(out, rare),
    }
}

#[inline(never)]
fn put_rare(out: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::U64(number) => put_eight(out, tag::U64, number.to_le_bytes()),
        ValueRef::F32(number) => {
            out.push(tag::F32);
            out.extend_from_slice(&number.to_le_bytes());
        }
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
        ValueRef::Time(nanos) => put_eight(out, tag::TIME, nanos.to_le_bytes()),
        ValueRef::OffsetTime(nanos, offset) => {
            put_eight(out, tag::OFFSET_TIME, nanos.to_le_bytes());
            out.extend_from_slice(&offset.to_le_bytes());
        }
        ValueRef::OffsetInstant(stamp, offset) => {
            put_stamp(out, tag::OFFSET_INSTANT, stamp);
            out.extend_from_slice(&offset.to_le_bytes());
        }
        ValueRef::ZonedInstant(stamp, offset, zone) => {
            put_stamp(out, tag::ZONED_INSTANT, stamp);
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
