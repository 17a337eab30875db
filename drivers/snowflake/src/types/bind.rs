//! Values as text, what stands around them in a statement, and whether a column holds them.

use std::fmt::Write as _;

use quillback_family_http::values::{
    DAY, SECOND, date, digits, exact_float, finite_digits, fits, fits_digits, float, moment,
    near_float, refused, time,
};
use quillback_plugin_api::civil::{Offset, Timestamp};
use quillback_plugin_api::error::Origin;
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::value::uuid_text;
use quillback_plugin_api::{Category, DriverError, Value};

use super::columns::Field;
use super::create::DIGITS;

/// <https://docs.snowflake.com/en/sql-reference/data-types-numeric#special-values>
const INFINITY: &str = "inf";

/// What makes a text the value again where no column says what it is.
pub(crate) fn wrapping(value: &Value) -> (String, String) {
    let cast = |ty: String| ("CAST(".to_owned(), format!(" AS {ty})"));
    match value {
        // The last three are refused when they are bound.
        Value::Null
        | Value::Text(_)
        | Value::Uuid(_)
        | Value::Special { .. }
        | Value::Interval(_)
        | Value::List(_)
        | Value::Struct(_) => <(String, String)>::default(),
        Value::Bool(_) => cast("BOOLEAN".into()),
        Value::I64(_) | Value::U64(_) => cast("NUMBER(38, 0)".into()),
        Value::Decimal(number) => {
            let scale = digits(number.as_str()).map_or(0, |(_, scale)| scale.min(37));
            cast(format!("NUMBER(38, {scale})"))
        }
        Value::F64(_) | Value::F32(_) => cast("FLOAT".into()),
        Value::Json(_) => ("PARSE_JSON(".into(), ")".into()),
        Value::Bytes(_) => ("TO_BINARY(".into(), ", 'HEX')".into()),
        Value::Date(_) => cast("DATE".into()),
        Value::Time(_) | Value::OffsetTime { .. } => cast("TIME(9)".into()),
        Value::Timestamp(_) => cast("TIMESTAMP_NTZ(9)".into()),
        Value::Instant(_) | Value::OffsetInstant { .. } | Value::ZonedInstant { .. } => {
            cast("TIMESTAMP_TZ(9)".into())
        }
    }
}

