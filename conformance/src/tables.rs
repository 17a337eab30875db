//! The table that most cases work on, and short ways to write steps.

use anyhow::Result;
use quillback_plugin_api::batch::{Expect, Step};
use quillback_plugin_api::rows::RowBuffer;
use quillback_plugin_api::sql::{
    Assignment, ColumnDef, Delete, Direction, Expr, Insert, Order, Select, Statement, Update,
};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Ident, TableRef, Value};

use crate::lab::Lab;

/// The key of [`Lab::pairs`]: a whole number.
pub(crate) fn id() -> Ident {
    Ident::literal("id")
}

/// A whole number that may be NULL.
pub(crate) fn n() -> Ident {
    Ident::literal("n")
}

/// A text of up to 200 characters that may be NULL and compares byte by byte.
pub(crate) fn t() -> Ident {
    Ident::literal("t")
}

/// Definitions of the columns `id`, `n` and `t`.
pub(crate) fn pair_columns() -> Vec<ColumnDef> {
    vec![
        ColumnDef::required(id(), LogicalType::INT64),
        ColumnDef::optional(n(), LogicalType::INT64),
        ColumnDef {
            exact_text: true,
            ..ColumnDef::optional(t(), LogicalType::text(200))
        },
    ]
}

impl Lab {
    /// Makes a table with the key `id` and the columns `n` and `t`.
    pub(crate) async fn pairs(&self, hint: &str) -> Result<TableRef> {
        self.create(hint, pair_columns(), &["id"]).await
    }

    /// As [`Self::pairs`], with rows `(id, n, NULL)` for each number, from id 1 on.
    pub(crate) async fn numbers(&self, hint: &str, numbers: &[i64]) -> Result<TableRef> {
        let table = self.pairs(hint).await?;
        let rows: Vec<_> = (1..)
            .zip(numbers)
            .map(|(id, n): (i64, _)| vec![id.into(), (*n).into()])
            .collect();
        self.commit(vec![insert(&table, &[id(), n()], &rows)?])
            .await?;
        Ok(table)
    }

    /// The `(id, n)` of all rows in the order of `id`.
    pub(crate) async fn numbers_in(&self, table: &TableRef) -> Result<Vec<(i64, Option<i64>)>> {
        let rows = self.rows(by_id(table, [id(), n()], Expr::True)).await?;
        Ok(rows
            .iter()
            .filter_map(|row| match row.as_slice() {
                [id, n] => Some((id.as_i64()?, n.as_i64())),
                _ => None,
            })
            .collect())
    }
}

/// Reads columns of the rows that hold `filter`, in the order of `id`.
pub(crate) fn by_id(
    table: &TableRef,
    columns: impl IntoIterator<Item = Ident>,
    filter: Expr,
) -> Select {
    Select {
        order: vec![ascending(&id())],
        ..Select::columns(table.clone(), columns, filter)
    }
}

/// Sorts by a column that has no NULL, smallest first.
pub(crate) fn ascending(column: &Ident) -> Order {
    Order {
        column: column.clone(),
        direction: Direction::Asc,
        nullable: false,
    }
}

/// Inserts rows, expecting all of them.
pub(crate) fn insert(table: &TableRef, columns: &[Ident], rows: &[Vec<Value>]) -> Result<Step> {
    let expect = Expect::Rows(rows.len() as u64);
    Ok(Step::Write {
        statement: insert_of(table, columns, rows)?,
        expect,
    })
}

/// The statement that inserts rows.
pub(crate) fn insert_of(
    table: &TableRef,
    columns: &[Ident],
    rows: &[Vec<Value>],
) -> Result<Statement> {
    Ok(Statement::Insert(Insert {
        table: table.clone(),
        columns: columns.to_vec(),
        rows: RowBuffer::from_rows(columns.len(), rows)?,
        returning: Vec::new(),
    }))
}

/// Inserts one row `(id, n)`.
pub(crate) fn insert_pair(table: &TableRef, key: i64, number: i64) -> Result<Step> {
    insert(table, &[id(), n()], &[vec![key.into(), number.into()]])
}

/// Sets `n` in the row with this id, expecting it to be there.
pub(crate) fn set_n(table: &TableRef, key: i64, number: impl Into<Value>) -> Step {
    update(
        table,
        vec![Assignment::set(&n(), number)],
        Expr::eq(&id(), key),
        Expect::Rows(1),
    )
}

/// An update step.
pub(crate) fn update(table: &TableRef, set: Vec<Assignment>, filter: Expr, expect: Expect) -> Step {
    let statement = Statement::Update(Update {
        table: table.clone(),
        set,
        filter,
    });
    Step::Write { statement, expect }
}

/// A delete step.
pub(crate) fn delete(table: &TableRef, filter: Expr, expect: Expect) -> Step {
    let statement = Statement::Delete(Delete {
        table: table.clone(),
        filter,
    });
    Step::Write { statement, expect }
}

/// A read step that expects any number of rows.
pub(crate) fn read(select: Select) -> Step {
    Step::Read {
        select,
        expect: Expect::Any,
    }
}

/// A check step.
pub(crate) fn check(table: &TableRef, filter: Expr, expect: Expect) -> Step {
    Step::Check {
        table: table.clone(),
        filter,
        expect,
    }
}
