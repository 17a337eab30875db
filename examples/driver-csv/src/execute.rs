//! Runs batches: every step on tables in memory, and the files at the end, all of them or none.

use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect, Step, StepOutcome};
use quillback_plugin_api::sql::{Delete, Insert, Select, SetTo, Statement, Update};
use quillback_plugin_api::value::Decimal;
use quillback_plugin_api::{Category, DriverError, Value, ValueRef};

use crate::condition::{self, Condition};
use crate::decimal;
use crate::errors;
use crate::folder::{Access, Folder};
use crate::select::{self, Pieces};
use crate::table::{Row, Table};
use crate::work::{Changed, Until, Work};

/// Runs a batch.
///
/// # Errors
/// What failed, with the position of its step; nothing took effect then.
pub(crate) fn apply(
    folder: &Folder,
    batch: &Batch,
    until: Until<'_>,
) -> Result<BatchOutcome, DriverError> {
    let access = if batch.is_read_only() {
        Access::Read
    } else {
        Access::Write
    };
    let _held = folder.lock(access, &until)?;
    let mut work = Work::new(folder, &until);
    let mut done = Vec::with_capacity(batch.steps.len());
    for (position, step) in batch.steps.iter().enumerate() {
        work.check()?;
        let (outcome, expect) = run(&mut work, step).map_err(|error| error.at_step(position))?;
        let found = outcome.found;
        done.push(outcome);
        if !expect.holds(found) {
            let step = u32::try_from(position).unwrap_or(u32::MAX);
            return Ok(BatchOutcome::Refused { step, found, done });
        }
    }
    work.commit()?;
    Ok(BatchOutcome::Committed(done))
}

/// Starts a read whose rows come in pieces.
///
/// # Errors
/// What the read answers.
pub(crate) fn stream(
    folder: &Folder,
    what: &Select,
    until: Until<'_>,
) -> Result<Pieces, DriverError> {
    let _held = folder.lock(Access::Read, &until)?;
    select::select(&mut Work::new(folder, &until), what).map(Pieces::new)
}

fn run(work: &mut Work<'_>, step: &Step) -> Result<(StepOutcome, Expect), DriverError> {
    let counted = |found: usize| StepOutcome {
        found: found as u64,
        rows: None,
    };
    Ok(match step {
        Step::Read { select, expect } => {
            let rows = select::row_set(select::select(work, select)?)?;
            (
                StepOutcome {
                    found: rows.rows.len() as u64,
                    rows: Some(rows),
                },
                *expect,
            )
        }
        Step::Check {
            table,
            filter,
            expect,
        } => {
            let (_, rows) = select::select(work, &Select::count(table.clone(), filter.clone()))?;
            let count = rows
                .first()
                .and_then(|row| row.first())
                .and_then(Value::as_i64)
                .unwrap_or(0);
            (counted(usize::try_from(count).unwrap_or(0)), *expect)
        }
        Step::Write {
            statement: Statement::Insert(insert),
            expect,
        } => (counted(add(work, insert)?), *expect),
        Step::Write {
            statement: Statement::Update(update),
            expect,
        } => (counted(set(work, update)?), *expect),
        Step::Write {
            statement: Statement::Delete(delete),
            expect,
        } => (counted(remove(work, delete)?), *expect),
    })
}

fn add(work: &mut Work<'_>, insert: &Insert) -> Result<usize, DriverError> {
    if !insert.returning.is_empty() {
        return Err(DriverError::unsupported(
            "a file makes no values that could come back",
        ));
    }
    if insert.rows.width() != insert.columns.len() {
        return Err(DriverError::new(
            Category::Protocol,
            "an insert has rows of another width than its columns",
        ));
    }
    let table = work.change(&insert.table, Changed::Rows)?;
    let given = insert
        .columns
        .iter()
        .map(|column| table.position(column.as_str()));
    let given = given.collect::<Result<Vec<_>, _>>()?;
    for cells in &insert.rows {
        let values = cells
            .map(|cell| Ok(cell.map(ValueRef::to_owned)?))
            .collect::<Result<Vec<_>, DriverError>>()?;
        let row = (0..table.columns.len()).map(|at| {
            match given.iter().position(|column| *column == at) {
                Some(position) => table.cell(at, values.get(position).unwrap_or(&Value::Null)),
                None => table.absent(at),
            }
        });
        let row = row.collect::<Result<Row, _>>()?;
        table.rows.push(row);
    }
    table.check_key()?;
    Ok(insert.rows.len())
}

fn set(work: &mut Work<'_>, update: &Update) -> Result<usize, DriverError> {
    let filter = condition::resolve(work, &update.filter)?;
    let table = work.change(&update.table, Changed::Rows)?;
    let filter = Condition::new(table, filter)?;
    let columns = update
        .set
        .iter()
        .map(|set| table.position(set.column.as_str()));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let mut found = 0;
    // Moved out, so that the table can be asked while its rows change.
    let mut rows = std::mem::take(&mut table.rows);
    for row in &mut rows {
        if filter.holds(table, row)? != Some(true) {
            continue;
        }
        found += 1;
        let before = row.clone();
        for (at, set) in columns.iter().zip(&update.set) {
            let cell = match &set.to {
                SetTo::Value(value) => table.cell(*at, value)?,
                SetTo::Plus(value) => {
                    let old = before.get(*at).map_or(&Value::Null, |cell| &cell.value);
                    table.cell(*at, &sum(table, *at, old, value)?)?
                }
            };
            if let Some(place) = row.get_mut(*at) {
                *place = cell;
            }
        }
    }
    table.rows = rows;
    if columns.iter().any(|at| table.key.contains(at)) {
        table.check_key()?;
    }
    Ok(found)
}

/// The exact sum; NULL when one of the two is.
fn sum(table: &Table, at: usize, one: &Value, other: &Value) -> Result<Value, DriverError> {
    let text = |value: &Value| match value {
        Value::I64(number) => Some(number.to_string()),
        Value::U64(number) => Some(number.to_string()),
        Value::Decimal(number) => Some(number.to_string()),
        _ => None,
    };
    if one.is_null() || other.is_null() {
        return Ok(Value::Null);
    }
    let sum = text(one)
        .zip(text(other))
        .and_then(|(one, other)| Decimal::new(decimal::add(&one, &other)).ok());
    match (sum, table.column(at)?) {
        (Some(sum), _) => Ok(Value::Decimal(sum)),
        (None, column) => Err(errors::misfit(
            &table.name,
            &column.name,
            "only numbers can be added",
        )),
    }
}

fn remove(work: &mut Work<'_>, delete: &Delete) -> Result<usize, DriverError> {
    let filter = condition::resolve(work, &delete.filter)?;
    let table = work.change(&delete.table, Changed::Rows)?;
    let filter = Condition::new(table, filter)?;
    let rows = std::mem::take(&mut table.rows);
    let before = rows.len();
    for row in rows {
        if filter.holds(table, &row)? != Some(true) {
            table.rows.push(row);
        }
    }
    Ok(before - table.rows.len())
}
