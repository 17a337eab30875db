//! What only a server of this kind can show, beyond the shared suite: it stops what was dropped, closes connections,
//! encrypts them, and has types of its own. Runs when `QUILLBACK_TEST_MYSQL_URL` is set.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails where something is not as it must be"
)]

mod own_types;
mod support;

use std::time::Duration;

use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect, Step};
use quillback_plugin_api::driver::{Instance as _, RowStream as _};
use quillback_plugin_api::sql::{Assignment, Expr, Insert, Select, Statement, Update};
use quillback_plugin_api::{Category, Ident, RowBuffer, TableRef, Value};
use serde_json::json;
use support::{Lab, name};

fn columns(table: &TableRef, names: &[&str]) -> Select {
    Select::columns(
        table.clone(),
        names.iter().map(|text| name(text)),
        Expr::True,
    )
}

async fn rows(lab: &Lab, select: Select) -> Vec<Vec<Value>> {
    let mut batch = Batch::default();
    batch.read(select);
    let BatchOutcome::Committed(mut done) = lab.instance.apply(batch).await.unwrap() else {
        panic!("a read was refused");
    };
    done.remove(0).rows.unwrap().rows.to_rows()
}

fn insert(table: &TableRef, names: &[&str], rows: &[Vec<Value>]) -> Step {
    let insert = Insert {
        table: table.clone(),
        columns: names.iter().map(|text| name(text)).collect(),
        rows: RowBuffer::from_rows(names.len(), rows).unwrap(),
        returning: Vec::new(),
    };
    Step::Write {
        statement: Statement::Insert(insert),
        expect: Expect::Any,
    }
}

#[tokio::test]
async fn a_dropped_read_stops_on_the_server() {
    let Some(mut lab) = Lab::open("dropped").await else {
        return;
    };
    let slow = lab.server.view("slow", "SELECT SLEEP(60) AS n").await;
    let mut batch = Batch::default();
    batch.read(columns(&slow, &["n"]));
    lab.server
        .drop_once_running(lab.instance.apply(batch), &slow)
        .await;
    lab.server.until_gone(&slow).await;
    lab.end().await;
}

#[tokio::test]
async fn a_dropped_stream_stops_on_the_server() {
    let Some(mut lab) = Lab::open("stream").await else {
        return;
    };
    let slow = lab.server.view("trickle", "SELECT SLEEP(60) AS n").await;
    let started = lab.instance.stream(columns(&slow, &["n"]));
    lab.server.drop_once_running(started, &slow).await;
    lab.server.until_gone(&slow).await;

    let many = lab.server.table("many", "n INT PRIMARY KEY").await;
    let values: Vec<_> = (0..20_000_i64).map(|n| vec![n.into()]).collect();
    lab.instance
        .apply(Batch::of(vec![insert(&many, &["n"], &values)]))
        .await
        .unwrap();
    let sum = format!("SELECT a.n FROM {0} a, {0} b", many.name);
    let endless = lab.server.view("endless", &sum).await;
    let mut stream = lab
        .instance
        .stream(columns(&endless, &["n"]))
        .await
        .unwrap();
    let mut piece = RowBuffer::new(1);
    assert!(stream.next(&mut piece).await.unwrap());
    drop(stream);
    lab.server.until_gone(&endless).await;
    lab.end().await;
}

#[tokio::test]
async fn a_deadline_stops_the_statement_on_the_server() {
    let Some(mut lab) = Lab::open("deadline").await else {
        return;
    };
    let slow = lab.server.view("late", "SELECT SLEEP(60) AS n").await;
    let mut batch = Batch {
        deadline_ms: 300,
        ..Batch::default()
    };
    batch.read(columns(&slow, &["n"]));
    let error = lab.instance.apply(batch).await.unwrap_err();
    assert_eq!(error.category, Category::Timeout);
    lab.server.until_gone(&slow).await;
    lab.end().await;
}

#[tokio::test]
async fn a_connection_that_the_server_killed_is_replaced() {
    let Some(mut lab) = Lab::open_with("killed", json!({ "pool_size": 1 })).await else {
        return;
    };
    let who = lab.server.view("who", "SELECT CONNECTION_ID() AS id").await;
    let table = lab.server.table("kept", "id INT PRIMARY KEY").await;
    for key in 0..2_i64 {
        let first = rows(&lab, columns(&who, &["id"])).await;
        let id = first[0][0].as_i64().unwrap();
        lab.server.run(&format!("KILL {id}")).await;
        // Once as a batch that writes, once as a single read.
        if key == 0 {
            let done = lab.instance.apply(Batch::of(vec![insert(
                &table,
                &["id"],
                &[vec![key.into()]],
            )]));
            assert!(matches!(done.await.unwrap(), BatchOutcome::Committed(_)));
        }
        let second = rows(&lab, columns(&who, &["id"])).await;
        assert_ne!(first, second);
    }
    assert_eq!(rows(&lab, columns(&table, &["id"])).await.len(), 1);
    lab.end().await;
}

