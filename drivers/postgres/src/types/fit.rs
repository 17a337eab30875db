//! Fits a value to the type of the parameter that takes it, without losing anything, or says why it cannot.

use std::borrow::Cow;

use quillback_plugin_api::civil::{Date, Interval, Timestamp};
use quillback_plugin_api::value::is_decimal;
use quillback_plugin_api::{Category, DriverError, Value};

use super::limits::Limit;
use super::literal;
use super::oid;

/// Seconds from 1970-01-01 to 2000-01-01, where the database's own count starts.
pub(crate) const EPOCH_SECONDS: i64 = 946_684_800;
/// Days between the same.
pub(crate) const EPOCH_DAYS: i64 = 10_957;
const DAY_MICROS: i64 = 86_400_000_000;

/// A value in the form that a type takes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Form<'v> {
    Null,
    Bool(bool),
    I16(i16),
    I32(i32),
    U32(u32),
    I64(i64),
    F32(f32),
    F64(f64),
    /// Plain notation.
    Numeric(Cow<'v, str>),
    /// Units of the smallest coin, and how many digits they have after the point.
    Money(i64, u8),
    /// Text whose binary form is the text.
    Text(Cow<'v, str>),
    Jsonb(Cow<'v, str>),
    Bytes(&'v [u8]),
    Uuid([u8; 16]),
    /// Days since 2000-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since midnight, seconds east of UTC.
    TimeTz(i64, i32),
    /// Microseconds since 2000-01-01.
    Timestamp(i64),
    /// Microseconds, days, months.
    Interval(i64, i32, i32),
    /// Text that the type's own input function reads; it has no binary form here.
    Literal(Cow<'v, str>),
}

/// Why a value does not fit. Names types, never the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// The value is of a kind that the type does not take.
    Kind(u32),
    /// The value is beyond what the type holds.
    Range(u32),
    /// The value is finer than the type holds.
    Fraction(u32),
    /// The date is not in the calendar.
    Calendar,
    /// The column would round or cut the value.
    Column(Limit),
}

impl From<Unfit> for DriverError {
    fn from(unfit: Unfit) -> Self {
        let message = match unfit {
            Unfit::Kind(ty) => format!("a column of type {} takes another kind of value", name(ty)),
            Unfit::Range(ty) => format!("a value is out of the range of type {}", name(ty)),
            Unfit::Fraction(ty) => format!(
                "a value has more digits after the point than type {} keeps: round it first",
                name(ty)
            ),
            Unfit::Calendar => "a date is not a day of the calendar".to_owned(),
            Unfit::Column(Limit::Scale(digits)) => {
                format!(
                    "a number has more than the {digits} digits after the point that its column keeps"
                )
            }
            Unfit::Column(Limit::Fraction(digits)) => {
                format!(
                    "a time has more than the {digits} digits of a second that its column keeps"
                )
            }
            Unfit::Column(_) => "a text is longer than its column takes".to_owned(),
        };
        Self::new(Category::InvalidData, message)
    }
}

fn name(ty: u32) -> &'static str {
    match ty {
        oid::BOOL => "boolean",
        oid::BYTEA => "bytea",
        oid::INT2 => "smallint",
        oid::INT4 => "integer",
        oid::INT8 => "bigint",
        oid::OID => "oid",
        oid::FLOAT4 => "real",
        oid::FLOAT8 => "double precision",
        oid::NUMERIC => "numeric",
        oid::MONEY => "money",
        oid::DATE => "date",
        oid::TIME => "time",
        oid::TIMETZ => "time with time zone",
        oid::TIMESTAMP => "timestamp",
        oid::TIMESTAMPTZ => "timestamp with time zone",
        oid::INTERVAL => "interval",
        oid::UUID => "uuid",
        oid::JSON => "json",
        oid::JSONB => "jsonb",
        _ => "text",
    }
}

/// Where a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Type of the parameter.
    pub(crate) ty: u32,
    /// What stands between the elements of an array of this type.
    pub(crate) separator: char,
    /// What the column behind it keeps.
    pub(crate) limit: Limit,
}

impl Slot {
    /// A slot of a type that has nothing special about it.
    pub(crate) fn of(ty: u32) -> Self {
        Self {
            ty,
            separator: ',',
            limit: Limit::None,
        }
    }
}

/// Fits a value; `money_scale` is how many digits the database's `money` has after the point.
pub(crate) fn fit(value: &Value, slot: Slot, money_scale: u8) -> Result<Form<'_>, Unfit> {
    let form = match value {
        Value::List(_) => Form::Literal(literal::of(value, slot.separator)?),
        _ => fit_type(value, slot.ty, money_scale)?,
    };
    slot.limit.check(&form)?;
    Ok(form)
}

