//! Values as texts, which is how they travel in JSON, and whether a column holds them.

use quillback_plugin_api::civil::{Date, Timestamp};
use quillback_plugin_api::{Category, DriverError};

/// Nanoseconds of a second.
pub const SECOND: i64 = 1_000_000_000;
/// Nanoseconds of a day.
pub const DAY: i64 = 86_400 * SECOND;

/// What a value comes to that no type, or not its column, holds.
pub fn refused(why: impl Into<String>) -> DriverError {
    DriverError::new(
        Category::InvalidData,
        format!("a value does not fit: {}", why.into()),
    )
}

/// Checks the length of a text or of bytes, which `of` names.
///
/// # Errors
/// `InvalidData` where the column takes less.
pub fn fits(most: Option<u32>, length: usize, of: &str) -> Result<(), DriverError> {
    match most {
        Some(most) if length > most as usize => {
            Err(refused(format!("the column takes {most} {of}")))
        }
        _ => Ok(()),
    }
}

/// Digits of a decimal before the point without leading zeros, and those after it without trailing ones; `None` for one
/// that has no digits, such as an infinite one.
pub fn digits(number: &str) -> Option<(usize, usize)> {
    let plain = number.strip_prefix('-').unwrap_or(number);
    plain.starts_with(|c: char| c.is_ascii_digit()).then(|| {
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
        (
            whole.trim_start_matches('0').len(),
            fraction.trim_end_matches('0').len(),
        )
    })
}

/// As [`digits`].
///
/// # Errors
/// `InvalidData` for a decimal that has none.
pub fn finite_digits(number: &str) -> Result<(usize, usize), DriverError> {
    digits(number).ok_or_else(|| refused("there is no NaN and no infinity among decimals"))
}

/// Checks the digits of a decimal.
///
/// # Errors
/// `InvalidData` where the column takes fewer.
pub fn fits_digits(number: &str, most_whole: usize, scale: usize) -> Result<(), DriverError> {
    let (whole, fraction) = finite_digits(number)?;
    if whole <= most_whole && fraction <= scale {
        Ok(())
    } else {
        Err(refused(format!(
            "the column takes {most_whole} digits before the point and {scale} after it"
        )))
    }
}

/// A whole number as a float of 64 bits.
///
/// # Errors
/// `InvalidData` where it would be another one then.
#[expect(
    clippy::cast_precision_loss,
    reason = "what is lost is looked for and refused"
)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "a number that does not come back is refused"
)]
pub fn exact_float(number: i64) -> Result<f64, DriverError> {
    let float = number as f64;
    if i128::from(number) == float as i128 {
        Ok(float)
    } else {
        Err(refused("the column does not hold that many digits"))
    }
}

/// A decimal as a float of 64 bits, which keeps fifteen digits of any.
///
/// # Errors
/// `InvalidData` for more digits.
pub fn near_float(number: &str) -> Result<f64, DriverError> {
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    match number.parse::<f64>() {
        Ok(float) if digits <= 15 => Ok(float),
        _ => Err(refused("the column does not hold that many digits")),
    }
}

/// A float; `infinity` is what this database calls that.
pub fn float(number: f64, infinity: &str) -> String {
    if number.is_nan() {
        "NaN".into()
    } else if number.is_infinite() {
        let sign = if number > 0.0 { "" } else { "-" };
        format!("{sign}{infinity}")
    } else {
        format!("{number:e}")
    }
}

/// A date, as `2024-12-31`.
///
/// # Errors
/// `InvalidData` for one that does not exist, and beyond the years that these services have.
pub fn date(day: Date) -> Result<String, DriverError> {
    if (1..=9_999).contains(&day.year) && day.is_valid() {
        Ok(format!("{:04}-{:02}-{:02}", day.year, day.month, day.day))
    } else {
        Err(refused("a date lies in the years 1 to 9999"))
    }
}

/// A time of day from the nanoseconds since midnight, as `23:59:59.123456`; nine digits only where they are needed.
///
/// # Errors
/// `InvalidData` for what is no time of day.
pub fn time(nanos: i64) -> Result<String, DriverError> {
    if !(0..DAY).contains(&nanos) {
        return Err(refused(
            "a time of day lies between 00:00:00 and 23:59:59.999999999",
        ));
    }
    let seconds = nanos / SECOND;
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    let clock = format!("{hours:02}:{minutes:02}:{:02}", seconds % 60);
    let fraction = nanos % SECOND;
    Ok(if fraction % 1_000 == 0 {
        format!("{clock}.{:06}", fraction / 1_000)
    } else {
        format!("{clock}.{fraction:09}")
    })
}

/// A moment: a date and a time of day with a space between them.
///
/// # Errors
/// `InvalidData` beyond the years that these services have.
pub fn moment(stamp: Timestamp) -> Result<String, DriverError> {
    let parts = stamp.to_parts();
    let (day, nanos) = parts.ok_or_else(|| refused("a moment lies in the years 1 to 9999"))?;
    Ok(format!("{} {}", date(day)?, time(nanos)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_the_digits_that_they_need() {
        let at = |seconds, nanos| moment(Timestamp { seconds, nanos });
        assert_eq!(at(-1, 1).unwrap(), "1969-12-31 23:59:59.000000001");
        assert_eq!(at(0, 1_000).unwrap(), "1970-01-01 00:00:00.000001");
        assert!(at(i64::MAX, 0).is_err() && at(-62_135_596_801, 0).is_err());
        assert!(time(-1).is_err() && time(DAY).is_err());
    }

    #[test]
    fn numbers_that_would_become_others_are_refused() {
        assert_eq!(digits("-007.50"), Some((1, 1)));
        assert_eq!(digits("NaN"), None);
        assert!(fits_digits("12.5", 2, 1).is_ok() && fits_digits("12.55", 2, 1).is_err());
        assert!(exact_float(1 << 53).is_ok() && exact_float((1 << 53) + 1).is_err());
        assert!(near_float("123456789.12345").is_ok());
        assert!(near_float("1234567890.123456").is_err());
        assert_eq!(float(f64::NEG_INFINITY, "inf"), "-inf");
        assert_eq!(float(0.1, "inf"), "1e-1");
    }
}
