//! Keys that the server does not enforce: the driver looks before it writes, with the table locked.

use std::sync::Arc;

use quillback_plugin_api::batch::{Batch, Step};
use quillback_plugin_api::dialect::{self, Dialect};
pub(crate) use quillback_plugin_api::keys::{KeysOfBatch, duplicate};
use quillback_plugin_api::keys::{Names, any_of, of_rows, places, written};
use quillback_plugin_api::sql::{
    Compare, Expr, Insert, RenderError, Rendered, Select, SetTo, SqlWriter, Statement, Update,
};
use quillback_plugin_api::{DriverError, Ident, TableRef, Value};

use crate::Server;
use crate::catalog::{ask, place};
use crate::flavor::Keys;

/// Rows whose keys are looked for with one statement.
const ROWS: usize = 250;

/// The keys that the driver must see to in a batch. They are asked for each time: a key that somebody declared a moment
/// ago counts, and beside the batch itself the question is cheap.
///
/// # Errors
/// What asking the server answers.
pub(crate) async fn of(server: &Server, batch: &Batch) -> Result<KeysOfBatch, DriverError> {
    let mut keys = KeysOfBatch::default();
    let Keys::Checked { question, read } = server.flavor.keys else {
        return Ok(keys);
    };
    for table in written(batch) {
        let found = read(&ask(server, question, &place(table)).await?)?;
        keys.insert(table.clone(), Arc::new(found));
    }
    Ok(keys)
}

/// The statement that locks every table whose keys are looked at, in an order that all batches share, and the first step
/// that needs it. Whoever comes second waits, and then sees what the first has done.
pub(crate) fn lock(
    batch: &Batch,
    keys: &KeysOfBatch,
    dialect: &dyn Dialect,
) -> Option<(usize, Rendered)> {
    let checked = |step| checked_table(step, keys);
    let first = batch
        .steps
        .iter()
        .position(|step| checked(step).is_some())?;
    let mut tables: Vec<_> = batch.steps.iter().filter_map(checked).collect();
    tables.sort_unstable();
    tables.dedup();
    let mut w = SqlWriter::new(dialect);
    w.syntax("LOCK TABLE ");
    for (position, table) in tables.into_iter().enumerate() {
        w.syntax(if position > 0 { ", " } else { "" }).table(table);
    }
    Some((first, w.finish()))
}

/// The table that a step writes to, if keys of it must be looked at.
fn checked_table<'b>(step: &'b Step, keys: &KeysOfBatch) -> Option<&'b TableRef> {
    let Step::Write { statement, .. } = step else {
        return None;
    };
    let (table, is_checked) = match statement {
        Statement::Insert(insert) => (&insert.table, given(insert, keys).next().is_some()),
        Statement::Update(update) => (&update.table, changed(update, keys).next().is_some()),
        Statement::Delete(_) => return None,
    };
    is_checked.then_some(table)
}

/// Keys of the table all of whose columns an insert gives, each with their positions.
fn given<'k>(
    insert: &'k Insert,
    keys: &'k KeysOfBatch,
) -> impl Iterator<Item = (&'k Vec<Ident>, Vec<usize>)> {
    let keys = keys
        .get(&insert.table)
        .into_iter()
        .flat_map(|keys| keys.iter());
    keys.filter_map(|key| Some((key, places(insert, key, Names::Exact)?)))
}

/// Keys of the table that an update changes.
fn changed<'k>(update: &'k Update, keys: &'k KeysOfBatch) -> impl Iterator<Item = &'k Vec<Ident>> {
    let keys = keys
        .get(&update.table)
        .into_iter()
        .flat_map(|keys| keys.iter());
    keys.filter(|key| update.set.iter().any(|one| key.contains(&one.column)))
}

/// Statements that count rows with the keys of rows to be added: none may be there.
///
/// # Errors
/// `Unique` when two of the rows have the same key; what the dialect cannot express.
pub(crate) fn before_insert(
    insert: &Insert,
    keys: &KeysOfBatch,
    dialect: &dyn Dialect,
) -> Result<Vec<Rendered>, DriverError> {
    let mut checks = Vec::new();
    for (key, positions) in given(insert, keys) {
        let rows = of_rows(insert, &positions)?;
        for rows in rows.chunks(ROWS) {
            let there = within(key, rows).and(any_of(key, rows));
            let select = Select::count(insert.table.clone(), there);
            checks.push(dialect::select(dialect, &select)?);
        }
    }
    Ok(checks)
}

/// The bounds of whole numbers, by which a database of columns passes over most of a table.
fn within(key: &[Ident], rows: &[Vec<Value>]) -> Expr {
    let [column] = key else {
        return Expr::True;
    };
    let numbers: Option<Vec<_>> = rows
        .iter()
        .map(|row| match row.as_slice() {
            [Value::I64(number)] => Some(*number),
            _ => None,
        })
        .collect();
    let numbers = numbers.unwrap_or_default();
    match (numbers.iter().min(), numbers.iter().max()) {
        (Some(least), Some(most)) if least < most => Expr::compare(column, Compare::Ge, *least)
            .and(Expr::compare(column, Compare::Le, *most)),
        _ => Expr::True,
    }
}

/// Statements that count keys which more than one row has after an update that may have made them so.
///
/// # Errors
/// What the dialect cannot express.
pub(crate) fn after_update(
    update: &Update,
    keys: &KeysOfBatch,
    dialect: &dyn Dialect,
) -> Result<Vec<Rendered>, RenderError> {
    let checks = changed(update, keys).map(|key| {
        // Rows with other values were not touched; a sum may be anything.
        let known = update.set.iter().filter_map(|one| match &one.to {
            SetTo::Value(value) if key.contains(&one.column) => {
                Some(Expr::eq(&one.column, value.clone()))
            }
            _ => None,
        });
        let filter = key
            .iter()
            .map(|column| Expr::IsNull(column.clone()).negate())
            .chain(known);
        let mut w = SqlWriter::new(dialect);
        w.syntax("SELECT COUNT(*) FROM (SELECT ").idents(key);
        w.syntax(" FROM ").table(&update.table).syntax(" WHERE ");
        dialect::expr(&mut w, &Expr::all(filter))?;
        w.syntax(" GROUP BY ").idents(key);
        w.syntax(" HAVING COUNT(*) > 1) AS twice");
        Ok(w.finish())
    });
    checks.collect()
}
