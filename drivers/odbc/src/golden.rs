//! Every form of statement in every dialect, compared with its file in `tests/golden/`.

use std::path::Path;

use quillback_conformance::Golden;
use quillback_conformance::sqlparser::dialect as grammars;

use crate::define;
use crate::dialect::Printer;
use crate::spelling::Dialect;

fn check(
    dialect: Dialect,
    name: &str,
    grammar: &dyn grammars::Dialect,
    beyond: &[&str],
    foreign: &[&str],
) {
    let spelling = dialect.spelling();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let golden = Golden {
        dialect: &Printer::new(spelling),
        changes: Some(&|change| {
            let printed = define::print(spelling, std::slice::from_ref(change))?;
            Ok(printed.into_iter().map(|change| change.sql).collect())
        }),
        file: &folder.join(format!("{name}.sql")),
        grammar,
        beyond_grammar: beyond,
        foreign,
    };
    golden.check().unwrap();
}

#[test]
fn postgresql_is_as_reviewed() {
    // Its own grammar takes `?` for an operator, and psqlodbc sends `$1`; the generic one reads all else alike.
    let grammar = grammars::GenericDialect {};
    check(
        Dialect::Postgresql,
        "postgresql",
        &grammar,
        &[],
        &["TOP", "MERGE", "AUTO_INCREMENT", "::"],
    );
}

#[test]
fn mysql_is_as_reviewed() {
    let foreign = [
        "ILIKE",
        "TOP",
        "FETCH",
        "::",
        "MERGE",
        "RETURNING",
        "NULLS",
        "||",
    ];
    check(
        Dialect::Mysql,
        "mysql",
        &grammars::MySqlDialect {},
        &[],
        &foreign,
    );
}

#[test]
fn mariadb_is_as_reviewed() {
    let foreign = [
        "ILIKE",
        "TOP",
        "FETCH",
        "::",
        "MERGE",
        "RETURNING",
        "NULLS",
        "||",
    ];
    check(
        Dialect::Mariadb,
        "mariadb",
        &grammars::MySqlDialect {},
        &[],
        &foreign,
    );
}

#[test]
fn sqlite_is_as_reviewed() {
    let foreign = [
        "ILIKE", "TOP", "FETCH", "::", "MERGE", "TRUE", "FALSE", "NULLS",
    ];
    check(
        Dialect::Sqlite,
        "sqlite",
        &grammars::SQLiteDialect {},
        &[],
        &foreign,
    );
}

#[test]
fn tsql_is_as_reviewed() {
    let foreign = [
        "ILIKE",
        "LIMIT",
        "::",
        "MERGE",
        "RETURNING",
        "NULLS",
        "TRUE",
        "FALSE",
        "||",
    ];
    check(
        Dialect::Tsql,
        "tsql",
        &grammars::MsSqlDialect {},
        // https://learn.microsoft.com/sql/t-sql/statements/alter-table-transact-sql
        &["widen a column"],
        &foreign,
    );
}

#[test]
fn databricks_is_as_reviewed() {
    let foreign = ["ILIKE", "TOP", "FETCH", "::", "RETURNING"];
    check(
        Dialect::Databricks,
        "databricks",
        &grammars::DatabricksDialect {},
        &[],
        &foreign,
    );
}

#[test]
fn teradata_is_as_reviewed() {
    let foreign = [
        "ILIKE",
        "LIMIT",
        "OFFSET",
        "FETCH",
        "::",
        "RETURNING",
        "TRUE",
        "FALSE",
    ];
    check(
        Dialect::Teradata,
        "teradata",
        &grammars::TeradataDialect {},
        // It does not know CASESPECIFIC in a definition.
        &["add a column"],
        &foreign,
    );
}
