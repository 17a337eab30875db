//! Batches: one transaction each, ended on the thread of its connection whatever becomes of the caller.

use std::time::{Duration, Instant};

use oracledb::{Connection, Cursor};
use quillback_plugin_api::batch::{Batch, BatchOutcome, Isolation, RenderedStep};
use quillback_plugin_api::blocking::Cancel;
use quillback_plugin_api::run::{self, Action, Answer, Limits, Planned, Tally, Verdict};
use quillback_plugin_api::sql::Rendered;
use quillback_plugin_api::{Category, DriverError, Ident, RowBuffer, RowSet};

use crate::capabilities::capabilities;
use crate::dialect::{OracleDialect, check_sql};
use crate::errors::translate;
use crate::types::bind::{self, Bound};
use crate::types::read;

/// Rows that are sent together.
const ARRAY: usize = 1_000;
/// How long a roll-back may take; a connection that cannot even do that is closed, which rolls back too.
const MOMENT: Duration = Duration::from_secs(5);

/// Plans a batch.
fn plan(batch: &Batch) -> Result<Vec<Planned<'_>>, DriverError> {
    if batch.isolation == Isolation::Serializable {
        return Err(DriverError::unsupported(
            "Oracle's serializable level is a snapshot; what runs in it may not be serializable",
        ));
    }
    let planned = run::plan(batch, &OracleDialect, limits())?;
    for Planned { step, action } in &planned {
        if let Some(sent) = action.statement() {
            check_sql(&sent.sql).map_err(|error| error.at_step(*step))?;
        }
    }
    Ok(planned)
}

/// One row for each statement: rows of the same statement are sent as an array.
fn limits() -> Limits {
    Limits {
        max_insert_rows: 1,
        ..Limits::of(&capabilities())
    }
}

/// The statements of a batch, for people.
///
/// # Errors
/// `Unsupported` where a step cannot be expressed.
pub(crate) fn render(batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
    plan(batch)?;
    run::render(batch, &OracleDialect, limits())
}

/// When a batch must be done.
#[derive(Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// The deadline of a batch that starts now.
    pub(crate) fn of(batch: &Batch) -> Self {
        let limit = Duration::from_millis(batch.deadline_ms.into());
        Self((batch.deadline_ms > 0).then(|| Instant::now() + limit))
    }

    /// Lets the next statement take what time is left.
    fn arm(self, connection: &Connection) -> Result<(), DriverError> {
        let left = self
            .0
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            let message = "the deadline of the batch passed; nothing took effect";
            return Err(DriverError::new(Category::Timeout, message));
        }
        connection
            .set_call_timeout(left)
            .map_err(|error| translate(&error))
    }

    /// The answer of `work` that comes before anything is sent, or an error when it takes too long.
    ///
    /// # Errors
    /// `Timeout`, and what `work` answers.
    pub(crate) async fn wait<T>(
        self,
        work: impl Future<Output = Result<T, DriverError>>,
    ) -> Result<T, DriverError> {
        let Some(deadline) = self.0 else {
            return work.await;
        };
        tokio::time::timeout_at(deadline.into(), work)
            .await
            .unwrap_or_else(|_| {
                let message =
                    "no connection was free before the deadline of the batch; nothing was sent";
                Err(DriverError::new(Category::Timeout, message))
            })
    }

    /// The answer of `work`, or an error when it takes too long.
    ///
    /// # Errors
    /// `Timeout`, and what `work` answers.
    pub(crate) async fn hold<T>(
        self,
        work: impl Future<Output = Result<T, DriverError>>,
    ) -> Result<T, DriverError> {
        let Some(deadline) = self.0 else {
            return work.await;
        };
        // The thread keeps the deadline by itself; this much more is for one that cannot.
        let late = deadline + MOMENT;
        tokio::time::timeout_at(late.into(), work)
            .await
            .unwrap_or_else(|_| {
                let message = "the server did not stop at the deadline of the batch";
                Err(DriverError {
                    connection_lost: true,
                    outcome_unknown: true,
                    ..DriverError::new(Category::Timeout, message)
                })
            })
    }
}

