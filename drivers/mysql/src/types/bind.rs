//! Values as parameters: checked, so that the server never has to guess or round.
//!
//! The protocol knows fewer kinds than the contract. What travels as text is exact: the server converts it to the type
//! of the column. Where the server would convert silently (a fraction into a whole number, a fine fraction of a second
//! into a coarse column) the type of the column is asked first.

use mysql_async::Value as Wire;
use quillback_plugin_api::civil::{Date, Timestamp};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::value::uuid_text;
use quillback_plugin_api::{Category, DriverError, Value};

use super::create::fits_decimal;

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;
/// One microsecond beyond 838:59:59.999999: <https://dev.mysql.com/doc/refman/8.0/en/time.html>
const BEYOND_TIME: i64 = 3_020_400 * SECOND;

/// Binds a value whose column is not known, such as one that a column is compared with.
///
/// # Errors
/// `InvalidData` for what no column of this database holds.
pub(crate) fn value(value: &Value) -> Result<Wire, DriverError> {
    Ok(match value {
        Value::Null => Wire::NULL,
        Value::Bool(flag) => Wire::Int(i64::from(*flag)),
        Value::I64(number) => Wire::Int(*number),
        Value::U64(number) => Wire::UInt(*number),
        Value::F64(number) if number.is_finite() => Wire::Double(*number),
        Value::F32(number) if number.is_finite() => Wire::Float(*number),
        Value::F64(_) | Value::F32(_) => return Err(refused("there is no NaN and no infinity")),
        Value::Decimal(number) if fits_decimal(number.as_str()) => text(number.as_str()),
        Value::Decimal(_) => {
            return Err(refused(
                "a number has at most 65 digits, 30 of them after the point",
            ));
        }
        Value::Text(content) | Value::Json(content) | Value::Special { text: content, .. } => {
            text(content)
        }
        Value::Bytes(bytes) => Wire::Bytes(bytes.clone()),
        Value::Uuid(uuid) => Wire::Bytes(uuid_text(uuid).into_bytes()),
        Value::Date(date) => calendar_date(*date)?,
        Value::Time(nanos) => time(*nanos)?,
        // The offset is not kept: what is stored is the same time of day in UTC.
        Value::OffsetTime { nanos, offset } => {
            time((nanos - i64::from(*offset) * SECOND).rem_euclid(DAY))?
        }
        // Sessions run in UTC, so that a moment is its civil time there.
        Value::Timestamp(stamp)
        | Value::Instant(stamp)
        | Value::OffsetInstant { instant: stamp, .. }
        | Value::ZonedInstant { instant: stamp, .. } => moment(*stamp)?,
        Value::Interval(_) => return Err(refused("there is no type for intervals")),
        Value::List(_) => return Err(refused("there is no type for lists")),
        Value::Struct(_) => return Err(refused("there is no type for composite values")),
    })
}

/// Binds a value that is stored in a column of type `ty`, as it is.
///
/// # Errors
/// `InvalidData` for what that column does not hold exactly, or only after [`converted`].
pub(crate) fn stored(ty: &LogicalType, stored: &Value) -> Result<Wire, DriverError> {
    match (ty, stored) {
        (LogicalType::Int { .. }, Value::Decimal(number)) if !number.as_str().contains('.') => {
            value(stored)
        }
        (LogicalType::Int { .. }, Value::Decimal(_)) => Err(refused(WHOLE)),
        (LogicalType::Int { .. }, Value::Text(number)) if number.contains(['.', 'e', 'E']) => {
            Err(refused(WHOLE))
        }
        (LogicalType::Int { .. }, Value::F64(number)) if number.fract() != 0.0 => {
            Err(refused(WHOLE))
        }
        (LogicalType::Int { .. }, Value::F32(number)) if number.fract() != 0.0 => {
            Err(refused(WHOLE))
        }
        (LogicalType::Uuid, Value::Null | Value::Uuid(_)) => value(stored),
        (LogicalType::Uuid, Value::Text(given)) => match parse_uuid(given) {
            Some(uuid) if uuid_text(&uuid) == *given => value(stored),
            _ => Err(refused("the text is no UUID")),
        },
        (LogicalType::Uuid, _) => Err(refused("the column takes UUIDs")),
        (LogicalType::Json, Value::Json(json) | Value::Text(json)) => {
            let parsed = serde_json::from_str::<serde::de::IgnoredAny>(json);
            parsed.map_err(|_| refused("the text is no JSON document"))?;
            value(stored)
        }
        (
            LogicalType::Time { precision }
            | LogicalType::Timestamp { precision }
            | LogicalType::Instant { precision },
            _,
        ) => {
            holds_fraction(*precision, stored)?;
            value(stored)
        }
        _ => value(stored),
    }
}

