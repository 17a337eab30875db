//! Changes of tables that others depend on.

use quillback_plugin_api::batch::Expect;
use quillback_plugin_api::driver::Instance as _;
use quillback_plugin_api::sql::{ColumnDef, Ddl, Index};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Category, Value};

use crate::support::*;

fn alter(text: &str, from: ColumnDef, to: ColumnDef) -> Ddl {
    Ddl::AlterColumn {
        table: table(text),
        from,
        to,
    }
}

fn note_of(length: u32) -> ColumnDef {
    ColumnDef::optional(name("note"), LogicalType::text(length))
}

/// A table with an index, a trigger, a view, rows that refer to it, and numbers up to 100 given to its rows.
async fn surrounded() -> Database {
    let db = database().await;
    let mut id = ColumnDef::required(name("id"), LogicalType::INT64);
    id.identity = true;
    let columns = vec![id, note_of(20)];
    db.instance
        .define(vec![create("notes", columns, &["id"])])
        .await
        .unwrap();
    db.beside()
        .execute_batch(
            "CREATE TABLE log (id INTEGER);
             CREATE INDEX by_note ON notes (note DESC) WHERE note IS NOT NULL;
             CREATE TRIGGER logged AFTER INSERT ON notes BEGIN INSERT INTO log VALUES (new.id); END;
             CREATE TRIGGER elsewhere AFTER DELETE ON log BEGIN DELETE FROM notes WHERE id = old.id; END;
             CREATE VIEW seen AS SELECT id, note FROM notes;
             CREATE TABLE child (note_id INTEGER NOT NULL REFERENCES notes (id) ON DELETE CASCADE);
             INSERT INTO notes VALUES (1, 'one'), (100, 'hundred');
             DELETE FROM notes WHERE id = 100;
             INSERT INTO child VALUES (1);",
        )
        .unwrap();
    db
}

