//! Dates and times as text that sorts as they do: `2026-01-31`, `23:59:59.5`, `2026-01-31 23:59:59.5`.
//!
//! The fraction has no trailing zeros and there is no zone: moments are in UTC. It is what the engine's own functions
//! answer and understand (<https://www.sqlite.org/lang_datefunc.html>), with more digits. Only text of exactly this
//! form is read as a date or time, so that what is read always equals what is stored when it is sent back.

use std::fmt::Write as _;

use quillback_plugin_api::civil::{Date, Offset, TimeOfDay, Timestamp};

const DAY: i64 = 86_400_000_000_000;

/// Prints a time stamp; beyond the years that a date holds, as the number of seconds.
pub(crate) fn print_stamp(stamp: Timestamp) -> String {
    let Some((date, nanos)) = stamp.to_parts() else {
        return stamp.to_string();
    };
    format!("{date} {}", TimeOfDay(nanos))
}

/// Prints a time stamp with its offset, as the local time there: `2026-01-31 23:59:59+02:00`.
pub(crate) fn print_offset_stamp(instant: Timestamp, offset: i32) -> String {
    let local = instant.at_offset(offset);
    format!("{}{}", print_stamp(local), print_offset(offset))
}

/// Prints an offset from UTC in seconds: `+02:00`.
pub(crate) fn print_offset(offset: i32) -> String {
    let seconds = offset.unsigned_abs();
    let mut text = Offset(offset).to_string();
    if !seconds.is_multiple_of(60) {
        let _ = write!(text, ":{:02}", seconds % 60);
    }
    text
}

/// Reads `YYYY-MM-DD`.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes() else {
        return None;
    };
    let date = Date {
        year: i32::from(number([y1, y2])?) * 100 + i32::from(number([y3, y4])?),
        month: number([m1, m2])?,
        day: number([d1, d2])?,
    };
    date.is_valid().then_some(date)
}

/// Reads `HH:MM:SS[.fraction]` of one day, as nanoseconds since midnight.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_at_checked(8)?;
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *clock.as_bytes() else {
        return None;
    };
    let (hours, minutes, seconds) = (number([h1, h2])?, number([m1, m2])?, number([s1, s2])?);
    if minutes > 59 || seconds > 59 {
        return None;
    }
    let whole = i64::from(hours) * 3600 + i64::from(minutes) * 60 + i64::from(seconds);
    let nanos = whole * 1_000_000_000 + parse_fraction(fraction)?;
    (nanos < DAY).then_some(nanos)
}

fn parse_fraction(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let digits = text.strip_prefix('.')?;
    let fits = (1..=9).contains(&digits.len()) && !digits.ends_with('0');
    if !fits || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    format!("{digits:0<9}").parse().ok()
}

/// Reads `YYYY-MM-DD HH:MM:SS[.fraction]`.
pub(crate) fn parse_stamp(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once(' ')?;
    Some(Timestamp::from_parts(parse_date(date)?, parse_time(time)?))
}

fn number(digits: [u8; 2]) -> Option<u8> {
    let [tens, ones] = digits.map(|digit| digit.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| tens * 10 + ones)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_back_and_sorts() {
        let stamps = [
            (-62_167_219_200, 0),
            (-1, 999_999_999),
            (0, 0),
            (0, 1),
            (0, 500_000_000),
            (1, 0),
            (253_402_300_799, 999_999_900),
        ]
        .map(|(seconds, nanos)| Timestamp { seconds, nanos });
        let texts = stamps.map(print_stamp);
        assert_eq!(texts[0], "0000-01-01 00:00:00");
        assert_eq!(texts[1], "1969-12-31 23:59:59.999999999");
        assert_eq!(texts[6], "9999-12-31 23:59:59.9999999");
        assert!(texts.is_sorted());
        assert_eq!(texts.map(|text| parse_stamp(&text).unwrap()), stamps);
    }

    #[test]
    fn other_forms_stay_text() {
        for text in [
            "2026-02-30",
            "2026-1-31",
            "26-01-31",
            "2026-01-31 ",
            "+12026-01-31",
            "2026/01/31",
            "",
            "now",
        ] {
            assert_eq!(parse_date(text), None, "{text}");
        }
        for text in [
            "24:00:00",
            "12:00",
            "12:60:00",
            "12:00:60",
            "12:00:00.",
            "12:00:00.50",
            "12:00:00.1234567891",
            "12:00:00Z",
            "-1:00:00",
        ] {
            assert_eq!(parse_time(text), None, "{text}");
        }
        assert_eq!(parse_stamp("2026-01-31T00:00:00"), None);
        assert_eq!(parse_stamp("2026-01-31"), None);
    }

    #[test]
    fn offsets_print_with_their_sign() {
        let noon = Timestamp {
            seconds: 43_200,
            nanos: 0,
        };
        assert_eq!(
            print_offset_stamp(noon, -5_400),
            "1970-01-01 10:30:00-01:30"
        );
        assert_eq!(
            print_offset_stamp(noon, 50_400),
            "1970-01-02 02:00:00+14:00"
        );
    }
}