#[tokio::test]
async fn encryption_is_what_the_option_says() {
    let Some((authority, stranger)) = support::authorities() else {
        return;
    };
    let cipher = "SELECT VARIABLE_VALUE AS c FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'Ssl_cipher'";
    let elsewhere = support::OtherAddress::open().await.unwrap();
    let renamed = |tls: &str, root: &str| json!({ "tls": tls, "root_certificate": root, "host": support::OTHER_ADDRESS, "port": elsewhere.port });
    for (options, is_encrypted) in [
        (json!({ "tls": "disable" }), false),
        (json!({ "tls": "prefer" }), true),
        (json!({ "tls": "require" }), true),
        (
            json!({ "tls": "verify-ca", "root_certificate": authority }),
            true,
        ),
        (
            json!({ "tls": "verify-identity", "root_certificate": authority }),
            true,
        ),
        (renamed("verify-ca", &authority), true),
    ] {
        let mut lab = Lab::open_with("tls", options.clone()).await.unwrap();
        let view = lab.server.view("cipher", cipher).await;
        let found = rows(&lab, columns(&view, &["c"])).await;
        assert_eq!(
            found[0][0] != Value::Text(String::new()),
            is_encrypted,
            "{options}"
        );
        lab.end().await;
    }
    for options in [
        json!({ "tls": "verify-ca" }),
        json!({ "tls": "verify-ca", "root_certificate": stranger }),
        json!({ "tls": "verify-identity", "root_certificate": stranger }),
        renamed("verify-ca", &stranger),
        renamed("verify-identity", &authority),
    ] {
        let error = support::refusal(options.clone()).await;
        assert_eq!(error.category, Category::Connect, "{options}: {error:?}");
        assert!(error.message.contains("`tls`"), "{options}: {error:?}");
    }
}

#[tokio::test]
async fn types_of_this_database_alone_are_read_without_loss() {
    let Some(mut lab) = Lab::open("types").await else {
        return;
    };
    let mut cases = own_types::all();
    if lab.server.is_mariadb_from_10_7().await {
        cases.extend(own_types::of_mariadb());
    }
    let names: Vec<_> = (0..cases.len()).map(|at| format!("c{at}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let types = names
        .iter()
        .zip(&cases)
        .map(|(name, case)| format!("{name} {}", case.ty));
    let table = lab
        .server
        .table("types", &types.collect::<Vec<_>>().join(", "))
        .await;
    let values: Vec<_> = cases.iter().map(|case| case.sql.as_str()).collect();
    let sql = format!("INSERT INTO {} VALUES ({})", table.name, values.join(", "));
    lab.server.run(&sql).await;
    let found = rows(&lab, columns(&table, &names)).await.remove(0);
    for (case, found) in cases.iter().zip(&found) {
        assert_eq!(*found, case.value, "{case:?}");
    }
    for (case, column) in cases.iter().zip(&names) {
        if case.is_found {
            let same = Expr::Same {
                column: name(column),
                value: case.value.clone(),
            };
            let select = Select::columns(table.clone(), [name(column)], same);
            assert_eq!(rows(&lab, select).await.len(), 1, "{case:?} is not found");
        }
        let update = Update {
            table: table.clone(),
            set: vec![Assignment::set(&name(column), case.value.clone())],
            filter: Expr::True,
        };
        let step = Step::Write {
            statement: Statement::Update(update),
            expect: Expect::Rows(1),
        };
        match lab.instance.apply(Batch::of(vec![step])).await {
            Ok(done) => assert!(
                case.is_stored && matches!(done, BatchOutcome::Committed(_)),
                "{case:?}"
            ),
            Err(error) => {
                assert!(!case.is_stored, "{case:?}: {error:?}");
                assert_eq!(error.category, Category::InvalidData, "{case:?}: {error:?}");
            }
        }
    }
    lab.end().await;
}

#[tokio::test]
async fn large_inserts_keep_within_the_largest_packet() {
    let Some(mut lab) = Lab::open("packet").await else {
        return;
    };
    let table = lab
        .server
        .table("packet", "id INT PRIMARY KEY, t LONGTEXT")
        .await;
    let values: Vec<_> = (0..40_i64)
        .map(|key| vec![key.into(), "x".repeat(1 << 20).into()])
        .collect();
    let step = insert(&table, &["id", "t"], &values);
    lab.instance.apply(Batch::of(vec![step])).await.unwrap();
    assert_eq!(rows(&lab, columns(&table, &["id"])).await.len(), 40);
    // One value that no packet takes: said so, nothing written, and the pool goes on.
    let step = insert(
        &table,
        &["id", "t"],
        &[vec![
            99.into(),
            "x".repeat(lab.server.max_packet().await + 1).into(),
        ]],
    );
    let error = lab.instance.apply(Batch::of(vec![step])).await.unwrap_err();
    assert_eq!(error.category, Category::Resource, "{error:?}");
    assert_eq!(rows(&lab, columns(&table, &["id"])).await.len(), 40);
    lab.end().await;
}

#[tokio::test]
async fn a_table_of_another_database_is_reached_by_its_schema() {
    let Some(mut lab) = Lab::open("schema").await else {
        return;
    };
    let other = lab.server.other_database().await;
    lab.server
        .run(&format!("CREATE TABLE {other}.far (id INT PRIMARY KEY)"))
        .await;
    let far = TableRef::in_schema(Some(name(&other)), Ident::literal("far"));
    let step = insert(&far, &["id"], &[vec![5.into()]]);
    lab.instance.apply(Batch::of(vec![step])).await.unwrap();
    assert_eq!(rows(&lab, columns(&far, &["id"])).await, [[Value::I64(5)]]);
    lab.end().await;
}

#[tokio::test]
async fn closing_waits_for_calls_under_way_and_refuses_later_ones() {
    let Some(mut lab) = Lab::open("close").await else {
        return;
    };
    let slow = lab.server.view("nap", "SELECT SLEEP(0.3) AS n").await;
    let mut batch = Batch::default();
    batch.read(columns(&slow, &["n"]));
    let (done, ()) = tokio::join!(lab.instance.apply(batch.clone()), async {
        lab.server.until_running(&slow).await;
        lab.instance.close().await;
    });
    assert!(done.is_ok(), "{done:?}");
    let later = tokio::time::timeout(Duration::from_secs(10), lab.instance.apply(batch)).await;
    assert_eq!(later.unwrap().unwrap_err().category, Category::Cancelled);
}
