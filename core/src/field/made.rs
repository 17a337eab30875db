//! Values that the server gives a field that nobody sent: who writes, when, and what the dashboard passes along.

use quillback_plugin_api::Value;
use quillback_plugin_api::civil::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::FieldKind;
use crate::error::Problem;
use crate::row_json;

/// Where the value of a field comes from when nobody sends one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefaultSource {
    /// The name of the user who writes.
    Username,
    /// The date, time or moment of the write.
    Now,
    /// A field of the mark that is selected in the dashboard, by its name.
    Mark(String),
    /// A parameter of the dashboard, by its name.
    Parameter(String),
}

impl DefaultSource {
    /// Whether the server knows the value by itself, so that it can also keep it up to date.
    pub fn is_known_to_server(&self) -> bool {
        matches!(self, Self::Username | Self::Now)
    }

    /// Whether its values can be of that type.
    pub fn fits(&self, kind: &FieldKind) -> bool {
        match self {
            Self::Username => matches!(
                kind,
                FieldKind::Text { .. } | FieldKind::Paragraph | FieldKind::Dropdown { .. }
            ),
            Self::Now => matches!(
                kind,
                FieldKind::Date | FieldKind::DateTime { .. } | FieldKind::Time
            ),
            Self::Mark(_) | Self::Parameter(_) => *kind != FieldKind::Other,
        }
    }
}

/// The date, time or moment for a field of that type; what is no moment is that of a place so many minutes ahead of UTC.
///
/// Seconds are whole: columns that other programs made may have room for no more.
pub(crate) fn now(kind: &FieldKind, at: Timestamp, offset_minutes: i32) -> Value {
    let moment = Timestamp { nanos: 0, ..at };
    let local = Timestamp {
        seconds: moment
            .seconds
            .saturating_add(i64::from(offset_minutes) * 60),
        nanos: 0,
    };
    let parts = local.to_parts();
    match (kind, parts) {
        (FieldKind::DateTime { zoned: true }, _) => Value::Instant(moment),
        (FieldKind::DateTime { zoned: false }, _) => Value::Timestamp(local),
        (FieldKind::Date, Some((date, _))) => Value::Date(date),
        (FieldKind::Time, Some((_, nanos))) => Value::Time(nanos),
        _ => Value::Null,
    }
}

/// Reads a value that a dashboard passed: it knows numbers, texts and booleans, whatever the field is made of.
///
/// # Errors
/// The problem, without a path.
pub(crate) fn passed(json: &Json, kind: &FieldKind) -> Result<Value, Problem> {
    let takes_text = matches!(
        kind,
        FieldKind::Text { .. } | FieldKind::Paragraph | FieldKind::Dropdown { .. }
    );
    let converted = match json {
        Json::Number(number) if takes_text => Some(Json::String(number.to_string())),
        Json::Bool(flag) if takes_text => Some(Json::String(flag.to_string())),
        Json::Number(number) if matches!(kind, FieldKind::Decimal { .. }) => {
            Some(Json::String(number.to_string()))
        }
        Json::String(text) if *kind == FieldKind::Boolean => match text.as_str() {
            "true" | "True" | "1" => Some(Json::Bool(true)),
            "false" | "False" | "0" => Some(Json::Bool(false)),
            _ => None,
        },
        _ => None,
    };
    row_json::read(converted.as_ref().unwrap_or(json), kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(text: &str) -> Timestamp {
        let moment: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_micros(moment.as_microsecond())
    }

    #[test]
    fn today_is_that_of_the_place() {
        let late = at("2026-11-25T23:30:15.5Z");
        let date = |offset| row_json::write(&now(&FieldKind::Date, late, offset));
        assert_eq!(date(0), json!("2026-11-25"));
        assert_eq!(date(60), json!("2026-11-26"));
        assert_eq!(date(-1_440), json!("2026-11-24"));
        let zoned = now(&FieldKind::DateTime { zoned: true }, late, 60);
        assert_eq!(row_json::write(&zoned), json!("2026-11-25T23:30:15Z"));
        let local = now(&FieldKind::DateTime { zoned: false }, late, 60);
        assert_eq!(row_json::write(&local), json!("2026-11-26T00:30:15"));
        let time = now(&FieldKind::Time, late, 60);
        assert_eq!(row_json::write(&time), json!("00:30:15"));
    }

    #[test]
    fn what_a_dashboard_passes_is_read_as_the_type_of_the_field() {
        let decimal = FieldKind::Decimal {
            precision: 12,
            scale: 2,
        };
        for (json, kind, wanted) in [
            (json!(7), FieldKind::Text { length: 5 }, json!("7")),
            (json!(1.5), decimal.clone(), json!("1.5")),
            (json!("1.5"), decimal, json!("1.5")),
            (json!("True"), FieldKind::Boolean, json!(true)),
            (json!("2026-11-25"), FieldKind::Date, json!("2026-11-25")),
            (json!(42), FieldKind::Integer, json!(42)),
        ] {
            let read = passed(&json, &kind).unwrap();
            assert_eq!(row_json::write(&read), wanted, "{json}");
        }
        assert_eq!(
            passed(&json!("maybe"), &FieldKind::Boolean)
                .unwrap_err()
                .code,
            "WRONG_TYPE"
        );
    }
}
