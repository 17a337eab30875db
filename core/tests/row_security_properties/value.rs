//! Values as the oracle knows them. They are read by rules of their own, so that a fault of the server is not repeated.

use quillback_core::plugin_api::Value;
use quillback_core::plugin_api::civil::{Date, Timestamp};
use quillback_core::plugin_api::value::Decimal;
use serde_json::{Value as Json, json};

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Whole,
    Money,
    Flag,
    Day,
    Moment,
    Uuid,
}

/// A value; no value sorts first, and texts sort by their characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Val {
    Null,
    Text(String),
    Whole(i64),
    /// In hundredths.
    Money(i64),
    Flag(bool),
    Day(String),
    /// In microseconds since 1970.
    Moment(i64),
    Uuid(String),
}

impl Val {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// As the API takes it.
    pub(super) fn json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Text(text) | Self::Day(text) | Self::Uuid(text) => json!(text),
            Self::Whole(number) if number.abs_diff(0) < 1_000 => json!(number),
            Self::Whole(number) => json!(number.to_string()),
            Self::Money(cents) => json!(money(*cents)),
            Self::Flag(flag) => json!(flag),
            Self::Moment(micros) => {
                let moment = jiff::Timestamp::from_microsecond(*micros).unwrap();
                json!(moment.to_string())
            }
        }
    }

    /// As the API writes it, or as a rule compares with it.
    pub(super) fn of_json(json: &Json, kind: Kind) -> Self {
        if json.is_null() {
            return Self::Null;
        }
        if kind == Kind::Flag {
            return Self::Flag(json.as_bool().unwrap());
        }
        let text = json
            .as_str()
            .map_or_else(|| json.to_string(), str::to_owned);
        Self::of_text(&text, kind).unwrap_or_else(|| panic!("{json} is no {kind:?}"))
    }

    /// An entitlement, or the name of a user or group, read as a value of a column; `None` when it cannot be one.
    pub(super) fn of_text(text: &str, kind: Kind) -> Option<Self> {
        match kind {
            Kind::Text => Some(Self::text(text)),
            Kind::Whole => text.parse().ok().map(Self::Whole),
            Kind::Money => cents(text).map(Self::Money),
            Kind::Flag => match text {
                "true" | "1" => Some(Self::Flag(true)),
                "false" | "0" => Some(Self::Flag(false)),
                _ => None,
            },
            Kind::Day => {
                let day: jiff::civil::Date = text.parse().ok()?;
                Some(Self::Day(day.to_string()))
            }
            Kind::Moment => {
                let moment: jiff::Timestamp = text.parse().ok()?;
                Some(Self::Moment(moment.as_microsecond()))
            }
            Kind::Uuid => {
                let id = uuid::Uuid::try_parse(text).ok()?;
                Some(Self::Uuid(id.as_hyphenated().to_string()))
            }
        }
    }

    /// As a driver takes it.
    pub(super) fn stored(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Text(text) => text.as_str().into(),
            Self::Whole(number) => Value::I64(*number),
            Self::Money(cents) => Value::Decimal(Decimal::new(money(*cents)).unwrap()),
            Self::Flag(flag) => Value::Bool(*flag),
            Self::Day(text) => {
                let day: jiff::civil::Date = text.parse().unwrap();
                Value::Date(Date {
                    year: day.year().into(),
                    month: day.month().unsigned_abs(),
                    day: day.day().unsigned_abs(),
                })
            }
            Self::Moment(micros) => Value::Instant(Timestamp::from_micros(*micros)),
            Self::Uuid(text) => Value::Uuid(*uuid::Uuid::try_parse(text).unwrap().as_bytes()),
        }
    }
}

fn money(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

/// Reads a number of at most ten digits before the point and two behind it.
fn cents(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (unsigned, ""),
    };
    let is_plain = |part: &str| part.bytes().all(|digit| digit.is_ascii_digit());
    let fraction = fraction.trim_end_matches('0');
    let whole_digits = whole.trim_start_matches('0');
    if whole.is_empty()
        || !is_plain(whole)
        || !is_plain(fraction)
        || fraction.len() > 2
        || whole_digits.len() > 10
    {
        return None;
    }
    let units: i64 = format!("0{whole_digits}").parse().ok()?;
    let part: i64 = format!("{fraction:0<2}").parse().ok()?;
    let cents = units * 100 + part;
    Some(if text.starts_with('-') { -cents } else { cents })
}
