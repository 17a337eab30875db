//! The types of columns, both ways: what a neutral type becomes, and what text stands for which value.

use std::cmp::Ordering;

use quillback_plugin_api::Value;
use quillback_plugin_api::civil::{Date, Timestamp};
use quillback_plugin_api::sql::RenderError;
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::value::{Decimal, is_decimal};

use crate::decimal;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text of at most so many characters.
    Text(Option<u32>),
    /// Whole number of 64 bits.
    Whole,
    /// Exact number: digits in all, and digits behind the point.
    Decimal(Option<(u32, u32)>),
    /// `true` or `false`.
    Boolean,
    /// `2026-11-25`.
    Date,
    /// `2026-11-25T08:30:00.5`, with up to nine digits of a second, wherever that is.
    Timestamp,
    /// `2026-11-25T08:30:00.5Z`, the same in UTC.
    Moment,
}

impl Kind {
    /// The kind for a neutral type. A type that files lack gets one that holds every value of it, or is refused.
    ///
    /// # Errors
    /// `RenderError` where no kind will do.
    pub(crate) fn of(ty: &LogicalType) -> Result<Self, RenderError> {
        Ok(match ty {
            LogicalType::Bool => Self::Boolean,
            LogicalType::Int {
                bits: 64,
                unsigned: true,
            } => Self::Decimal(Some((20, 0))),
            LogicalType::Int { .. } => Self::Whole,
            LogicalType::Decimal {
                precision: None, ..
            } => Self::Decimal(None),
            LogicalType::Decimal {
                precision: Some(digits),
                scale,
            } => {
                let scale = u32::try_from(scale.unwrap_or(0))
                    .ok()
                    .filter(|scale| scale <= digits);
                Self::Decimal(Some((*digits, scale.ok_or_else(|| unsupported(ty))?)))
            }
            LogicalType::Text { length } => Self::Text(*length),
            LogicalType::Uuid => Self::Text(Some(36)),
            LogicalType::Date => Self::Date,
            LogicalType::Timestamp { .. } => Self::Timestamp,
            LogicalType::Instant { .. } => Self::Moment,
            _ => return Err(unsupported(ty)),
        })
    }

    /// The neutral type.
    pub(crate) fn logical(self) -> LogicalType {
        match self {
            Self::Text(length) => LogicalType::Text { length },
            Self::Whole => LogicalType::INT64,
            Self::Decimal(shape) => LogicalType::Decimal {
                precision: shape.map(|(digits, _)| digits),
                scale: shape.and_then(|(_, scale)| i32::try_from(scale).ok()),
            },
            Self::Boolean => LogicalType::Bool,
            Self::Date => LogicalType::Date,
            Self::Timestamp => LogicalType::Timestamp { precision: 9 },
            Self::Moment => LogicalType::Instant { precision: 9 },
        }
    }

    /// The type in the words of the description file.
    pub(crate) fn native(self) -> String {
        match self {
            Self::Text(Some(length)) => format!("text({length})"),
            Self::Text(None) => "text".into(),
            Self::Whole => "whole".into(),
            Self::Decimal(Some((digits, scale))) => format!("decimal({digits},{scale})"),
            Self::Decimal(None) => "decimal".into(),
            Self::Boolean => "boolean".into(),
            Self::Date => "date".into(),
            Self::Timestamp => "timestamp".into(),
            Self::Moment => "moment".into(),
        }
    }

    /// The value that a text in a file stands for; `None` when it stands for none.
    pub(crate) fn parse(self, text: &str) -> Option<Value> {
        match self {
            Self::Text(_) => Some(text.into()),
            Self::Whole => text.parse().ok().map(Value::I64),
            Self::Decimal(shape) => {
                let scale = shape.map_or(0, |(_, scale)| scale as usize);
                let text = if shape.is_some() {
                    decimal::padded(text, scale)
                } else {
                    text.to_owned()
                };
                is_number(&text).then(|| Decimal::new(text).ok().map(Value::Decimal))?
            }
            // Spreadsheets write them in capitals.
            Self::Boolean if text.eq_ignore_ascii_case("true") => Some(true.into()),
            Self::Boolean if text.eq_ignore_ascii_case("false") => Some(false.into()),
            Self::Boolean => None,
            Self::Date => parse_date(text).map(Value::Date),
            Self::Timestamp => parse_timestamp(text).map(Value::Timestamp),
            Self::Moment => parse_timestamp(text.strip_suffix('Z')?).map(Value::Instant),
        }
    }

