//! Reads the values of a result: from the binary form where it is known here, else from the database's own text.

use quillback_plugin_api::civil::{Date, Interval, Timestamp};
use quillback_plugin_api::{RowBuffer, Value, ValueRef};

use super::fit::{EPOCH_DAYS, EPOCH_SECONDS};
use super::{Spelled, array, numeric, oid};

/// A date, time stamp or interval that is infinite.
pub(crate) const SPECIAL_INFINITY: u8 = 1;
/// An array whose first index is not 1.
pub(crate) const SPECIAL_BOUNDS: u8 = 2;

/// How the values of a column are read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decode {
    Bool,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Numeric,
    /// Digits after the point.
    Money(u8),
    /// Text whose binary form is the text.
    Text,
    Json,
    Jsonb,
    Bytes,
    Uuid,
    Date,
    Time,
    TimeTz,
    Timestamp,
    TimestampTz,
    Interval,
    List(Box<Decode>),
    Struct(Vec<Decode>),
    /// Asked for as text, which is read so.
    Spelled(Spelled),
    /// Asked for as text, because the binary form is not known here.
    AsText,
    /// An array of such, with the character between its elements.
    AsTextList(u8),
}

/// The bytes are not what the type promises; a fault of the driver or of what sits between it and the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl From<Malformed> for quillback_plugin_api::DriverError {
    fn from(_: Malformed) -> Self {
        let message = "the server sent a value that is not of the type it announced";
        Self::new(quillback_plugin_api::Category::Protocol, message)
    }
}

impl Decode {
    /// How a built-in type is read; `None` for types that the catalog must explain.
    pub(crate) fn builtin(ty: u32) -> Option<Self> {
        Some(match ty {
            oid::BOOL => Self::Bool,
            oid::INT2 => Self::Int2,
            oid::INT4 => Self::Int4,
            oid::INT8 => Self::Int8,
            oid::OID => Self::Oid,
            oid::FLOAT4 => Self::Float4,
            oid::FLOAT8 => Self::Float8,
            oid::NUMERIC => Self::Numeric,
            oid::TEXT | oid::VARCHAR | oid::BPCHAR | oid::NAME | oid::UNKNOWN => Self::Text,
            oid::JSON => Self::Json,
            oid::JSONB => Self::Jsonb,
            oid::BYTEA => Self::Bytes,
            oid::UUID => Self::Uuid,
            oid::DATE => Self::Date,
            oid::TIME => Self::Time,
            oid::TIMETZ => Self::TimeTz,
            oid::TIMESTAMP => Self::Timestamp,
            oid::TIMESTAMPTZ => Self::TimestampTz,
            oid::INTERVAL => Self::Interval,
            oid::CHAR | oid::XML => Self::AsText,
            _ => return None,
        })
    }

    /// Whether the binary form is asked for.
    pub(crate) fn is_binary(&self) -> bool {
        !matches!(self, Self::AsText | Self::AsTextList(_) | Self::Spelled(_))
    }

    /// Appends one value to the rows.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes are not of this type; nothing is appended then.
    pub(crate) fn cell(
        &self,
        bytes: Option<&[u8]>,
        out: &mut RowBuffer,
        scratch: &mut String,
    ) -> Result<(), Malformed> {
        let Some(bytes) = bytes else {
            out.push(ValueRef::Null);
            return Ok(());
        };
        match self {
            Self::List(_) | Self::Struct(_) | Self::AsTextList(_) | Self::Spelled(_) => {
                out.push_value(&self.value(bytes)?);
            }
            leaf => {
                scratch.clear();
                out.push(leaf.leaf(bytes, scratch).ok_or(Malformed)?);
            }
        }
        Ok(())
    }

    /// One value, owned.
    pub(super) fn value(&self, bytes: &[u8]) -> Result<Value, Malformed> {
        match self {
            Self::List(element) => array::list(bytes, element),
            Self::Struct(fields) => array::record(bytes, fields),
            Self::AsTextList(separator) => array::text_list(bytes, *separator),
            Self::Spelled(how) => how.value(bytes),
            leaf => {
                let mut scratch = String::new();
                let value = leaf.leaf(bytes, &mut scratch).ok_or(Malformed)?;
                Ok(value.to_owned())
            }
        }
    }

