//! What batches are refused, and what is sent of those that are not.

use quillback_plugin_api::sql::{Assignment, Expr, Statement, Update};
use quillback_plugin_api::{TableRef, Value};

use super::*;
use crate::spelling::Dialect;

fn update(value: Value, expect: Expect) -> Step {
    let column = Ident::literal("n");
    Step::Write {
        statement: Statement::Update(Update {
            table: TableRef::new(Ident::literal("t")),
            set: vec![Assignment {
                column: column.clone(),
                to: quillback_plugin_api::sql::SetTo::Value(value),
            }],
            filter: Expr::eq(&column, 1),
        }),
        expect,
    }
}

fn refused(dialect: Dialect, batch: &Batch) -> bool {
    let planned = plan(dialect.spelling(), batch);
    planned
        .err()
        .is_some_and(|error| error.category == Category::Unsupported)
}

#[test]
fn a_database_without_transactions_is_not_trusted_with_two_changes() {
    let one = Batch::of(vec![update(1.into(), Expect::Any)]);
    assert!(!refused(Dialect::Databricks, &one));
    let two = Batch::of(vec![
        update(1.into(), Expect::Any),
        update(2.into(), Expect::Any),
    ]);
    assert!(refused(Dialect::Databricks, &two));
    let guarded = Batch::of(vec![update(1.into(), Expect::Rows(1))]);
    assert!(refused(Dialect::Databricks, &guarded));
    assert!(!refused(Dialect::Tsql, &two) && !refused(Dialect::Tsql, &guarded));
    let serializable = Batch {
        isolation: Isolation::Serializable,
        ..one
    };
    assert!(refused(Dialect::Databricks, &serializable));
}

#[test]
fn nulls_are_written_and_not_sent() {
    let batch = Batch::of(vec![update(Value::Null, Expect::Any)]);
    let shown = render(Dialect::Sqlite.spelling(), &batch).unwrap();
    assert_eq!(
        shown[0].statement.sql,
        "UPDATE `t` SET `n` = NULL WHERE `n` = ?"
    );
    assert_eq!(shown[0].statement.params, [Value::I64(1)]);
}

#[test]
fn names_that_would_be_cut_or_misread_are_refused() {
    let named = |name: &str| {
        let table = TableRef::new(Ident::new(name).unwrap());
        let mut batch = Batch::default();
        batch.read(Select::count(table, Expr::True));
        batch
    };
    assert!(!refused(Dialect::Postgresql, &named(&"x".repeat(63))));
    assert!(refused(Dialect::Postgresql, &named(&"é".repeat(32))));
    assert!(!refused(Dialect::Mysql, &named(&"é".repeat(64))));
    assert!(refused(Dialect::Sqlite, &named("what?")));
    assert!(!refused(Dialect::Tsql, &named("what?")));
}
