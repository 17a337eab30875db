//! Values as typed parameters, and whether a column holds them.
//!
//! <https://cloud.google.com/bigquery/docs/parameterized-queries>

use base64ct::{Base64, Encoding as _};
use quillback_family_http::values::{
    self, DAY, SECOND, date, exact_float, finite_digits, fits, fits_digits, float, near_float,
    refused,
};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::value::{Decimal, uuid_text};
use quillback_plugin_api::{DriverError, Value};

use super::columns::{Field, Kind};
use super::create::{BIGNUMERIC, NUMERIC};

const INFINITY: &str = "Infinity";

/// A value as the service takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    /// Type of the parameter.
    pub(crate) ty: &'static str,
    /// The value as text; `None` is NULL.
    pub(crate) value: Option<String>,
}

/// What a NULL of this column is called: bytes and JSON travel as text.
pub(crate) fn null(field: Option<&Field>) -> Parameter {
    let ty = match field.map(|field| (field.kind(), field.kind.as_str())) {
        Some((Kind::Bool, _)) => "BOOL",
        Some((Kind::Int, _)) => "INT64",
        Some((Kind::Float, _)) => "FLOAT64",
        Some((Kind::Decimal, "NUMERIC")) => "NUMERIC",
        Some((Kind::Decimal, _)) => "BIGNUMERIC",
        Some((Kind::Date, _)) => "DATE",
        Some((Kind::Time, _)) => "TIME",
        Some((Kind::Timestamp, _)) => "DATETIME",
        Some((Kind::Instant, _)) => "TIMESTAMP",
        _ => "STRING",
    };
    Parameter { ty, value: None }
}

/// Binds a value that is compared or stored.
///
/// # Errors
/// `InvalidData` for what no type of this database holds.
pub(crate) fn value(value: &Value) -> Result<Parameter, DriverError> {
    let (ty, text) = match value {
        Value::Null => return Ok(null(None)),
        Value::Bool(flag) => ("BOOL", flag.to_string()),
        Value::I64(number) => ("INT64", number.to_string()),
        Value::U64(number) => ("NUMERIC", number.to_string()),
        Value::F64(number) => ("FLOAT64", float(*number, INFINITY)),
        Value::F32(number) => ("FLOAT64", float(f64::from(*number), INFINITY)),
        Value::Decimal(number) => (decimal(number)?, number.as_str().to_owned()),
        Value::Text(text) | Value::Json(text) | Value::Special { text, .. } => {
            ("STRING", text.clone())
        }
        Value::Bytes(bytes) => ("STRING", Base64::encode_string(bytes)),
        Value::Uuid(uuid) => ("STRING", uuid_text(uuid)),
        Value::Date(day) => ("DATE", date(*day)?),
        Value::Time(nanos) => ("TIME", time(*nanos)?),
        // The offset is not kept: what is stored is the same time of day in UTC.
        Value::OffsetTime { nanos, offset } => {
            let utc = (nanos - i64::from(*offset) * SECOND).rem_euclid(DAY);
            ("TIME", time(utc)?)
        }
        Value::Timestamp(stamp) => ("DATETIME", moment(*stamp)?),
        Value::Instant(instant)
        | Value::OffsetInstant { instant, .. }
        | Value::ZonedInstant { instant, .. } => {
            ("TIMESTAMP", format!("{}+00:00", moment(*instant)?))
        }
        Value::Interval(_) => return Err(refused("intervals are not written")),
        Value::List(_) => return Err(refused("lists are not written")),
        Value::Struct(_) => return Err(refused("composite values are not written")),
    };
    Ok(Parameter {
        ty,
        value: Some(text),
    })
}

/// Binds a value that is stored in this column.
///
/// # Errors
/// `InvalidData` for what that column does not hold exactly.
pub(crate) fn stored(field: &Field, given: &Value) -> Result<Parameter, DriverError> {
    if given.is_null() {
        return Ok(null(Some(field)));
    }
    let parameter = value(given)?;
    let ty = field.logical();
    match (&ty, given) {
        (LogicalType::Int { .. }, Value::I64(_))
        | (LogicalType::Bool, Value::Bool(_))
        | (LogicalType::Float { .. }, Value::F64(_) | Value::F32(_))
        | (LogicalType::Date, Value::Date(_))
        | (LogicalType::Time { .. }, Value::Time(_) | Value::OffsetTime { .. })
        | (LogicalType::Timestamp { .. }, Value::Timestamp(_))
        | (
            LogicalType::Instant { .. },
            Value::Instant(_) | Value::OffsetInstant { .. } | Value::ZonedInstant { .. },
        ) => Ok(parameter),
        (LogicalType::Int { .. }, Value::Decimal(number)) => whole(number.as_str()),
        (LogicalType::Int { .. }, Value::U64(number)) => whole(&number.to_string()),
        (LogicalType::Float { .. }, Value::I64(number)) => {
            value(&Value::F64(exact_float(*number)?))
        }
        (LogicalType::Float { .. }, Value::Decimal(number)) => {
            value(&Value::F64(near_float(number.as_str())?))
        }
        (LogicalType::Decimal { .. }, Value::Decimal(_) | Value::I64(_) | Value::U64(_)) => {
            let text = parameter.value.unwrap_or_default();
            fits_decimal(&ty, &text)?;
            let ty = null(Some(field)).ty;
            Ok(Parameter {
                ty,
                value: Some(text),
            })
        }
        (LogicalType::Text { length }, Value::Text(text)) => {
            fits(*length, text.chars().count(), "characters").map(|()| parameter)
        }
        (LogicalType::Text { length }, Value::I64(_) | Value::U64(_) | Value::Decimal(_)) => {
            let digits = parameter.value.as_ref().map_or(0, String::len);
            let ty = "STRING";
            fits(*length, digits, "characters").map(|()| Parameter { ty, ..parameter })
        }
        (LogicalType::Text { length }, Value::Uuid(_)) => {
            fits(*length, 36, "characters").map(|()| parameter)
        }
        (LogicalType::Json, Value::Json(json) | Value::Text(json)) => {
            let parsed = serde_json::from_str::<serde::de::IgnoredAny>(json);
            parsed.map_err(|_| refused("the text is no JSON document"))?;
            Ok(parameter)
        }
        (LogicalType::Bytes { length }, Value::Bytes(bytes)) => {
            fits(*length, bytes.len(), "bytes").map(|()| parameter)
        }
        (LogicalType::Other, _) => {
            let what = format!("columns of type {} are not written", field.native());
            Err(DriverError::unsupported(what))
        }
        _ => Err(refused("it is of another type than its column")),
    }
}