/// Runs a batch.
///
/// # Errors
/// What the server says, with the step that failed; `Timeout` after the deadline.
pub(crate) fn apply(
    connection: &Connection,
    cancel: &Cancel,
    batch: &Batch,
    deadline: Deadline,
) -> Result<BatchOutcome, DriverError> {
    let planned = plan(batch)?;
    let mut tally = Tally::new(batch);
    let done = start(connection, batch, deadline)
        .and_then(|()| steps(connection, cancel, &planned, &mut tally, deadline));
    match done {
        Ok(Verdict::GoOn) => {
            let ready = cancel.check().and_then(|()| deadline.arm(connection));
            if let Err(error) = ready {
                return Err(undone(connection, error));
            }
            commit(connection)?;
            Ok(tally.committed())
        }
        Ok(Verdict::Refuse) => {
            roll_back(connection)?;
            Ok(tally.refused())
        }
        Err(error) => Err(undone(connection, error)),
    }
}

fn start(connection: &Connection, batch: &Batch, deadline: Deadline) -> Result<(), DriverError> {
    let sql = match batch.isolation {
        Isolation::RepeatableRead if batch.is_read_only() => "SET TRANSACTION READ ONLY",
        Isolation::RepeatableRead => "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        // A transaction begins with its first change.
        Isolation::Default | Isolation::Serializable => return Ok(()),
    };
    deadline.arm(connection)?;
    connection
        .execute(sql, &[])
        .map(drop)
        .map_err(|error| translate(&error))
}

/// Rolls back after `error`; a connection that cannot do that is told to be lost.
fn undone(connection: &Connection, error: DriverError) -> DriverError {
    let failed = roll_back(connection).is_err();
    DriverError {
        connection_lost: error.connection_lost || failed,
        ..error
    }
}

fn roll_back(connection: &Connection) -> Result<(), DriverError> {
    connection
        .set_call_timeout(Some(MOMENT))
        .and_then(|()| connection.rollback())
        .map_err(|error| DriverError {
            connection_lost: true,
            ..translate(&error)
        })
}

/// Commits. Until the server answers nobody knows whether it did.
fn commit(connection: &Connection) -> Result<(), DriverError> {
    let Err(error) = connection.commit() else {
        return Ok(());
    };
    let error = translate(&error);
    if error.connection_lost {
        return Err(DriverError {
            outcome_unknown: true,
            message: "the connection broke, or the deadline passed, while the batch was committed"
                .into(),
            ..error
        });
    }
    Err(undone(connection, error))
}

