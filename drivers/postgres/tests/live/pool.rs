//! Connections: how many, which are used again, and what becomes of broken ones.

use std::time::Duration;

use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::driver::{Instance, RowStream as _};
use quillback_plugin_api::sql::Expr;
use quillback_plugin_api::{Category, RowBuffer, Value};
use serde_json::json;

use crate::support::{add, done, lab, open, read, select, set};

const SETUP: &str = "CREATE TABLE item (id bigint PRIMARY KEY, n integer)";

fn mine(name: &str) -> String {
    format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}'")
}

#[tokio::test]
async fn there_are_never_more_connections_than_allowed_and_everybody_gets_a_turn() {
    let Some(lab) = lab(SETUP).await else { return };
    let name = format!("bounded-{}", lab.schema);
    let mut options = lab.with("max_connections", json!(3));
    options["application_name"] = json!(name);
    let instance = open(options).await.unwrap();
    lab.client
        .batch_execute("BEGIN; INSERT INTO item VALUES (1, 1)")
        .await
        .unwrap();
    // Each waits for the lock of the uncommitted row.
    let waiting: Vec<_> = (0..12)
        .map(|_| {
            let instance = instance.clone();
            let batch = Batch::of(vec![add("item", &["id", "n"], &[vec![1.into(), 1.into()]])]);
            tokio::spawn(async move { instance.apply(batch).await })
        })
        .collect();
    let blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))";
    while lab.number(blocked).await < 3 {}
    // A transaction sees the same activities all along.
    lab.client
        .batch_execute("SELECT pg_stat_clear_snapshot()")
        .await
        .unwrap();
    assert_eq!(lab.number(&mine(&name)).await, 3);
    lab.client.batch_execute("ROLLBACK").await.unwrap();
    let mut added = 0;
    for one in waiting {
        match one.await.unwrap() {
            Ok(_) => added += 1,
            Err(error) => assert_eq!(error.category, Category::Unique, "{error:?}"),
        }
    }
    assert_eq!(added, 1);
    assert_eq!(lab.number(&mine(&name)).await, 3);
    instance.close().await;
    let error = instance.ping().await.unwrap_err();
    assert_eq!(error.category, Category::Unavailable);
    let all_gone = async { while lab.number(&mine(&name)).await > 0 {} };
    tokio::time::timeout(Duration::from_secs(10), all_gone)
        .await
        .unwrap();
    lab.end().await;
}

#[tokio::test]
async fn connections_that_the_server_closed_while_idle_are_not_noticed_by_callers() {
    let Some(lab) = lab(SETUP).await else { return };
    let name = format!("idle-{}", lab.schema);
    let options = lab.with("application_name", json!(name));
    let instance = open(options).await.unwrap();
    let many = (0..4).map(|_| instance.ping());
    futures_join(many).await;
    for round in 0..3_i64 {
        let kill = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{name}'"
        );
        assert!(lab.number(&kill).await > 0);
        while lab.number(&mine(&name)).await > 0 {}
        let batch = Batch::of(vec![add(
            "item",
            &["id", "n"],
            &[vec![round.into(), 1.into()]],
        )]);
        done(instance.apply(batch).await);
    }
    instance.close().await;
    lab.end().await;
}

async fn futures_join<F: Future<Output = Result<T, E>>, T, E: std::fmt::Debug>(
    futures: impl Iterator<Item = F>,
) {
    for future in futures {
        future.await.unwrap();
    }
}

#[tokio::test]
async fn statements_follow_the_tables_they_were_prepared_for() {
    let Some(lab) = lab(SETUP).await else { return };
    let write = |id: i64, n: Value| {
        Batch::of(vec![
            add("item", &["id", "n"], &[vec![id.into(), n]]),
            read("item", &["n"], Expr::eq(&crate::support::ident("id"), id)),
        ])
    };
    let mut id = 0;
    let mut next = async |value: Value| {
        id += 1;
        let outcome = done(lab.instance.apply(write(id, value)).await);
        outcome[1].rows.as_ref().unwrap().rows.to_rows()[0][0].clone()
    };
    assert_eq!(next(1.into()).await, Value::I64(1));
    for (change, value) in [
        ("TYPE bigint", Value::I64(1 << 40)),
        (
            "TYPE numeric(20, 2)",
            Value::Decimal("1.25".to_owned().try_into().unwrap()),
        ),
        (
            "TYPE numeric(20, 4)",
            Value::Decimal("1.2345".to_owned().try_into().unwrap()),
        ),
        ("TYPE text", "a text".into()),
        ("TYPE varchar(100)", "another".into()),
    ] {
        let alter = format!("ALTER TABLE item ALTER COLUMN n {change}");
        lab.client.batch_execute(&alter).await.unwrap();
        assert_eq!(next(value.clone()).await, value, "{change}");
    }
    lab.client
        .batch_execute("DROP TABLE item; CREATE TABLE item (id bigint, n uuid)")
        .await
        .unwrap();
    assert_eq!(next(Value::Uuid([7; 16])).await, Value::Uuid([7; 16]));
    lab.end().await;
}

#[tokio::test]
async fn more_statements_than_are_kept_still_work() {
    let Some(lab) = lab(SETUP).await else { return };
    let instance = open(lab.with("max_connections", json!(1))).await.unwrap();
    for width in 1..=300_i64 {
        let rows: Vec<_> = (0..width)
            .map(|at| vec![Value::I64(width * 1_000 + at), 1.into()])
            .collect();
        done(
            instance
                .apply(Batch::of(vec![add("item", &["id", "n"], &rows)]))
                .await,
        );
    }
    assert_eq!(lab.number("SELECT count(*) FROM item").await, 45_150);
    instance.close().await;
    lab.end().await;
}

#[tokio::test]
async fn streams_come_in_pieces_and_give_their_connection_back() {
    let Some(lab) =
        lab("CREATE TABLE item AS SELECT id, id % 7 AS n FROM generate_series(1, 25000) id").await
    else {
        return;
    };
    let instance = open(lab.with("max_connections", json!(1))).await.unwrap();
    for take in [1, 3, usize::MAX] {
        let mut stream = instance
            .stream(select("item", &["id", "n"], Expr::True))
            .await
            .unwrap();
        assert_eq!(stream.columns()[0].native, "integer");
        let (mut rows, mut pieces) = (0, 0);
        loop {
            let mut piece = RowBuffer::new(2);
            let more = stream.next(&mut piece).await.unwrap();
            rows += piece.len();
            pieces += 1;
            if !more || pieces == take {
                break;
            }
        }
        assert_eq!(
            rows,
            if take == usize::MAX {
                25_000
            } else {
                take * 1_000
            }
        );
        drop(stream);
        // There is only one connection: it must be free again.
        done(
            instance
                .apply(Batch::of(vec![set(
                    "item",
                    1,
                    "n",
                    1.into(),
                    Expect::Rows(1),
                )]))
                .await,
        );
    }
    instance.close().await;
    lab.end().await;
}
