//! What the shared suite does not ask, because no capability claims it: keys that only the driver sees to, lengths in
//! bytes, and that the stand-in refuses what it should.
#![cfg(test)]

mod peer;
mod place;

use std::sync::atomic::{AtomicU32, Ordering};

use quillback_driver_redshift::{Redshift, RedshiftInstance};
use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect, Isolation, Step};
use quillback_plugin_api::civil::Date;
use quillback_plugin_api::driver::{Context, Driver as _, Instance as _};
use quillback_plugin_api::sql::{
    Assignment, ColumnDef, CreateTable, Ddl, Expr, Insert, Select, Statement, Update,
};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::value::Decimal;
use quillback_plugin_api::{Category, DriverError, Ident, RowBuffer, TableRef, Value};

/// A test's own corner of the server.
struct Lab {
    instance: RedshiftInstance,
    /// Another client than the driver's.
    client: tokio_postgres::Client,
    schema: String,
}

/// A lab with these statements run in its schema; `None` when there is no server, so that the test is skipped.
#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
async fn lab(setup: &str) -> Option<Lab> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let Some(mut options) = place::options() else {
        eprintln!("skipped: set QUILLBACK_TEST_POSTGRES_URL or QUILLBACK_TEST_REDSHIFT_URL");
        return None;
    };
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let schema = format!("redshift_live_{}_{number}", std::process::id());
    let client = place::client(&options).await.unwrap();
    let prepare = [
        format!("DROP SCHEMA IF EXISTS {schema} CASCADE"),
        format!("CREATE SCHEMA {schema}"),
        format!("SET search_path TO {schema}, public"),
    ];
    for sql in prepare.iter().map(String::as_str).chain([setup]) {
        client.batch_execute(sql).await.unwrap();
    }
    options["schema"] = schema.clone().into();
    let instance = Redshift::new(Context::default()).unwrap();
    let instance = instance.open(options).await.unwrap();
    Some(Lab {
        instance,
        client,
        schema,
    })
}

impl Lab {
    /// Makes a table with the key `id` and a number `n`.
    async fn pairs(&self, name: &str) {
        let number = |name| ColumnDef::optional(ident(name), LogicalType::INT64);
        let create = CreateTable {
            table: table(name),
            columns: vec![
                ColumnDef::required(ident("id"), LogicalType::INT64),
                number("n"),
            ],
            primary_key: vec![ident("id")],
            if_not_exists: false,
        };
        let changes = vec![Ddl::CreateTable(create)];
        self.instance.define(changes).await.unwrap();
    }

    async fn count(&self, name: &str) -> i64 {
        let mut batch = Batch::default();
        batch.read(Select::count(table(name), Expr::True));
        let done = committed(self.instance.apply(batch).await);
        let rows = done.into_iter().next().unwrap().rows.unwrap();
        rows.rows.to_rows()[0][0].as_i64().unwrap()
    }

    async fn end(self) {
        self.instance.close().await;
        let clean = format!("DROP SCHEMA {} CASCADE", self.schema);
        self.client.batch_execute(&clean).await.unwrap();
    }
}

fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap()
}

fn table(name: &str) -> TableRef {
    TableRef::new(ident(name))
}

fn committed(
    outcome: Result<BatchOutcome, DriverError>,
) -> Vec<quillback_plugin_api::batch::StepOutcome> {
    match outcome.expect("a batch failed") {
        BatchOutcome::Committed(done) => done,
        refused @ BatchOutcome::Refused { .. } => panic!("{refused:?}"),
    }
}

fn insert(name: &str, columns: &[&str], rows: &[Vec<Value>]) -> Step {
    let insert = Insert {
        table: table(name),
        columns: columns.iter().map(|name| ident(name)).collect(),
        rows: RowBuffer::from_rows(columns.len(), rows).unwrap(),
        returning: Vec::new(),
    };
    Step::Write {
        statement: Statement::Insert(insert),
        expect: Expect::Rows(rows.len() as u64),
    }
}

fn pair(id: i64, n: i64) -> Step {
    insert("t", &["id", "n"], &[vec![id.into(), n.into()]])
}

fn move_to(from: i64, to: i64) -> Step {
    let update = Update {
        table: table("t"),
        set: vec![Assignment::set(&ident("id"), to)],
        filter: Expr::eq(&ident("id"), from),
    };
    Step::Write {
        statement: Statement::Update(update),
        expect: Expect::Rows(1),
    }
}

