//! A schema of its own for each test, an instance of the driver, and another client to look with.

use std::sync::atomic::{AtomicU32, Ordering};

use quillback_driver_postgres::{Postgres, PostgresInstance};
use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect, Step, StepOutcome};
use quillback_plugin_api::driver::{Context, Driver, Instance};
use quillback_plugin_api::sql::{Assignment, Expr, Insert, Select, Statement as Sql, Update};
use quillback_plugin_api::{DriverError, Ident, RowBuffer, TableRef, Value};
use serde_json::{Value as Json, json};

/// A test's own corner of the server.
pub(crate) struct Lab {
    pub(crate) instance: PostgresInstance,
    /// Another client than the driver's.
    pub(crate) client: tokio_postgres::Client,
    pub(crate) options: Json,
    pub(crate) schema: String,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test finds its database through the environment"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// The address of the server; `None` when there is none and none is demanded, so that the test is skipped.
#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
pub(crate) fn address() -> Option<String> {
    if let Some(url) = variable("QUILLBACK_TEST_POSTGRES_URL") {
        return Some(url);
    }
    let demanded = variable("QUILLBACK_REQUIRE_DRIVERS").unwrap_or_default();
    assert!(
        !demanded.split(',').any(|id| id.trim() == "postgres"),
        "QUILLBACK_REQUIRE_DRIVERS demands postgres and QUILLBACK_TEST_POSTGRES_URL is not set"
    );
    eprintln!(
        "skipped: set QUILLBACK_TEST_POSTGRES_URL, for instance with `cargo xtask db up postgres`"
    );
    None
}

/// Opens an instance with these options.
pub(crate) async fn open(options: Json) -> Result<PostgresInstance, DriverError> {
    Postgres::new(Context::default())?.open(options).await
}

/// Connects the other client.
pub(crate) async fn client(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

/// A lab with these statements run in its schema; `None` when there is no server.
pub(crate) async fn lab(setup: &str) -> Option<Lab> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let url = address()?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let schema = format!("live_{}_{number}", std::process::id());
    let client = client(&url).await;
    let prepare = format!(
        "DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}; SET search_path = {schema}, public; {setup}"
    );
    client.batch_execute(&prepare).await.unwrap();
    let options = json!({ "url": url, "schema": schema, "tls": "disable" });
    let instance = open(options.clone()).await.unwrap();
    Some(Lab {
        instance,
        client,
        options,
        schema,
    })
}

impl Lab {
    /// The options with one more.
    pub(crate) fn with(&self, name: &str, value: Json) -> Json {
        let mut options = self.options.clone();
        options[name] = value;
        options
    }

    /// Removes the schema.
    pub(crate) async fn end(self) {
        self.instance.close().await;
        let clean = format!("DROP SCHEMA {} CASCADE", self.schema);
        self.client.batch_execute(&clean).await.unwrap();
    }

    /// A number that the other client reads.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        self.client.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Commits a batch of these steps.
    pub(crate) async fn commit(&self, steps: Vec<Step>) -> Vec<StepOutcome> {
        done(self.instance.apply(Batch::of(steps)).await)
    }

    /// All rows of these columns, in the order of the first.
    pub(crate) async fn rows(&self, table: &str, columns: &[&str]) -> Vec<Vec<Value>> {
        let mut done = self.commit(vec![read(table, columns, Expr::True)]).await;
        let rows = done.remove(0).rows.unwrap();
        rows.rows.to_rows()
    }
}

pub(crate) fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap()
}

pub(crate) fn table(name: &str) -> TableRef {
    TableRef::new(ident(name))
}

/// What a batch did that must have been committed.
pub(crate) fn done(outcome: Result<BatchOutcome, DriverError>) -> Vec<StepOutcome> {
    match outcome.expect("a batch failed") {
        BatchOutcome::Committed(done) => done,
        refused @ BatchOutcome::Refused { .. } => panic!("{refused:?}"),
    }
}

/// The batch, whose sender could find out later what became of it.
pub(crate) fn traceable(steps: Vec<Step>) -> Batch {
    Batch {
        traceable: true,
        ..Batch::of(steps)
    }
}

pub(crate) fn select(name: &str, columns: &[&str], filter: Expr) -> Select {
    Select::columns(table(name), columns.iter().map(|name| ident(name)), filter)
}

pub(crate) fn read(name: &str, columns: &[&str], filter: Expr) -> Step {
    Step::Read {
        select: select(name, columns, filter),
        expect: Expect::Any,
    }
}

pub(crate) fn insert(name: &str, columns: &[&str], rows: &[Vec<Value>]) -> Insert {
    Insert {
        table: table(name),
        columns: columns.iter().map(|name| ident(name)).collect(),
        rows: RowBuffer::from_rows(columns.len(), rows).unwrap(),
        returning: Vec::new(),
    }
}

/// Inserts rows, all of which must be added.
pub(crate) fn add(name: &str, columns: &[&str], rows: &[Vec<Value>]) -> Step {
    Step::Write {
        statement: Sql::Insert(insert(name, columns, rows)),
        expect: Expect::Rows(rows.len() as u64),
    }
}

/// Sets one column of the rows with this `id`.
pub(crate) fn set(name: &str, id: i64, column: &str, value: Value, expect: Expect) -> Step {
    Step::Write {
        statement: Sql::Update(Update {
            table: table(name),
            set: vec![Assignment::set(&ident(column), value)],
            filter: Expr::eq(&ident("id"), id),
        }),
        expect,
    }
}
