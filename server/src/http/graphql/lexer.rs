//! Counts the tokens and open brackets of a GraphQL document before anything expensive looks at it.
//!
//! It draws the same borders as the parser: what it takes for a text or a comment, the parser does too, because
//! anything doubtful (a text without end) is refused here.

use crate::{config::LimitsSection, http::PublicError};

use super::limit_exceeded;

/// Checks the number of tokens and the depth of brackets.
///
/// # Errors
/// `LIMIT_EXCEEDED`, or `BAD_REQUEST` for a text that does not end.
pub(super) fn check(query: &str, limits: &LimitsSection) -> Result<(), PublicError> {
    let mut rest = query.as_bytes();
    let mut tokens = 0;
    let mut open: usize = 0;
    while let [first, tail @ ..] = rest {
        match first {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                rest = tail;
                continue;
            }
            b'#' => {
                let length = tail.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                rest = after(tail, length.unwrap_or(tail.len()));
                continue;
            }
            b'"' => rest = after_text(rest).ok_or_else(endless_text)?,
            b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {
                let length = tail.iter().position(|byte| !is_word(*byte));
                rest = after(tail, length.unwrap_or(tail.len()));
            }
            b'.' if tail.starts_with(b"..") => rest = after(tail, 2),
            b'{' | b'[' | b'(' => {
                open = open.saturating_add(1);
                if open > limits.nesting {
                    return Err(limit_exceeded("nesting", limits.nesting));
                }
                rest = tail;
            }
            b'}' | b']' | b')' => {
                open = open.saturating_sub(1);
                rest = tail;
            }
            _ => rest = tail,
        }
        tokens += 1;
        if tokens > limits.tokens {
            return Err(limit_exceeded("tokens", limits.tokens));
        }
    }
    Ok(())
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

fn after(bytes: &[u8], length: usize) -> &[u8] {
    bytes.get(length..).unwrap_or_default()
}

/// What follows a text, which is either `"..."` on one line or `"""..."""`.
fn after_text(bytes: &[u8]) -> Option<&[u8]> {
    if let Some(mut rest) = bytes.strip_prefix(b"\"\"\"") {
        loop {
            if let Some(end) = rest.strip_prefix(b"\"\"\"") {
                return Some(end);
            }
            let escaped = rest.starts_with(b"\\\"\"\"");
            rest = rest.get(if escaped { 4 } else { 1 }..)?;
        }
    }
    let mut rest = bytes.strip_prefix(b"\"")?;
    loop {
        match rest {
            [b'"', tail @ ..] => return Some(tail),
            [] | [b'\\', b'\n' | b'\r', ..] | [b'\n' | b'\r', ..] => return None,
            [b'\\', _, tail @ ..] | [_, tail @ ..] => rest = tail,
        }
    }
}

fn endless_text() -> PublicError {
    PublicError::graphql(
        "BAD_REQUEST",
        "the document has a text without a closing quotation mark",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(query: &str) -> usize {
        let count = |limit| {
            let limits = LimitsSection {
                tokens: limit,
                ..LimitsSection::default()
            };
            check(query, &limits).is_ok()
        };
        (0..100).find(|limit| count(*limit)).unwrap()
    }

    #[test]
    fn tokens_are_counted_as_the_language_defines_them() {
        let cases = [
            ("", 0),
            ("{ a, b }", 4),
            ("{a{b}}# c d e\n", 6),
            ("# only a comment", 0),
            ("# one\r{a}", 3),
            ("{...F}", 4),
            ("{a(b:\"x y z\")}", 8),
            ("{a(b:\"x \\\" } y\")}", 8),
            ("{a(b:\"\")}", 8),
            ("{a(b:\"\"\"x \" \\\"\"\" \n y\"\"\")}", 8),
            ("{a(b:\"# no comment\") c}", 9),
            ("query Q($v: Int! = 3) { a }", 14),
        ];
        for (query, expected) in cases {
            assert_eq!(tokens(query), expected, "{query}");
        }
    }

    #[test]
    fn texts_without_end_are_refused() {
        for query in [
            "{a(b:\"x)}",
            "{a(b:\"x\n\")}",
            "{a(b:\"\"\"x\"\")}",
            "\"\\",
            "\"\\\n\"",
        ] {
            assert_eq!(
                check(query, &LimitsSection::default()).unwrap_err().code,
                "BAD_REQUEST",
                "{query}"
            );
        }
    }

    /// GQL-09: nested literals and selections.
    #[test]
    fn deep_brackets_are_refused() {
        for (open, close) in [("{a", "}"), ("[", "]"), ("(a:{", "})")] {
            let query = format!("{}{}", open.repeat(10_000), close.repeat(10_000));
            let limits = LimitsSection {
                tokens: usize::MAX,
                ..LimitsSection::default()
            };
            let error = check(&query, &limits).unwrap_err();
            assert_eq!(error.details["limit"], "nesting");
        }
    }
}