    fn leaf<'a>(&self, bytes: &'a [u8], scratch: &'a mut String) -> Option<ValueRef<'a>> {
        Some(match self {
            Self::Bool => ValueRef::Bool(fixed::<1>(bytes)? != [0]),
            Self::Int2 => ValueRef::I64(i16::from_be_bytes(fixed(bytes)?).into()),
            Self::Int4 => ValueRef::I64(i32::from_be_bytes(fixed(bytes)?).into()),
            Self::Int8 => ValueRef::I64(i64::from_be_bytes(fixed(bytes)?)),
            Self::Oid => ValueRef::I64(u32::from_be_bytes(fixed(bytes)?).into()),
            Self::Float4 => ValueRef::F32(f32::from_be_bytes(fixed(bytes)?)),
            Self::Float8 => ValueRef::F64(f64::from_be_bytes(fixed(bytes)?)),
            Self::Numeric => {
                numeric::decode(bytes, scratch)?;
                ValueRef::Decimal(scratch)
            }
            Self::Money(scale) => {
                *scratch = super::literal::money(i64::from_be_bytes(fixed(bytes)?), *scale);
                ValueRef::Decimal(scratch)
            }
            Self::Text | Self::AsText => text(bytes),
            Self::Json => ValueRef::Json(std::str::from_utf8(bytes).ok()?),
            Self::Jsonb => {
                let (version, json) = bytes.split_first()?;
                let json = std::str::from_utf8(json).ok()?;
                return (*version == 1).then_some(ValueRef::Json(json));
            }
            Self::Bytes => ValueRef::Bytes(bytes),
            Self::Uuid => ValueRef::Uuid(fixed(bytes)?),
            Self::Date => date(i32::from_be_bytes(fixed(bytes)?))?,
            Self::Time => ValueRef::Time(i64::from_be_bytes(fixed(bytes)?).checked_mul(1_000)?),
            Self::TimeTz => time_with_zone(bytes)?,
            Self::Timestamp => moment(i64::from_be_bytes(fixed(bytes)?), ValueRef::Timestamp)?,
            Self::TimestampTz => moment(i64::from_be_bytes(fixed(bytes)?), ValueRef::Instant)?,
            Self::Interval => interval(bytes)?,
            Self::List(_) | Self::Struct(_) | Self::AsTextList(_) | Self::Spelled(_) => {
                return None;
            }
        })
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

/// Databases with encoding `SQL_ASCII` hold bytes of any kind in their text columns.
fn text(bytes: &[u8]) -> ValueRef<'_> {
    std::str::from_utf8(bytes).map_or(ValueRef::Bytes(bytes), ValueRef::Text)
}

fn infinity<'a>(positive: bool) -> ValueRef<'a> {
    ValueRef::Special(
        SPECIAL_INFINITY,
        if positive { "infinity" } else { "-infinity" },
    )
}

fn date<'a>(days: i32) -> Option<ValueRef<'a>> {
    Some(match days {
        i32::MAX => infinity(true),
        i32::MIN => infinity(false),
        days => ValueRef::Date(Date::from_days(i64::from(days) + EPOCH_DAYS)?),
    })
}

fn moment<'a>(micros: i64, kind: fn(Timestamp) -> ValueRef<'a>) -> Option<ValueRef<'a>> {
    Some(match micros {
        i64::MAX => infinity(true),
        i64::MIN => infinity(false),
        micros => {
            let since_2000 = Timestamp::from_micros(micros);
            kind(Timestamp {
                seconds: since_2000.seconds.checked_add(EPOCH_SECONDS)?,
                ..since_2000
            })
        }
    })
}

fn time_with_zone<'a>(bytes: &[u8]) -> Option<ValueRef<'a>> {
    let (micros, west) = bytes.split_first_chunk::<8>()?;
    let nanos = i64::from_be_bytes(*micros).checked_mul(1_000)?;
    let west = i32::from_be_bytes(fixed(west)?);
    Some(ValueRef::OffsetTime(nanos, west.checked_neg()?))
}

fn interval<'a>(bytes: &[u8]) -> Option<ValueRef<'a>> {
    let (micros, rest) = bytes.split_first_chunk::<8>()?;
    let (days, months) = rest.split_first_chunk::<4>()?;
    let micros = i64::from_be_bytes(*micros);
    let days = i32::from_be_bytes(*days);
    let months = i32::from_be_bytes(fixed(months)?);
    Some(match (micros, days, months) {
        (i64::MAX, i32::MAX, i32::MAX) => infinity(true),
        (i64::MIN, i32::MIN, i32::MIN) => infinity(false),
        _ => ValueRef::Interval(Interval {
            months: months.into(),
            days: days.into(),
            seconds: micros / 1_000_000,
            nanos: i32::try_from(micros % 1_000_000).ok()? * 1_000,
        }),
    })
}
