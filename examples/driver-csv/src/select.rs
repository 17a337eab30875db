//! Reads: rows that hold a condition, sorted, cut, or counted; and results that are handed over in pieces.

use std::cmp::Ordering;
use std::collections::HashSet;

use quillback_plugin_api::driver::RowStream;
use quillback_plugin_api::rows::Column;
use quillback_plugin_api::sql::{Aggregate, Direction, Order, Select, SelectItem};
use quillback_plugin_api::{DriverError, Ident, RowBuffer, RowSet, Value};

use crate::condition::{self, Condition};
use crate::table::{Row, Table};
use crate::types::{canonical, compare};
use crate::work::Work;

/// A result that is held whole: columns and rows.
pub(crate) type Found = (Vec<Column>, Vec<Vec<Value>>);

/// Rows of a piece.
const PIECE_ROWS: usize = 1_000;
/// Bytes after which a piece ends early.
const PIECE_BYTES: usize = 1 << 20;

/// Runs a read.
///
/// # Errors
/// `Unsupported` for a read of nothing, `NotFound` for a table or column that is none.
pub(crate) fn select(work: &mut Work<'_>, select: &Select) -> Result<Found, DriverError> {
    if select.items.is_empty() {
        return Err(DriverError::unsupported("a read needs something to read"));
    }
    let filter = condition::resolve(work, &select.filter)?;
    let table = work.table(&select.from)?;
    let filter = Condition::new(table, filter)?;
    let mut rows = Vec::new();
    for row in &table.rows {
        if filter.holds(table, row)? == Some(true) {
            rows.push(row);
        }
    }
    sort(table, &mut rows, &select.order)?;
    let columns = select
        .items
        .iter()
        .map(|item| heading(table, item))
        .collect::<Result<Vec<_>, _>>()?;
    let mut found = if select
        .items
        .iter()
        .all(|item| matches!(item, SelectItem::Column(_)))
    {
        let at = select
            .items
            .iter()
            .map(|item| position(table, item))
            .collect::<Result<Vec<_>, _>>()?;
        rows.iter()
            .map(|row| at.iter().map(|at| value(row, *at)).collect())
            .collect()
    } else {
        vec![
            select
                .items
                .iter()
                .map(|item| aggregate(table, &rows, item))
                .collect::<Result<Vec<_>, _>>()?,
        ]
    };
    if select.distinct {
        let mut seen = HashSet::new();
        found.retain(|row: &Vec<Value>| seen.insert(row.iter().map(canonical).collect::<Vec<_>>()));
    }
    let offset = usize::try_from(select.offset).unwrap_or(usize::MAX);
    let limit = select
        .limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(usize::MAX);
    Ok((
        columns,
        found.into_iter().skip(offset).take(limit).collect(),
    ))
}

fn name(item: &SelectItem) -> Option<&Ident> {
    match item {
        SelectItem::Column(column) | SelectItem::Aggregate(_, column) => Some(column),
        SelectItem::CountRows => None,
    }
}

fn position(table: &Table, item: &SelectItem) -> Result<usize, DriverError> {
    table.position(name(item).map_or("", Ident::as_str))
}

fn heading(table: &Table, item: &SelectItem) -> Result<Column, DriverError> {
    if name(item).is_none() {
        return Ok(Column {
            name: "count".into(),
            native: "whole".into(),
        });
    }
    let column = table.column(position(table, item)?)?;
    Ok(Column {
        name: column.name.clone(),
        native: column.kind.native(),
    })
}

fn value(row: &Row, at: usize) -> Value {
    row.get(at)
        .map(|cell| cell.value.clone())
        .unwrap_or_default()
}

fn aggregate(table: &Table, rows: &[&Row], item: &SelectItem) -> Result<Value, DriverError> {
    let SelectItem::Aggregate(what, _) = item else {
        return match item {
            SelectItem::CountRows => Ok(Value::I64(i64::try_from(rows.len()).unwrap_or(i64::MAX))),
            _ => Err(DriverError::unsupported("columns beside a count")),
        };
    };
    let at = position(table, item)?;
    let values = rows
        .iter()
        .map(|row| value(row, at))
        .filter(|value| !value.is_null());
    let best = match what {
        Aggregate::Min => values.min_by(order),
        Aggregate::Max => values.max_by(order),
    };
    Ok(best.unwrap_or_default())
}

/// Order of two values of one column; NULL comes first.
fn order(one: &Value, other: &Value) -> Ordering {
    match (one.is_null(), other.is_null()) {
        (false, false) => compare(one, other)
            .ok()
            .flatten()
            .unwrap_or(Ordering::Equal),
        (one, other) => other.cmp(&one),
    }
}

fn sort(table: &Table, rows: &mut [&Row], by: &[Order]) -> Result<(), DriverError> {
    let keys = by
        .iter()
        .map(|order| Ok((table.position(order.column.as_str())?, order.direction)));
    let keys = keys.collect::<Result<Vec<_>, DriverError>>()?;
    rows.sort_by(|one, other| {
        let cell =
            |row: &&Row, at: usize| row.get(at).map_or(Value::Null, |cell| cell.value.clone());
        let orders = keys.iter().map(|(at, direction)| {
            let order = order(&cell(one, *at), &cell(other, *at));
            if *direction == Direction::Desc {
                order.reverse()
            } else {
                order
            }
        });
        orders.fold(Ordering::Equal, Ordering::then)
    });
    Ok(())
}

/// A result as one buffer.
///
/// # Errors
/// None for a result of [`select`], whose rows are as wide as its columns.
pub(crate) fn row_set((columns, rows): Found) -> Result<RowSet, DriverError> {
    let rows = RowBuffer::from_rows(columns.len(), &rows)?;
    Ok(RowSet { columns, rows })
}

/// A result that is handed over in pieces.
pub struct Pieces {
    columns: Vec<Column>,
    rows: std::vec::IntoIter<Vec<Value>>,
}

impl Pieces {
    pub(crate) fn new((columns, rows): Found) -> Self {
        Self {
            columns,
            rows: rows.into_iter(),
        }
    }
}

impl RowStream for Pieces {
    fn columns(&self) -> &[Column] {
        &self.columns
    }

    async fn next(&mut self, out: &mut RowBuffer) -> Result<bool, DriverError> {
        while out.len() < PIECE_ROWS && out.bytes().len() < PIECE_BYTES {
            let Some(row) = self.rows.next() else {
                return Ok(false);
            };
            out.push_row(&row)?;
        }
        Ok(self.rows.len() > 0)
    }
}
