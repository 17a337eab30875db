//! The binary form of `numeric`: digits of base 10,000 with a weight, a sign and a display scale
//! (<https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/numeric.c>, `numeric_recv`).

use std::fmt::Write as _;

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const MINUS_INFINITY: u16 = 0xF000;

/// Digits after the point that the display scale holds.
const MAX_SCALE: usize = 0x3FFF;

/// Appends the binary form of a number in plain notation; `None` when it has more digits than the type holds.
pub(crate) fn encode(number: &str, out: &mut impl bytes::BufMut) -> Option<()> {
    let special = match number {
        "NaN" => Some(NAN),
        "Infinity" => Some(INFINITY),
        "-Infinity" => Some(MINUS_INFINITY),
        _ => None,
    };
    if let Some(sign) = special {
        put_header(out, 0, 0, sign, 0);
        return Some(());
    }
    let unsigned = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if fraction.len() > MAX_SCALE {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let (head, tail) = whole.split_at_checked(whole.len() % 4)?;
    let mut groups = Vec::with_capacity((whole.len() + fraction.len()) / 4 + 2);
    groups.extend(head.as_bytes().chunks(4).map(group));
    groups.extend(tail.as_bytes().chunks(4).map(group));
    let before_point = groups.len();
    groups.extend(fraction.as_bytes().chunks(4).map(left_aligned_group));

    let leading = groups.iter().take_while(|group| **group == 0).count();
    let trailing = groups.iter().rev().take_while(|group| **group == 0).count();
    let digits = groups.get(leading..groups.len() - trailing).unwrap_or(&[]);
    let weight = if digits.is_empty() {
        0
    } else {
        i16::try_from(isize::try_from(before_point).ok()? - 1 - isize::try_from(leading).ok()?)
            .ok()?
    };
    let negative = number.starts_with('-') && !digits.is_empty();
    let sign = if negative { NEGATIVE } else { POSITIVE };
    let count = u16::try_from(digits.len()).ok()?;
    put_header(
        out,
        count,
        weight,
        sign,
        u16::try_from(fraction.len()).ok()?,
    );
    for digit in digits {
        out.put_i16(*digit);
    }
    Some(())
}

fn put_header(out: &mut impl bytes::BufMut, digits: u16, weight: i16, sign: u16, scale: u16) {
    out.put_u16(digits);
    out.put_i16(weight);
    out.put_u16(sign);
    out.put_u16(scale);
}

/// The value of up to four digits.
fn group(digits: &[u8]) -> i16 {
    digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0'))
}

/// The value of up to four digits after the point, as if zeros followed.
fn left_aligned_group(digits: &[u8]) -> i16 {
    (digits.len()..4).fold(group(digits), |value, _| value * 10)
}

/// Appends the number in plain notation; `None` when the bytes are not a numeric.
pub(crate) fn decode(bytes: &[u8], out: &mut String) -> Option<()> {
    let (header, digits) = bytes.split_at_checked(8)?;
    let field = |at: usize| Some(u16::from_be_bytes([*header.get(at)?, *header.get(at + 1)?]));
    let (count, sign, scale) = (field(0)?, field(4)?, field(6)?);
    let weight = i32::from(i16::from_be_bytes([*header.get(2)?, *header.get(3)?]));
    let word = match sign {
        POSITIVE => "",
        NEGATIVE => "-",
        NAN => "NaN",
        INFINITY => "Infinity",
        MINUS_INFINITY => "-Infinity",
        _ => return None,
    };
    out.push_str(word);
    if word.len() > 1 {
        return Some(());
    }
    if digits.len() != usize::from(count) * 2 {
        return None;
    }
    // Zero for every group that is not sent.
    let sent = |position: i32| -> u16 {
        usize::try_from(position)
            .ok()
            .and_then(|at| digits.chunks_exact(2).nth(at))
            .map_or(0, |pair| {
                pair.iter().fold(0, |sum, byte| sum << 8 | u16::from(*byte))
            })
    };
    if weight < 0 {
        out.push('0');
    }
    for position in 0..=weight {
        let written = if position == 0 {
            write!(out, "{}", sent(position))
        } else {
            write!(out, "{:04}", sent(position))
        };
        written.ok()?;
    }
    if scale > 0 {
        out.push('.');
        let point = out.len();
        let end = point + usize::from(scale);
        let mut position = weight + 1;
        // Groups between the point and the first digit of a small number are zero as well.
        if weight < -1 {
            position = 0;
            let zeros = usize::try_from(-1 - weight).ok()? * 4;
            out.extend(std::iter::repeat_n('0', zeros.min(usize::from(scale))));
        }
        while out.len() < end {
            write!(out, "{:04}", sent(position)).ok()?;
            position += 1;
        }
        out.truncate(end);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(number: &str) -> String {
        let mut bytes = Vec::new();
        encode(number, &mut bytes).unwrap();
        let mut text = String::new();
        decode(&bytes, &mut text).unwrap();
        text
    }

    #[test]
    fn numbers_keep_every_digit_and_trailing_zero() {
        for number in [
            "0",
            "0.00",
            "1",
            "-1",
            "9999",
            "10000",
            "12345678.90",
            "-0.5",
            "0.0001",
            "0.00010",
            "0.00001",
            "0.000000001",
            "100000000",
            "100000000.000000001",
            "99999999999999999999999999999999999999.99999999999999999999",
            "NaN",
            "Infinity",
            "-Infinity",
        ] {
            assert_eq!(there_and_back(number), number);
        }
    }

    #[test]
    fn the_longest_numbers_fit_and_longer_ones_do_not() {
        let longest = format!("{}.{}", "9".repeat(131_072), "1".repeat(16_383));
        assert_eq!(there_and_back(&longest), longest);
        let mut bytes = Vec::new();
        assert!(encode(&format!("0.{}", "1".repeat(16_384)), &mut bytes).is_none());
        assert!(encode(&"9".repeat(131_073), &mut bytes).is_none());
    }

    #[test]
    fn leading_zeros_and_the_sign_of_zero_are_not_digits() {
        assert_eq!(there_and_back("007"), "7");
        assert_eq!(there_and_back("-0.0"), "0.0");
        assert_eq!(there_and_back("00.50"), "0.50");
    }

    #[test]
    fn the_server_s_own_form_is_met_exactly() {
        let mut bytes = Vec::new();
        encode("-12345.67", &mut bytes).unwrap();
        // Digits 1, 2345, 6700; weight 1; negative; two digits shown after the point.
        let expected = [0, 3, 0, 1, 0x40, 0, 0, 2, 0, 1, 0x09, 0x29, 0x1A, 0x2C];
        assert_eq!(bytes, expected);
    }

    #[test]
    fn bytes_of_another_length_are_refused() {
        let mut text = String::new();
        assert!(decode(&[0, 1, 0, 0, 0, 0, 0, 0], &mut text).is_none());
        assert!(decode(&[0, 0], &mut text).is_none());
        assert!(decode(&[0, 0, 0, 0, 0x12, 0, 0, 0], &mut text).is_none());
    }
}
