//! Values as parameters: checked, so that the server never has to guess, round or replace.

use std::borrow::Cow;

use quillback_plugin_api::civil::{Date, Timestamp};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Category, DriverError, Value};
use serde::de::IgnoredAny;
use tiberius::time::{Date as WireDate, DateTime2, DateTimeOffset, Time};
use tiberius::{ColumnData, IntoSql, Uuid};

use super::decimal::fits_decimal;
use crate::tables::Known;

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;
/// Days from 0001-01-01, where the types of this database begin, to 1970-01-01.
pub(crate) const EPOCH: i64 = 719_162;

/// A parameter as the client library takes it.
pub(crate) struct Bound(ColumnData<'static>);

impl<'a> IntoSql<'a> for Bound {
    fn into_sql(self) -> ColumnData<'a> {
        self.0
    }
}

/// Binds a value.
///
/// # Errors
/// `InvalidData` for what no column of this database holds.
pub(crate) fn value(value: &Value) -> Result<Bound, DriverError> {
    let offset = |stamp: Timestamp, seconds: i32| {
        let minutes = i16::try_from(seconds / 60).unwrap_or(i16::MAX);
        if seconds % 60 != 0 || !(-840..=840).contains(&minutes) {
            return Err(refused("an offset is whole minutes, at most 14 hours"));
        }
        Ok(ColumnData::DateTimeOffset(Some(DateTimeOffset::new(
            moment(stamp)?,
            minutes,
        ))))
    };
    Ok(Bound(match value {
        // The statement says NULL in its place, and nothing looks at this.
        Value::Null => ColumnData::Bit(None),
        Value::Bool(flag) => ColumnData::Bit(Some(*flag)),
        Value::I64(number) => ColumnData::I64(Some(*number)),
        Value::U64(number) => text(&number.to_string()),
        Value::F64(number) if number.is_finite() => ColumnData::F64(Some(*number)),
        Value::F32(number) if number.is_finite() => ColumnData::F32(Some(*number)),
        Value::F64(_) | Value::F32(_) => return Err(refused("there is no NaN and no infinity")),
        Value::Decimal(number) if fits_decimal(number.as_str()) => text(number.as_str()),
        Value::Decimal(_) => return Err(refused("a number has at most 38 digits")),
        Value::Json(content) if serde_json::from_str::<IgnoredAny>(content).is_err() => {
            return Err(refused("this is no JSON"));
        }
        Value::Text(content) | Value::Json(content) | Value::Special { text: content, .. } => {
            text(content)
        }
        Value::Bytes(bytes) => ColumnData::Binary(Some(Cow::Owned(bytes.clone()))),
        Value::Uuid(uuid) => ColumnData::Guid(Some(Uuid::from_bytes(*uuid))),
        Value::Date(date) => ColumnData::Date(Some(day(*date)?)),
        Value::Time(nanos) => ColumnData::Time(Some(time(*nanos)?)),
        Value::Timestamp(stamp) => ColumnData::DateTime2(Some(moment(*stamp)?)),
        Value::Instant(stamp) => offset(*stamp, 0)?,
        Value::OffsetInstant {
            instant,
            offset: seconds,
        }
        | Value::ZonedInstant {
            instant,
            offset: seconds,
            ..
        } => offset(*instant, *seconds)?,
        Value::OffsetTime { .. } => return Err(refused("there is no time with an offset")),
        Value::Interval(_) => return Err(refused("there is no type for intervals")),
        Value::List(_) => return Err(refused("there is no type for lists")),
        Value::Struct(_) => return Err(refused("there is no type for composite values")),
    }))
}

/// Binds a value that is stored in a known column.
///
/// # Errors
/// As [`checked`].
pub(crate) fn stored(column: &Known, given: &Value) -> Result<Bound, DriverError> {
    let fit = checked(column, given)?;
    value(&fit)
}

