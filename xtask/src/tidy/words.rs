//! Rules on words that belong into certain places only: SQL, database names, `unsafe`.

use super::Finding;
use super::lexer::Kind;
use super::source::Source;

fn is_below(path: &str, places: &[&str]) -> bool {
    places.iter().any(|place| path.starts_with(place))
}

/// Where SQL text may stand: the printer, the drivers, generated migrations, tests and tools.
const SQL_PLACES: &[&str] = &[
    "plugin-api/src/dialect",
    "plugin-api/src/sql",
    "drivers/",
    "migrations/rendered/",
    "conformance/",
    "bench/",
    "examples/",
    "xtask/",
];

/// SQL is printed in one place, so that quoting and binding are right in one place.
pub(crate) fn sql(source: &Source) -> Vec<Finding> {
    if is_below(&source.path, SQL_PLACES) {
        return Vec::new();
    }
    let texts = source
        .shipped()
        .into_iter()
        .filter(|token| token.kind == Kind::Text);
    let hits = texts.filter(|token| is_sql(token.text));
    let message = "SQL text belongs to the printer in plugin-api or to a driver";
    hits.map(|token| Finding::new(&source.path, token.line, message))
        .collect()
}

fn is_sql(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    let mut words = text.split_whitespace();
    let (first, second, third) = (words.next(), words.next(), words.next());
    let things = ["TABLE", "INDEX", "VIEW", "SCHEMA"];
    match (first, second) {
        (Some("SELECT"), Some(_))
        | (Some("INSERT"), Some("INTO"))
        | (Some("DELETE"), Some("FROM")) => true,
        (Some("UPDATE"), _) => third == Some("SET"),
        (Some("CREATE" | "ALTER" | "DROP"), Some(thing)) => things.contains(&thing),
        _ => false,
    }
}

/// Crates that must work with every database alike.
const NEUTRAL: &[&str] = &[
    "core/src/",
    "graphql/src/",
    "auth/src/",
    "workflows/src/",
    "tableau/src/",
    "plugin-host/src/",
    "migrations/src/",
];

const DATABASES: &[&str] = &[
    "sqlite",
    "sqlite3",
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "mssql",
    "sqlserver",
    "oracle",
    "redshift",
    "snowflake",
    "bigquery",
    "synapse",
    "duckdb",
];

/// No code outside the drivers decides by the name of a database; it asks for capabilities.
pub(crate) fn database_name(source: &Source) -> Vec<Finding> {
    if !is_below(&source.path, NEUTRAL) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for token in source.shipped() {
        if !matches!(token.kind, Kind::Word | Kind::Text) {
            continue;
        }
        if let Some(name) = named_database(token.text) {
            let message =
                format!("`{name}`: only drivers know a database by name; ask for a capability");
            findings.push(Finding::new(&source.path, token.line, message));
        }
    }
    findings
}

fn named_database(text: &str) -> Option<&'static str> {
    let parts = words_of(text);
    DATABASES
        .iter()
        .copied()
        .find(|name| parts.iter().any(|part| part == name))
}

/// The words of an identifier or sentence in lower case. Humps separate words, but brand names have
/// humps of their own, so two neighbours together and the whole piece count as words, too.
fn words_of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for piece in text.split(|c: char| !c.is_alphanumeric()) {
        let humps = humps(piece);
        let neighbours = humps.iter().zip(humps.iter().skip(1));
        words.extend(neighbours.map(|(first, second)| format!("{first}{second}")));
        words.extend(humps);
        words.push(piece.to_lowercase());
    }
    words
}

fn humps(piece: &str) -> Vec<String> {
    let mut humps = vec![String::new()];
    let mut is_lower = false;
    for c in piece.chars() {
        if c.is_uppercase() && is_lower {
            humps.push(String::new());
        }
        is_lower = c.is_lowercase();
        if let Some(last) = humps.last_mut() {
            last.extend(c.to_lowercase());
        }
    }
    humps
}

