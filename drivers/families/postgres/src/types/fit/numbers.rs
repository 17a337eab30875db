//! Numbers: exact where the type is, never cut.

use std::borrow::Cow;

use quillback_plugin_api::Value;

use super::{Form, Unfit};
use crate::types::oid;

/// The value as an integer, if it is one.
pub(super) fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Bool(flag) => Some(i128::from(*flag)),
        Value::I64(number) => Some(i128::from(*number)),
        Value::U64(number) => Some(i128::from(*number)),
        Value::F64(number) => number.to_string().parse().ok(),
        Value::F32(number) => number.to_string().parse().ok(),
        Value::Decimal(number) => {
            let (whole, fraction) = number
                .as_str()
                .split_once('.')
                .unwrap_or((number.as_str(), ""));
            let is_whole = fraction.bytes().all(|digit| digit == b'0');
            is_whole.then(|| whole.parse().ok()).flatten()
        }
        _ => None,
    }
}

pub(super) fn whole<T: TryFrom<i128>>(value: &Value, ty: u32) -> Result<T, Unfit> {
    let reason = match value {
        Value::F64(_) | Value::F32(_) | Value::Decimal(_) => Unfit::Fraction(ty),
        _ => Unfit::Kind(ty),
    };
    let number = integer(value).ok_or(reason)?;
    T::try_from(number).map_err(|_| Unfit::Range(ty))
}

/// The value in plain decimal notation, if it is a number.
pub(super) fn decimal(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Decimal(number) => Some(number.as_str().into()),
        Value::Bool(flag) => Some(if *flag { "1" } else { "0" }.into()),
        Value::I64(number) => Some(number.to_string().into()),
        Value::U64(number) => Some(number.to_string().into()),
        Value::F64(number) => Some(float_text(&number.to_string())),
        Value::F32(number) => Some(float_text(&number.to_string())),
        _ => None,
    }
}

/// The database's spelling of what Rust calls `inf`; other floats are spelled alike.
pub(in crate::types) fn float_text<'t>(text: &str) -> Cow<'t, str> {
    match text {
        "inf" => "Infinity".into(),
        "-inf" => "-Infinity".into(),
        other => other.to_owned().into(),
    }
}

pub(super) fn fit_double(value: &Value) -> Result<Form<'_>, Unfit> {
    match value {
        Value::F64(number) => Ok(Form::F64(*number)),
        Value::F32(number) => Ok(Form::F64(f64::from(*number))),
        _ => {
            let number: f64 = nearest(value, oid::FLOAT8)?;
            exact_integer(value, &number.to_string(), oid::FLOAT8)?;
            Ok(Form::F64(number))
        }
    }
}

pub(super) fn fit_real(value: &Value) -> Result<Form<'_>, Unfit> {
    if let Value::F32(number) = value {
        return Ok(Form::F32(*number));
    }
    let number: f32 = nearest(value, oid::FLOAT4)?;
    exact_integer(value, &number.to_string(), oid::FLOAT4)?;
    Ok(Form::F32(number))
}

/// The float nearest to the number; beyond the largest finite one is out of range.
fn nearest<T: std::str::FromStr + Into<f64> + Copy>(value: &Value, ty: u32) -> Result<T, Unfit> {
    let text = decimal(value).ok_or(Unfit::Kind(ty))?;
    let number: T = text.parse().map_err(|_| Unfit::Kind(ty))?;
    if number.into().is_infinite() && !text.ends_with("Infinity") {
        return Err(Unfit::Range(ty));
    }
    Ok(number)
}

/// Fractions are rounded to the nearest float, as everywhere; integers must not be.
fn exact_integer(value: &Value, float: &str, ty: u32) -> Result<(), Unfit> {
    match value {
        Value::I64(number) if number.to_string() != *float => Err(Unfit::Range(ty)),
        Value::U64(number) if number.to_string() != *float => Err(Unfit::Range(ty)),
        _ => Ok(()),
    }
}

pub(super) fn fit_money(value: &Value, scale: u8) -> Result<Form<'_>, Unfit> {
    let text = decimal(value).ok_or(Unfit::Kind(oid::MONEY))?;
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let (kept, rest) = fraction
        .split_at_checked(usize::from(scale))
        .unwrap_or((fraction, ""));
    if rest.bytes().any(|digit| digit != b'0') {
        return Err(Unfit::Fraction(oid::MONEY));
    }
    let units = format!("{whole}{kept:0<width$}", width = usize::from(scale));
    let units = units.parse().map_err(|_| Unfit::Range(oid::MONEY))?;
    Ok(Form::Money(units, scale))
}

pub(super) fn json(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Json(text) => Some(text.into()),
        Value::Bool(flag) => Some(if *flag { "true" } else { "false" }.into()),
        Value::I64(_) | Value::U64(_) | Value::F64(_) | Value::F32(_) | Value::Decimal(_) => {
            decimal(value)
        }
        _ => None,
    }
}
