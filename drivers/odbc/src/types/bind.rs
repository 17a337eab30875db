//! Values as parameters: each in a form that loses nothing, whatever the driver makes of types.

use std::fmt::Write as _;

use odbc_api::DataType;
use odbc_api::parameter::{InputParameter, VarBinaryBox, VarWCharBox, WithDataType};
use quillback_plugin_api::civil::TimeOfDay;
use quillback_plugin_api::value::uuid_text;
use quillback_plugin_api::{Category, DriverError, Value};

use crate::spelling::{Form, Slot, Values};
use crate::types::moments;

/// A value that is bound.
pub(crate) type Parameter = Box<dyn InputParameter>;

/// Text that cannot be sent.
const UNSENT: Slot = ("?", Form::Refused);

/// The placeholder of a value and what is bound to it.
pub(crate) fn slot(values: &Values, value: &Value) -> Slot {
    match value {
        Value::Null => ("NULL", Form::Refused),
        Value::Bool(_) => values.bool,
        Value::I64(_) => values.whole,
        Value::U64(_) => values.large,
        Value::F64(_) => values.double,
        Value::F32(_) => values.float,
        Value::Decimal(_) => values.decimal,
        Value::Text(_) => values.text,
        Value::Json(_) => values.json,
        Value::Bytes(_) => values.bytes,
        Value::Uuid(_) => values.uuid,
        Value::Date(_) => values.date,
        Value::Time(_) => values.time,
        Value::Timestamp(_) => values.timestamp,
        Value::Instant(_) | Value::OffsetInstant { .. } | Value::ZonedInstant { .. } => {
            values.instant
        }
        Value::OffsetTime { .. }
        | Value::Interval(_)
        | Value::List(_)
        | Value::Struct(_)
        | Value::Special { .. } => UNSENT,
    }
}

/// Digits of an exact number and how many of them stand after the point, within what a cast takes.
pub(crate) fn digits(number: &str, (most, finest): (usize, usize)) -> (usize, usize) {
    let unsigned = number.trim_start_matches('-');
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let scale = fraction.len();
    let precision = (whole.trim_start_matches('0').len() + scale).max(1);
    if most == 0 {
        return (precision, scale);
    }
    (precision.min(most), scale.min(finest).min(most))
}

/// Binds the values of a statement. NULL is written in the statement itself.
///
/// # Errors
/// `InvalidData` for what this database cannot be sent.
pub(crate) fn all(values: &Values, given: &[Value]) -> Result<Vec<Parameter>, DriverError> {
    let bound = given.iter().filter(|value| !value.is_null());
    bound.map(|value| one(values, value)).collect()
}

fn one(values: &Values, value: &Value) -> Result<Parameter, DriverError> {
    let (_, form) = slot(values, value);
    Ok(match form {
        Form::Whole => match value {
            Value::Bool(flag) => Box::new(i64::from(*flag)),
            Value::I64(number) => Box::new(*number),
            _ => return Err(refused("it is no whole number")),
        },
        Form::Double => match value {
            Value::F64(number) => Box::new(sendable(values, *number)?),
            Value::F32(number) => Box::new(sendable(values, (*number).into())?),
            _ => return Err(refused("it is no float")),
        },
        Form::Bytes => match value {
            Value::Bytes(bytes) => Box::new(VarBinaryBox::from_vec(bytes.clone())),
            _ => return Err(refused("it is no binary value")),
        },
        Form::Hex => match value {
            Value::Bytes(bytes) => {
                let mut text = String::with_capacity(bytes.len() * 2);
                for byte in bytes {
                    let _ = write!(text, "{byte:02X}");
                }
                wide(&text)
            }
            _ => return Err(refused("it is no binary value")),
        },
        Form::Text => wide(&text(values, value)?),
        Form::Untyped => Box::new(WithDataType::new(
            VarWCharBox::from_vec(text(values, value)?.encode_utf16().collect()),
            DataType::Unknown,
        )),
        Form::ZonedText => wide(&format!("{}+00:00", text(values, value)?)),
        Form::Refused => return Err(refused("this database has nothing like it")),
    })
}

/// Text in UTF-16, which every character survives.
pub(crate) fn wide(text: &str) -> Parameter {
    Box::new(VarWCharBox::from_vec(text.encode_utf16().collect()))
}

