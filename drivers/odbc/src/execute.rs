//! Batches: one transaction each, ended on the thread of its connection whatever becomes of the caller.

use std::cell::Cell;
use std::time::Duration;

use odbc_api::{Cursor as _, ResultSetMetadata as _};
use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect, Isolation, RenderedStep, Step};
use quillback_plugin_api::blocking::Cancel;
use quillback_plugin_api::run::{self, Action, Answer, Limits, Planned, Tally, Verdict};
use quillback_plugin_api::sql::{Insert, Rendered, Select};
use quillback_plugin_api::{Category, Column, DriverError, Ident, RowBuffer, RowSet};

use crate::connect::Session;
use crate::deadline::Deadline;
use crate::dialect::Printer;
use crate::spelling::{Keys, Spelling};
use crate::tables::{self, Known, Tables};
use crate::types::{bind, read};

/// Plans a batch.
fn plan<'b>(
    spelling: &'static Spelling,
    batch: &'b Batch,
) -> Result<Vec<Planned<'b>>, DriverError> {
    check(spelling, batch)?;
    let printer = Printer::new(spelling);
    let mut planned = run::plan(batch, &printer, limits(spelling))?;
    printer.check()?;
    let writes = |planned: &Planned<'_>| {
        matches!(
            planned.action,
            Action::Execute(_) | Action::Returning { .. }
        )
    };
    if !spelling.capabilities.transactions && planned.len() > 1 && planned.iter().any(writes) {
        return Err(DriverError::unsupported(
            "this database has no transactions, and so many rows do not go into one statement",
        ));
    }
    for Planned { action, .. } in &mut planned {
        if let Action::Query(statement)
        | Action::Count(statement)
        | Action::Execute(statement)
        | Action::Returning { statement, .. } = action
        {
            // NULL is written in the statement itself.
            statement.params.retain(|value| !value.is_null());
        }
    }
    Ok(planned)
}

fn limits(spelling: &Spelling) -> Limits {
    Limits {
        max_insert_rows: spelling.insert_rows,
        ..Limits::of(&spelling.capabilities)
    }
}

/// Refuses what this database cannot promise.
fn check(spelling: &Spelling, batch: &Batch) -> Result<(), DriverError> {
    let claimed = &spelling.capabilities;
    if level(spelling, batch.isolation).is_none() {
        return Err(DriverError::unsupported(
            "this database does not support that isolation level",
        ));
    }
    let writes = || {
        let steps = batch.steps.iter();
        steps.filter(|step| matches!(step, Step::Write { .. }))
    };
    if !claimed.transactions && writes().next().is_some() && batch.steps.len() > 1 {
        return Err(DriverError::unsupported(
            "this database has no transactions: it can change rows with one statement at a time",
        ));
    }
    let expects =
        |step: &&Step| matches!(step, Step::Write { expect, .. } if *expect != Expect::Any);
    if !claimed.row_counts && writes().any(|step| expects(&step)) {
        return Err(DriverError::unsupported(
            "this database does not tell how many rows a change found",
        ));
    }
    Ok(())
}

/// The statement for an isolation level; empty where none is needed.
fn level(spelling: &Spelling, isolation: Isolation) -> Option<&'static str> {
    match isolation {
        Isolation::Default => Some(""),
        Isolation::RepeatableRead => spelling.isolation.repeatable,
        Isolation::Serializable => spelling.isolation.serializable,
    }
}

/// The statements of a batch, for people.
///
/// # Errors
/// `Unsupported` where a step cannot be expressed.
pub(crate) fn render(
    spelling: &'static Spelling,
    batch: &Batch,
) -> Result<Vec<RenderedStep>, DriverError> {
    Ok(run::rendered(&plan(spelling, batch)?))
}

/// A batch under way on one connection.
struct Running<'a> {
    session: &'a Session,
    batch: &'a Batch,
    cancel: &'a Cancel,
    deadline: &'a Deadline,
    known: Vec<Known>,
    /// Whether a statement was handed to the driver.
    is_sent: Cell<bool>,
}

/// Runs a batch.
///
/// # Errors
/// What the server says, with the step that failed; `Timeout` after the deadline.
pub(crate) fn apply(
    session: &Session,
    tables: &Tables,
    cancel: &Cancel,
    batch: &Batch,
    deadline: &Deadline,
) -> Result<BatchOutcome, DriverError> {
    let planned = plan(session.spelling, batch)?;
    deadline.left()?;
    let known = tables.learn(session, batch)?;
    let running = Running {
        session,
        batch,
        cancel,
        deadline,
        known,
        is_sent: Cell::new(false),
    };
    let done = running.apply(&planned);
    if done.is_err() {
        tables.forget();
    }
    done
}

