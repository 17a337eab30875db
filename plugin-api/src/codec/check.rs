//! Looks at bytes that crossed the boundary, once, so that reading them needs to look at less.

use super::{CodecError, EARLY, MAX_DEPTH, Reader, tag};
use crate::value::is_decimal;

/// Bytes after a tag of a fixed size; `None` when the size varies or there is no such tag.
#[inline]
fn size_of(tag: u8) -> Option<usize> {
    match tag {
        tag::NULL | tag::FALSE | tag::TRUE => Some(0),
        tag::F32 => Some(4),
        tag::DATE => Some(6),
        tag::I64 | tag::U64 | tag::F64 | tag::TIME => Some(8),
        tag::OFFSET_TIME | tag::TIMESTAMP | tag::INSTANT => Some(12),
        tag::UUID | tag::OFFSET_INSTANT => Some(16),
        tag::INTERVAL => Some(28),
        _ => None,
    }
}

impl Reader<'_> {
    /// Passes over the next value, after checking everything about it.
    #[inline]
    pub(crate) fn check(&mut self) -> Result<(), CodecError> {
        self.check_at(0)
    }

    #[inline]
    fn check_at(&mut self, depth: usize) -> Result<(), CodecError> {
        let tag = self.u8()?;
        match size_of(tag) {
            None => self.check_varying(tag, depth),
            Some(size) => self.take(size).map(drop),
        }
    }

    fn check_varying(&mut self, tag: u8, depth: usize) -> Result<(), CodecError> {
        match tag {
            tag::TEXT | tag::JSON => self.check_text(),
            tag::DECIMAL => {
                if is_decimal_text(self.block()?) {
                    Ok(())
                } else {
                    Err(CodecError("a decimal is not in plain notation"))
                }
            }
            tag::BYTES => self.block().map(drop),
            tag::ZONED_INSTANT => {
                self.take(16)?;
                self.check_text()
            }
            tag::SPECIAL => {
                self.take(1)?;
                self.check_text()
            }
            tag::LIST | tag::STRUCT if depth < MAX_DEPTH => {
                let count = self.u32()?;
                (0..count).try_for_each(|_| self.check_at(depth + 1))
            }
            tag::LIST | tag::STRUCT => Err(CodecError("lists nest too deep")),
            _ => Err(CodecError("unknown tag")),
        }
    }

    #[inline]
    fn check_text(&mut self) -> Result<(), CodecError> {
        let bytes = self.block()?;
        if bytes.is_ascii() || std::str::from_utf8(bytes).is_ok() {
            Ok(())
        } else {
            Err(CodecError("a text is not UTF-8"))
        }
    }

    /// Passes over the next value, of bytes that were checked.
    #[inline]
    pub(crate) fn skip(&mut self) -> Result<(), CodecError> {
        let tag = self.u8()?;
        match size_of(tag) {
            None => self.skip_varying(tag),
            Some(size) => self.take(size).map(drop),
        }
    }

    #[inline]
    fn skip_varying(&mut self, tag: u8) -> Result<(), CodecError> {
        match tag {
            tag::TEXT | tag::JSON | tag::DECIMAL | tag::BYTES => self.block().map(drop),
            other => self.skip_rare(other),
        }
    }

    fn skip_rare(&mut self, tag: u8) -> Result<(), CodecError> {
        match tag {
            tag::ZONED_INSTANT => self.take(16).map(drop)?,
            tag::SPECIAL => self.take(1).map(drop)?,
            tag::LIST | tag::STRUCT => {
                let count = self.u32()?;
                return (0..count).try_for_each(|_| self.skip());
            }
            _ => return Err(EARLY),
        }
        self.block().map(drop)
    }
}

/// [`is_decimal`] for the common case of digits and one point, without a search for either.
fn is_decimal_text(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let (mut points, mut others) = (0_u32, 0_u32);
    for byte in digits {
        points += u32::from(*byte == b'.');
        others += u32::from(!byte.is_ascii_digit());
    }
    let is_edge = |byte: Option<&u8>| byte.is_none_or(|byte| *byte == b'.');
    if others == points && points <= 1 && !is_edge(digits.first()) && !is_edge(digits.last()) {
        return true;
    }
    std::str::from_utf8(bytes).is_ok_and(is_decimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_check_of_decimals_says_what_the_other_says() {
        for text in [
            "0",
            "-0",
            "12.50",
            "NaN",
            "Infinity",
            "-Infinity",
            "",
            "-",
            ".",
            "-.",
            ".5",
            "5.",
            "-5.",
            "1.2.3",
            "1e5",
            "+1",
            " 1",
            "٣",
            "1..2",
            "--1",
        ] {
            assert_eq!(is_decimal_text(text.as_bytes()), is_decimal(text), "{text}");
        }
    }
}