    /// The text for a value.
    ///
    /// # Errors
    /// Why the value does not fit, without the value.
    pub(crate) fn print(self, value: &Value) -> Result<Option<String>, &'static str> {
        let text = match (self, value) {
            (_, Value::Null) => return Ok(None),
            (Self::Text(length), value) => text(value, length)?,
            (Self::Whole, value) => whole(value)?.to_string(),
            (Self::Decimal(shape), value) => exact(value, shape)?,
            (Self::Boolean, Value::Bool(flag)) => flag.to_string(),
            (Self::Date, Value::Date(date)) if has_four_digits(*date) => date.to_string(),
            (Self::Timestamp, Value::Timestamp(stamp)) => stamp_text(*stamp)?,
            (Self::Moment, Value::Instant(moment)) => format!("{}Z", stamp_text(*moment)?),
            (Self::Boolean, _) => return Err("it is neither true nor false"),
            (Self::Date, _) => return Err("it is no date of the years 0 to 9999"),
            (Self::Timestamp | Self::Moment, _) => {
                return Err("it is no date and time of that kind");
            }
        };
        Ok(Some(text))
    }
}

fn unsupported(ty: &LogicalType) -> RenderError {
    RenderError::unsupported(format!("columns of the type {ty:?}"))
}

/// NaN and infinities are decimals of some databases, but no numbers of a file.
fn is_number(text: &str) -> bool {
    is_decimal(text) && text.ends_with(|last: char| last.is_ascii_digit())
}

fn text(value: &Value, length: Option<u32>) -> Result<String, &'static str> {
    let text = match value {
        Value::Text(text) => text.clone(),
        Value::Bool(flag) => flag.to_string(),
        Value::I64(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Date(date) => date.to_string(),
        Value::Uuid(uuid) => hyphenated(uuid),
        _ => return Err("it is no text"),
    };
    if text.contains('\0') {
        return Err("a text must not hold the character NUL");
    }
    match length {
        Some(most) if text.chars().count() > most as usize => Err("the text is too long"),
        _ => Ok(text),
    }
}

fn hyphenated(uuid: &[u8; 16]) -> String {
    let hex: String = uuid.iter().map(|byte| format!("{byte:02x}")).collect();
    let cuts = [0..8, 8..12, 12..16, 16..20, 20..32];
    cuts.map(|cut| hex.get(cut).unwrap_or_default()).join("-")
}

fn whole(value: &Value) -> Result<i64, &'static str> {
    match value {
        Value::I64(number) => Some(*number),
        Value::U64(number) => i64::try_from(*number).ok(),
        Value::Decimal(number) => decimal::padded(number.as_str(), 0).parse().ok(),
        _ => None,
    }
    .ok_or("it is no whole number of 64 bits")
}

fn exact(value: &Value, shape: Option<(u32, u32)>) -> Result<String, &'static str> {
    let number = match value {
        Value::I64(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        Value::Decimal(number) if is_number(number.as_str()) => number.to_string(),
        _ => return Err("it is no exact number"),
    };
    let Some((digits, scale)) = shape else {
        return Ok(number);
    };
    let (whole, fraction) = decimal::digits(&number);
    if fraction > scale as usize || whole > digits.saturating_sub(scale) as usize {
        return Err("the number has too many digits");
    }
    // Superfluous zeros go, missing ones come: the text has exactly the digits of the column.
    let trimmed = if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        &number
    };
    Ok(decimal::padded(trimmed, scale as usize))
}

