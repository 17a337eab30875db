//! Exact decimal numbers as text: how they compare, add and print, never through a float.
//!
//! `SQLite` has no exact number type. Columns of decimals hold text and are declared with the collation [`COLLATION`],
//! which compares by value (see `docs/decisions`).

use std::borrow::Cow;
use std::cmp::Ordering;

use quillback_plugin_api::value::is_decimal;

/// Name of the collation that compares decimals by value.
pub(crate) const COLLATION: &str = "quillback_decimal";

/// A number without its sign: digits before the point without leading zeros, after it without trailing ones.
#[derive(Clone, Copy)]
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
}

fn parts(text: &str) -> Option<Parts<'_>> {
    if !is_decimal(text) || text.ends_with(|last: char| last.is_ascii_alphabetic()) {
        return None;
    }
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    Some(Parts {
        negative: negative && !(whole.is_empty() && fraction.is_empty()),
        whole,
        fraction,
    })
}

/// Orders two texts as numbers. Infinities are outermost, NaN is above them, what is no number comes last.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    match (parts(left), parts(right)) {
        (Some(a), Some(b)) => match (a.negative, b.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => magnitude(a, b),
            (true, true) => magnitude(b, a),
        },
        _ => rank(left).cmp(&rank(right)).then_with(|| left.cmp(right)),
    }
}

fn magnitude(a: Parts<'_>, b: Parts<'_>) -> Ordering {
    (a.whole.len().cmp(&b.whole.len()))
        .then_with(|| a.whole.cmp(b.whole))
        .then_with(|| a.fraction.cmp(b.fraction))
}

fn rank(text: &str) -> u8 {
    match text {
        "-Infinity" => 0,
        "Infinity" => 2,
        "NaN" => 3,
        number if is_decimal(number) => 1,
        _ => 4,
    }
}

/// The exact sum; `None` when one of them is no finite number.
pub(crate) fn add(left: &str, right: &str) -> Option<String> {
    let (a, b) = (parts(left)?, parts(right)?);
    let scale = a.fraction.len().max(b.fraction.len());
    let width = a.whole.len().max(b.whole.len()) + 1 + scale;
    let (x, y) = (digits(a, width, scale), digits(b, width, scale));
    let (negative, sum) = if a.negative == b.negative {
        (a.negative, plus(&x, &y))
    } else if x >= y {
        (a.negative, minus(&x, &y))
    } else {
        (b.negative, minus(&y, &x))
    };
    Some(print(negative, &sum, scale))
}

/// The digits of a number, most significant first, aligned to `width` digits of which `scale` are after the point.
fn digits(number: Parts<'_>, width: usize, scale: usize) -> Vec<u8> {
    let before = (width - scale).saturating_sub(number.whole.len());
    let mut digits = vec![0; before];
    digits.extend(number.whole.bytes().map(|digit| digit - b'0'));
    digits.extend(number.fraction.bytes().map(|digit| digit - b'0'));
    digits.resize(width, 0);
    digits
}

fn plus(x: &[u8], y: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let mut sum: Vec<u8> = (x.iter().zip(y).rev())
        .map(|(a, b)| {
            let total = a + b + carry;
            carry = total / 10;
            total % 10
        })
        .collect();
    sum.reverse();
    sum
}

fn minus(x: &[u8], y: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut difference: Vec<u8> = (x.iter().zip(y).rev())
        .map(|(a, b)| {
            let total = 10 + a - b - borrow;
            borrow = u8::from(total < 10);
            total % 10
        })
        .collect();
    difference.reverse();
    difference
}

fn print(negative: bool, digits: &[u8], scale: usize) -> String {
    let text: String = digits
        .iter()
        .map(|digit| char::from(b'0' + digit))
        .collect();
    let (whole, fraction) = text.split_at(text.len() - scale);
    let whole = whole.trim_start_matches('0');
    let zero = digits.iter().all(|digit| *digit == 0);
    let sign = if negative && !zero { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if scale > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

/// The number with at least `scale` digits after the point, as other databases answer it.
pub(crate) fn pad(text: &str, scale: usize) -> Cow<'_, str> {
    let present = text
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.len());
    if present >= scale || text.ends_with(|last: char| last.is_ascii_alphabetic()) {
        return Cow::Borrowed(text);
    }
    let point = if present == 0 { "." } else { "" };
    let zeros = "0".repeat(scale - present);
    Cow::Owned(format!("{text}{point}{zeros}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value_however_they_are_written() {
        let sorted = [
            "-Infinity",
            "-100",
            "-99.5",
            "-1.10",
            "-1.09",
            "0",
            "0.0001",
            "1",
            "1.09",
            "1.1",
            "9",
            "10",
            "99999999999999999999.1",
            "99999999999999999999.10000001",
            "Infinity",
            "NaN",
            "abc",
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} {b}");
            }
        }
        for (a, b) in [
            ("1.10", "1.1"),
            ("-0", "0.00"),
            ("007", "7"),
            ("-1.0", "-1"),
        ] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
    }

    #[test]
    fn sums_are_exact() {
        for (a, b, sum) in [
            ("0.1", "0.2", "0.3"),
            ("99999999999999999999.9", "0.1", "100000000000000000000.0"),
            ("1", "-1", "0"),
            ("-1.5", "0.25", "-1.25"),
            ("0.25", "-1.5", "-1.25"),
            ("-2", "-3.005", "-5.005"),
            ("5", "0", "5"),
        ] {
            assert_eq!(add(a, b).as_deref(), Some(sum), "{a} + {b}");
            assert_eq!(add(b, a).as_deref(), Some(sum), "{b} + {a}");
        }
        assert_eq!(add("NaN", "1"), None);
        assert_eq!(add("1e5", "1"), None);
    }

    #[test]
    fn sums_agree_with_wide_integers() {
        for a in [-1_000_003_i128, -999, -1, 0, 7, 10, 123_456_789] {
            for b in [-987_654_321_i128, -10, -7, 0, 1, 999, 1_000_003] {
                let sum = add(&a.to_string(), &b.to_string()).unwrap();
                assert_eq!(sum, (a + b).to_string());
            }
        }
    }

    #[test]
    fn padding_adds_zeros_and_takes_nothing() {
        for (text, scale, padded) in [
            ("1", 0, "1"),
            ("1", 2, "1.00"),
            ("-1.5", 4, "-1.5000"),
            ("1.2345", 2, "1.2345"),
            ("NaN", 2, "NaN"),
        ] {
            assert_eq!(pad(text, scale), padded);
        }
    }
}
