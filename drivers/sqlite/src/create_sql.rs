//! Reads just enough of a stored `CREATE TABLE` to give one column another type and leave all else as it is.
//!
//! The engine keeps the text of each table's creation. Editing that text keeps what no list of columns shows: checks,
//! collations, generated columns, foreign keys with their actions, table options.

use crate::checks;
use crate::decimal::COLLATION;

/// The parts of a `CREATE TABLE` text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CreateSql<'a> {
    /// Definitions of columns, then constraints of the table.
    parts: Vec<&'a str>,
    /// What follows the closing parenthesis.
    options: &'a str,
}

/// What a column becomes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewColumn<'a> {
    /// Name, not quoted.
    pub(crate) name: &'a str,
    /// Type with collation and check.
    pub(crate) ty: &'a str,
    /// The clause of the default when it changes; an empty one removes it.
    pub(crate) default: Option<&'a str>,
    /// Whether it may be NULL.
    pub(crate) nullable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Space,
    Word,
    Name,
    Open,
    Close,
    Comma,
    Other,
}

#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    kind: Kind,
    at: usize,
    text: &'a str,
}

impl<'a> CreateSql<'a> {
    /// Splits the text; `None` when it is no plain `CREATE TABLE`.
    pub(crate) fn parse(sql: &'a str) -> Option<Self> {
        let mut depth = 0_usize;
        let (mut parts, mut start) = (Vec::new(), None);
        for token in tokens(sql) {
            match (token.kind, depth) {
                (Kind::Word, 0) if token.text.eq_ignore_ascii_case("VIRTUAL") => return None,
                (Kind::Open, 0) => start = Some(token.at + 1),
                (Kind::Comma, 1) => {
                    parts.push(sql.get(start?..token.at)?);
                    start = Some(token.at + 1);
                }
                (Kind::Close, 1) => {
                    parts.push(sql.get(start?..token.at)?);
                    return Some(Self {
                        parts,
                        options: sql.get(token.at + 1..)?,
                    });
                }
                _ => {}
            }
            match token.kind {
                Kind::Open => depth += 1,
                Kind::Close => depth = depth.checked_sub(1)?,
                _ => {}
            }
        }
        None
    }

    /// Prints the table under another name (quoted already) with one column changed; `None` when it has no such column.
    pub(crate) fn with_column(&self, table: &str, new: NewColumn<'_>) -> Option<String> {
        let mut found = false;
        let parts: Vec<String> = self
            .parts
            .iter()
            .map(|part| {
                if defines(part, new.name) {
                    found = true;
                    change(part, new)
                } else {
                    part.trim().to_owned()
                }
            })
            .collect();
        found.then(|| {
            format!(
                "CREATE TABLE {table} ({}){}",
                parts.join(", "),
                self.options
            )
        })
    }
}

/// Whether a part defines the column; names are the same in upper and lower case.
fn defines(part: &str, column: &str) -> bool {
    let Some(first) = tokens(part)
        .into_iter()
        .find(|token| token.kind != Kind::Space)
    else {
        return false;
    };
    let is_constraint = first.kind == Kind::Word
        && ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"]
            .iter()
            .any(|word| first.text.eq_ignore_ascii_case(word));
    !is_constraint && unquoted(first.text).eq_ignore_ascii_case(column)
}

fn unquoted(name: &str) -> String {
    let inner = |quote: char| {
        let inner = name.strip_prefix(quote)?.strip_suffix(quote)?;
        Some(inner.replace(&format!("{quote}{quote}"), &quote.to_string()))
    };
    let bracketed = || Some(name.strip_prefix('[')?.strip_suffix(']')?.to_owned());
    inner('"')
        .or_else(|| inner('`'))
        .or_else(|| inner('\''))
        .or_else(bracketed)
        .unwrap_or_else(|| name.to_owned())
}

fn change(part: &str, new: NewColumn<'_>) -> String {
    let (name, clauses) = clauses(part);
    let mut text = format!("{name} {}", new.ty);
    for clause in clauses.into_iter().filter(|clause| stays(clause, new)) {
        text.push(' ');
        text.push_str(clause);
    }
    if let Some(default) = new.default.filter(|default| !default.is_empty()) {
        text.push(' ');
        text.push_str(default);
    }
    text.push_str(if new.nullable { " NULL" } else { " NOT NULL" });
    text
}

