//! Tables that other programs made: anything may be in them, and nothing may be lost or changed.

use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::catalog::{Catalog, Introspect, TableKind};
use quillback_plugin_api::driver::Instance as _;
use quillback_plugin_api::sql::{Assignment, Expr, Statement, Update};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Category, Value};

use crate::support::*;

#[tokio::test]
async fn every_cell_finds_its_row_again() {
    let db = database().await;
    db.beside()
        .execute_batch(
            "CREATE TABLE odd (id INTEGER PRIMARY KEY, at DATETIME, day DATE, n INTEGER, price NUMERIC(10,2), u UUID,
                 anything);
             INSERT INTO odd (at) VALUES ('2026-01-31 10:00:00'), ('2026-01-31T10:00:00Z'), ('2026-01-31 10:00'),
                 ('2026-01-31 10:00:00.500'), (1769853600), (2461071.9), ('');
             INSERT INTO odd (day) VALUES ('2026-01-31'), ('31.01.2026'), (20260131);
             INSERT INTO odd (n) VALUES (5), ('five'), (5.5), (x'05');
             INSERT INTO odd (price) VALUES (1), (1.5), ('1.50'), ('free'), (9e99), (9007199254740993);
             INSERT INTO odd (u) VALUES ('00112233-4455-6677-8899-aabbccddeeff'),
                 ('00112233-4455-6677-8899-AABBCCDDEEFF'), (x'00112233445566778899aabbccddeeff');
             INSERT INTO odd (anything) VALUES (1), (1.5), ('x'), (x'00'), ('');",
        )
        .unwrap();
    let columns = ["at", "day", "n", "price", "u", "anything"];
    let all = rows(
        &db.instance,
        select("odd", &["id", "at", "day", "n", "price", "u", "anything"]),
    )
    .await;
    assert_eq!(all.len(), 28);
    for row in all {
        let unchanged = columns
            .iter()
            .zip(&row[1..])
            .map(|(column, value)| Expr::Same {
                column: name(column),
                value: value.clone(),
            });
        let filter = Expr::all(unchanged).and(Expr::eq(&name("id"), row[0].as_i64().unwrap()));
        let mut batch = Batch::default();
        batch.check(table("odd"), filter, Expect::Rows(1));
        done(
            db.instance
                .apply(batch)
                .await
                .unwrap_or_else(|error| panic!("{row:?}: {error}")),
        );
    }
}

#[tokio::test]
async fn text_that_is_no_unicode_is_read_as_bytes() {
    let db = database().await;
    db.beside()
        .execute_batch("CREATE TABLE bad (t TEXT); INSERT INTO bad VALUES (CAST(x'ff41' AS TEXT))")
        .unwrap();
    let found = rows(&db.instance, select("bad", &["t"])).await;
    assert_eq!(found, [vec![Value::Bytes(vec![0xff, 0x41])]]);
}

#[tokio::test]
async fn numbers_are_refused_where_the_column_would_round_them() {
    let db = database().await;
    db.beside()
        .execute_batch(
            "CREATE TABLE loose (id INTEGER PRIMARY KEY, price NUMERIC(30,10), ratio REAL, words TEXT);
             INSERT INTO loose VALUES (1, 1, 1, '')",
        )
        .unwrap();
    let decimal = |text: &str| Value::Decimal(text.to_owned().try_into().unwrap());
    let set = |column: &str, value: Value| {
        let update = Update {
            table: table("loose"),
            set: vec![Assignment::set(&name(column), value)],
            filter: Expr::eq(&name("id"), 1),
        };
        write(Statement::Update(update), Expect::Rows(1))
    };
    for (column, value) in [
        ("price", decimal("12345678901234567.89")),
        ("price", Value::U64(u64::MAX)),
        ("ratio", Value::I64((1 << 53) + 1)),
        ("ratio", decimal("0.1234567890123456789")),
    ] {
        for batch in [
            set(column, value.clone()),
            write(
                insert("loose", &[column], &[vec![value.clone()]]),
                Expect::Rows(1),
            ),
        ] {
            let error = db.instance.apply(batch).await.unwrap_err();
            assert_eq!(error.category, Category::InvalidData, "{column} {value:?}");
            assert_eq!(error.origin.column.as_deref(), Some(column));
        }
    }
    for (column, value) in [
        ("price", decimal("1.10")),
        ("price", Value::I64(i64::MAX)),
        ("price", decimal("9223372036854775807")),
        ("ratio", decimal("0.5")),
        ("words", decimal("12345678901234567.890")),
        ("words", Value::U64(u64::MAX)),
    ] {
        done(db.instance.apply(set(column, value)).await.unwrap());
    }
    let found = rows(&db.instance, select("loose", &["price", "words"])).await;
    assert_eq!(found[0][1], Value::Text("18446744073709551615".into()));
    assert_eq!(found[0][0], decimal("9223372036854775807"));
}