impl Running<'_> {
    fn apply(&self, planned: &[Planned<'_>]) -> Result<BatchOutcome, DriverError> {
        let is_alone = self.batch.steps.len() == 1
            && self.batch.is_read_only()
            && self.batch.isolation == Isolation::Default;
        let mut tally = Tally::new(self.batch);
        self.limit_time()?;
        if is_alone || !self.session.spelling.capabilities.transactions {
            let done = self.alone(planned, &mut tally);
            let lifted = self.lift_limit();
            let verdict = done?;
            // What was done stays so; a connection that cannot go on fails its next call.
            drop(lifted);
            return Ok(match verdict {
                Verdict::GoOn => tally.committed(),
                Verdict::Refuse => tally.refused(),
            });
        }
        let done = self.begin().and_then(|()| self.steps(planned, &mut tally));
        match done {
            Ok(Verdict::GoOn) => {
                let ready = self.cancel.check().and_then(|()| self.deadline.left());
                if let Err(error) = ready.and_then(|_| self.deadline.commits()) {
                    return Err(self.undone(error));
                }
                self.commit()?;
                Ok(tally.committed())
            }
            Ok(Verdict::Refuse) => {
                self.roll_back()?;
                Ok(tally.refused())
            }
            Err(error) => Err(self.undone(error)),
        }
    }

    /// Without a transaction of its own, each statement takes effect by itself.
    fn alone(
        &self,
        planned: &[Planned<'_>],
        tally: &mut Tally<'_>,
    ) -> Result<Verdict, DriverError> {
        if self.batch.is_read_only() {
            return self.steps(planned, tally);
        }
        self.cancel.check()?;
        self.deadline.commits()?;
        self.steps(planned, tally).map_err(|error| DriverError {
            outcome_unknown: self.is_sent.get()
                && (error.connection_lost || error.category == Category::Timeout),
            ..error
        })
    }

    /// Has the server stop what takes too long, where the ODBC driver does not.
    fn limit_time(&self) -> Result<(), DriverError> {
        let [limit, _] = self.session.spelling.time_limit;
        let Some(left) = self.deadline.left()?.filter(|_| !limit.is_empty()) else {
            return Ok(());
        };
        let seconds = left.as_secs().saturating_add(1);
        let sql = limit
            .replace("{s}", &seconds.to_string())
            .replace("{ms}", &left.as_millis().to_string());
        self.session.run(&sql, &[], Some(left)).map(drop)
    }

    fn lift_limit(&self) -> Result<(), DriverError> {
        let [_, lift] = self.session.spelling.time_limit;
        if lift.is_empty() || self.batch.deadline_ms == 0 {
            return Ok(());
        }
        self.session.run(lift, &[], None).map(drop)
    }

    fn begin(&self) -> Result<(), DriverError> {
        let isolation = &self.session.spelling.isolation;
        let sql = level(self.session.spelling, self.batch.isolation).unwrap_or_default();
        if !sql.is_empty() && !isolation.is_inside {
            self.session.run(sql, &[], self.deadline.left()?)?;
        }
        let connection = &self.session.connection;
        connection
            .set_autocommit(false)
            .map_err(|error| self.session.errors.translate(&error))?;
        if !sql.is_empty() && isolation.is_inside {
            self.session.run(sql, &[], self.deadline.left()?)?;
        }
        Ok(())
    }

    /// Rolls back after `error`; a connection that cannot do that is told to be lost.
    fn undone(&self, error: DriverError) -> DriverError {
        let failed = self.roll_back().is_err();
        DriverError {
            connection_lost: error.connection_lost || failed,
            ..error
        }
    }

    fn roll_back(&self) -> Result<(), DriverError> {
        let undone = self.session.connection.rollback();
        undone
            .map_err(|error| self.session.errors.translate(&error))
            .and_then(|()| self.end())
            .map_err(lost)
    }

    /// Leaves the connection as it was.
    fn end(&self) -> Result<(), DriverError> {
        self.session
            .connection
            .set_autocommit(true)
            .map_err(|error| self.session.errors.translate(&error))?;
        self.lift_limit()?;
        let usual = self.session.spelling.isolation.usual;
        if self.batch.isolation != Isolation::Default && !usual.is_empty() {
            self.session.run(usual, &[], None)?;
        }
        Ok(())
    }

    /// Commits. Until the server answers nobody knows whether it did.
    fn commit(&self) -> Result<(), DriverError> {
        if let Err(error) = self.session.connection.commit() {
            let error = self.session.errors.translate(&error);
            let is_certain = matches!(
                error.category,
                Category::Conflict
                    | Category::Unique
                    | Category::ForeignKey
                    | Category::Check
                    | Category::NotNull
                    | Category::Constraint
            );
            if is_certain && !error.connection_lost {
                return Err(self.undone(error));
            }
            return Err(lost(DriverError {
                outcome_unknown: true,
                message: "the connection broke while the batch was committed".into(),
                ..error
            }));
        }
        // What was committed stays so, whatever becomes of the connection: one that cannot go on fails its next call.
        let _ = self.end();
        Ok(())
    }

    fn steps(
        &self,
        planned: &[Planned<'_>],
        tally: &mut Tally<'_>,
    ) -> Result<Verdict, DriverError> {
        for (at, Planned { step, action }) in planned.iter().enumerate() {
            self.cancel.check()?;
            let left = self.deadline.left()?;
            self.is_sent.set(true);
            let answer = self
                .send(*step, action, left)
                .map_err(|error| error.at_step(*step))?;
            let is_last = planned.get(at + 1).is_none_or(|next| next.step != *step);
            if tally.record(*step, is_last, action, answer) == Verdict::Refuse {
                return Ok(Verdict::Refuse);
            }
        }
        Ok(Verdict::GoOn)
    }

    fn send(
        &self,
        step: usize,
        action: &Action<'_>,
        left: Option<Duration>,
    ) -> Result<Answer, DriverError> {
        match action {
            Action::Query(statement) | Action::Count(statement) => {
                let read = self.batch.steps.get(step).and_then(|step| match step {
                    Step::Read { select, .. } => Some(select),
                    _ => None,
                });
                let count = Select::count(
                    quillback_plugin_api::TableRef::new(Ident::literal("counted")),
                    quillback_plugin_api::sql::Expr::True,
                );
                let select = read.unwrap_or(&count);
                let known = self
                    .known
                    .get(step)
                    .map_or(&[][..], |known| known.as_slice());
                let columns = tables::headings(select, known);
                query(self.session, statement, &columns, left).map(Answer::Rows)
            }
            Action::Execute(statement) => self.affected(statement, left).map(Answer::Affected),
            Action::Returning { statement, insert } => self
                .returning(step, statement, insert, left)
                .map(Answer::Rows),
            Action::Bulk(_) => Err(DriverError::unsupported("there is no bulk load")),
        }
    }

    fn affected(&self, statement: &Rendered, left: Option<Duration>) -> Result<u64, DriverError> {
        let params = bind::all(&self.session.spelling.values, &statement.params)?;
        let found = self.session.run(&statement.sql, &params, left)?;
        match found.map(u64::try_from) {
            Some(Ok(found)) => Ok(found),
            // Nobody expects a number then: see `check`.
            _ if !self.session.spelling.capabilities.row_counts => Ok(0),
            _ => Err(DriverError::new(
                Category::Protocol,
                "the ODBC driver does not tell how many rows a change found",
            )),
        }
    }

    fn returning(
        &self,
        step: usize,
        statement: &Rendered,
        insert: &Insert,
        left: Option<Duration>,
    ) -> Result<RowSet, DriverError> {
        let select = Select::columns(
            insert.table.clone(),
            insert.returning.iter().cloned(),
            quillback_plugin_api::sql::Expr::True,
        );
        let known = self
            .known
            .get(step)
            .map_or(&[][..], |known| known.as_slice());
        let columns = tables::headings(&select, known);
        let Keys::Ask(question, _) = self.session.spelling.keys else {
            return query(self.session, statement, &columns, left);
        };
        self.affected(statement, left)?;
        let asked = Rendered {
            sql: question.to_owned(),
            params: Vec::new(),
        };
        query(self.session, &asked, &columns, left)
    }
}

fn lost(error: DriverError) -> DriverError {
    DriverError {
        connection_lost: true,
        ..error
    }
}

fn query(
    session: &Session,
    statement: &Rendered,
    columns: &[(Column, Option<read::Cell>)],
    left: Option<Duration>,
) -> Result<RowSet, DriverError> {
    let mut rows = RowBuffer::new(columns.len());
    let headings = columns.iter().map(|(heading, _)| heading.clone()).collect();
    each(session, statement, columns, left, |cells, row| {
        cells.row(row, &mut rows, session.errors).map(|()| true)
    })?;
    Ok(RowSet {
        columns: headings,
        rows,
    })
}

/// Runs a query and hands each row over, as long as more are wanted.
///
/// # Errors
/// What the server says, and what `take` answers.
pub(crate) fn each(
    session: &Session,
    statement: &Rendered,
    columns: &[(Column, Option<read::Cell>)],
    left: Option<Duration>,
    mut take: impl FnMut(&mut read::Cells, &mut odbc_api::CursorRow<'_>) -> Result<bool, DriverError>,
) -> Result<(), DriverError> {
    session.check_text(&statement.sql)?;
    let params = bind::all(&session.spelling.values, &statement.params)?;
    let failed = |error| session.errors.translate(&error);
    let mut open = session.statement(left)?;
    let cursor = open
        .execute(&statement.sql, params.as_slice())
        .map_err(failed)?;
    let Some(mut cursor) = cursor else {
        return Err(DriverError::new(
            Category::Protocol,
            "the ODBC driver answered a query without rows",
        ));
    };
    let found = cursor.num_result_cols().map_err(failed)?;
    if usize::try_from(found).ok() != Some(columns.len()) {
        return Err(DriverError::new(
            Category::Protocol,
            "the ODBC driver answered with another number of columns",
        ));
    }
    let mut kinds = Vec::with_capacity(columns.len());
    for (at, (_, kind)) in (1_u16..).zip(columns) {
        kinds.push(match kind {
            Some(kind) => *kind,
            None => read::by_result(&cursor.col_data_type(at).map_err(failed)?),
        });
    }
    let mut cells = read::Cells::new(kinds);
    while let Some(mut row) = cursor.next_row().map_err(failed)? {
        if !take(&mut cells, &mut row)? {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
