//! Exact numbers as text: compared and added digit by digit, never through a float.

use std::cmp::Ordering;

/// Sign, digits before the point without leading zeros, and digits behind it without trailing zeros.
fn parts(text: &str) -> (bool, &str, &str) {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (whole, fraction) = (
        whole.trim_start_matches('0'),
        fraction.trim_end_matches('0'),
    );
    let is_zero = whole.is_empty() && fraction.is_empty();
    (text.starts_with('-') && !is_zero, whole, fraction)
}

/// The one text of all texts that mean the same number.
pub(crate) fn canonical(text: &str) -> String {
    let (negative, whole, fraction) = parts(text);
    format!("{}{whole}.{fraction}", if negative { "-" } else { "" })
}

/// How two numbers compare.
pub(crate) fn compare(one: &str, other: &str) -> Ordering {
    let ((one_negative, one, one_fraction), (other_negative, other, other_fraction)) =
        (parts(one), parts(other));
    let size = (one.len(), one, one_fraction).cmp(&(other.len(), other, other_fraction));
    match (one_negative, other_negative) {
        (false, false) => size,
        (true, true) => size.reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

/// How many digits a number has before and behind the point, superfluous zeros not counted.
pub(crate) fn digits(text: &str) -> (usize, usize) {
    let (_, whole, fraction) = parts(text);
    (whole.len(), fraction.len())
}

/// The number with at least `scale` digits behind the point.
pub(crate) fn padded(text: &str, scale: usize) -> String {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() >= scale && (scale > 0 || fraction.is_empty()) {
        return text.to_owned();
    }
    let fraction = if scale == 0 {
        fraction.trim_end_matches('0')
    } else {
        fraction
    };
    if fraction.is_empty() && scale == 0 {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction:0<scale$}")
    }
}

/// The sum of two numbers, with as many digits behind the point as the longer one.
pub(crate) fn add(one: &str, other: &str) -> String {
    let fraction = |text: &str| {
        text.split_once('.')
            .map_or(0, |(_, fraction)| fraction.len())
    };
    let scale = fraction(one).max(fraction(other));
    let (one, other) = (aligned(one, scale), aligned(other, scale));
    let width = one.1.len().max(other.1.len()) + 1;
    let (one, other) = (
        (one.0, widened(&one.1, width)),
        (other.0, widened(&other.1, width)),
    );
    let (negative, sum) = if one.0 == other.0 {
        (one.0, combined(&one.1, &other.1, 1))
    } else if one.1 >= other.1 {
        (one.0, combined(&one.1, &other.1, -1))
    } else {
        (other.0, combined(&other.1, &one.1, -1))
    };
    spelled(negative, &sum, scale)
}

/// Sign and all digits, `scale` of them behind the point.
fn aligned(text: &str, scale: usize) -> (bool, Vec<i8>) {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digits = format!("{whole}{fraction:0<scale$}");
    let digits = digits
        .bytes()
        .map(|digit| i8::try_from(digit.saturating_sub(b'0')).unwrap_or(0))
        .collect();
    (text.starts_with('-'), digits)
}

fn widened(digits: &[i8], width: usize) -> Vec<i8> {
    let mut wide = vec![0; width.saturating_sub(digits.len())];
    wide.extend_from_slice(digits);
    wide
}

/// The digits of `one + sign * other`, which must not be negative; both have the same number of digits.
fn combined(one: &[i8], other: &[i8], sign: i8) -> Vec<i8> {
    let mut carry = 0;
    let mut sum: Vec<i8> = one
        .iter()
        .zip(other)
        .rev()
        .map(|(one, other)| {
            let digit = one + sign * other + carry;
            carry = digit.div_euclid(10);
            digit.rem_euclid(10)
        })
        .collect();
    sum.reverse();
    sum
}

fn spelled(negative: bool, digits: &[i8], scale: usize) -> String {
    let text: String = digits
        .iter()
        .map(|digit| char::from(b'0' + digit.unsigned_abs()))
        .collect();
    let (whole, fraction) = text.split_at(text.len().saturating_sub(scale));
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let is_zero = digits.iter().all(|digit| *digit == 0);
    let sign = if negative && !is_zero { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value_whatever_their_length() {
        let sorted = [
            "-100",
            "-99.9",
            "-0.01",
            "0",
            "0.001",
            "0.1",
            "9",
            "10",
            "10.5",
            "123456789012345678901234567890",
        ];
        for pair in sorted.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(compare(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
        for (one, other) in [("-0", "0.00"), ("007", "7"), ("1.50", "1.5")] {
            assert_eq!(compare(one, other), Ordering::Equal);
            assert_eq!(canonical(one), canonical(other));
        }
    }

    #[test]
    fn sums_are_exact() {
        for (one, other, sum) in [
            ("0.10", "0.20", "0.30"),
            ("999.99", "0.01", "1000.00"),
            ("1", "-1.5", "-0.5"),
            ("-1.5", "1", "-0.5"),
            ("-1", "1", "0"),
            ("99999999999999999999", "1", "100000000000000000000"),
        ] {
            assert_eq!(add(one, other), sum);
        }
    }

    #[test]
    fn zeros_are_added_where_digits_are_missing() {
        for (text, scale, wanted) in [
            ("5", 2, "5.00"),
            ("-5.5", 2, "-5.50"),
            ("5.125", 2, "5.125"),
            ("5", 0, "5"),
            ("5.0", 0, "5"),
        ] {
            assert_eq!(padded(text, scale), wanted);
        }
    }
}