fn sendable(values: &Values, number: f64) -> Result<f64, DriverError> {
    if number.is_nan() && !values.nan {
        return Err(refused("there is no NaN here"));
    }
    if number.is_infinite() && !values.infinity {
        return Err(refused("there is no infinity here"));
    }
    Ok(number)
}

fn text(values: &Values, value: &Value) -> Result<String, DriverError> {
    Ok(match value {
        Value::Bool(flag) => flag.to_string(),
        Value::I64(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        Value::F64(number) => float(sendable(values, *number)?, &format!("{number:e}")),
        Value::F32(number) => float(sendable(values, (*number).into())?, &format!("{number:e}")),
        Value::Decimal(number) => {
            let (most, finest) = values.digits;
            let unsigned = number.as_str().trim_start_matches('-');
            let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
            let whole = whole.trim_start_matches('0');
            let fits =
                most == 0 || (whole.len() + fraction.len() <= most && fraction.len() <= finest);
            if !fits || (!number.is_finite() && most > 0) {
                return Err(refused("a number has more digits than the database keeps"));
            }
            number.as_str().to_owned()
        }
        Value::Text(text) | Value::Json(text) if text.contains('\0') => {
            return Err(refused("a text must not hold a NUL character"));
        }
        Value::Text(text) | Value::Json(text)
            if text.chars().any(|c| c > values.last_character) =>
        {
            return Err(refused("the ODBC driver would change a character of it"));
        }
        Value::Text(text) | Value::Json(text) => text.clone(),
        Value::Uuid(uuid) => uuid_text(uuid),
        Value::Date(date) if date.is_valid() && (1..=9999).contains(&date.year) => date.to_string(),
        Value::Time(nanos) => TimeOfDay(*nanos).to_string(),
        Value::Timestamp(stamp)
        | Value::Instant(stamp)
        | Value::OffsetInstant { instant: stamp, .. }
        | Value::ZonedInstant { instant: stamp, .. } => {
            let within =
                |stamp| moments::print(stamp).filter(|text| text.as_bytes().get(4) == Some(&b'-'));
            within(*stamp).ok_or_else(|| refused("a moment lies in the years 1 to 9999"))?
        }
        _ => return Err(refused("there is no such value here")),
    })
}

/// The shortest text that is this float again.
fn float(number: f64, text: &str) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .to_owned()
    } else {
        text.to_owned()
    }
}

/// A value that cannot be sent; it is not shown.
pub(crate) fn refused(why: &str) -> DriverError {
    let message = format!("a value does not fit: {why}");
    DriverError::new(Category::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::civil::Date;
    use quillback_plugin_api::value::Decimal;

    use super::*;
    use crate::spelling::Dialect;

    fn refuses(dialect: Dialect, value: &Value) -> bool {
        one(&dialect.spelling().values, value)
            .err()
            .is_some_and(|error| error.category == Category::InvalidData)
    }

    #[test]
    fn nulls_are_not_bound() {
        let values = &Dialect::Sqlite.spelling().values;
        let bound = all(values, &[1.into(), Value::Null, "x".into()]).unwrap();
        assert_eq!(bound.len(), 2);
    }

    #[test]
    fn what_would_change_on_its_way_is_refused() {
        let decimal = |text: &str| Value::Decimal(Decimal::new(text).unwrap());
        let fine = format!("0.{}", "1".repeat(31));
        assert!(refuses(Dialect::Mysql, &decimal(&fine)));
        assert!(!refuses(Dialect::Postgresql, &decimal(&fine)));
        assert!(refuses(Dialect::Mysql, &decimal("NaN")));
        assert!(refuses(Dialect::Sqlite, &f64::NAN.into()));
        assert!(!refuses(Dialect::Postgresql, &f64::NAN.into()));
        assert!(refuses(Dialect::Postgresql, &"a\0b".into()));
        assert!(refuses(Dialect::Databricks, &Value::Time(0)));
        let year = |year| {
            Value::Date(Date {
                year,
                month: 1,
                day: 1,
            })
        };
        assert!(refuses(Dialect::Postgresql, &year(12_000)));
        assert!(!refuses(Dialect::Postgresql, &year(9_999)));
    }

    #[test]
    fn digits_are_counted_without_leading_zeros() {
        assert_eq!(digits("-0012.50", (65, 30)), (4, 2));
        assert_eq!(digits("0", (38, 38)), (1, 0));
        assert_eq!(digits("0.001", (38, 38)), (3, 3));
    }
}
