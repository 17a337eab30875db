//! Runs the statements of a plan on a connection; when a transaction begins and ends is the caller's business.

use quillback_plugin_api::batch::BatchOutcome;
use quillback_plugin_api::rows::{Column, RowBuffer, RowSet};
use quillback_plugin_api::run::{Action, Answer, Tally, Verdict};
use quillback_plugin_api::sql::{Rendered, Select, SelectItem};
use quillback_plugin_api::{Category, DriverError, Value};
use rusqlite::{Connection, Statement};

use crate::errors::translate;
use crate::guard;
use crate::plan::{Answers, Plan, Planned};
use crate::values::{self, Reading};
use crate::watch;

/// Runs every statement. The outcome says whether to commit or to roll back.
///
/// # Errors
/// The failure of a statement, with its step; the caller rolls back.
pub(crate) fn run(connection: &Connection, plan: &Plan) -> Result<BatchOutcome, DriverError> {
    let mut tally = Tally::new(&plan.batch);
    for planned in &plan.statements {
        if watch::should_stop() {
            let stopped = DriverError::new(Category::Cancelled, "stopped");
            return Err(stopped.at_step(planned.step));
        }
        let answer =
            send(connection, plan, planned).map_err(|error| error.at_step(planned.step))?;
        let action = match planned.answers {
            Answers::Count => Action::Count(Rendered::default()),
            _ => Action::Query(Rendered::default()),
        };
        match tally.record(planned.step, planned.last, &action, answer) {
            Verdict::GoOn => {}
            Verdict::Refuse => return Ok(tally.refused()),
        }
    }
    Ok(tally.committed())
}

fn send(connection: &Connection, plan: &Plan, planned: &Planned) -> Result<Answer, DriverError> {
    let table = plan.table(planned.step);
    let failed = |error| translate(&error, table);
    let mut statement = connection
        .prepare_cached(&planned.statement.sql)
        .map_err(failed)?;
    if planned.answers == Answers::AffectedByRow {
        return insert_rows(connection, &mut statement, plan, planned.step).map(Answer::Affected);
    }
    if let Some(update) = plan.update(planned.step) {
        guard::update(connection, update)?;
    }
    bind_all(&mut statement, &planned.statement.params)?;
    if planned.answers == Answers::Affected {
        let touched = statement.raw_execute().map_err(failed)?;
        return Ok(Answer::Affected(touched as u64));
    }
    let select = plan.select(planned.step);
    let mut result = RowSet::default();
    query(
        connection,
        &mut statement,
        Of { select, table },
        &mut |piece| {
            match piece {
                Piece::Headings(columns) => {
                    result.rows = RowBuffer::new(columns.len());
                    result.columns = columns;
                }
                Piece::Rows(rows) if result.rows.is_empty() => result.rows = rows,
                Piece::Rows(rows) => result.rows.append(&rows),
            }
            Flow::GoOn
        },
    )?;
    Ok(Answer::Rows(result))
}

fn insert_rows(
    connection: &Connection,
    statement: &mut Statement<'_>,
    plan: &Plan,
    step: usize,
) -> Result<u64, DriverError> {
    let Some(insert) = plan.insert(step) else {
        return Err(DriverError::new(
            Category::Internal,
            "an insert without rows",
        ));
    };
    let failed = |error| translate(&error, Some(insert.table.name.as_str()));
    let mut added = 0;
    for row in &insert.rows {
        for (position, (cell, column)) in row.zip(&insert.columns).enumerate() {
            let cell = cell?;
            guard::cell(connection, &insert.table, column, cell)?;
            let value = values::bind(cell)?;
            statement
                .raw_bind_parameter(position + 1, value)
                .map_err(failed)?;
        }
        added += statement.raw_execute().map_err(failed)? as u64;
    }
    Ok(added)
}

