//! Booleans, whole numbers, exact numbers and floats.

use quillback_plugin_api::Value;
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::value::Decimal;

use super::Sample;
use crate::Quirks;

pub(super) const SAMPLES: &[Sample] = &[
    Sample {
        name: "booleans",
        ty: || LogicalType::Bool,
        good: |_, _| vec![true.into(), false.into()],
        bad: |_, _| vec!["perhaps".into()],
        comparable: true,
    },
    whole("signed_8_bits", || int(8, false)),
    whole("signed_16_bits", || int(16, false)),
    whole("signed_32_bits", || int(32, false)),
    whole("signed_64_bits", || int(64, false)),
    whole("unsigned_8_bits", || int(8, true)),
    whole("unsigned_16_bits", || int(16, true)),
    whole("unsigned_32_bits", || int(32, true)),
    whole("unsigned_64_bits", || int(64, true)),
    exact("decimals_of_one_digit", || LogicalType::decimal(1, 0)),
    exact("decimals_of_10_digits", || LogicalType::decimal(10, 2)),
    exact("decimals_of_18_digits", || LogicalType::decimal(18, 4)),
    exact("decimals_of_38_digits", || LogicalType::decimal(38, 10)),
    exact("decimals_of_38_whole_digits", || {
        LogicalType::decimal(38, 0)
    }),
    exact("decimals_of_38_fractional_digits", || {
        LogicalType::decimal(38, 38)
    }),
    exact("decimals_of_65_digits", || LogicalType::decimal(65, 30)),
    Sample {
        name: "decimals_without_limit",
        ty: || LogicalType::Decimal {
            precision: None,
            scale: None,
        },
        good: |_, _| {
            let digits = "1234567890".repeat(12);
            vec![
                decimal("0"),
                decimal("1.500"),
                decimal("-0.000000000000000000000000000000000000000001"),
                decimal(&digits),
                decimal(&format!("-{digits}.{digits}")),
            ]
        },
        bad: |_, _| vec!["abc".into()],
        comparable: true,
    },
    Sample {
        name: "floats_of_64_bits",
        ty: || LogicalType::Float { bits: 64 },
        good: |_, quirks| {
            let mut good: Vec<Value> = [
                0.0,
                0.1,
                -0.1,
                1e300,
                f64::MAX,
                f64::MIN,
                f64::MIN_POSITIVE,
                1.0 / 3.0,
            ]
            .map(Value::F64)
            .into();
            good.extend(special(quirks, true).into_iter().map(Value::F64));
            good
        },
        bad: |_, quirks| {
            let mut bad: Vec<Value> = special(quirks, false).into_iter().map(Value::F64).collect();
            bad.push("abc".into());
            bad
        },
        comparable: true,
    },
    Sample {
        name: "floats_of_32_bits",
        ty: || LogicalType::Float { bits: 32 },
        good: |_, _| {
            [0.0, 0.1, -0.1, f32::MAX, f32::MIN, 16_777_216.0]
                .map(Value::F32)
                .into()
        },
        bad: |got, _| match got {
            LogicalType::Float { bits: 32 } => vec![Value::F64(1e300), "abc".into()],
            _ => vec!["abc".into()],
        },
        // 0.1 as a float of 32 bits is not 0.1 in a wider comparison.
        comparable: false,
    },
];

fn int(bits: u8, unsigned: bool) -> LogicalType {
    LogicalType::Int { bits, unsigned }
}

const fn whole(name: &'static str, ty: fn() -> LogicalType) -> Sample {
    Sample {
        name,
        ty,
        good: |got, _| whole_limits(got),
        bad: beyond_whole,
        comparable: true,
    }
}

/// Smallest and largest number of the type.
fn limits(ty: &LogicalType) -> Option<(i128, i128)> {
    match ty {
        LogicalType::Int {
            bits,
            unsigned: false,
        } => {
            let half = 1_i128.checked_shl(u32::from(*bits) - 1)?;
            Some((-half, half - 1))
        }
        LogicalType::Int {
            bits,
            unsigned: true,
        } => Some((0, 1_i128.checked_shl(u32::from(*bits))? - 1)),
        _ => None,
    }
}

fn number(value: i128) -> Value {
    if let Ok(number) = i64::try_from(value) {
        Value::I64(number)
    } else if let Ok(number) = u64::try_from(value) {
        Value::U64(number)
    } else {
        decimal(&value.to_string())
    }
}

