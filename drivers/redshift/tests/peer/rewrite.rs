//! Statements: what Redshift refuses, and what `PostgreSQL` must be told otherwise.
//!
//! What is refused is in "Unsupported PostgreSQL features" and its neighbours
//! (<https://docs.aws.amazon.com/redshift/latest/dg/c_unsupported-postgresql-features.html>).

/// A statement that is not handed on.
#[derive(Debug)]
pub(super) struct Refusal {
    /// SQLSTATE.
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// What becomes of a statement.
#[derive(Debug)]
pub(super) enum Statement {
    Translated(String),
    Refused(Refusal),
}

/// Sequences of words and signs that Redshift does not take.
const UNSUPPORTED: &[&[&str]] = &[
    &["RETURNING"],
    &["ON", "CONFLICT"],
    &["SAVEPOINT"],
    &["FOR", "UPDATE"],
    &["FOR", "SHARE"],
    &["CREATE", "INDEX"],
    &["CREATE", "UNIQUE", "INDEX"],
    &["CREATE", "TRIGGER"],
    &["CREATE", "TYPE"],
    &["CREATE", "DOMAIN"],
    &["CREATE", "SEQUENCE"],
    &["CHECK", "("],
    &["GENERATED", "ALWAYS"],
    &["DISTINCT", "ON"],
    &["DISTINCT", "FROM"],
    &["WITH", "ORDINALITY"],
    &["LATERAL"],
    &["ARRAY", "["],
    &["STDIN"],
    &["LIMIT", "$"],
    &["OFFSET", "$"],
    &["AS", "IDENTITY", "NOT"],
    &["SET", "NOT"],
    &["DROP", "NOT"],
    &["SET", "DEFAULT"],
    &["DROP", "DEFAULT"],
    &["USING", "CAST"],
];

/// Types that Redshift does not have.
const NO_TYPES: &[&str] = &[
    "JSON",
    "JSONB",
    "UUID",
    "BYTEA",
    "MONEY",
    "XML",
    "INET",
    "SERIAL",
    "BIGSERIAL",
    "CITEXT",
    "REGCLASS",
    "HSTORE",
];

/// Functions that Redshift does not have.
const NO_FUNCTIONS: &[&str] = &[
    "TO_REGCLASS",
    "UNNEST",
    "STRING_AGG",
    "ARRAY_AGG",
    "JSON_AGG",
    "STARTS_WITH",
    "GEN_RANDOM_UUID",
    "CURRVAL",
    "NEXTVAL",
    "PG_GET_SERIAL_SEQUENCE",
    "HAS_ANY_COLUMN_PRIVILEGE",
    "HAS_COLUMN_PRIVILEGE",
];

/// Settings that Redshift does not have.
const NO_SETTINGS: &[&str] = &[
    "'intervalstyle'",
    "'bytea_output'",
    "'standard_conforming_strings'",
    "'lock_timeout'",
];

/// One part of a statement.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    /// In double quotes, with them.
    Name(String),
    /// In single quotes, with them.
    Literal(String),
    Sign(char),
    Space(char),
}

impl Token {
    /// Whether it is this word or sign, upper and lower case being the same.
    fn is(&self, wanted: &str) -> bool {
        match self {
            Self::Word(word) => word.eq_ignore_ascii_case(wanted),
            Self::Sign(sign) => wanted.chars().eq([*sign]),
            _ => false,
        }
    }
}

fn tokens(sql: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => quoted(rest, first),
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(match first {
            '"' => Token::Name(token.to_owned()),
            '\'' => Token::Literal(token.to_owned()),
            _ if is_word(first) => Token::Word(token.to_owned()),
            _ if first.is_whitespace() => Token::Space(first),
            _ => Token::Sign(first),
        });
        rest = after;
    }
    tokens
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Bytes up to the quote that ends what begins here; doubled quotes and, in texts, backslashes are part of it.
fn quoted(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' && quote == '\'' {
            characters.next();
        } else if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return at + 1;
        }
    }
    text.len()
}

/// Where these words and signs follow each other, with nothing but space between them; the end of each place too.
fn find(tokens: &[Token], wanted: &[&str], from: usize) -> Option<(usize, usize)> {
    (from..tokens.len()).find_map(|start| {
        let mut at = start;
        for (position, word) in wanted.iter().enumerate() {
            while position > 0 && matches!(tokens.get(at), Some(Token::Space(_))) {
                at += 1;
            }
            if !tokens.get(at)?.is(word) {
                return None;
            }
            at += 1;
        }
        Some((start, at))
    })
}

