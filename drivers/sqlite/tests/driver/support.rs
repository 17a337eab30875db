//! What the integration tests share: databases in temporary folders, and short names for statements.

use quillback_driver_sqlite::{Instance, Sqlite};
use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect};
use quillback_plugin_api::catalog::{Catalog, Introspect, TableInfo};
use quillback_plugin_api::driver::{Context, Driver, Instance as _};
use quillback_plugin_api::sql::{
    Assignment, ColumnDef, CreateTable, Ddl, Expr, Insert, Select, SetTo, Statement, Update,
};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{DriverError, Ident, RowBuffer, TableRef, Value};
use serde_json::json;
use tempfile::TempDir;

pub(crate) struct Database {
    pub(crate) folder: TempDir,
    pub(crate) instance: Instance,
}

pub(crate) async fn open(options: serde_json::Value) -> Result<Instance, DriverError> {
    Sqlite::new(Context::default()).unwrap().open(options).await
}

pub(crate) async fn database() -> Database {
    let folder = TempDir::new().unwrap();
    let instance = open(json!({ "path": path(&folder) })).await.unwrap();
    Database { folder, instance }
}

pub(crate) fn path(folder: &TempDir) -> String {
    folder
        .path()
        .join("test.sqlite")
        .to_str()
        .unwrap()
        .to_owned()
}

impl Database {
    pub(crate) fn path(&self) -> String {
        path(&self.folder)
    }

    /// A connection of the test's own, as another program has.
    pub(crate) fn beside(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        connection.busy_timeout(std::time::Duration::ZERO).unwrap();
        connection
    }
}

pub(crate) fn name(text: &str) -> Ident {
    Ident::new(text).unwrap()
}

pub(crate) fn table(text: &str) -> TableRef {
    TableRef::new(name(text))
}

pub(crate) fn create(text: &str, columns: Vec<ColumnDef>, key: &[&str]) -> Ddl {
    Ddl::CreateTable(CreateTable {
        table: table(text),
        columns,
        primary_key: key.iter().map(|key| name(key)).collect(),
        if_not_exists: false,
    })
}

/// A table with a whole number as its key and a text.
pub(crate) fn notes() -> Ddl {
    let columns = vec![
        ColumnDef::required(name("id"), LogicalType::INT64),
        ColumnDef::optional(name("note"), LogicalType::text(20)),
    ];
    create("notes", columns, &["id"])
}

pub(crate) fn insert(text: &str, columns: &[&str], rows: &[Vec<Value>]) -> Statement {
    Statement::Insert(Insert {
        table: table(text),
        columns: columns.iter().map(|column| name(column)).collect(),
        rows: RowBuffer::from_rows(columns.len(), rows).unwrap(),
        returning: Vec::new(),
    })
}

pub(crate) fn note(id: i64, text: &str) -> Batch {
    write(
        insert("notes", &["id", "note"], &[vec![id.into(), text.into()]]),
        Expect::Rows(1),
    )
}

pub(crate) fn write(statement: Statement, expect: Expect) -> Batch {
    let mut batch = Batch::default();
    batch.write(statement, expect);
    batch
}

/// Adds `value` to a column of every row.
pub(crate) fn plus(text: &str, column: &str, value: impl Into<Value>) -> Statement {
    Statement::Update(Update {
        table: table(text),
        set: vec![Assignment {
            column: name(column),
            to: SetTo::Plus(value.into()),
        }],
        filter: Expr::True,
    })
}

pub(crate) async fn info(db: &Database, text: &str) -> Option<TableInfo> {
    match db
        .instance
        .introspect(Introspect::Table(table(text)))
        .await
        .unwrap()
    {
        Catalog::Table(info) => info,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn set_note(id: i64, text: &str) -> Statement {
    Statement::Update(Update {
        table: table("notes"),
        set: vec![Assignment::set(&name("note"), text)],
        filter: Expr::eq(&name("id"), id),
    })
}

pub(crate) fn select(text: &str, columns: &[&str]) -> Select {
    Select::columns(
        table(text),
        columns.iter().map(|column| name(column)),
        Expr::True,
    )
}

pub(crate) async fn rows(instance: &Instance, select: Select) -> Vec<Vec<Value>> {
    let mut batch = Batch::default();
    batch.read(select);
    let outcome = instance.apply(batch).await.unwrap();
    done(outcome).remove(0).rows.unwrap().rows.to_rows()
}

pub(crate) async fn count(instance: &Instance, text: &str) -> i64 {
    rows(instance, Select::count(table(text), Expr::True)).await[0][0]
        .as_i64()
        .unwrap()
}

pub(crate) fn done(outcome: BatchOutcome) -> Vec<quillback_plugin_api::batch::StepOutcome> {
    match outcome {
        BatchOutcome::Committed(steps) => steps,
        BatchOutcome::Refused { step, found, .. } => {
            panic!("refused at step {step}: found {found}")
        }
    }
}
