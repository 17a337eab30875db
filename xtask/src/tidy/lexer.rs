//! A small lexer for Rust that tells code, strings and comments apart.
//!
//! It knows just enough for the house rules; it neither checks nor understands the program.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name or keyword.
    Word,
    /// A string literal of any form; the text is what stands between the quotes.
    Text,
    /// A comment of any form, with its marks.
    Comment,
    /// One character of anything else.
    Mark,
}

/// One token and the line it starts on (from 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) line: usize,
}

/// Splits a source text. Characters and lifetimes are left out.
pub(crate) fn lex(source: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer {
        rest: source,
        line: 1,
        tokens: Vec::new(),
    };
    while !lexer.rest.is_empty() {
        lexer.step();
    }
    lexer.tokens
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    tokens: Vec<Token<'a>>,
}

impl Lexer<'_> {
    fn step(&mut self) {
        let rest = self.rest;
        if rest.starts_with("//") {
            let length = rest.find('\n').unwrap_or(rest.len());
            self.push(Kind::Comment, length);
        } else if rest.starts_with("/*") {
            self.push(Kind::Comment, block_comment(rest));
        } else if let Some((open, hashes)) = string_start(rest) {
            self.string(open, hashes);
        } else if rest.starts_with('\'') {
            self.skip(quoted_character(rest));
        } else if rest.starts_with(is_word_start) {
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            self.push(Kind::Word, length);
        } else {
            let length = rest.chars().next().map_or(0, char::len_utf8);
            if rest.starts_with(char::is_whitespace) || rest.starts_with(|c: char| c.is_numeric()) {
                self.skip(length);
            } else {
                self.push(Kind::Mark, length);
            }
        }
    }

    fn string(&mut self, open: usize, hashes: Option<usize>) {
        let (_, body) = self.rest.split_at(open);
        let (inside, close) = match hashes {
            Some(hashes) => {
                let end = format!("\"{}", "#".repeat(hashes));
                (body.find(&end).unwrap_or(body.len()), end.len())
            }
            None => (escaped_end(body), 1),
        };
        let (text, _) = body.split_at(inside);
        self.tokens.push(Token {
            kind: Kind::Text,
            text,
            line: self.line,
        });
        self.skip(open + inside + close);
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let text = self.rest.get(..length).unwrap_or(self.rest);
        self.tokens.push(Token {
            kind,
            text,
            line: self.line,
        });
        self.skip(length);
    }

    fn skip(&mut self, length: usize) {
        let (gone, rest) = self
            .rest
            .split_at_checked(length)
            .unwrap_or((self.rest, ""));
        self.line += gone.matches('\n').count();
        self.rest = rest;
    }
}

fn is_word_start(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// The length of a block comment; they nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of a string's opening, and the number of `#` if it is raw.
fn string_start(text: &str) -> Option<(usize, Option<usize>)> {
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
        let rest = text.strip_prefix(prefix).unwrap_or_default();
        rest.trim_start_matches('#').starts_with('"')
    })?;
    let rest = text.strip_prefix(prefix)?;
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    if prefix.ends_with('r') {
        return Some((prefix.len() + hashes + 1, Some(hashes)));
    }
    (hashes == 0).then_some((prefix.len() + 1, None))
}

/// Where a string with escapes ends.
fn escaped_end(body: &str) -> usize {
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at,
            _ => {}
        }
    }
    body.len()
}

/// The length of a character literal, or of the mark of a lifetime.
fn quoted_character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some(_)) => {
            let close = text.get(3..).and_then(|rest| rest.find('\''));
            close.map_or(text.len(), |at| at + 4)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, lex};

    fn of(kind: Kind, source: &str) -> Vec<(String, usize)> {
        let tokens = lex(source).into_iter().filter(|t| t.kind == kind);
        tokens.map(|t| (t.text.to_owned(), t.line)).collect()
    }

    fn texts(kind: Kind, source: &str) -> Vec<String> {
        of(kind, source).into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn strings_of_every_form_are_found() {
        let source = r###"a("x\"y", r"raw\", r#"in "quotes""#, b"bytes", br##"both"##, c"c")"###;
        let expected = ["x\\\"y", "raw\\", "in \"quotes\"", "bytes", "both", "c"];
        assert_eq!(texts(Kind::Text, source), expected);
    }

    #[test]
    fn comments_hide_strings_and_strings_hide_comments() {
        let source = "// \"no\"\nlet a = \"// no\"; /* /* \"no\" */ \"no\" */ b";
        assert_eq!(texts(Kind::Text, source), ["// no"]);
        assert_eq!(texts(Kind::Word, source), ["let", "a", "b"]);
        assert_eq!(texts(Kind::Comment, source).len(), 2);
    }

    #[test]
    fn characters_and_lifetimes_do_not_open_strings() {
        let source = r#"f::<'a>('"', '\'', '\u{22}', b'"', "yes", r#type)"#;
        assert_eq!(texts(Kind::Text, source), ["yes"]);
        let words = texts(Kind::Word, "fn f<'a>(x: &'a str, y: '\\n') {}");
        assert_eq!(words, ["fn", "f", "a", "x", "a", "str", "y"]);
    }

    #[test]
    fn lines_are_counted_through_everything() {
        let source = "/* 1\n2 */ \"3\n4\" r#\"5\n\"# here";
        assert_eq!(of(Kind::Word, source), [("here".to_owned(), 4)]);
    }

    #[test]
    fn broken_text_ends_without_panic() {
        for source in [
            "\"", "'", "'\\", "/*", "r#\"", "b'", "é'", "'é", "/*é", "\"\\",
        ] {
            lex(source);
        }
    }
}
