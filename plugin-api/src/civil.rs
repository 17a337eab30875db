//! Calendar values without a library: fields as a database gives them, which no date library holds in full.
//!
//! `MySQL` has month and day 0, `PostgreSQL` has years BC and 24:00:00. Day arithmetic follows Howard Hinnant's
//! algorithms (<https://howardhinnant.github.io/date_algorithms.html>).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A calendar date of the proleptic Gregorian calendar; year 0 is 1 BC. Month and day are 0 only in values of a
/// database that allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Date {
    /// Astronomical year.
    pub year: i32,
    /// 1 to 12 (0: see above).
    pub month: u8,
    /// 1 to 31 (0: see above).
    pub day: u8,
}

/// A civil time stamp without a zone, as seconds since 1970-01-01T00:00:00 of the same calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timestamp {
    /// Seconds; negative before 1970.
    pub seconds: i64,
    /// 0 to 999,999,999; always counted forward from `seconds`.
    pub nanos: u32,
}

/// A span of calendar months, days and exact time, kept apart as databases keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Interval {
    /// Whole months (a year is twelve).
    pub months: i64,
    /// Whole days (a day need not be 24 hours).
    pub days: i64,
    /// Seconds.
    pub seconds: i64,
    /// Nanoseconds; the same sign as `seconds`.
    pub nanos: i32,
}

impl Date {
    /// Days since 1970-01-01.
    pub fn to_days(self) -> i64 {
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month = (i64::from(self.month) + 9) % 12;
        let day_of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The date `days` after 1970-01-01; `None` beyond the years an `i32` holds.
    pub fn from_days(days: i64) -> Option<Self> {
        let shifted = days.checked_add(719_468)?;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = u8::try_from(day_of_year - (153 * shifted_month + 2) / 5 + 1).ok()?;
        let month = u8::try_from(if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        })
        .ok()?;
        let year = year_of_era.checked_add(era.checked_mul(400)?)? + i64::from(month <= 2);
        Some(Self {
            year: i32::try_from(year).ok()?,
            month,
            day,
        })
    }

    /// Whether this is a day of the calendar.
    pub fn is_valid(self) -> bool {
        (1..=12).contains(&self.month)
            && self.day >= 1
            && Self::from_days(self.to_days()) == Some(self)
    }
}

impl Timestamp {
    /// Puts a date and a time of day (nanoseconds since midnight, 0 to 86,400,000,000,000) together.
    pub fn from_parts(date: Date, nanos_of_day: i64) -> Self {
        Self {
            seconds: date.to_days() * 86_400 + nanos_of_day.div_euclid(1_000_000_000),
            nanos: u32::try_from(nanos_of_day.rem_euclid(1_000_000_000)).unwrap_or(0),
        }
    }

    /// The date, and the nanoseconds since its midnight; `None` beyond the years an `i32` holds.
    pub fn to_parts(self) -> Option<(Date, i64)> {
        let date = Date::from_days(self.seconds.div_euclid(86_400))?;
        Some((
            date,
            self.seconds.rem_euclid(86_400) * 1_000_000_000 + i64::from(self.nanos),
        ))
    }

    /// What a clock shows at this moment, so many seconds east of UTC.
    #[must_use]
    pub fn at_offset(self, offset: i32) -> Self {
        Self {
            seconds: self.seconds.saturating_add(offset.into()),
            ..self
        }
    }

    /// Microseconds since the epoch, rounded down; `None` when out of range.
    pub fn to_micros(self) -> Option<i64> {
        self.seconds
            .checked_mul(1_000_000)?
            .checked_add(i64::from(self.nanos / 1_000))
    }

    /// From microseconds since the epoch.
    pub fn from_micros(micros: i64) -> Self {
        Self {
            seconds: micros.div_euclid(1_000_000),
            nanos: u32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or(0),
        }
    }
}

/// The last decimal digit of a number.
fn digit(number: u64) -> u8 {
    b"0123456789"
        .get((number % 10) as usize)
        .copied()
        .unwrap_or(b'0')
}

/// Writes digits in one piece: rows have many dates, and formatting each number of them by itself is slow.
fn write_ascii(f: &mut fmt::Formatter<'_>, text: &[u8]) -> fmt::Result {
    f.write_str(std::str::from_utf8(text).map_err(|_| fmt::Error)?)
}