fn has_four_digits(date: Date) -> bool {
    date.is_valid() && (0..=9999).contains(&date.year)
}

fn stamp_text(moment: Timestamp) -> Result<String, &'static str> {
    match moment.to_parts() {
        Some((date, _)) if has_four_digits(date) => Ok(moment.to_string()),
        _ => Err("it is no date and time of the years 0 to 9999"),
    }
}

/// Digits only: `str::parse` takes a sign too.
fn number<T: std::str::FromStr>(text: &str, digits: usize) -> Option<T> {
    let is_plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let date = Date {
        year: number(parts.next()?, 4)?,
        month: number(parts.next()?, 2)?,
        day: number(parts.next()?, 2)?,
    };
    (parts.next().is_none() && date.is_valid()).then_some(date)
}

fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once('T')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut parts = time.split(':');
    let mut part = |below: i64| number::<i64>(parts.next()?, 2).filter(|number| *number < below);
    let seconds = part(24)? * 3_600 + part(60)? * 60 + part(60)?;
    let nanos: i64 = number(&format!("{fraction:0<9}"), 9)?;
    let is_end = parts.next().is_none();
    is_end.then(|| {
        parse_date(date).map(|date| Timestamp::from_parts(date, seconds * 1_000_000_000 + nanos))
    })?
}

/// How two values compare; `Ok(None)` when one of them is NULL. Texts compare byte by byte.
///
/// # Errors
/// Nothing when the values are of kinds that do not compare.
pub(crate) fn compare(one: &Value, other: &Value) -> Result<Option<Ordering>, ()> {
    Ok(Some(match (one, other) {
        (Value::Null, _) | (_, Value::Null) => return Ok(None),
        (Value::I64(one), Value::I64(other)) => one.cmp(other),
        (Value::Text(one), Value::Text(other)) => one.cmp(other),
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Date(one), Value::Date(other)) => one.cmp(other),
        (Value::Instant(one), Value::Instant(other))
        | (Value::Timestamp(one), Value::Timestamp(other)) => one.cmp(other),
        // What a column of texts holds instead of them.
        (Value::Text(one), Value::Uuid(other)) => one.cmp(&hyphenated(other)),
        _ => match (exact(one, None), exact(other, None)) {
            (Ok(one), Ok(other)) => decimal::compare(&one, &other),
            _ => return Err(()),
        },
    }))
}

/// The one text of all values that are equal.
pub(crate) fn canonical(value: &Value) -> String {
    match value {
        Value::Decimal(number) => decimal::canonical(number.as_str()),
        Value::Text(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_files_are_read_strictly() {
        for (kind, good, bad) in [
            (Kind::Whole, "-7", "7.0"),
            (Kind::Decimal(Some((6, 2))), "5", "1e3"),
            (Kind::Decimal(None), "0.10", "NaN"),
            (Kind::Boolean, "TRUE", "yes"),
            (Kind::Date, "2024-02-29", "2023-02-29"),
            (
                Kind::Moment,
                "2024-02-29T12:34:56.5Z",
                "2024-02-29T12:34:56",
            ),
        ] {
            assert!(kind.parse(good).is_some(), "{good}");
            assert_eq!(kind.parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn written_values_are_read_again() {
        let moment = parse_timestamp("2024-02-29T12:34:56.000000001").unwrap();
        for (kind, value) in [
            (Kind::Moment, Value::Instant(moment)),
            (Kind::Timestamp, Value::Timestamp(moment)),
            (Kind::Text(Some(36)), "🚀 , \"".into()),
            (Kind::Whole, i64::MIN.into()),
            (
                Kind::Decimal(Some((20, 2))),
                Value::Decimal(Decimal::new("-0.10").unwrap()),
            ),
        ] {
            let text = kind.print(&value).unwrap().unwrap();
            assert_eq!(kind.parse(&text), Some(value), "{text}");
        }
    }
}
