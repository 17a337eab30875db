//! Dates and times as text, both ways: ISO 8601 with a space, which every database reads and writes.

use quillback_plugin_api::civil::{Date, TimeOfDay, Timestamp};

const SECOND: i64 = 1_000_000_000;

/// `2024-02-29 12:34:56.5`.
pub(crate) fn print(stamp: Timestamp) -> Option<String> {
    let (date, nanos) = stamp.to_parts()?;
    Some(format!("{date} {}", TimeOfDay(nanos)))
}

/// Reads a date.
pub(crate) fn date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let mut next = || parts.next()?.parse::<u16>().ok();
    let (year, month, day) = (next()?, next()?, next()?);
    let date = Date {
        year: year.into(),
        month: u8::try_from(month).ok()?,
        day: u8::try_from(day).ok()?,
    };
    (parts.next().is_none() && date.is_valid()).then_some(date)
}

/// Reads a time of day in nanoseconds, which some databases allow to be negative or beyond a day.
pub(crate) fn time(text: &str) -> Option<i64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.split(':');
    let mut next = || parts.next()?.parse::<u16>().ok().map(i64::from);
    let (hours, minutes) = (next()?, next()?);
    let seconds = next().unwrap_or(0);
    if parts.next().is_some() || minutes > 59 || seconds > 60 {
        return None;
    }
    let nanos = if fraction.is_empty() {
        0
    } else {
        if fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        format!("{fraction:0<9}").parse::<i64>().ok()?
    };
    Some(sign * ((hours * 3_600 + minutes * 60 + seconds) * SECOND + nanos))
}

/// Reads a civil time, and the offset from UTC in seconds that may follow it.
pub(crate) fn timestamp(text: &str) -> Option<(Timestamp, Option<i64>)> {
    let Some((day, rest)) = text.split_once(['T', ' ']) else {
        return Some((Timestamp::from_parts(date(text)?, 0), None));
    };
    let rest = rest.trim();
    let at = rest.find(['+', '-', 'Z', 'z', ' ']).unwrap_or(rest.len());
    let (clock, zone) = (rest.get(..at)?, rest.get(at..)?.trim());
    let nanos = time(clock).filter(|nanos| (0..=86_400 * SECOND).contains(nanos))?;
    let stamp = Timestamp::from_parts(date(day)?, nanos);
    let offset = match zone {
        "" => None,
        "Z" | "z" => Some(0),
        zone => Some(offset(zone)?),
    };
    Some((stamp, offset))
}

/// Reads a moment; without an offset it is in UTC, in which sessions run.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    let (stamp, offset) = timestamp(text)?;
    Some(Timestamp {
        seconds: stamp.seconds - offset.unwrap_or(0),
        ..stamp
    })
}

/// `+02`, `+0230` or `+02:30`.
fn offset(text: &str) -> Option<i64> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text.get(1..)?.split(':').collect();
    let number =
        |at: std::ops::Range<usize>| digits.get(at).map_or(Some(0), |part| part.parse().ok());
    let (hours, minutes): (i64, i64) = (number(0..2)?, number(2..4)?);
    Some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_again() {
        for stamp in [
            Timestamp {
                seconds: -1,
                nanos: 999_999_999,
            },
            Timestamp {
                seconds: 253_402_300_799,
                nanos: 999_999_000,
            },
            Timestamp {
                seconds: 0,
                nanos: 0,
            },
        ] {
            let text = print(stamp).unwrap();
            assert_eq!(timestamp(&text), Some((stamp, None)), "{text}");
        }
    }

    #[test]
    fn offsets_lead_back_to_utc() {
        let noon = Timestamp {
            seconds: 1_709_208_000,
            nanos: 0,
        };
        for text in [
            "2024-02-29 12:00:00",
            "2024-02-29T12:00:00Z",
            "2024-02-29 14:00:00+02",
            "2024-02-29 14:30:00.000 +02:30",
            "2024-02-29 10:00:00-0200",
        ] {
            assert_eq!(instant(text), Some(noon), "{text}");
        }
    }

    #[test]
    fn times_beyond_a_day_and_nonsense() {
        assert_eq!(time("-838:59:59.5"), Some(-3_020_399_500_000_000));
        assert_eq!(time("24:00:00"), Some(86_400 * SECOND));
        for text in ["", "12", "12:61:00", "1:2:3:4", "12:00:00.x", "noon"] {
            assert_eq!(time(text), None, "{text}");
        }
        for text in ["2023-02-29", "0000-00-00", "2024-1-1-1", "soon"] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