fn fit_type(value: &Value, ty: u32, money_scale: u8) -> Result<Form<'_>, Unfit> {
    match value {
        Value::Null => return Ok(Form::Null),
        Value::Text(text) => return fit_text(text, ty),
        Value::Special { text, .. } => return Ok(Form::Literal(text.into())),
        _ => {}
    }
    match ty {
        oid::BOOL => match integer(value) {
            Some(0) => Ok(Form::Bool(false)),
            Some(1) => Ok(Form::Bool(true)),
            _ => Err(Unfit::Kind(ty)),
        },
        oid::INT2 => Ok(Form::I16(whole(value, ty)?)),
        oid::INT4 => Ok(Form::I32(whole(value, ty)?)),
        oid::INT8 => Ok(Form::I64(whole(value, ty)?)),
        oid::OID => Ok(Form::U32(whole(value, ty)?)),
        oid::FLOAT4 => fit_real(value),
        oid::FLOAT8 => fit_double(value),
        oid::NUMERIC => decimal(value).map(Form::Numeric).ok_or(Unfit::Kind(ty)),
        oid::MONEY => fit_money(value, money_scale),
        oid::TEXT
        | oid::VARCHAR
        | oid::BPCHAR
        | oid::NAME
        | oid::CHAR
        | oid::XML
        | oid::UNKNOWN => literal::plain(value).map(Form::Text).ok_or(Unfit::Kind(ty)),
        oid::JSON => json(value).map(Form::Text).ok_or(Unfit::Kind(ty)),
        oid::JSONB => json(value).map(Form::Jsonb).ok_or(Unfit::Kind(ty)),
        oid::BYTEA => match value {
            Value::Bytes(bytes) => Ok(Form::Bytes(bytes)),
            Value::Uuid(uuid) => Ok(Form::Bytes(uuid)),
            _ => Err(Unfit::Kind(ty)),
        },
        oid::UUID => match value {
            Value::Uuid(uuid) => Ok(Form::Uuid(*uuid)),
            _ => Err(Unfit::Kind(ty)),
        },
        oid::DATE | oid::TIME | oid::TIMETZ | oid::TIMESTAMP | oid::TIMESTAMPTZ | oid::INTERVAL => {
            fit_time(value, ty)
        }
        _ => literal::of(value, ',').map(Form::Literal),
    }
}

fn fit_text(text: &str, ty: u32) -> Result<Form<'_>, Unfit> {
    match ty {
        oid::TEXT
        | oid::VARCHAR
        | oid::BPCHAR
        | oid::NAME
        | oid::JSON
        | oid::XML
        | oid::UNKNOWN => Ok(Form::Text(text.into())),
        oid::JSONB => Ok(Form::Jsonb(text.into())),
        oid::NUMERIC if is_decimal(text) => Ok(Form::Numeric(text.into())),
        // The input function would take some texts as hexadecimal and others as they are.
        oid::BYTEA => Err(Unfit::Kind(ty)),
        oid::DATE | oid::TIME | oid::TIMETZ | oid::TIMESTAMP | oid::TIMESTAMPTZ
            if !starts_like_a_date(text) =>
        {
            Err(Unfit::Kind(ty))
        }
        _ => Ok(Form::Literal(text.into())),
    }
}

/// The database also takes `now` and `tomorrow`, which are not values but questions.
fn starts_like_a_date(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        || matches!(text, "infinity" | "-infinity")
}

/// The value as an integer, if it is one.
fn integer(value: &Value) -> Option<i128> {
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

fn whole<T: TryFrom<i128>>(value: &Value, ty: u32) -> Result<T, Unfit> {
    let reason = match value {
        Value::F64(_) | Value::F32(_) | Value::Decimal(_) => Unfit::Fraction(ty),
        _ => Unfit::Kind(ty),
    };
    let number = integer(value).ok_or(reason)?;
    T::try_from(number).map_err(|_| Unfit::Range(ty))
}

/// The value in plain decimal notation, if it is a number.
fn decimal(value: &Value) -> Option<Cow<'_, str>> {
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
pub(super) fn float_text<'t>(text: &str) -> Cow<'t, str> {
    match text {
        "inf" => "Infinity".into(),
        "-inf" => "-Infinity".into(),
        other => other.to_owned().into(),
    }
}

fn fit_double(value: &Value) -> Result<Form<'_>, Unfit> {
    match value {
        Value::F64(number) => Ok(Form::F64(*number)),
        Value::F32(number) => Ok(Form::F64(f64::from(*number))),
        _ => {
            let number: f64 = nearest(value, oid::FLOAT8)?;
            exact_integer(value, number.to_string(), oid::FLOAT8)?;
            Ok(Form::F64(number))
        }
    }
}

fn fit_real(value: &Value) -> Result<Form<'_>, Unfit> {
    if let Value::F32(number) = value {
        return Ok(Form::F32(*number));
    }
    let number: f32 = nearest(value, oid::FLOAT4)?;
    exact_integer(value, number.to_string(), oid::FLOAT4)?;
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
fn exact_integer(value: &Value, float: String, ty: u32) -> Result<(), Unfit> {
    match value {
        Value::I64(number) if number.to_string() != float => Err(Unfit::Range(ty)),
        Value::U64(number) if number.to_string() != float => Err(Unfit::Range(ty)),
        _ => Ok(()),
    }
}