impl fmt::Display for Date {
    /// `YYYY-MM-DD`; years outside 0 to 9999 carry a sign as in ISO 8601.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let year = match u64::try_from(self.year) {
            Ok(year) if year <= 9_999 => year,
            _ => {
                return write!(f, "{:+07}-{:02}-{:02}", self.year, self.month, self.day);
            }
        };
        let (month, day) = (u64::from(self.month), u64::from(self.day));
        let text = [
            digit(year / 1_000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            b'-',
            digit(month / 10),
            digit(month),
            b'-',
            digit(day / 10),
            digit(day),
        ];
        write_ascii(f, &text)
    }
}

impl fmt::Display for Timestamp {
    /// `YYYY-MM-DDTHH:MM:SS[.fraction]`, without trailing zeros in the fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_parts() {
            Some((date, nanos)) => write!(f, "{date}T{}", TimeOfDay(nanos)),
            None => write!(f, "@{}.{:09}", self.seconds, self.nanos),
        }
    }
}

/// Prints nanoseconds since midnight as `[-]HH:MM:SS[.fraction]`; hours may exceed 24.
pub struct TimeOfDay(pub i64);

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.0.unsigned_abs();
        let (all_seconds, nanos) = (total / 1_000_000_000, total % 1_000_000_000);
        let (hours, minutes, seconds) =
            (all_seconds / 3_600, all_seconds / 60 % 60, all_seconds % 60);
        if self.0 < 0 {
            f.write_str("-")?;
        }
        if hours > 99 {
            write!(f, "{}", hours / 100)?;
        }
        let text = [
            digit(hours / 10),
            digit(hours),
            b':',
            digit(minutes / 10),
            digit(minutes),
            b':',
            digit(seconds / 10),
            digit(seconds),
        ];
        write_ascii(f, &text)?;
        if nanos != 0 {
            let mut places = [0; 9];
            let mut rest = nanos;
            for place in places.iter_mut().rev() {
                *place = digit(rest);
                rest /= 10;
            }
            f.write_str(".")?;
            let used = places.iter().rposition(|place| *place != b'0').unwrap_or(0);
            write_ascii(f, places.get(..=used).unwrap_or(&places))?;
        }
        Ok(())
    }
}

/// Prints seconds east of UTC as `+HH:MM`; seconds beyond whole minutes are left out.
pub struct Offset(pub i32);

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { '-' } else { '+' };
        let minutes = self.0.unsigned_abs() / 60;
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_elsewhere_shows_its_own_time() {
        let at = |offset| {
            let local = Timestamp::from_micros(0).at_offset(offset);
            format!("{local}{}", Offset(offset))
        };
        assert_eq!(at(0), "1970-01-01T00:00:00+00:00");
        assert_eq!(at(19_800), "1970-01-01T05:30:00+05:30");
        assert_eq!(at(-3_600), "1969-12-31T23:00:00-01:00");
    }

    #[test]
    fn days_and_dates_agree_over_the_whole_range() {
        for days in (-800_000_000..800_000_000).step_by(9_973) {
            let date = Date::from_days(days).unwrap();
            assert_eq!(date.to_days(), days);
            assert!(date.is_valid());
        }
        assert_eq!(
            Date {
                year: 1970,
                month: 1,
                day: 1
            }
            .to_days(),
            0
        );
        assert_eq!(
            Date {
                year: 2000,
                month: 2,
                day: 29
            }
            .to_days(),
            11_016
        );
    }

    #[test]
    fn days_that_do_not_exist_are_invalid() {
        for (year, month, day) in [
            (2023, 2, 29),
            (1900, 2, 29),
            (2023, 0, 0),
            (2023, 13, 1),
            (2023, 4, 31),
        ] {
            assert!(!Date { year, month, day }.is_valid());
        }
    }

    #[test]
    fn values_print_as_iso_8601() {
        let last = Timestamp::from_parts(
            Date {
                year: 9999,
                month: 12,
                day: 31,
            },
            86_399_999_999_900,
        );
        assert_eq!(last.to_string(), "9999-12-31T23:59:59.9999999");
        assert_eq!(
            Timestamp::from_micros(-1).to_string(),
            "1969-12-31T23:59:59.999999"
        );
        assert_eq!(TimeOfDay(-3_020_399_000_000_000).to_string(), "-838:59:59");
        assert_eq!(TimeOfDay(3_600_000_000_000_000).to_string(), "1000:00:00");
        assert_eq!(
            TimeOfDay(34_506_070_000_100).to_string(),
            "09:35:06.0700001"
        );
        assert_eq!(
            Date {
                year: -43,
                month: 3,
                day: 15
            }
            .to_string(),
            "-000043-03-15"
        );
    }
}