/// Where `unsafe` may stand: the two sides of the plugin boundary, and one setting of the allocator.
const UNSAFE_PLACES: &[&str] = &[
    "plugin-api/src/abi",
    "plugin-api/src/export",
    "plugin-api/src/remote",
    "plugin-host/",
    "server/src/allocator.rs",
];

/// `unsafe` stays at the plugin boundary, where every use is reviewed.
pub(crate) fn unsafe_code(source: &Source) -> Vec<Finding> {
    if is_below(&source.path, UNSAFE_PLACES) || !source.is_rust() {
        return Vec::new();
    }
    let tokens = super::lexer::lex(&source.text);
    let hits = tokens
        .iter()
        .filter(|t| t.kind == Kind::Word && t.text == concat!("un", "safe"));
    let message = "`unsafe` belongs to the plugin boundary only (plugin-api/src/abi, plugin-host)";
    hits.map(|token| Finding::new(&source.path, token.line, message))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{database_name, is_sql, named_database, sql, unsafe_code};
    use crate::tidy::source::Source;

    #[test]
    fn statements_are_recognised_and_sentences_are_not() {
        for text in [
            "SELECT 1",
            " (SELECT a",
            "INSERT INTO x",
            "UPDATE x SET y",
            "DELETE FROM x",
            "CREATE TABLE x",
            "ALTER TABLE x",
            "\n    SELECT\n a",
        ] {
            assert!(is_sql(text), "{text:?}");
        }
        for text in [
            "Select a table",
            "UPDATE",
            "SELECT",
            "UPDATE failed twice",
            "CREATE nothing",
        ] {
            assert!(!is_sql(text), "{text:?}");
        }
    }

    #[test]
    fn sql_is_found_in_shipped_code_of_other_crates_only() {
        let text = "//! SELECT x\n// \"SELECT x\"\nlet q = \"SELECT x\";\n#[cfg(test)]\nmod tests {\n\"SELECT y\"\n}\n";
        let found = sql(&Source::of("core/src/a.rs", text));
        assert_eq!(found.iter().map(|f| f.line).collect::<Vec<_>>(), [3]);
        for path in [
            "drivers/x/src/a.rs",
            "plugin-api/src/sql/writer.rs",
            "core/tests/a.rs",
        ] {
            assert!(sql(&Source::of(path, text)).is_empty(), "{path}");
        }
    }

    #[test]
    fn database_names_are_found_in_identifiers_and_texts() {
        for text in [
            "postgres",
            "is_sqlite",
            "PostgreSQL",
            "MySqlThing_x",
            "for Oracle only",
            "OraclePool",
            "quillback-driver-mysql",
            "MySQL",
        ] {
            assert!(named_database(text).is_some(), "{text:?}");
        }
        for text in ["oracles", "sql", "my_sql", "compostgres", "BigInt"] {
            assert!(named_database(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn comments_and_other_crates_may_name_databases() {
        let text = "//! Works with MySQL.\nfn mysql() {} // mysql\n";
        let found = database_name(&Source::of("core/src/a.rs", text));
        assert_eq!(found.iter().map(|f| f.line).collect::<Vec<_>>(), [2]);
        assert!(database_name(&Source::of("drivers/mysql/src/a.rs", text)).is_empty());
        assert!(database_name(&Source::of("core/tests/a.rs", text)).is_empty());
    }

    #[test]
    fn the_dangerous_word_is_found_as_code_and_not_in_texts() {
        let word = concat!("un", "safe");
        let text = format!("//! {word}\nlet a = \"{word}\";\n{word} {{ x() }}\nun_{word};\n");
        let found = unsafe_code(&Source::of("core/src/a.rs", &text));
        assert_eq!(found.iter().map(|f| f.line).collect::<Vec<_>>(), [3]);
        assert!(unsafe_code(&Source::of("plugin-host/src/library.rs", &text)).is_empty());
        assert!(unsafe_code(&Source::of("plugin-api/src/abi/layout.rs", &text)).is_empty());
    }
}
