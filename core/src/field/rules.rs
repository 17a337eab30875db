//! The rules of a field, applied to a value on the server whatever the form did.

use std::cmp::Ordering;

use quillback_plugin_api::Value;

use super::{Field, FieldKind, Rules};
use crate::error::Problem;
use crate::row_json;

/// Checks a value that already has the field's type. Answers the first fault, without a path.
pub fn check(field: &Field, value: &Value) -> Result<(), Problem> {
    if value.is_null() {
        return if field.required {
            Err(fault("REQUIRED", format!("{} is required.", field.label)))
        } else {
            Ok(())
        };
    }
    if let Value::Text(text) = value {
        check_text(field, text)?;
    }
    check_range(field, value)
}

fn fault(code: &'static str, message: String) -> Problem {
    Problem::new(String::new(), code, message)
}

fn check_text(field: &Field, text: &str) -> Result<(), Problem> {
    let Rules {
        min_length,
        max_length,
        pattern,
        pattern_message,
        options,
        ..
    } = &field.rules;
    let length = text.chars().count();
    let most = match &field.kind {
        FieldKind::Text { length } | FieldKind::Dropdown { length } => Some(*length),
        _ => None,
    };
    let most = [most, *max_length].into_iter().flatten().min();
    if most.is_some_and(|most| length > most as usize) {
        let most = most.unwrap_or_default();
        return Err(fault(
            "TOO_LONG",
            format!(
                "{} has {length} characters; at most {most} fit.",
                field.label
            ),
        ));
    }
    if min_length.is_some_and(|least| length < least as usize) {
        let least = min_length.unwrap_or_default();
        return Err(fault(
            "TOO_SHORT",
            format!("{} needs at least {least} characters.", field.label),
        ));
    }
    if field.required && text.is_empty() {
        return Err(fault("REQUIRED", format!("{} is required.", field.label)));
    }
    if options
        .as_ref()
        .is_some_and(|options| !options.iter().any(|option| option == text))
    {
        return Err(fault(
            "NOT_AN_OPTION",
            format!("{} must be one of the options offered.", field.label),
        ));
    }
    if pattern
        .as_ref()
        .is_some_and(|pattern| !matches_whole(pattern, text))
    {
        let message = pattern_message
            .clone()
            .unwrap_or_else(|| format!("{} has not the right form.", field.label));
        return Err(fault("PATTERN", message));
    }
    Ok(())
}

/// A pattern was checked when the schema was saved; one that is broken all the same matches nothing.
fn matches_whole(pattern: &str, text: &str) -> bool {
    regex_lite::Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(text))
}

fn check_range(field: &Field, value: &Value) -> Result<(), Problem> {
    let bound = |bound: &Option<serde_json::Value>| {
        bound
            .as_ref()
            .and_then(|bound| row_json::read(bound, &field.kind).ok())
            .filter(|bound| !bound.is_null())
    };
    let least =
        bound(&field.rules.min).filter(|least| compare(value, least) == Some(Ordering::Less));
    if let Some(least) = least {
        let least = plain(&row_json::write(&least));
        return Err(fault(
            "TOO_SMALL",
            format!("{} must be at least {least}.", field.label),
        ));
    }
    let most =
        bound(&field.rules.max).filter(|most| compare(value, most) == Some(Ordering::Greater));
    if let Some(most) = most {
        let most = plain(&row_json::write(&most));
        return Err(fault(
            "TOO_LARGE",
            format!("{} must be at most {most}.", field.label),
        ));
    }
    Ok(())
}

fn plain(json: &serde_json::Value) -> String {
    json.as_str()
        .map_or_else(|| json.to_string(), str::to_owned)
}

/// The order of two values of the same type; `None` where there is none.
pub(crate) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::I64(left), Value::I64(right)) | (Value::Time(left), Value::Time(right)) => {
            Some(left.cmp(right))
        }
        (Value::F64(left), Value::F64(right)) => left.partial_cmp(right),
        (Value::Decimal(left), Value::Decimal(right)) => {
            Some(compare_decimals(left.as_str(), right.as_str()))
        }
        (Value::Date(left), Value::Date(right)) => Some(left.cmp(right)),
        (Value::Timestamp(left), Value::Timestamp(right))
        | (Value::Instant(left), Value::Instant(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// Compares two finite numbers in plain notation digit by digit, so that no float is involved.
fn compare_decimals(left: &str, right: &str) -> Ordering {
    let (left_negative, left) = split_sign(left);
    let (right_negative, right) = split_sign(right);
    match (left_negative, right_negative) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => compare_magnitudes(left, right),
        (true, true) => compare_magnitudes(right, left),
    }
}

fn split_sign(number: &str) -> (bool, &str) {
    let magnitude = number.strip_prefix('-').unwrap_or(number);
    let is_zero = magnitude.bytes().all(|byte| byte == b'0' || byte == b'.');
    (magnitude.len() < number.len() && !is_zero, magnitude)
}

fn compare_magnitudes(left: &str, right: &str) -> Ordering {
    let parts = |number: &str| {
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        (
            whole.trim_start_matches('0').to_owned(),
            fraction.trim_end_matches('0').to_owned(),
        )
    };
    let ((left_whole, left_fraction), (right_whole, right_fraction)) = (parts(left), parts(right));
    left_whole
        .len()
        .cmp(&right_whole.len())
        .then_with(|| left_whole.cmp(&right_whole))
        .then_with(|| left_fraction.cmp(&right_fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_compare_without_a_float() {
        let ordered = [
            "-10",
            "-9.999",
            "-0.1",
            "0.000",
            "0.10",
            "0.11",
            "9",
            "10.00000000000000000000001",
            "11",
        ];
        for pair in ordered.windows(2) {
            assert_eq!(
                compare_decimals(pair[0], pair[1]),
                Ordering::Less,
                "{pair:?}"
            );
            assert_eq!(
                compare_decimals(pair[1], pair[0]),
                Ordering::Greater,
                "{pair:?}"
            );
        }
        assert_eq!(compare_decimals("-0", "0.00"), Ordering::Equal);
        assert_eq!(compare_decimals("007.50", "7.5"), Ordering::Equal);
    }
}