/// The value as a known column stores it: what the server would cut, round, replace or take for something else is
/// refused.
///
/// # Errors
/// `InvalidData` for what that column does not hold exactly.
pub(crate) fn checked<'v>(column: &Known, given: &'v Value) -> Result<Cow<'v, Value>, DriverError> {
    let fit = match converted(&column.info.ty, given) {
        Some(converted) => Cow::Owned(converted),
        None => Cow::Borrowed(given),
    };
    check(column, &fit)?;
    Ok(fit)
}

fn check(column: &Known, given: &Value) -> Result<(), DriverError> {
    kind(&column.info.ty, given)?;
    match (&column.info.ty, given) {
        (LogicalType::Int { .. }, Value::Decimal(number)) if number.as_str().contains('.') => {
            return Err(refused("the column takes whole numbers"));
        }
        (LogicalType::Int { .. }, Value::F64(number)) if number.fract() != 0.0 => {
            return Err(refused("the column takes whole numbers"));
        }
        (LogicalType::Int { .. }, Value::F32(number)) if number.fract() != 0.0 => {
            return Err(refused("the column takes whole numbers"));
        }
        (LogicalType::Float { bits: 32 }, Value::F64(number)) if number.abs() > f32::MAX.into() => {
            return Err(refused("the column takes floats of 32 bits"));
        }
        (
            LogicalType::Decimal {
                precision: Some(precision),
                scale: Some(scale),
            },
            Value::Decimal(number),
        ) => holds_digits(*precision, *scale, number.as_str())?,
        (LogicalType::Text { length }, Value::Text(text) | Value::Json(text)) => {
            column.takes_characters(text).map_err(refused)?;
            if length.is_some_and(|length| column.length_of(text) > length as usize) {
                return Err(refused("a text is longer than its column"));
            }
        }
        (LogicalType::Bytes { length }, Value::Bytes(bytes))
            if length.is_some_and(|length| bytes.len() > length as usize) =>
        {
            return Err(refused("there are more bytes than the column takes"));
        }
        (
            LogicalType::Time { precision }
            | LogicalType::Timestamp { precision }
            | LogicalType::OffsetInstant { precision },
            _,
        ) => holds_moment(&column.info.native, *precision, given)?,
        _ => {}
    }
    Ok(())
}

/// A value of another kind that says the same: the text of a UUID, and the digits of a number that is kept as a text.
fn converted(ty: &LogicalType, given: &Value) -> Option<Value> {
    match (ty, given) {
        (LogicalType::Uuid, Value::Text(text)) if text.len() == 36 => {
            let uuid = Uuid::try_parse(text).ok()?;
            Some(Value::Uuid(uuid.into_bytes()))
        }
        (LogicalType::Text { .. }, Value::I64(number)) => Some(Value::Text(number.to_string())),
        (LogicalType::Text { .. }, Value::U64(number)) => Some(Value::Text(number.to_string())),
        (LogicalType::Text { .. }, Value::Decimal(number)) => {
            Some(Value::Text(number.as_str().to_owned()))
        }
        _ => None,
    }
}

/// Whether the value is of a kind that the column is for: the server would turn many others into something.
fn kind(ty: &LogicalType, given: &Value) -> Result<(), DriverError> {
    use LogicalType as T;
    use Value as V;
    let (fits, takes) = match ty {
        T::Bool => (matches!(given, V::Bool(_) | V::I64(0 | 1)), "true or false"),
        T::Int { .. } => (
            matches!(
                given,
                V::I64(_) | V::U64(_) | V::Decimal(_) | V::F64(_) | V::F32(_)
            ),
            "whole numbers",
        ),
        T::Decimal { .. } => (
            matches!(given, V::I64(_) | V::U64(_) | V::Decimal(_)),
            "exact numbers",
        ),
        T::Float { .. } => (
            matches!(
                given,
                V::I64(_) | V::U64(_) | V::Decimal(_) | V::F64(_) | V::F32(_)
            ),
            "numbers",
        ),
        T::Text { .. } => (
            matches!(given, V::Text(_) | V::Json(_) | V::Special { .. }),
            "texts",
        ),
        T::Bytes { .. } => (matches!(given, V::Bytes(_)), "bytes"),
        T::Uuid => (matches!(given, V::Uuid(_)), "UUIDs"),
        T::Date => (matches!(given, V::Date(_)), "dates without a time"),
        T::Time { .. } => (matches!(given, V::Time(_)), "times of day"),
        T::Timestamp { .. } | T::OffsetInstant { .. } => (
            matches!(
                given,
                V::Date(_)
                    | V::Timestamp(_)
                    | V::Instant(_)
                    | V::OffsetInstant { .. }
                    | V::ZonedInstant { .. }
            ),
            "time stamps",
        ),
        _ => (true, ""),
    };
    if fits || given.is_null() {
        Ok(())
    } else {
        Err(refused(format!("the column takes {takes}")))
    }
}