fn steps(
    connection: &Connection,
    cancel: &Cancel,
    planned: &[Planned<'_>],
    tally: &mut Tally<'_>,
    deadline: Deadline,
) -> Result<Verdict, DriverError> {
    let mut rest = planned;
    while let [Planned { step, action }, ..] = rest {
        cancel.check()?;
        deadline.arm(connection)?;
        let same = rest
            .iter()
            .take(ARRAY)
            .take_while(|next| next.step == *step && goes_with(action, &next.action))
            .count()
            .max(1);
        let (now, later) = rest.split_at(same);
        let answer = send(connection, action, now).map_err(|error| error.at_step(*step))?;
        let is_last = later.first().is_none_or(|next| next.step != *step);
        if tally.record(*step, is_last, action, answer) == Verdict::Refuse {
            return Ok(Verdict::Refuse);
        }
        rest = later;
    }
    Ok(Verdict::GoOn)
}

fn goes_with(first: &Action<'_>, next: &Action<'_>) -> bool {
    matches!((first, next), (Action::Execute(first), Action::Execute(next)) if first.sql == next.sql)
}

fn send(
    connection: &Connection,
    action: &Action<'_>,
    together: &[Planned<'_>],
) -> Result<Answer, DriverError> {
    match action {
        Action::Query(statement) | Action::Count(statement) => {
            query(connection, statement).map(Answer::Rows)
        }
        Action::Execute(_) => affected(connection, together).map(Answer::Affected),
        Action::Returning { statement, insert } => {
            let name = insert.returning.first().map(Ident::as_str);
            returning(connection, statement, name.unwrap_or_default()).map(Answer::Rows)
        }
        Action::Bulk(_) => Err(DriverError::unsupported("there is no bulk load")),
    }
}

/// Starts a read.
///
/// # Errors
/// What the server says.
pub(crate) fn open(connection: &Connection, statement: &Rendered) -> Result<Cursor, DriverError> {
    let bound = bind::all(&statement.params)?;
    let params: Vec<_> = bound.iter().map(Bound::as_param).collect();
    connection
        .query(&statement.sql, &params)
        .map_err(|error| translate(&error))
}

fn query(connection: &Connection, statement: &Rendered) -> Result<RowSet, DriverError> {
    let cursor = open(connection, statement)?;
    let columns = cursor.columns().iter().map(read::heading).collect();
    let cells = cursor
        .columns()
        .iter()
        .map(read::cell)
        .collect::<Result<Vec<_>, _>>()?;
    let mut rows = RowBuffer::new(cells.len());
    for row in cursor {
        read::row(&cells, &row.map_err(|error| translate(&error))?, &mut rows)?;
    }
    Ok(RowSet { columns, rows })
}

/// Sends one statement, or the same one for several rows of values: together where their types allow it.
fn affected(connection: &Connection, together: &[Planned<'_>]) -> Result<u64, DriverError> {
    let mut rows = together
        .iter()
        .filter_map(|planned| planned.action.statement())
        .map(|statement| bind::all(&statement.params))
        .collect::<Result<Vec<_>, _>>()?;
    let Some(sql) = together
        .first()
        .and_then(|planned| planned.action.statement())
        .map(|statement| statement.sql.as_str())
    else {
        return Ok(0);
    };
    if rows.len() > 1 && bind::unify(&mut rows) {
        let rows: Vec<Vec<_>> = rows
            .iter()
            .map(|row| row.iter().map(Bound::as_param).collect())
            .collect();
        let slices: Vec<&[_]> = rows.iter().map(Vec::as_slice).collect();
        let done = connection.execute_batch(sql, slices.as_slice());
        return Ok(done.map_err(|error| translate(&error))?.rows_affected());
    }
    let mut found = 0;
    for row in &rows {
        let params: Vec<_> = row.iter().map(Bound::as_param).collect();
        let done = connection.execute(sql, &params);
        found += done.map_err(|error| translate(&error))?.rows_affected();
    }
    Ok(found)
}

fn returning(
    connection: &Connection,
    statement: &Rendered,
    name: &str,
) -> Result<RowSet, DriverError> {
    let mut bound = bind::all(&statement.params)?;
    bound.push(Bound::Out(oracledb::DB_TYPE_NUMBER));
    let params: Vec<_> = bound.iter().map(Bound::as_param).collect();
    let mut done = connection
        .execute(&statement.sql, &params)
        .map_err(|error| translate(&error))?;
    let mut rows = RowBuffer::new(1);
    for row in done.returned_data() {
        read::row(&[read::Cell::Whole], &row, &mut rows)?;
    }
    let heading = quillback_plugin_api::Column {
        name: name.to_owned(),
        native: "NUMBER".into(),
    };
    Ok(RowSet {
        columns: vec![heading],
        rows,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_finds_no_connection_in_time_hears_that_nothing_was_sent() {
        let batch = Batch {
            deadline_ms: 1,
            ..Batch::default()
        };
        let never = std::future::pending::<Result<(), DriverError>>();
        let error = Deadline::of(&batch).wait(never).await.unwrap_err();
        assert_eq!(error.category, Category::Timeout);
        assert!(!error.outcome_unknown && !error.connection_lost, "{error}");
    }
}
