//! Values of fields as whole units: what arithmetic is done with.

use quillback_plugin_api::Value;
use quillback_plugin_api::civil::{Date, Timestamp};
use quillback_plugin_api::value::Decimal;

use crate::field::FieldKind;
use crate::number::{self, Number};

/// What one unit of a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// A whole number.
    Whole,
    /// The last digit of a decimal.
    Digits(u32),
    /// A day.
    Days,
    /// A nanosecond.
    Nanos,
}

impl Scale {
    /// Of a field whose values can be worked out.
    pub(super) fn of_value(kind: &FieldKind) -> Option<Self> {
        Self::of_order(kind).filter(|scale| *scale != Self::Nanos)
    }

    /// Of a field along which rows can be placed.
    pub(super) fn of_order(kind: &FieldKind) -> Option<Self> {
        match kind {
            FieldKind::Integer => Some(Self::Whole),
            FieldKind::Decimal { scale, .. } => Some(Self::Digits(*scale)),
            FieldKind::Date => Some(Self::Days),
            FieldKind::DateTime { .. } => Some(Self::Nanos),
            _ => None,
        }
    }

    /// The value in units; `None` when it is no whole number of them.
    pub(super) fn units(self, value: &Value) -> Option<i128> {
        let number = |text: &str| Number::parse(text)?.units_at(self.digits());
        let nanos =
            |stamp: &Timestamp| i128::from(stamp.seconds) * 1_000_000_000 + i128::from(stamp.nanos);
        match (self, value) {
            (Self::Whole | Self::Digits(_), Value::I64(units)) => number(&units.to_string()),
            (Self::Whole | Self::Digits(_), Value::U64(units)) => number(&units.to_string()),
            (Self::Whole | Self::Digits(_), Value::Decimal(decimal)) => number(decimal.as_str()),
            (Self::Days, Value::Date(date)) => date.is_valid().then(|| date.to_days().into()),
            (Self::Nanos, Value::Timestamp(stamp) | Value::Instant(stamp)) => Some(nanos(stamp)),
            (
                Self::Nanos,
                Value::OffsetInstant { instant, .. } | Value::ZonedInstant { instant, .. },
            ) => Some(nanos(instant)),
            _ => None,
        }
    }

    /// So many units as a value.
    pub(super) fn value(self, units: i128) -> Option<Value> {
        match self {
            Self::Whole => i64::try_from(units).ok().map(Value::I64),
            Self::Digits(scale) => Decimal::new(number::text(units, scale))
                .ok()
                .map(Value::Decimal),
            Self::Days => Date::from_days(i64::try_from(units).ok()?).map(Value::Date),
            Self::Nanos => None,
        }
    }

    fn digits(self) -> u32 {
        match self {
            Self::Digits(scale) => scale,
            Self::Whole | Self::Days | Self::Nanos => 0,
        }
    }
}