/// Binds a value that is stored in a column which is known to be of type `ty` at this moment: there it may be spelled
/// the way that the column keeps it.
///
/// # Errors
/// `InvalidData` for what that column does not hold exactly.
pub(crate) fn converted(ty: &LogicalType, given: &Value) -> Result<Wire, DriverError> {
    let uuid = match (ty, given) {
        (LogicalType::Int { .. }, Value::Decimal(number)) => return whole(number.as_str()),
        (LogicalType::Uuid, Value::Text(text)) => parse_uuid(text),
        (LogicalType::Uuid, Value::Bytes(bytes)) => bytes.as_slice().try_into().ok(),
        _ => None,
    };
    uuid.map_or_else(|| stored(ty, given), |uuid| value(&Value::Uuid(uuid)))
}

const WHOLE: &str = "the column takes whole numbers";

/// A whole number in a decimal; zeros after the point do not make it less whole.
fn whole(number: &str) -> Result<Wire, DriverError> {
    let (digits, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.bytes().all(|digit| digit == b'0') {
        Ok(text(digits))
    } else {
        Err(refused(WHOLE))
    }
}

fn holds_fraction(precision: u8, stored: &Value) -> Result<(), DriverError> {
    let nanos = match stored {
        Value::Time(nanos) | Value::OffsetTime { nanos, .. } => *nanos,
        Value::Timestamp(stamp)
        | Value::Instant(stamp)
        | Value::OffsetInstant { instant: stamp, .. }
        | Value::ZonedInstant { instant: stamp, .. } => i64::from(stamp.nanos),
        _ => 0,
    };
    let step = 10_i64.pow(9 - u32::from(precision.min(9)));
    if nanos % step == 0 {
        Ok(())
    } else {
        Err(refused(format!(
            "the column keeps {precision} digits of a fraction of a second"
        )))
    }
}

fn text(content: &str) -> Wire {
    Wire::Bytes(content.as_bytes().to_vec())
}

/// As text, so that a date also fits a column of text as people write it. Zeros as month or day are passed on: the
/// server compares with them, and refuses to store them.
fn calendar_date(date: Date) -> Result<Wire, DriverError> {
    if (0..=9999).contains(&date.year) && date.month <= 12 && date.day <= 31 {
        Ok(text(&date.to_string()))
    } else {
        Err(refused("a date lies in the years 0 to 9999"))
    }
}

fn time(nanos: i64) -> Result<Wire, DriverError> {
    if nanos % 1_000 != 0 {
        return Err(too_fine());
    }
    let total = nanos.unsigned_abs();
    if total >= BEYOND_TIME.unsigned_abs() {
        return Err(refused(
            "a time lies between -838:59:59.999999 and 838:59:59.999999",
        ));
    }
    let (day, second) = (DAY.unsigned_abs(), SECOND.unsigned_abs());
    let part = |number: u64| u32::try_from(number).unwrap_or(0);
    let small = |number: u64| u8::try_from(number).unwrap_or(0);
    let seconds = total % day / second;
    Ok(Wire::Time(
        nanos < 0,
        part(total / day),
        small(seconds / 3_600),
        small(seconds / 60 % 60),
        small(seconds % 60),
        part(total % second / 1_000),
    ))
}

fn moment(stamp: Timestamp) -> Result<Wire, DriverError> {
    if !stamp.nanos.is_multiple_of(1_000) {
        return Err(too_fine());
    }
    let beyond = || refused("a moment lies in the years 0 to 9999");
    let (date, nanos) = stamp.to_parts().ok_or_else(beyond)?;
    let year = u16::try_from(date.year)
        .ok()
        .filter(|year| *year <= 9999)
        .ok_or_else(beyond)?;
    let seconds = nanos / SECOND;
    let small = |number: i64| u8::try_from(number).unwrap_or(0);
    let (hour, minute, second) = (
        small(seconds / 3_600),
        small(seconds / 60 % 60),
        small(seconds % 60),
    );
    Ok(Wire::Date(
        year,
        date.month,
        date.day,
        hour,
        minute,
        second,
        stamp.nanos / 1_000,
    ))
}

fn too_fine() -> DriverError {
    refused("this database keeps six digits of a fraction of a second")
}

fn refused(why: impl Into<String>) -> DriverError {
    DriverError::new(
        Category::InvalidData,
        format!("a value does not fit: {}", why.into()),
    )
}

/// Reads the 36 characters of a UUID, upper or lower case.
pub(crate) fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let bytes: &[u8; 36] = text.as_bytes().try_into().ok()?;
    let mut halves = Vec::with_capacity(32);
    for (position, byte) in bytes.iter().enumerate() {
        if matches!(position, 8 | 13 | 18 | 23) {
            (*byte == b'-').then_some(())?;
        } else {
            halves.push(u8::try_from(char::from(*byte).to_digit(16)?).ok()?);
        }
    }
    let mut uuid = [0; 16];
    for (byte, pair) in uuid.iter_mut().zip(halves.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = high << 4 | low;
    }
    Some(uuid)
}

#[cfg(test)]
mod tests;
