//! Texts as other programs write them.

use super::*;

const TO: NewColumn<'_> = NewColumn {
    name: "c",
    ty: "BIGINT",
    default: None,
    nullable: true,
};

fn changed(sql: &str, new: NewColumn<'_>) -> Option<String> {
    CreateSql::parse(sql)?.with_column("\"t\"", new)
}

#[test]
fn only_the_type_and_nullability_of_the_column_change() {
    for (before, after) in [
        ("CREATE TABLE x (c)", "CREATE TABLE \"t\" (c BIGINT NULL)"),
        (
            "create table x(a int, C varchar ( 5 ) not null, b)",
            "CREATE TABLE \"t\" (a int, C BIGINT NULL, b)",
        ),
        (
            "CREATE TABLE x (\"c\" DECIMAL_TEXT(5,2) COLLATE quillback_decimal CHECK (typeof(\"c\") = 'text' AND (1)) \
             DEFAULT '1.0' NOT NULL, PRIMARY KEY (\"c\")) WITHOUT ROWID",
            "CREATE TABLE \"t\" (\"c\" BIGINT DEFAULT '1.0' NULL, PRIMARY KEY (\"c\")) WITHOUT ROWID",
        ),
        (
            "CREATE TABLE x (c INTEGER CONSTRAINT pk PRIMARY KEY AUTOINCREMENT)",
            "CREATE TABLE \"t\" (c BIGINT CONSTRAINT pk PRIMARY KEY AUTOINCREMENT NULL)",
        ),
        (
            "CREATE TABLE x ([c] TEXT DEFAULT NULL REFERENCES p (q) ON DELETE SET NULL ON UPDATE SET DEFAULT \
             NOT DEFERRABLE COLLATE NOCASE CHECK (c <> ',') UNIQUE)",
            "CREATE TABLE \"t\" ([c] BIGINT DEFAULT NULL REFERENCES p (q) ON DELETE SET NULL ON UPDATE SET DEFAULT \
             NOT DEFERRABLE COLLATE NOCASE CHECK (c <> ',') UNIQUE NULL)",
        ),
        (
            "CREATE TABLE x (-- first, (\n a /* , */ TEXT DEFAULT 'it''s, (', `c` double precision, \
             CHECK (a <> ')'))",
            "CREATE TABLE \"t\" (-- first, (\n a /* , */ TEXT DEFAULT 'it''s, (', `c` BIGINT NULL, CHECK (a <> ')'))",
        ),
        (
            "CREATE TABLE x (c INT, g INT GENERATED ALWAYS AS (c + 1) STORED, CONSTRAINT k UNIQUE (c))",
            "CREATE TABLE \"t\" (c BIGINT NULL, g INT GENERATED ALWAYS AS (c + 1) STORED, CONSTRAINT k UNIQUE (c))",
        ),
    ] {
        assert_eq!(changed(before, TO).as_deref(), Some(after));
    }
}

#[test]
fn a_default_is_replaced_or_removed() {
    let sql = "CREATE TABLE x (c INT DEFAULT (1 + (2)) NOT NULL)";
    let with = |default| NewColumn {
        default: Some(default),
        nullable: false,
        ..TO
    };
    assert_eq!(
        changed(sql, with("")).unwrap(),
        "CREATE TABLE \"t\" (c BIGINT NOT NULL)"
    );
    assert_eq!(
        changed(sql, with("DEFAULT 7")).unwrap(),
        "CREATE TABLE \"t\" (c BIGINT DEFAULT 7 NOT NULL)"
    );
}

#[test]
fn names_are_found_however_they_are_quoted() {
    for quoted in ["c", "C", "\"c\"", "`c`", "[c]", "'c'"] {
        let sql = format!("CREATE TABLE x (a INT, {quoted} INT)");
        assert!(changed(&sql, TO).is_some(), "{quoted}");
    }
    let odd = NewColumn {
        name: "a \"b\"",
        ..TO
    };
    assert!(changed("CREATE TABLE x (\"a \"\"b\"\"\" INT)", odd).is_some());
    let unique = NewColumn {
        name: "unique",
        ..TO
    };
    assert!(changed("CREATE TABLE x (\"unique\" INT)", unique).is_some());
    assert!(changed("CREATE TABLE x (a INT, UNIQUE (a))", unique).is_none());
}

#[test]
fn other_texts_are_not_taken_apart() {
    assert_eq!(
        CreateSql::parse("CREATE VIRTUAL TABLE x USING fts5(c)"),
        None
    );
    assert_eq!(CreateSql::parse("CREATE TABLE x (c"), None);
    assert_eq!(CreateSql::parse(""), None);
    assert_eq!(changed("CREATE TABLE x (a)", TO), None);
}