async fn refused(lab: &Lab, steps: Vec<Step>, step: u32) {
    let error = lab.instance.apply(Batch::of(steps)).await.unwrap_err();
    assert_eq!(error.category, Category::Unique, "{error:?}");
    assert_eq!(error.step, Some(step), "{error:?}");
    assert!(!error.outcome_unknown && !error.connection_lost);
}

#[tokio::test]
async fn a_key_that_is_there_is_refused_wherever_it_comes_from() {
    let Some(lab) = lab("").await else { return };
    lab.pairs("t").await;
    committed(lab.instance.apply(Batch::of(vec![pair(1, 1)])).await);
    refused(&lab, vec![pair(2, 2), pair(1, 1)], 1).await;
    refused(&lab, vec![pair(3, 3), pair(3, 4)], 1).await;
    let twice = [vec![4.into(), 1.into()], vec![4.into(), 2.into()]];
    refused(&lab, vec![insert("t", &["id", "n"], &twice)], 0).await;
    let many: Vec<_> = (0..1_000_i64).rev().map(|id| vec![id.into()]).collect();
    refused(&lab, vec![insert("t", &["id"], &many)], 0).await;
    assert_eq!(lab.count("t").await, 1);
    committed(lab.instance.apply(Batch::of(vec![pair(2, 1)])).await);
    refused(&lab, vec![move_to(2, 1)], 0).await;
    committed(lab.instance.apply(Batch::of(vec![move_to(2, 3)])).await);
    assert_eq!(lab.count("t").await, 2);
    lab.end().await;
}

#[tokio::test]
async fn of_inserts_of_a_key_at_the_same_time_one_takes_effect() {
    let Some(lab) = lab("").await else { return };
    lab.pairs("t").await;
    for round in 0..10 {
        let one = |n| lab.instance.apply(Batch::of(vec![pair(round, n)]));
        let (a, b, c, d) = tokio::join!(one(1), one(2), one(3), one(4));
        let results = [a, b, c, d];
        let won = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(won, 1, "{results:?}");
        for error in results.into_iter().filter_map(Result::err) {
            assert_eq!(error.category, Category::Unique, "{error:?}");
        }
    }
    assert_eq!(lab.count("t").await, 10);
    lab.end().await;
}

#[tokio::test]
async fn keys_of_several_columns_are_equal_when_all_are() {
    let setup = "CREATE TABLE t (a VARCHAR(40), b BIGINT, n BIGINT, PRIMARY KEY (b, a))";
    let Some(lab) = lab(setup).await else { return };
    let row = |a: Value, b: i64| insert("t", &["a", "b"], &[vec![a, b.into()]]);
    let steps = vec![row("x".into(), 1), row("x".into(), 2), row("y".into(), 1)];
    committed(lab.instance.apply(Batch::of(steps)).await);
    refused(&lab, vec![row("x".into(), 2)], 0).await;
    // NULL is equal to nothing, and spaces at the end count.
    let steps = vec![
        row(Value::Null, 1),
        row(Value::Null, 1),
        row("x ".into(), 1),
    ];
    committed(lab.instance.apply(Batch::of(steps)).await);
    assert_eq!(lab.count("t").await, 6);
    lab.end().await;
}

#[tokio::test]
async fn a_key_counts_from_the_moment_it_is_declared() {
    let Some(lab) = lab("CREATE TABLE t (id BIGINT, n BIGINT)").await else {
        return;
    };
    committed(
        lab.instance
            .apply(Batch::of(vec![pair(1, 1), pair(1, 1)]))
            .await,
    );
    let declare = "ALTER TABLE t ADD PRIMARY KEY (id)";
    lab.client.batch_execute(declare).await.unwrap();
    refused(&lab, vec![pair(1, 1)], 0).await;
    assert_eq!(lab.count("t").await, 2);
    lab.end().await;
}

#[tokio::test]
async fn lengths_of_columns_are_bytes() {
    let Some(lab) = lab("CREATE TABLE t (v VARCHAR(4))").await else {
        return;
    };
    let write = |text: &str| {
        let step = insert("t", &["v"], &[vec![text.into()]]);
        lab.instance.apply(Batch::of(vec![step]))
    };
    committed(write("äö").await);
    committed(write("abcd").await);
    for text in ["äöü", "abcde", "abcd "] {
        let error = write(text).await.unwrap_err();
        assert_eq!(error.category, Category::InvalidData, "{text}: {error:?}");
    }
    assert_eq!(lab.count("t").await, 2);
    lab.end().await;
}

