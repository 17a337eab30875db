//! Fits a value to the type of the parameter that takes it, without losing anything, or says why it cannot.

mod moments;
mod numbers;

use std::borrow::Cow;

use quillback_plugin_api::value::is_decimal;
use quillback_plugin_api::{Category, DriverError, Value};

use super::limits::Limit;
use super::literal;
use super::oid;
use moments::fit_time;
pub(super) use numbers::float_text;
use numbers::{decimal, fit_double, fit_money, fit_real, integer, json, whole};

/// Seconds from 1970-01-01 to 2000-01-01, where the database's own count starts.
pub(crate) const EPOCH_SECONDS: i64 = 946_684_800;
/// Days between the same.
pub(crate) const EPOCH_DAYS: i64 = 10_957;

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
    /// Whether bytes for a text go as hexadecimal digits.
    pub(crate) bytes_as_hex: bool,
    /// What the column behind it keeps.
    pub(crate) limit: Limit,
}

impl Slot {
    /// A slot of a type that has nothing special about it.
    pub(crate) fn of(ty: u32) -> Self {
        Self {
            ty,
            separator: ',',
            bytes_as_hex: false,
            limit: Limit::None,
        }
    }
}

/// Fits a value; `money_scale` is how many digits the database's `money` has after the point.
pub(crate) fn fit(value: &Value, slot: Slot, money_scale: u8) -> Result<Form<'_>, Unfit> {
    let form = match value {
        Value::List(_) => Form::Literal(literal::of(value, slot.separator)?),
        Value::Bytes(bytes) if slot.bytes_as_hex => Form::Literal(literal::digits(bytes).into()),
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