/// A value that is compared, as text.
///
/// # Errors
/// `InvalidData` for what no type of this database holds.
pub(crate) fn value(value: &Value) -> Result<String, DriverError> {
    Ok(match value {
        Value::Null => return Err(refused("NULL is not bound")),
        Value::Bool(flag) => flag.to_string(),
        Value::I64(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        Value::F64(number) => float(*number, INFINITY),
        // The shortest text of a single float would be another double.
        Value::F32(number) => float(f64::from(*number), INFINITY),
        Value::Decimal(number) => {
            let (whole, scale) = finite_digits(number.as_str())?;
            if whole + scale > DIGITS as usize {
                return Err(refused("a number has at most 38 digits"));
            }
            number.as_str().to_owned()
        }
        Value::Text(text) | Value::Json(text) | Value::Special { text, .. } => text.clone(),
        Value::Bytes(bytes) => {
            let mut hex = String::with_capacity(bytes.len() * 2);
            for byte in bytes {
                let _ = write!(hex, "{byte:02X}");
            }
            hex
        }
        Value::Uuid(uuid) => uuid_text(uuid),
        Value::Date(day) => date(*day)?,
        Value::Time(nanos) => time(*nanos)?,
        // The offset is not kept: what is stored is the same time of day in UTC.
        Value::OffsetTime { nanos, offset } => {
            time((nanos - i64::from(*offset) * SECOND).rem_euclid(DAY))?
        }
        Value::Timestamp(stamp) => moment(*stamp)?,
        Value::Instant(instant) => format!("{}+00:00", moment(*instant)?),
        Value::OffsetInstant { instant, offset }
        | Value::ZonedInstant {
            instant, offset, ..
        } => with_offset(*instant, *offset)?,
        Value::Interval(_) => return Err(refused("intervals are not written")),
        Value::List(_) => return Err(refused("lists are not written")),
        Value::Struct(_) => return Err(refused("composite values are not written")),
    })
}

/// A value that is stored in this column, as text.
///
/// # Errors
/// `InvalidData` for what that column does not hold exactly.
pub(crate) fn stored(field: &Field, given: &Value) -> Result<String, DriverError> {
    let text = value(given)?;
    let ty = field.logical();
    match (&ty, given) {
        (LogicalType::Bool, Value::Bool(_))
        | (LogicalType::Float { .. }, Value::F64(_) | Value::F32(_))
        | (LogicalType::Date, Value::Date(_)) => Ok(text),
        (
            LogicalType::Int { .. } | LogicalType::Decimal { .. },
            Value::Decimal(_) | Value::I64(_) | Value::U64(_),
        ) => fits_number(field, &text).map(|()| text),
        (LogicalType::Float { .. }, Value::I64(number)) => {
            value(&Value::F64(exact_float(*number)?))
        }
        (LogicalType::Float { .. }, Value::Decimal(_)) => value(&Value::F64(near_float(&text)?)),
        (
            LogicalType::Text { length },
            Value::Text(_) | Value::I64(_) | Value::U64(_) | Value::Decimal(_) | Value::Uuid(_),
        ) => fits(*length, text.chars().count(), "characters").map(|()| text),
        (LogicalType::Json, Value::Json(json) | Value::Text(json)) => {
            let parsed = serde_json::from_str::<serde::de::IgnoredAny>(json);
            parsed.map_err(|_| refused("the text is no JSON document"))?;
            Ok(text)
        }
        (LogicalType::Bytes { length }, Value::Bytes(bytes)) => {
            fits(*length, bytes.len(), "bytes").map(|()| text)
        }
        (LogicalType::Time { precision }, Value::Time(nanos) | Value::OffsetTime { nanos, .. }) => {
            fits_fraction(*precision, nanos.rem_euclid(SECOND)).map(|()| text)
        }
        (LogicalType::Timestamp { precision }, Value::Timestamp(at))
        | (
            LogicalType::Instant { precision } | LogicalType::OffsetInstant { precision },
            Value::Instant(at)
            | Value::OffsetInstant { instant: at, .. }
            | Value::ZonedInstant { instant: at, .. },
        ) => fits_fraction(*precision, at.nanos.into()).map(|()| text),
        (LogicalType::Other, _) => {
            let what = format!("columns of type {} are not written", field.native);
            Err(DriverError::unsupported(what))
        }
        _ => Err(refused("it is of another type than its column")),
    }
}

/// What a NULL, or no value at all, in a required column comes to. The service does not say which column it was.
pub(crate) fn missing(field: &Field) -> DriverError {
    let origin = Origin {
        // The number under which the service itself tells it.
        vendor_code: Some("100072".into()),
        column: Some(field.name.as_str().to_owned()),
        ..Origin::default()
    };
    let message = format!("a required value is missing: column `{}`", field.name);
    DriverError::new(Category::NotNull, message).from_origin(origin)
}

fn fits_fraction(precision: u8, nanos: i64) -> Result<(), DriverError> {
    let unit = 10_i64.pow(9_u32.saturating_sub(precision.into()));
    if nanos % unit == 0 {
        Ok(())
    } else {
        Err(refused(format!(
            "the column keeps {precision} digits of a fraction of a second"
        )))
    }
}

fn fits_number(field: &Field, number: &str) -> Result<(), DriverError> {
    let (precision, scale) = field.number().unwrap_or((DIGITS, 0));
    let most_whole = precision.saturating_sub(scale) as usize;
    // What is declared to have 64 bits holds no more, though nineteen digits would.
    let is_int = matches!(field.logical(), LogicalType::Int { .. });
    let whole_part = number.split('.').next().unwrap_or_default();
    if is_int && finite_digits(number)?.1 == 0 && whole_part.parse::<i64>().is_err() {
        return Err(refused("the column takes whole numbers of 64 bits"));
    }
    fits_digits(number, most_whole, scale as usize)
}

/// The local time, and how far it is from UTC: hours and minutes.
fn with_offset(instant: Timestamp, offset: i32) -> Result<String, DriverError> {
    if offset % 60 != 0 || offset.abs() >= 86_400 {
        return Err(refused(
            "an offset has whole minutes, less than a day of them",
        ));
    }
    let local = moment(instant.at_offset(offset))?;
    Ok(format!("{local}{}", Offset(offset)))
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::Ident;
    use quillback_plugin_api::civil::Date;
    use quillback_plugin_api::value::Decimal;

    use super::*;

    fn field(native: &str) -> Field {
        Field {
            name: Ident::literal("c"),
            native: native.into(),
            nullable: true,
            has_default: false,
            generated: false,
            identity: false,
        }
    }

    #[test]
    fn values_travel_as_text_and_say_what_they_are() {
        let told = |given: Value| {
            let (open, close) = wrapping(&given);
            format!("{open}{}{close}", value(&given).unwrap())
        };
        assert_eq!(told(Value::F64(0.1)), "CAST(1e-1 AS FLOAT)");
        assert_eq!(told(Value::Bytes(vec![255])), "TO_BINARY(FF, 'HEX')");
        let number = Value::Decimal(Decimal::new("-1.250").unwrap());
        assert_eq!(told(number), "CAST(-1.250 AS NUMBER(38, 2))");
        let instant = Timestamp {
            seconds: -1,
            nanos: 1,
        };
        assert_eq!(
            told(Value::OffsetInstant {
                instant,
                offset: -5_400
            }),
            "CAST(1969-12-31 22:29:59.000000001-01:30 AS TIMESTAMP_TZ(9))"
        );
    }

    #[test]
    fn what_a_column_would_cut_is_refused() {
        let decimal = |text: &str| Value::Decimal(Decimal::new(text).unwrap());
        for (column, given) in [
            ("VARCHAR(2)", Value::Text("abc".into())),
            ("NUMBER(4,2)", decimal("1.234")),
            ("NUMBER(4,2)", Value::I64(100)),
            ("NUMBER(19,0)", decimal("1.5")),
            ("NUMBER(19,0)", Value::U64(1 << 63)),
            ("NUMBER(3,0)", Value::I64(1_000)),
            ("FLOAT", Value::I64(9_007_199_254_740_993)),
            ("TIME(6)", Value::Time(1)),
            (
                "TIMESTAMP_NTZ(0)",
                Value::Timestamp(Timestamp {
                    seconds: 0,
                    nanos: 1,
                }),
            ),
            (
                "DATE",
                Value::Date(Date {
                    year: 0,
                    month: 1,
                    day: 1,
                }),
            ),
            ("VARIANT", Value::Text("{".into())),
            ("BINARY(1)", Value::Bytes(vec![1, 2])),
        ] {
            let error = stored(&field(column), &given).unwrap_err();
            assert_eq!(error.category, Category::InvalidData, "{column}");
        }
        assert!(stored(&field("NUMBER(19,0)"), &decimal("7.00")).is_ok());
        assert!(stored(&field("GEOGRAPHY"), &Value::Text("x".into())).is_err());
    }
}