/// Whether a clause of the old definition is part of the new one.
fn stays(clause: &str, new: NewColumn<'_>) -> bool {
    let words: Vec<Token<'_>> = significant(clause);
    let word = |position: usize| {
        words
            .get(position)
            .map(|token| token.text.to_ascii_uppercase())
            .unwrap_or_default()
    };
    match word(0).as_str() {
        "NOT" | "NULL" => false,
        "DEFAULT" => new.default.is_none(),
        "COLLATE" => !new.ty.contains(" COLLATE ") && !word(1).eq_ignore_ascii_case(COLLATION),
        "CHECK" => {
            let inside = clause.split_once('(').map_or("", |(_, inside)| inside);
            checks::column_of(inside.trim_start()).is_none()
        }
        _ => true,
    }
}

fn significant(text: &str) -> Vec<Token<'_>> {
    let mut tokens = tokens(text);
    tokens.retain(|token| token.kind != Kind::Space);
    tokens
}

/// The name of a column as it is written, and the clauses after its type.
fn clauses(part: &str) -> (&str, Vec<&str>) {
    let tokens = significant(part);
    let mut starts = Vec::new();
    let (mut depth, mut named) = (0_usize, false);
    for (position, token) in tokens.iter().enumerate().skip(1) {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Word if depth == 0 => {
                let near = |position: Option<usize>| {
                    position
                        .and_then(|position| tokens.get(position))
                        .map(|token| token.text.to_ascii_uppercase())
                        .unwrap_or_default()
                };
                let before = near(position.checked_sub(1));
                let after = near(Some(position + 1));
                if begins_clause(&token.text.to_ascii_uppercase(), &before, &after) {
                    if !named {
                        starts.push(token.at);
                    }
                    named = token.text.eq_ignore_ascii_case("CONSTRAINT");
                }
            }
            _ => {}
        }
    }
    let ends = starts.iter().skip(1).copied().chain([part.len()]);
    let clauses = starts
        .iter()
        .zip(ends)
        .filter_map(|(start, end)| part.get(*start..end))
        .map(str::trim)
        .collect();
    (tokens.first().map_or("", |token| token.text), clauses)
}

/// <https://www.sqlite.org/syntax/column-constraint.html>
fn begins_clause(word: &str, before: &str, after: &str) -> bool {
    match word {
        "CONSTRAINT" | "PRIMARY" | "UNIQUE" | "CHECK" | "COLLATE" | "REFERENCES" | "GENERATED" => {
            true
        }
        "DEFAULT" => before != "SET",
        "NOT" => after == "NULL",
        "NULL" => !matches!(before, "NOT" | "SET" | "DEFAULT"),
        "AS" => before != "ALWAYS",
        _ => false,
    }
}

fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = token(rest, first);
        let (text, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let at = sql.len() - rest.len();
        tokens.push(Token { kind, at, text });
        rest = after;
    }
    tokens
}

/// Kind and length in bytes of the token that `rest` starts with (<https://www.sqlite.org/syntax/comment-syntax.html>,
/// <https://www.sqlite.org/lang_keywords.html>).
fn token(rest: &str, first: char) -> (Kind, usize) {
    let until = |end: &str, skip: usize| {
        let after = rest.get(skip..).unwrap_or_default();
        after
            .find(end)
            .map_or(rest.len(), |found| skip + found + end.len())
    };
    let while_ = |holds: fn(char) -> bool| rest.find(|c| !holds(c)).unwrap_or(rest.len());
    match first {
        '(' => (Kind::Open, 1),
        ')' => (Kind::Close, 1),
        ',' => (Kind::Comma, 1),
        '-' if rest.starts_with("--") => (Kind::Space, until("\n", 2)),
        '/' if rest.starts_with("/*") => (Kind::Space, until("*/", 2)),
        '\'' | '"' | '`' => (Kind::Name, quoted_length(rest, first)),
        '[' => (Kind::Name, until("]", 1)),
        c if c.is_ascii_whitespace() => (Kind::Space, while_(|c| c.is_ascii_whitespace())),
        c if is_word(c) => (Kind::Word, while_(is_word)),
        c => (Kind::Other, c.len_utf8()),
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii()
}

/// Length of a quoted text in which the quote is doubled.
fn quoted_length(rest: &str, quote: char) -> usize {
    let mut quotes = rest
        .match_indices(quote)
        .skip(1)
        .map(|(at, _)| at)
        .peekable();
    while let Some(at) = quotes.next() {
        if quotes.next_if_eq(&(at + 1)).is_none() {
            return at + 1;
        }
    }
    rest.len()
}

#[cfg(test)]
#[path = "create_sql_tests.rs"]
mod tests;