/// What `PostgreSQL` is to be told, or why nothing.
pub(super) fn translate(sql: &str, in_transaction: bool) -> Statement {
    let mut tokens = tokens(sql);
    if let Some(refusal) = refusal(&tokens, in_transaction) {
        return Statement::Refused(refusal);
    }
    if find(&tokens, &["TABLE"], 0).is_some() {
        translate_types(&mut tokens);
        translate_keys(&mut tokens);
    }
    let mut sql = String::with_capacity(sql.len());
    for token in &tokens {
        match token {
            Token::Word(text) | Token::Name(text) | Token::Literal(text) => sql.push_str(text),
            Token::Sign(sign) | Token::Space(sign) => sql.push(*sign),
        }
    }
    for (redshift, postgres) in [
        ("pg_catalog.pg_get_expr(d.adbin, d.adrelid)", "d.adsrc"),
        ("pg_catalog.pg_attribute", "redshift.pg_attribute"),
        ("pg_catalog.pg_attrdef", "redshift.pg_attrdef"),
        ("pg_catalog.pg_constraint", "redshift.pg_constraint"),
        ("SELECT version()", "SELECT redshift.version()"),
        (
            "'enable_case_sensitive_identifier'",
            "'redshift.enable_case_sensitive_identifier'",
        ),
        (
            "'describe_field_name_in_uppercase'",
            "'redshift.describe_field_name_in_uppercase'",
        ),
    ] {
        sql = sql.replace(redshift, postgres);
    }
    Statement::Translated(sql)
}

fn refusal(tokens: &[Token], in_transaction: bool) -> Option<Refusal> {
    let unsupported = |what: &str| Refusal {
        code: "0A000",
        message: format!("{what} is not supported"),
    };
    let phrase = UNSUPPORTED
        .iter()
        .find(|words| find(tokens, words, 0).is_some());
    if let Some(words) = phrase {
        return Some(unsupported(&words.join(" ")));
    }
    for (at, token) in tokens.iter().enumerate() {
        let Token::Word(word) = token else { continue };
        let known = |list: &[&str]| list.iter().any(|known| word.eq_ignore_ascii_case(known));
        if known(NO_TYPES) {
            return Some(unsupported(&format!("type \"{}\"", word.to_lowercase())));
        }
        if known(NO_FUNCTIONS) && tokens.get(at + 1) == Some(&Token::Sign('(')) {
            return Some(Refusal {
                code: "42883",
                message: format!("function {}() does not exist", word.to_lowercase()),
            });
        }
    }
    let setting = tokens.iter().find_map(|token| match token {
        Token::Literal(text) if NO_SETTINGS.contains(&text.to_lowercase().as_str()) => Some(text),
        _ => None,
    });
    if let Some(setting) = setting
        && find(tokens, &["set_config", "("], 0).is_some()
    {
        return Some(Refusal {
            code: "42704",
            message: format!("unrecognized configuration parameter {setting}"),
        });
    }
    altered(tokens, in_transaction)
}

/// A column becomes a longer text, outside of transactions, or nothing.
fn altered(tokens: &[Token], in_transaction: bool) -> Option<Refusal> {
    find(tokens, &["ALTER", "COLUMN"], 0)?;
    if in_transaction {
        return Some(Refusal {
            code: "25001",
            message: "ALTER TABLE ALTER COLUMN cannot run inside a transaction block".to_owned(),
        });
    }
    if find(tokens, &["TYPE", "VARCHAR", "("], 0).is_some() {
        return None;
    }
    Some(Refusal {
        code: "0A000",
        message: "target data type is not supported".to_owned(),
    })
}

fn translate_types(tokens: &mut Vec<Token>) {
    let word = |text: &str| Token::Word(text.to_owned());
    let whole = |tokens: &[Token], start: usize| {
        let close = tokens
            .get(start..)?
            .iter()
            .position(|token| token.is(")"))?;
        Some(start + close + 1)
    };
    while let Some((start, _)) = find(tokens, &["SUPER"], 0) {
        tokens[start] = word("JSONB");
    }
    while let Some((start, end)) = find(tokens, &["VARBYTE", "("], 0) {
        let end = whole(tokens, end).unwrap_or(end);
        tokens.splice(start..end, [word("BYTEA")]);
    }
    while let Some((start, end)) = find(tokens, &["IDENTITY", "("], 0) {
        let end = whole(tokens, end).unwrap_or(end);
        tokens.splice(start..end, [word("IDENTITY ")]);
    }
    while let Some((start, _)) = find(tokens, &["CASE_SENSITIVE"], 0) {
        tokens[start] = Token::Name("\"C\"".to_owned());
    }
}

/// A key that is declared and not enforced: an exclusion constraint that no row ever meets keeps its columns in order.
/// The key of a single column that stands with it is left out but for NOT NULL.
fn translate_keys(tokens: &mut Vec<Token>) {
    let word = |text: &str| Token::Word(text.to_owned());
    while let Some((start, end)) = find(tokens, &["PRIMARY", "KEY"], 0) {
        let open = tokens[end..]
            .iter()
            .position(|token| !matches!(token, Token::Space(_)))
            .map_or(end, |space| end + space);
        if tokens.get(open) != Some(&Token::Sign('(')) {
            tokens.splice(start..end, [word("NOT NULL")]);
            continue;
        }
        let length = tokens[open..].iter().position(|token| token.is(")"));
        let close = open + length.expect("a key ends");
        let names = tokens[open + 1..close]
            .iter()
            .filter(|token| matches!(token, Token::Name(_) | Token::Word(_)));
        let mut exclusion = vec![word("EXCLUDE USING btree (")];
        for (position, name) in names.cloned().enumerate() {
            exclusion.push(word(if position > 0 { ", " } else { "" }));
            exclusion.push(name);
            exclusion.push(word(" WITH ="));
        }
        exclusion.push(word(") WHERE (false)"));
        tokens.splice(start..=close, exclusion);
    }
}