/// Binds all parameters of a statement.
///
/// # Errors
/// `InvalidData` for a value that the engine has no form for.
pub(crate) fn bind_all(statement: &mut Statement<'_>, params: &[Value]) -> Result<(), DriverError> {
    for (position, value) in params.iter().enumerate() {
        let value = match value {
            Value::List(_) | Value::Struct(_) => {
                let message = "SQLite has no arrays or composite values: use JSON";
                return Err(DriverError::new(Category::InvalidData, message));
            }
            flat => values::bind(flat.flat())?,
        };
        statement
            .raw_bind_parameter(position + 1, value)
            .map_err(|error| translate(&error, None))?;
    }
    Ok(())
}

/// Whether to read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// More rows are wanted.
    GoOn,
    /// Nobody wants more.
    Stop,
}

/// A part of a result.
#[derive(Debug)]
pub(crate) enum Piece {
    /// The headings, once, before any rows.
    Headings(Vec<Column>),
    /// Some rows.
    Rows(RowBuffer),
}

/// What a query is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Of<'a> {
    /// What it was printed from.
    pub(crate) select: Option<&'a Select>,
    /// Name of its table.
    pub(crate) table: Option<&'a str>,
}

/// A piece ends at this many rows or bytes.
const PIECE_ROWS: usize = 1_000;
const PIECE_BYTES: usize = 1 << 20;

/// Runs a query whose parameters are bound. The headings are handed over first, then the rows in pieces.
///
/// # Errors
/// The failure of the engine.
pub(crate) fn query(
    connection: &Connection,
    statement: &mut Statement<'_>,
    of: Of<'_>,
    take: &mut dyn FnMut(Piece) -> Flow,
) -> Result<(), DriverError> {
    let failed = |error| translate(&error, of.table);
    let width = statement.column_count();
    let mut readings: Vec<Reading> = Vec::new();
    let mut buffer = RowBuffer::new(width);
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(failed)? {
        if readings.is_empty() {
            // Only now: the first step prepares the statement again when the table was changed meanwhile.
            let columns = headings(connection, row.as_ref(), of.select);
            readings = columns
                .iter()
                .map(|column| Reading::of(&column.native))
                .collect();
            if take(Piece::Headings(columns)) == Flow::Stop {
                return Ok(());
            }
        }
        for (position, reading) in readings.iter().enumerate() {
            let cell = row.get_ref(position).map_err(failed)?;
            values::read(cell, *reading, &mut buffer);
        }
        let full = buffer.len() >= PIECE_ROWS || buffer.bytes().len() >= PIECE_BYTES;
        if full {
            let piece = std::mem::replace(&mut buffer, RowBuffer::new(width));
            if take(Piece::Rows(piece)) == Flow::Stop {
                return Ok(());
            }
        }
    }
    drop(rows);
    if readings.is_empty() {
        take(Piece::Headings(headings(connection, statement, of.select)));
    }
    if !buffer.is_empty() {
        take(Piece::Rows(buffer));
    }
    Ok(())
}

/// The columns of a result with their declared types. Aggregates have none of their own: they get their column's.
pub(crate) fn headings(
    connection: &Connection,
    statement: &Statement<'_>,
    select: Option<&Select>,
) -> Vec<Column> {
    let columns = statement.columns();
    columns
        .enumerate()
        .map(|(position, column)| {
            let native = column.decl_type().map(str::to_owned);
            let item = select.and_then(|select| Some((select, select.items.get(position)?)));
            Column {
                name: column.name().to_owned(),
                native: native
                    .or_else(|| declared_type(connection, item?))
                    .unwrap_or_default(),
            }
        })
        .collect()
}

fn declared_type(connection: &Connection, item: (&Select, &SelectItem)) -> Option<String> {
    let (select, SelectItem::Aggregate(_, column)) = item else {
        return None;
    };
    let mut statement = connection
        .prepare_cached("SELECT type FROM pragma_table_xinfo(?1) WHERE name = ?2 COLLATE NOCASE")
        .ok()?;
    statement
        .query_row([select.from.name.as_str(), column.as_str()], |row| {
            row.get(0)
        })
        .ok()
}