fn whole_limits(got: &LogicalType) -> Vec<Value> {
    let (least, most) = limits(got).unwrap_or((0, u64::MAX.into()));
    [0, 1, least, least + 1, most - 1, most].map(number).into()
}

fn beyond_whole(got: &LogicalType, quirks: &Quirks) -> Vec<Value> {
    let mut bad = vec!["abc".into(), "".into(), decimal(&"9".repeat(40))];
    if !(quirks.rounds_decimals && matches!(got, LogicalType::Decimal { .. })) {
        bad.push(decimal("1.5"));
    }
    if let Some((least, most)) = limits(got) {
        bad.extend([number(least - 1), number(most + 1)]);
    }
    bad
}

const fn exact(name: &'static str, ty: fn() -> LogicalType) -> Sample {
    Sample {
        name,
        ty,
        good: |got, _| exact_limits(got),
        bad: beyond_exact,
        comparable: true,
    }
}

/// A decimal that is known to be in plain notation.
pub(crate) fn decimal(text: &str) -> Value {
    Decimal::new(text).map_or(Value::Null, Value::Decimal)
}

fn shape(ty: &LogicalType) -> (usize, usize) {
    match ty {
        LogicalType::Decimal {
            precision: Some(digits),
            scale,
        } => {
            let scale = usize::try_from(scale.unwrap_or(0)).unwrap_or(0);
            (
                usize::try_from(*digits).unwrap_or(0).saturating_sub(scale),
                scale,
            )
        }
        _ => (8, 2),
    }
}

/// `whole` digits, a point where it is needed, `scale` digits.
fn spell(whole: &str, fraction: &str) -> String {
    let whole = if whole.is_empty() { "0" } else { whole };
    if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    }
}

fn exact_limits(got: &LogicalType) -> Vec<Value> {
    let (whole, scale) = shape(got);
    let largest = spell(&"9".repeat(whole), &"9".repeat(scale));
    let smallest = match scale {
        0 => "1".to_owned(),
        _ => spell("", &format!("{:0>scale$}", 1)),
    };
    let trailing = spell(
        if whole > 0 { "1" } else { "" },
        &format!("{:0<scale$}", if scale > 0 { "5" } else { "" }),
    );
    let zero = spell("", &"0".repeat(scale));
    [
        zero,
        trailing,
        format!("-{smallest}"),
        smallest,
        format!("-{largest}"),
        largest,
    ]
    .iter()
    .map(|text| decimal(text))
    .collect()
}

fn beyond_exact(got: &LogicalType, quirks: &Quirks) -> Vec<Value> {
    let (whole, scale) = shape(got);
    let too_large = spell(&format!("1{}", "0".repeat(whole)), &"0".repeat(scale));
    let mut bad = vec![
        decimal(&too_large),
        decimal(&format!("-{too_large}")),
        "abc".into(),
    ];
    if !quirks.rounds_decimals {
        let digit = if whole > 0 { "1" } else { "" };
        bad.push(decimal(&spell(digit, &format!("{}1", "0".repeat(scale)))));
    }
    bad
}

/// Floats that are no numbers, by whether the database takes them.
fn special(quirks: &Quirks, taken: bool) -> Vec<f64> {
    let mut all = Vec::new();
    if quirks.refuses_nan != taken {
        all.push(f64::NAN);
    }
    if quirks.refuses_infinity != taken {
        all.extend([f64::INFINITY, f64::NEG_INFINITY]);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_the_type() {
        assert_eq!(
            limits(&int(64, false)),
            Some((i64::MIN.into(), i64::MAX.into()))
        );
        assert_eq!(limits(&int(8, true)), Some((0, 255)));
        let texts: Vec<_> = exact_limits(&LogicalType::decimal(4, 2))
            .into_iter()
            .map(|value| format!("{value:?}"))
            .collect();
        let wanted = ["0.00", "1.50", "-0.01", "0.01", "-99.99", "99.99"];
        for (text, wanted) in texts.iter().zip(wanted) {
            assert!(
                text.contains(&format!("\"{wanted}\"")),
                "{text} is not {wanted}"
            );
        }
        assert_eq!(
            beyond_exact(&LogicalType::decimal(4, 2), &Quirks::default())[0],
            decimal("100.00")
        );
        assert_eq!(
            exact_limits(&LogicalType::decimal(2, 2))[5],
            decimal("0.99")
        );
    }
}