/// A whole number in a decimal; zeros after the point do not make it less whole.
fn whole(number: &str) -> Result<Parameter, DriverError> {
    let (digits, fraction) = number.split_once('.').unwrap_or((number, ""));
    let number: i64 = digits
        .parse()
        .ok()
        .filter(|_| fraction.bytes().all(|digit| digit == b'0'))
        .ok_or_else(|| refused("the column takes whole numbers of 64 bits"))?;
    value(&Value::I64(number))
}

/// The smaller of the two types that holds the number.
fn decimal(number: &Decimal) -> Result<&'static str, DriverError> {
    let (whole, fraction) = finite_digits(number.as_str())?;
    let holds = |(most_whole, most_fraction): (u32, u32)| {
        whole <= most_whole as usize && fraction <= most_fraction as usize
    };
    if holds(NUMERIC) {
        Ok("NUMERIC")
    } else if holds(BIGNUMERIC) {
        Ok("BIGNUMERIC")
    } else {
        Err(refused(
            "a number has at most 38 digits on each side of the point",
        ))
    }
}

fn fits_decimal(ty: &LogicalType, number: &str) -> Result<(), DriverError> {
    let LogicalType::Decimal {
        precision: Some(precision),
        scale,
    } = ty
    else {
        return Ok(());
    };
    let scale = usize::try_from(scale.unwrap_or(0)).unwrap_or(0);
    let most_whole = (*precision as usize).saturating_sub(scale);
    fits_digits(number, most_whole, scale)
}

fn time(nanos: i64) -> Result<String, DriverError> {
    fits_micros(nanos)?;
    values::time(nanos)
}

fn moment(stamp: Timestamp) -> Result<String, DriverError> {
    fits_micros(stamp.nanos.into())?;
    values::moment(stamp)
}

fn fits_micros(nanos: i64) -> Result<(), DriverError> {
    if nanos % 1_000 == 0 {
        Ok(())
    } else {
        Err(refused(
            "this database keeps six digits of a fraction of a second",
        ))
    }
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::Category;
    use quillback_plugin_api::civil::Date;

    use super::*;

    fn field(json: &str) -> Field {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn parameters_say_their_type_and_null_that_of_its_column() {
        let bound = |v: Value| value(&v).map(|p| (p.ty, p.value.unwrap())).unwrap();
        assert_eq!(bound(Value::F64(0.1)), ("FLOAT64", "1e-1".into()));
        assert_eq!(
            bound(Value::F64(f64::NEG_INFINITY)),
            ("FLOAT64", "-Infinity".into())
        );
        assert_eq!(bound(Value::Bytes(vec![255])), ("STRING", "/w==".into()));
        assert_eq!(
            bound(Value::Decimal(Decimal::new("0.0123456789").unwrap())).0,
            "BIGNUMERIC"
        );
        assert_eq!(
            bound(Value::Instant(Timestamp::from_micros(-1))),
            ("TIMESTAMP", "1969-12-31 23:59:59.999999+00:00".into())
        );
        let column = field(r#"{"type":"DATE"}"#);
        assert_eq!(
            stored(&column, &Value::Null).unwrap(),
            Parameter {
                ty: "DATE",
                value: None
            }
        );
    }

    #[test]
    fn what_a_column_would_cut_is_refused() {
        for (column, given) in [
            (
                r#"{"type":"STRING","maxLength":"2"}"#,
                Value::Text("abc".into()),
            ),
            (
                r#"{"type":"NUMERIC","precision":"4","scale":"2"}"#,
                Value::Decimal(Decimal::new("1.234").unwrap()),
            ),
            (
                r#"{"type":"NUMERIC","precision":"4","scale":"2"}"#,
                Value::I64(100),
            ),
            (
                r#"{"type":"INTEGER"}"#,
                Value::Decimal(Decimal::new("1.5").unwrap()),
            ),
            (r#"{"type":"FLOAT"}"#, Value::I64(9_007_199_254_740_993)),
            (r#"{"type":"TIME"}"#, Value::Time(1)),
            (
                r#"{"type":"DATE"}"#,
                Value::Date(Date {
                    year: 0,
                    month: 1,
                    day: 1,
                }),
            ),
            (r#"{"type":"JSON"}"#, Value::Text("{".into())),
            (
                r#"{"type":"BYTES","maxLength":"1"}"#,
                Value::Bytes(vec![1, 2]),
            ),
        ] {
            let error = stored(&field(column), &given).unwrap_err();
            assert_eq!(error.category, Category::InvalidData, "{column}");
        }
        assert!(
            stored(
                &field(r#"{"type":"INTEGER"}"#),
                &Value::Decimal(Decimal::new("7.00").unwrap())
            )
            .is_ok()
        );
        assert!(stored(&field(r#"{"type":"GEOGRAPHY"}"#), &Value::Text("x".into())).is_err());
    }
}