#[tokio::test]
async fn an_unknown_column_is_no_text() {
    let db = database().await;
    db.instance.define(vec![notes()]).await.unwrap();
    done(db.instance.apply(note(1, "x")).await.unwrap());
    // In double quotes the engine would take the name as a text by default, and find no row or every row.
    let mut batch = Batch::default();
    batch.check(
        table("notes"),
        Expr::eq(&name("nothing"), "nothing"),
        Expect::Any,
    );
    let error = db.instance.apply(batch).await.unwrap_err();
    assert_eq!(error.category, Category::NotFound, "{error:?}");
}

#[tokio::test]
async fn what_is_in_the_file_is_found() {
    let db = database().await;
    db.beside()
        .execute_batch(
            "CREATE TABLE parents (a INT, b TEXT, c INT UNIQUE, g INT AS (a + 1), s INT AS (a) STORED,
                 PRIMARY KEY (b, a)) WITHOUT ROWID;
             CREATE UNIQUE INDEX two ON parents (c, a);
             CREATE UNIQUE INDEX some ON parents (a) WHERE a > 0;
             CREATE UNIQUE INDEX computed ON parents (a + 1);
             CREATE TABLE numbered (id INTEGER PRIMARY KEY, d TEXT DEFAULT 'x' NOT NULL);
             CREATE TABLE named (id INTEGER, PRIMARY KEY (id DESC));
             CREATE VIEW seen AS SELECT a, b FROM parents;
             CREATE VIRTUAL TABLE words USING fts5(body);
             CREATE TABLE \"Weird \"\"name\"\"\" (\"a.b\" FLOAT);",
        )
        .unwrap();
    let list = Introspect::Tables {
        schema: None,
        search: String::new(),
        offset: 0,
        limit: 100,
    };
    let Catalog::Tables { tables, more } = db.instance.introspect(list).await.unwrap() else {
        panic!()
    };
    let found: Vec<_> = tables
        .iter()
        .map(|table| (table.table.name.as_str(), table.kind))
        .collect();
    let expected = [
        ("Weird \"name\"", TableKind::Table),
        ("named", TableKind::Table),
        ("numbered", TableKind::Table),
        ("parents", TableKind::Table),
        ("seen", TableKind::View),
        ("words", TableKind::Table),
    ];
    assert_eq!(found, expected);
    assert!(!more);

    let parents = info(&db, "parents").await.unwrap();
    assert_eq!(parents.primary_key, [name("b"), name("a")]);
    assert_eq!(
        parents.unique_keys,
        [vec![name("c")], vec![name("c"), name("a")]]
    );
    let generated: Vec<_> = parents
        .columns
        .iter()
        .filter(|column| column.generated)
        .collect();
    assert_eq!(
        generated
            .iter()
            .map(|column| column.name.as_str())
            .collect::<Vec<_>>(),
        ["g", "s"]
    );
    assert!(!parents.column(&name("b")).unwrap().nullable);

    let numbered = info(&db, "numbered").await.unwrap();
    let id = numbered.column(&name("id")).unwrap();
    assert!(id.identity && id.has_default && !id.nullable && id.ty == LogicalType::INT64);
    assert!(numbered.column(&name("d")).unwrap().has_default);
    // https://www.sqlite.org/lang_createtable.html#rowid: by a quirk, this is an alias; "INTEGER PRIMARY KEY DESC" is not.
    assert!(info(&db, "named").await.unwrap().columns[0].identity);
    assert_eq!(info(&db, "seen").await.unwrap().kind, TableKind::View);
    assert!(info(&db, "NUMBERED").await.is_none(), "names are exact");
    assert!(info(&db, "sqlite_schema").await.is_none());
}