#[tokio::test]
async fn a_rebuilt_table_keeps_everything_around_it() {
    let db = surrounded().await;
    db.instance
        .define(vec![alter("notes", note_of(20), note_of(5))])
        .await
        .unwrap();
    let info = info(&db, "notes").await.unwrap();
    assert_eq!(info.columns[1].ty, LogicalType::text(5));
    assert!(info.columns[0].identity);
    let beside = db.beside();
    let names: String = beside
        .query_row(
            "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_schema \
             WHERE name NOT LIKE 'sqlite%' ORDER BY name)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(names, "by_note child elsewhere log logged notes seen");
    let again = write(
        insert("notes", &["note"], &[vec!["two".into()]]),
        Expect::Rows(1),
    );
    done(db.instance.apply(again).await.unwrap());
    let ids = rows(&db.instance, select("seen", &["id"])).await;
    assert_eq!(
        ids,
        [vec![Value::I64(1)], vec![Value::I64(101)]],
        "numbers of removed rows do not come again"
    );
    beside
        .execute_batch("PRAGMA foreign_keys = ON; DELETE FROM notes WHERE id = 1")
        .unwrap();
    assert_eq!(
        count(&db.instance, "child").await,
        0,
        "rows that refer to the table still do"
    );
    let orphan = write(
        insert("child", &["note_id"], &[vec![55.into()]]),
        Expect::Rows(1),
    );
    assert_eq!(
        db.instance.apply(orphan).await.unwrap_err().category,
        Category::ForeignKey
    );
    let long = write(
        insert("notes", &["note"], &[vec!["longer".into()]]),
        Expect::Rows(1),
    );
    assert_eq!(
        db.instance.apply(long).await.unwrap_err().category,
        Category::InvalidData
    );
    let checked: String = beside
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(checked, "ok");
}

#[tokio::test]
async fn rows_that_do_not_fit_keep_the_table_as_it_is() {
    let db = surrounded().await;
    let number = ColumnDef::optional(name("note"), LogicalType::INT64);
    for to in [note_of(2), number] {
        let extra = ColumnDef::optional(name("extra"), LogicalType::Bool);
        let changes = vec![
            Ddl::AddColumn {
                table: table("notes"),
                column: extra,
            },
            alter("notes", note_of(20), to),
        ];
        let error = db.instance.define(changes).await.unwrap_err();
        assert_eq!(
            (error.category, error.step),
            (Category::InvalidData, Some(1)),
            "{error:?}"
        );
        assert_eq!(error.origin.table.as_deref(), Some("notes"));
    }
    let info = info(&db, "notes").await.unwrap();
    assert_eq!(
        info.columns.len(),
        2,
        "the change before it did not take effect either"
    );
    assert_eq!(info.columns[1].ty, LogicalType::text(20));
    let orphan = write(
        insert("child", &["note_id"], &[vec![55.into()]]),
        Expect::Rows(1),
    );
    let error = db.instance.apply(orphan).await.unwrap_err();
    assert_eq!(
        error.category,
        Category::ForeignKey,
        "foreign keys are on again"
    );
}

#[tokio::test]
async fn a_reference_cannot_become_something_else() {
    let db = database().await;
    db.beside()
        .execute_batch(
            "CREATE TABLE parents (k TEXT PRIMARY KEY); CREATE TABLE child (k TEXT REFERENCES parents (k));
             INSERT INTO parents VALUES ('007'); INSERT INTO child VALUES ('007');",
        )
        .unwrap();
    // The number 7 is no reference to the text 007.
    let from = ColumnDef::optional(name("k"), LogicalType::Text { length: None });
    let to = ColumnDef {
        ty: LogicalType::INT64,
        ..from.clone()
    };
    let error = db
        .instance
        .define(vec![alter("child", from, to)])
        .await
        .unwrap_err();
    assert_eq!(error.category, Category::ForeignKey, "{error:?}");
    assert_eq!(
        rows(&db.instance, select("child", &["k"])).await,
        [vec!["007".into()]]
    );
}

#[tokio::test]
async fn values_are_converted_where_they_mean_the_same() {
    let db = database().await;
    db.instance.define(vec![notes()]).await.unwrap();
    done(db.instance.apply(note(1, "12.50")).await.unwrap());
    let decimal = ColumnDef::optional(name("note"), LogicalType::decimal(10, 4));
    db.instance
        .define(vec![alter("notes", note_of(20), decimal.clone())])
        .await
        .unwrap();
    let value = Value::Decimal("12.5000".to_owned().try_into().unwrap());
    assert_eq!(
        rows(&db.instance, select("notes", &["note"])).await,
        [vec![value]]
    );
    db.instance
        .define(vec![alter("notes", decimal, note_of(20))])
        .await
        .unwrap();
    assert_eq!(
        rows(&db.instance, select("notes", &["note"])).await,
        [vec!["12.50".into()]]
    );
}

#[tokio::test]
async fn a_column_goes_with_its_indexes() {
    let db = database().await;
    db.instance.define(vec![notes()]).await.unwrap();
    let index = Index {
        name: name("on_note"),
        columns: vec![name("id"), name("note")],
        unique: true,
    };
    db.instance
        .define(vec![
            Ddl::CreateIndex {
                table: table("notes"),
                index,
            },
            Ddl::DropColumn {
                table: table("notes"),
                column: name("note"),
            },
        ])
        .await
        .unwrap();
    let info = info(&db, "notes").await.unwrap();
    assert_eq!(info.columns.len(), 1);
    assert_eq!(
        info.unique_keys,
        [] as [Vec<quillback_plugin_api::Ident>; 0]
    );
}

#[tokio::test]
async fn what_is_missing_is_told() {
    let db = database().await;
    db.instance.define(vec![notes()]).await.unwrap();
    let ghost = ColumnDef::optional(name("ghost"), LogicalType::INT64);
    for change in [
        alter("nothing", note_of(1), note_of(2)),
        alter("notes", ghost.clone(), ghost),
        Ddl::DropTable(table("nothing")),
        Ddl::DropColumn {
            table: table("notes"),
            column: name("ghost"),
        },
    ] {
        let error = db.instance.define(vec![change.clone()]).await.unwrap_err();
        assert_eq!(error.category, Category::NotFound, "{change:?}: {error:?}");
    }
}

#[tokio::test]
async fn the_smallest_and_largest_sums_are_kept_or_refused() {
    let db = database().await;
    let columns = vec![
        ColumnDef::required(name("n"), LogicalType::INT64),
        ColumnDef::required(name("d"), LogicalType::decimal(20, 4)),
    ];
    db.instance
        .define(vec![create("sums", columns, &["n"])])
        .await
        .unwrap();
    let decimal = |text: &str| Value::Decimal(text.to_owned().try_into().unwrap());
    let row = vec![Value::I64(i64::MAX), decimal("1234567890123456.7890")];
    done(
        db.instance
            .apply(write(insert("sums", &["n", "d"], &[row]), Expect::Rows(1)))
            .await
            .unwrap(),
    );
    let add = |column: &str, value: Value| write(plus("sums", column, value), Expect::Rows(1));
    let error = db.instance.apply(add("n", 1.into())).await.unwrap_err();
    assert_eq!(error.category, Category::InvalidData);
    done(
        db.instance
            .apply(add("d", decimal("0.0001")))
            .await
            .unwrap(),
    );
    done(db.instance.apply(add("d", 1.into())).await.unwrap());
    let found = rows(&db.instance, select("sums", &["n", "d"])).await;
    assert_eq!(
        found,
        [vec![Value::I64(i64::MAX), decimal("1234567890123457.7891")]]
    );
}
