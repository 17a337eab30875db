//! What somebody with the password of the repository can do to the books.

use quillback_core::app::App;
use quillback_core::plugin_api::batch::{Batch, BatchOutcome, Expect};
use quillback_core::plugin_api::sql::{
    Assignment, Delete, Expr, Insert, Select, Statement, Update,
};
use quillback_core::plugin_api::{Ident, RowBuffer, TableRef, Value};
use quillback_core::repo::commit;

pub(super) const BOOKS: [(&str, &[&str]); 4] = [
    (
        "_changes",
        &[
            "id",
            "schema_id",
            "connection_id",
            "user_id",
            "state",
            "digest",
            "marked",
            "verified",
            "row_count",
            "plan",
            "outcome",
            "opened_at",
            "closed_at",
            "purpose",
            "reverts",
            "audited",
            "mac",
            "seal",
        ],
    ),
    (
        "_audit_rows",
        &[
            "change_id",
            "position",
            "schema_id",
            "key_hash",
            "row_key",
            "action",
            "before",
            "after",
            "user_id",
            "at",
            "mac",
        ],
    ),
    (
        "_audit_events",
        &[
            "id",
            "at",
            "user_id",
            "action",
            "subject_type",
            "subject_id",
            "details",
            "mac",
            "seal",
        ],
    ),
    (
        "_audit_seals",
        &[
            "seq",
            "sealed_at",
            "previous",
            "hash",
            "contents",
            "retired_at",
        ],
    ),
];

pub(super) fn column(name: &'static str) -> Ident {
    Ident::literal(name)
}

pub(super) fn is(name: &'static str, value: impl Into<Value>) -> Expr {
    Expr::eq(&column(name), value)
}

pub(super) fn table(name: &'static str) -> TableRef {
    TableRef::new(column(name))
}

/// Does to the repository what somebody with its password can do.
pub(super) async fn run(app: &App, statements: Vec<Statement>) {
    let mut batch = Batch::default();
    for statement in statements {
        batch.write(statement, Expect::Any);
    }
    commit(&app.repo, &batch, "test").await.unwrap();
}

pub(super) fn set(
    name: &'static str,
    what: &'static str,
    value: impl Into<Value>,
    filter: Expr,
) -> Statement {
    Statement::Update(Update {
        table: table(name),
        set: vec![Assignment::set(&column(what), value)],
        filter,
    })
}

pub(super) fn delete(name: &'static str, filter: Expr) -> Statement {
    Statement::Delete(Delete {
        table: table(name),
        filter,
    })
}

pub(super) fn insert(
    name: &'static str,
    columns: &[&'static str],
    rows: &[Vec<Value>],
) -> Statement {
    Statement::Insert(Insert {
        table: table(name),
        columns: columns.iter().map(|name| column(name)).collect(),
        rows: RowBuffer::from_rows(columns.len(), rows).unwrap(),
        returning: Vec::new(),
    })
}

pub(super) async fn rows(
    app: &App,
    name: &'static str,
    columns: &[&'static str],
    filter: Expr,
) -> Vec<Vec<Value>> {
    let mut batch = Batch::default();
    let columns = columns.iter().map(|name| column(name));
    batch.read(Select::columns(table(name), columns, filter));
    let BatchOutcome::Committed(done) = app.repo.apply(&batch).await.unwrap() else {
        panic!("reading refuses nothing")
    };
    done[0].rows.as_ref().unwrap().rows.to_rows()
}

/// All records of the books, to put them back.
pub(super) async fn copy(app: &App) -> Vec<Statement> {
    let mut statements = Vec::new();
    for (name, columns) in BOOKS {
        statements.push(delete(name, Expr::True));
        let rows = rows(app, name, columns, Expr::True).await;
        if !rows.is_empty() {
            statements.push(insert(name, columns, &rows));
        }
    }
    statements
}