fn fit_money(value: &Value, scale: u8) -> Result<Form<'_>, Unfit> {
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

fn json(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Json(text) => Some(text.into()),
        Value::Bool(flag) => Some(if *flag { "true" } else { "false" }.into()),
        Value::I64(_) | Value::U64(_) | Value::F64(_) | Value::F32(_) | Value::Decimal(_) => {
            decimal(value)
        }
        _ => None,
    }
}

fn fit_time(value: &Value, ty: u32) -> Result<Form<'_>, Unfit> {
    match (ty, value) {
        (oid::TIME, Value::Time(nanos)) => Ok(Form::Time(day_time(*nanos, ty)?)),
        (oid::TIMETZ, Value::Time(nanos)) => Ok(Form::TimeTz(day_time(*nanos, ty)?, 0)),
        (oid::TIMETZ, Value::OffsetTime { nanos, offset }) => {
            Ok(Form::TimeTz(day_time(*nanos, ty)?, *offset))
        }
        (oid::INTERVAL, Value::Time(nanos)) => Ok(Form::Interval(micros(*nanos, ty)?, 0, 0)),
        (oid::INTERVAL, Value::Interval(interval)) => fit_interval(*interval),
        (oid::DATE, Value::Date(date)) => Ok(Form::Date(days(*date)?)),
        (oid::DATE, _) => {
            let micros = moment(value, ty)?;
            if micros.rem_euclid(DAY_MICROS) != 0 {
                return Err(Unfit::Fraction(ty));
            }
            let days = i32::try_from(micros.div_euclid(DAY_MICROS));
            days.map(Form::Date).map_err(|_| Unfit::Range(ty))
        }
        (oid::TIMESTAMP | oid::TIMESTAMPTZ, Value::Date(date)) => {
            let micros = i64::from(days(*date)?).checked_mul(DAY_MICROS);
            micros.map(Form::Timestamp).ok_or(Unfit::Range(ty))
        }
        (oid::TIMESTAMP | oid::TIMESTAMPTZ, _) => moment(value, ty).map(Form::Timestamp),
        _ => Err(Unfit::Kind(ty)),
    }
}

/// Microseconds since 2000 of anything that is a date with a time; the session's zone is UTC.
fn moment(value: &Value, ty: u32) -> Result<i64, Unfit> {
    let (Value::Timestamp(stamp)
    | Value::Instant(stamp)
    | Value::OffsetInstant { instant: stamp, .. }
    | Value::ZonedInstant { instant: stamp, .. }) = value
    else {
        return Err(Unfit::Kind(ty));
    };
    if stamp.nanos % 1_000 != 0 {
        return Err(Unfit::Fraction(ty));
    }
    let shifted = Timestamp {
        seconds: stamp
            .seconds
            .checked_sub(EPOCH_SECONDS)
            .ok_or(Unfit::Range(ty))?,
        nanos: stamp.nanos,
    };
    // The two ends stand for infinity.
    match shifted.to_micros() {
        Some(micros) if micros != i64::MAX && micros != i64::MIN => Ok(micros),
        _ => Err(Unfit::Range(ty)),
    }
}

fn days(date: Date) -> Result<i32, Unfit> {
    if !date.is_valid() {
        return Err(Unfit::Calendar);
    }
    match i32::try_from(date.to_days() - EPOCH_DAYS) {
        Ok(days) if days != i32::MAX && days != i32::MIN => Ok(days),
        _ => Err(Unfit::Range(oid::DATE)),
    }
}

fn day_time(nanos: i64, ty: u32) -> Result<i64, Unfit> {
    let micros = micros(nanos, ty)?;
    if (0..=DAY_MICROS).contains(&micros) {
        Ok(micros)
    } else {
        Err(Unfit::Range(ty))
    }
}

fn micros(nanos: i64, ty: u32) -> Result<i64, Unfit> {
    if nanos % 1_000 == 0 {
        Ok(nanos / 1_000)
    } else {
        Err(Unfit::Fraction(ty))
    }
}

fn fit_interval<'v>(interval: Interval) -> Result<Form<'v>, Unfit> {
    let range = Unfit::Range(oid::INTERVAL);
    let fraction = micros(i64::from(interval.nanos), oid::INTERVAL)?;
    let micros = interval
        .seconds
        .checked_mul(1_000_000)
        .and_then(|micros| micros.checked_add(fraction))
        .ok_or(range)?;
    let days = i32::try_from(interval.days).map_err(|_| range)?;
    let months = i32::try_from(interval.months).map_err(|_| range)?;
    // All three at their ends stand for infinity from version 17 on.
    if (micros, days, months) == (i64::MAX, i32::MAX, i32::MAX)
        || (micros, days, months) == (i64::MIN, i32::MIN, i32::MIN)
    {
        return Err(range);
    }
    Ok(Form::Interval(micros, days, months))
}
