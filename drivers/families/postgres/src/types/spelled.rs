//! Values that come as text, because their binary form is not known or another than `PostgreSQL` has.

use quillback_plugin_api::Value;
use quillback_plugin_api::civil::Date;
use quillback_plugin_api::value::{Decimal, is_decimal};

use super::decode::Malformed;

/// How the text of a type is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelled {
    /// An exact number in plain notation.
    Number,
    /// `2024-02-29`, with ` BC` behind it before the year 1.
    Date,
    /// `12:34:56.789`.
    Time,
    /// Bytes as pairs of hexadecimal digits.
    Hex,
    /// A JSON document.
    Json,
}

impl Spelled {
    /// Reads a value.
    ///
    /// # Errors
    /// [`Malformed`] when the text is not of this form.
    pub(crate) fn value(self, bytes: &[u8]) -> Result<Value, Malformed> {
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed)?;
        let value = match self {
            Self::Number => is_decimal(text)
                .then(|| Decimal::new(text).ok().map(Value::Decimal))
                .flatten(),
            Self::Date => date(text).map(Value::Date),
            Self::Time => time(text).map(Value::Time),
            Self::Hex => unhex(text).map(Value::Bytes),
            Self::Json => Some(Value::Json(text.to_owned())),
        };
        value.ok_or(Malformed)
    }
}

fn date(text: &str) -> Option<Date> {
    let (text, before_christ) = match text.strip_suffix(" BC") {
        Some(text) => (text, true),
        None => (text, false),
    };
    let mut parts = text.splitn(3, '-');
    let year: i32 = parts.next()?.parse().ok()?;
    let date = Date {
        year: if before_christ { 1 - year } else { year },
        month: parts.next()?.parse().ok()?,
        day: parts.next()?.parse().ok()?,
    };
    date.is_valid().then_some(date)
}

/// Nanoseconds since midnight.
fn time(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.splitn(3, ':');
    let mut next = || parts.next()?.parse::<u32>().ok();
    let (hours, minutes, seconds) = (next()?, next()?, next()?);
    if hours > 24 || minutes > 59 || seconds > 60 || fraction.len() > 9 {
        return None;
    }
    let nanos: i64 = format!("{fraction:0<9}").parse().ok()?;
    let seconds = (i64::from(hours) * 60 + i64::from(minutes)) * 60 + i64::from(seconds);
    Some(seconds * 1_000_000_000 + nanos)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[first, second]| {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let byte = digit(*first)? * 16 + digit(*second)?;
        u8::try_from(byte).ok()
    });
    rest.is_empty().then(|| bytes.collect()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_what_they_mean() {
        let read = |how: Spelled, text: &str| how.value(text.as_bytes());
        let day = |year, month, day| Value::Date(Date { year, month, day });
        assert_eq!(read(Spelled::Date, "2024-02-29"), Ok(day(2024, 2, 29)));
        assert_eq!(read(Spelled::Date, "0044-03-15 BC"), Ok(day(-43, 3, 15)));
        assert_eq!(
            read(Spelled::Time, "00:00:01.5"),
            Ok(Value::Time(1_500_000_000))
        );
        assert_eq!(read(Spelled::Hex, "00fF"), Ok(Value::Bytes(vec![0, 255])));
        assert_eq!(
            read(Spelled::Number, "-1.50").ok(),
            Decimal::new("-1.50").ok().map(Value::Decimal)
        );
        for (how, text) in [
            (Spelled::Date, "2023-02-29"),
            (Spelled::Date, "today"),
            (Spelled::Time, "25:00:00"),
            (Spelled::Time, "12:00"),
            (Spelled::Hex, "0"),
            (Spelled::Hex, "+1"),
            (Spelled::Number, "1,5"),
        ] {
            assert_eq!(read(how, text), Err(Malformed), "{text}");
        }
    }
}
