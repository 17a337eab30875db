//! What is read, in which order, and found by which texts.

use quillback_plugin_api::batch::Batch;
use quillback_plugin_api::driver::{Instance as _, RowStream as _};
use quillback_plugin_api::sql::{
    Aggregate, ColumnDef, Compare, Direction, Expr, Order, Select, SelectItem, TextMatch,
};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{RowBuffer, Value};

use crate::support::*;

fn decimal(text: &str) -> Value {
    Value::Decimal(text.to_owned().try_into().unwrap())
}

/// Prices with two digits and texts, some of them missing.
async fn prices() -> Database {
    let db = database().await;
    let columns = vec![
        ColumnDef::required(name("id"), LogicalType::INT64),
        ColumnDef::optional(name("price"), LogicalType::decimal(20, 2)),
        ColumnDef::optional(name("label"), LogicalType::text(40)),
    ];
    db.instance
        .define(vec![create("prices", columns, &["id"])])
        .await
        .unwrap();
    let rows: Vec<Vec<Value>> = [
        (1, decimal("10"), "Straße 50%_x".into()),
        (2, decimal("9.5"), "ÄPFEL".into()),
        (3, Value::Null, Value::Null),
        (4, decimal("-3.25"), "äpfel und Birnen".into()),
        (5, decimal("100000000000000000.01"), "a\\b".into()),
        (6, decimal("100000000000000000.02"), "".into()),
    ]
    .into_iter()
    .map(|(id, price, label)| vec![Value::I64(id), price, label])
    .collect();
    let batch = write(
        insert("prices", &["id", "price", "label"], &rows),
        quillback_plugin_api::batch::Expect::Rows(6),
    );
    done(db.instance.apply(batch).await.unwrap());
    db
}

async fn ids(db: &Database, select: Select) -> Vec<i64> {
    let found = rows(&db.instance, select).await;
    found.iter().map(|row| row[0].as_i64().unwrap()).collect()
}

fn by(column: &str, direction: Direction) -> Select {
    Select {
        order: vec![Order {
            column: name(column),
            direction,
            nullable: true,
        }],
        ..select("prices", &["id"])
    }
}

fn where_(filter: Expr) -> Select {
    Select {
        filter,
        ..by("id", Direction::Asc)
    }
}

#[tokio::test]
async fn decimals_sort_compare_and_aggregate_by_value() {
    let db = prices().await;
    assert_eq!(
        ids(&db, by("price", Direction::Asc)).await,
        [3, 4, 2, 1, 5, 6]
    );
    assert_eq!(
        ids(&db, by("price", Direction::Desc)).await,
        [6, 5, 1, 2, 4, 3]
    );
    let price = name("price");
    for (filter, found) in [
        (
            Expr::compare(&price, Compare::Ge, decimal("9.50")),
            vec![1, 2, 5, 6],
        ),
        (Expr::eq(&price, decimal("10.000")), vec![1]),
        (Expr::eq(&price, 10), vec![1]),
        (Expr::compare(&price, Compare::Lt, 10), vec![2, 4]),
        (Expr::eq(&price, decimal("100000000000000000.02")), vec![6]),
        (
            Expr::In {
                column: price.clone(),
                values: vec![decimal("9.50"), decimal("-3.250")],
            },
            vec![2, 4],
        ),
        (
            Expr::Same {
                column: price.clone(),
                value: Value::Null,
            },
            vec![3],
        ),
    ] {
        assert_eq!(ids(&db, where_(filter.clone())).await, found, "{filter:?}");
    }
    let mut extremes = select("prices", &[]);
    extremes.items = [Aggregate::Min, Aggregate::Max]
        .map(|aggregate| SelectItem::Aggregate(aggregate, price.clone()))
        .to_vec();
    let found = rows(&db.instance, extremes).await;
    assert_eq!(
        found,
        [vec![decimal("-3.25"), decimal("100000000000000000.02")]]
    );
}