/// Whether a `decimal` holds the number without rounding.
fn holds_digits(precision: u32, scale: i32, number: &str) -> Result<(), DriverError> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = whole.trim_start_matches(['-', '0']).len();
    let needed = fraction.trim_end_matches('0').len();
    let scale = usize::try_from(scale).unwrap_or(0);
    if needed > scale {
        let message = format!("the column keeps {scale} digits after the point");
        return Err(refused(message));
    }
    if whole + scale > precision as usize {
        return Err(refused("the number has more digits than its column"));
    }
    Ok(())
}

/// Whether the fraction of a second, and an offset, have room in the column.
fn holds_moment(native: &str, precision: u8, given: &Value) -> Result<(), DriverError> {
    let nanos = match given {
        Value::Time(nanos) => *nanos,
        Value::Timestamp(stamp) => i64::from(stamp.nanos),
        Value::Instant(stamp)
        | Value::OffsetInstant { instant: stamp, .. }
        | Value::ZonedInstant { instant: stamp, .. } => {
            if !native.starts_with("datetimeoffset") {
                return Err(refused("the column takes a time stamp without an offset"));
            }
            i64::from(stamp.nanos)
        }
        _ => return Ok(()),
    };
    let fits = match native {
        // Only what a third of a hundredth of a second is shown as, which is where the server rounds to.
        "datetime" => {
            let fraction = nanos % SECOND / 100;
            let thirds = (fraction * 3 + 50_000) / 100_000;
            fraction == (thirds * 100_000 + 1) / 3
                || matches!(fraction % 100_000, 0 | 30_000 | 70_000)
        }
        "smalldatetime" => match given {
            Value::Timestamp(stamp) => stamp.nanos == 0 && stamp.seconds % 60 == 0,
            _ => true,
        },
        _ => nanos % 10_i64.pow(9 - u32::from(precision.min(9))) == 0,
    };
    if fits {
        Ok(())
    } else {
        Err(refused(format!(
            "the column, a {native}, keeps no such fraction"
        )))
    }
}

fn text(content: &str) -> ColumnData<'static> {
    ColumnData::String(Some(Cow::Owned(content.to_owned())))
}

fn day(date: Date) -> Result<WireDate, DriverError> {
    let beyond = || refused("a date lies in the years 1 to 9999");
    if !date.is_valid() || !(1..=9999).contains(&date.year) {
        return Err(beyond());
    }
    u32::try_from(date.to_days() + EPOCH)
        .map(WireDate::new)
        .map_err(|_| beyond())
}

fn time(nanos: i64) -> Result<Time, DriverError> {
    if !(0..DAY).contains(&nanos) {
        return Err(refused("a time lies between 00:00 and 24:00"));
    }
    if nanos % 100 != 0 {
        return Err(refused(
            "this database keeps seven digits of a fraction of a second",
        ));
    }
    Ok(Time::new((nanos / 100).unsigned_abs(), 7))
}

fn moment(stamp: Timestamp) -> Result<DateTime2, DriverError> {
    let (date, nanos) = stamp
        .to_parts()
        .ok_or_else(|| refused("a moment lies in the years 1 to 9999"))?;
    Ok(DateTime2::new(day(date)?, time(nanos)?))
}

fn refused(why: impl Into<String>) -> DriverError {
    let message = format!("a value does not fit: {}", why.into());
    DriverError::new(Category::InvalidData, message)
}

#[cfg(test)]
mod tests;