#[tokio::test]
async fn a_schema_that_is_not_there_is_named() {
    let Some(mut options) = place::options() else {
        return;
    };
    options["schema"] = "no_such_schema".into();
    let driver = Redshift::new(Context::default()).unwrap();
    let error = driver.open(options).await.unwrap_err();
    assert_eq!(error.category, Category::Config, "{error:?}");
    assert!(error.message.contains("schema"), "{error:?}");
}

#[tokio::test]
async fn what_amazons_types_hold_comes_back() {
    let setup = "CREATE TABLE t (d DATE, c TIME, z TIMETZ, m DECIMAL(9,4), b VARBYTE(9), s SUPER)";
    let Some(lab) = lab(setup).await else { return };
    let columns = ["d", "c", "z", "m", "b", "s"];
    let row: Vec<Value> = vec![
        Value::Date(Date {
            year: -43,
            month: 3,
            day: 15,
        }),
        Value::Time(1_500_000_000),
        Value::OffsetTime {
            nanos: 3_600_000_000_000,
            offset: 0,
        },
        Value::Decimal(Decimal::new("-12345.6700").unwrap()),
        Value::Bytes(vec![0, 255, b'x']),
        Value::Json("[1, \"x\"]".to_owned()),
    ];
    let steps = vec![insert("t", &columns, std::slice::from_ref(&row))];
    committed(lab.instance.apply(Batch::of(steps)).await);
    // Each finds the row by what it wrote, too.
    let same = columns.iter().zip(&row).map(|(name, value)| Expr::Same {
        column: ident(name),
        value: value.clone(),
    });
    let columns = columns.map(ident);
    let mut batch = Batch::default();
    batch.read(Select::columns(table("t"), columns, Expr::all(same)));
    let done = committed(lab.instance.apply(batch).await);
    let rows = done.into_iter().next().unwrap().rows.unwrap();
    assert_eq!(rows.rows.to_rows(), [row]);
    let natives: Vec<_> = rows.columns.iter().map(|column| &*column.native).collect();
    assert_eq!(natives[3..], ["numeric(9,4)", "binary varying", "super"]);
    lab.end().await;
}

#[tokio::test]
async fn serializable_batches_are_refused_before_anything_is_sent() {
    let Some(lab) = lab("").await else { return };
    lab.pairs("t").await;
    let batch = Batch {
        isolation: Isolation::Serializable,
        ..Batch::of(vec![pair(1, 1)])
    };
    let error = lab.instance.apply(batch).await.unwrap_err();
    assert_eq!(error.category, Category::Unsupported);
    assert_eq!(lab.count("t").await, 0);
    lab.end().await;
}

/// Without these the suite would prove nothing: each must fail although `PostgreSQL` takes it.
#[tokio::test]
async fn the_server_refuses_what_redshift_has_not() {
    let Some(lab) = lab("CREATE TABLE t (id BIGINT, n BIGINT, PRIMARY KEY (id))").await else {
        return;
    };
    for sql in [
        "INSERT INTO t (id) VALUES (1) RETURNING id",
        "INSERT INTO t (id) VALUES (1) ON CONFLICT DO NOTHING",
        "SELECT id FROM t FOR UPDATE",
        "CREATE INDEX i ON t (n)",
        "CREATE TABLE u (j JSONB)",
        "CREATE TABLE u (n BIGINT CHECK (n > 0))",
        "SELECT unnest(conkey) FROM pg_catalog.pg_constraint",
        "SELECT set_config('bytea_output', 'hex', false)",
        "ALTER TABLE t ALTER COLUMN n SET NOT NULL",
    ] {
        let sent = lab.client.batch_execute(sql).await;
        let error = sent.expect_err(sql);
        let code = error.code().map(tokio_postgres::error::SqlState::code);
        assert!(
            matches!(code, Some("0A000" | "42883" | "42704")),
            "{sql}: {error:?}"
        );
    }
    // A refusal takes its transaction with it, and the connection lives on.
    let all = "BEGIN; INSERT INTO t (id) VALUES (1)";
    lab.client.batch_execute(all).await.unwrap();
    lab.client.batch_execute("SAVEPOINT s").await.unwrap_err();
    lab.client.batch_execute("COMMIT").await.unwrap();
    assert_eq!(lab.count("t").await, 0);
    // Keys are not enforced by the server.
    let twice = "INSERT INTO t (id) VALUES (7), (7)";
    lab.client.batch_execute(twice).await.unwrap();
    assert_eq!(lab.count("t").await, 2);
    lab.end().await;
}