#[tokio::test]
async fn texts_are_searched_literally() {
    let db = prices().await;
    for (how, ignore_case, text, found) in [
        (TextMatch::Contains, false, "50%_", vec![1]),
        (TextMatch::Contains, false, "\\", vec![5]),
        (TextMatch::Contains, false, "PFEL", vec![2]),
        (TextMatch::Contains, true, "äPfEl", vec![2, 4]),
        (TextMatch::Contains, true, "STRASSE", vec![]),
        (TextMatch::StartsWith, true, "ÄPFEL U", vec![4]),
        (TextMatch::StartsWith, false, "pfel", vec![]),
        (TextMatch::Contains, false, "", vec![1, 2, 4, 5, 6]),
    ] {
        let filter = Expr::Match {
            column: name("label"),
            how,
            ignore_case,
            text: text.into(),
        };
        assert_eq!(ids(&db, where_(filter)).await, found, "{text}");
    }
}

#[tokio::test]
async fn a_stream_is_one_state_and_stops_when_it_is_dropped() {
    let db = database().await;
    db.instance.define(vec![notes()]).await.unwrap();
    let many: Vec<Vec<Value>> = (0..5_000_i64)
        .map(|id| vec![id.into(), "x".into()])
        .collect();
    let batch = write(
        insert("notes", &["id", "note"], &many),
        quillback_plugin_api::batch::Expect::Rows(5_000),
    );
    done(db.instance.apply(batch).await.unwrap());
    let mut stream = db
        .instance
        .stream(select("notes", &["id", "note"]))
        .await
        .unwrap();
    let mut all = RowBuffer::new(2);
    assert!(stream.next(&mut all).await.unwrap());
    assert_eq!(all.len(), 1_000);
    done(db.instance.apply(note(9_999, "later")).await.unwrap());
    while stream.next(&mut all).await.unwrap() {}
    assert_eq!(all.to_rows(), many);
    // More streams than readers: each dropped one must give its reader back.
    for _ in 0..40 {
        let mut stream = db.instance.stream(select("notes", &["id"])).await.unwrap();
        stream.next(&mut RowBuffer::new(1)).await.unwrap();
    }
}

#[tokio::test]
async fn open_streams_do_not_hold_up_reads_or_the_end() {
    let db = database().await;
    db.instance.define(vec![notes()]).await.unwrap();
    let many: Vec<Vec<Value>> = (0..5_000_i64)
        .map(|id| vec![id.into(), "x".into()])
        .collect();
    let batch = write(
        insert("notes", &["id", "note"], &many),
        quillback_plugin_api::batch::Expect::Any,
    );
    done(db.instance.apply(batch).await.unwrap());
    let first = db.instance.stream(select("notes", &["id"])).await.unwrap();
    let second = db.instance.stream(select("notes", &["id"])).await.unwrap();
    for _ in 0..10 {
        assert_eq!(count(&db.instance, "notes").await, 5_000);
    }
    db.instance.close().await;
    drop((first, second));
}

#[tokio::test]
async fn a_changed_table_is_read_as_it_is_now() {
    let db = database().await;
    db.instance.define(vec![notes()]).await.unwrap();
    done(db.instance.apply(note(1, "2026-01-31")).await.unwrap());
    let mut batch = Batch::default();
    batch.read(select("notes", &["note"]));
    // Prepared statements of all connections know the old type.
    for _ in 0..5 {
        db.instance.apply(batch.clone()).await.unwrap();
    }
    let text = ColumnDef::optional(name("note"), LogicalType::text(20));
    let date = ColumnDef::optional(name("note"), LogicalType::Date);
    let change = quillback_plugin_api::sql::Ddl::AlterColumn {
        table: table("notes"),
        from: text,
        to: date,
    };
    db.instance.define(vec![change]).await.unwrap();
    for _ in 0..5 {
        let found = rows(&db.instance, select("notes", &["note"])).await;
        let date = quillback_plugin_api::civil::Date {
            year: 2026,
            month: 1,
            day: 31,
        };
        assert_eq!(found, [vec![Value::Date(date)]]);
    }
}
