//! What messages of the engine are translated to; the messages themselves come from the engine.

use quillback_plugin_api::Category;
use rusqlite::Connection;

use super::*;

fn failure(connection: &Connection, sql: &str, table: Option<&str>) -> DriverError {
    let error = connection.execute_batch(sql).unwrap_err();
    translate(&error, table)
}

fn tables() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            "PRAGMA foreign_keys = ON;
             CREATE TABLE t (a INT PRIMARY KEY, b INT UNIQUE, c TEXT NOT NULL DEFAULT '', d INT CHECK (d > 0),
                 e INT CHECK (typeof(\"e\") = 'integer' AND \"e\" < 9), UNIQUE (c, d));
             CREATE TABLE child (t INT REFERENCES t (a));
             CREATE TABLE strict_one (n INTEGER) STRICT;
             CREATE TABLE \"a.b\" (\"c.d\" INT UNIQUE);
             CREATE UNIQUE INDEX on_expression ON t (b + 1);
             CREATE TRIGGER no_delete BEFORE DELETE ON t BEGIN SELECT raise(ABORT, 'not allowed'); END;
             INSERT INTO t VALUES (1, 1, 'x', 1, 1);
             INSERT INTO \"a.b\" VALUES (1);",
        )
        .unwrap();
    connection
}

#[test]
fn violated_constraints_name_table_and_column() {
    let tables = tables();
    for (sql, table, category, place) in [
        (
            "INSERT INTO t VALUES (1, 2, 'y', 2, 2)",
            "t",
            Category::Unique,
            Some(("t", Some("a"))),
        ),
        (
            "INSERT INTO t VALUES (2, 1, 'y', 2, 2)",
            "t",
            Category::Unique,
            Some(("t", None)),
        ),
        (
            "INSERT INTO t VALUES (2, 2, 'x', 1, 2)",
            "t",
            Category::Unique,
            Some(("t", None)),
        ),
        (
            "INSERT INTO t VALUES (2, 2, NULL, 1, 2)",
            "t",
            Category::NotNull,
            Some(("t", Some("c"))),
        ),
        (
            "INSERT INTO t VALUES (2, 2, 'y', 2, 10)",
            "t",
            Category::InvalidData,
            Some(("t", Some("e"))),
        ),
        (
            "INSERT INTO t VALUES (2, 2, 'y', 0, 2)",
            "t",
            Category::Check,
            Some(("t", None)),
        ),
        (
            "INSERT INTO child VALUES (5)",
            "child",
            Category::ForeignKey,
            Some(("child", None)),
        ),
        (
            "INSERT INTO strict_one VALUES ('x')",
            "strict_one",
            Category::InvalidData,
            Some(("strict_one", Some("n"))),
        ),
        (
            "INSERT INTO \"a.b\" VALUES (1)",
            "a.b",
            Category::Unique,
            Some(("a.b", Some("c.d"))),
        ),
        (
            "DELETE FROM t",
            "t",
            Category::Constraint,
            Some(("t", None)),
        ),
    ] {
        let error = failure(&tables, sql, Some(table));
        assert_eq!(error.category, category, "{sql}: {error:?}");
        let found = error
            .origin
            .table
            .as_deref()
            .map(|table| (table, error.origin.column.as_deref()));
        assert_eq!(found, place, "{sql}: {error:?}");
        assert!(error.origin.vendor_code.is_some());
    }
}

#[test]
fn a_unique_index_on_an_expression_is_named() {
    let error = failure(
        &tables(),
        "INSERT INTO t VALUES (2, 1, 'y', 2, 2)",
        Some("t"),
    );
    assert_eq!(error.origin.constraint.as_deref(), Some("on_expression"));
}

#[test]
fn messages_without_a_code_of_their_own_are_told_apart() {
    let tables = tables();
    for (sql, category) in [
        ("SELECT * FROM missing", Category::NotFound),
        ("SELECT missing FROM t", Category::NotFound),
        ("INSERT INTO t (missing) VALUES (1)", Category::NotFound),
        ("CREATE TABLE t (a)", Category::AlreadyExists),
        ("ALTER TABLE t ADD COLUMN a INT", Category::AlreadyExists),
        ("SELEC 1", Category::Syntax),
        ("SELECT 'open", Category::Syntax),
        ("ALTER TABLE t ADD COLUMN z INT NOT NULL", Category::NotNull),
        ("ALTER TABLE t DROP COLUMN a", Category::Unsupported),
        ("SELECT json_extract('{', '$.a')", Category::InvalidData),
        ("SELECT abs(-9223372036854775808)", Category::InvalidData),
    ] {
        let error = failure(&tables, sql, None);
        assert_eq!(error.category, category, "{sql}: {error:?}");
    }
}

#[test]
fn values_of_rows_are_not_in_messages() {
    let tables = tables();
    tables
        .execute_batch("INSERT INTO t VALUES (77, 77, 'secret', 77, 7)")
        .unwrap();
    for sql in [
        "INSERT INTO t VALUES (77, 5, 'secret', 5, 5)",
        "INSERT INTO t VALUES (78, 78, 'secret', -77, 5)",
        "INSERT INTO strict_one VALUES ('secret')",
    ] {
        let error = failure(&tables, sql, Some("t"));
        let text = format!("{error:?}");
        assert!(!text.contains("secret") && !text.contains("77"), "{text}");
    }
}

#[test]
fn codes_have_the_category_that_callers_act_on() {
    for (code, category) in [
        (ffi::SQLITE_BUSY, Category::Unavailable),
        (ffi::SQLITE_BUSY_SNAPSHOT, Category::Conflict),
        (ffi::SQLITE_FULL, Category::Resource),
        (ffi::SQLITE_IOERR_FSYNC, Category::Unavailable),
        (ffi::SQLITE_IOERR_NOMEM, Category::Resource),
        (ffi::SQLITE_READONLY_DIRECTORY, Category::Permission),
        (ffi::SQLITE_CANTOPEN_ISDIR, Category::Connect),
        (ffi::SQLITE_CORRUPT_VTAB, Category::Unavailable),
        (ffi::SQLITE_TOOBIG, Category::InvalidData),
        (ffi::SQLITE_MISMATCH, Category::InvalidData),
        (ffi::SQLITE_INTERRUPT, Category::Cancelled),
        (ffi::SQLITE_CONSTRAINT_ROWID, Category::Unique),
    ] {
        let error = from_code(code, None, None);
        assert_eq!(error.category, category, "{code}");
        assert_eq!(error.origin.vendor_code, Some(code.to_string()));
    }
}
