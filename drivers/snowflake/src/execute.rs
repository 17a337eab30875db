//! Batches: a transaction of one session each; a single read needs none.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep, Step, StepOutcome};
use quillback_plugin_api::keys::duplicate;
use quillback_plugin_api::rows::RowSet;
use quillback_plugin_api::sql::{Rendered, Select};
use quillback_plugin_api::{Category, DriverError, RowBuffer, TableRef};
use tokio::time::Instant;

use crate::Server;
use crate::plan::{self, Planned, Wanted};
use crate::result::Answered;
use crate::session::Session;
use crate::stream;

/// Runs a batch.
///
/// # Errors
/// What the service says, with the step that failed; `Timeout` after the deadline.
pub(crate) async fn apply(server: &Server, mut batch: Batch) -> Result<BatchOutcome, DriverError> {
    let tables = crate::names::qualify(&mut batch, &server.schema);
    let limit = Duration::from_millis(batch.deadline_ms.into());
    let deadline = (batch.deadline_ms > 0).then(|| Instant::now() + limit);
    let is_committing = AtomicBool::new(false);
    let work = run(server, &batch, tables, &is_committing);
    let Some(deadline) = deadline else {
        return work.await;
    };
    tokio::time::timeout_at(deadline, work)
        .await
        .unwrap_or_else(|_| {
            let message = "the deadline of the batch passed; the service was asked to stop it";
            Err(DriverError {
                // Dropping the work ends the session, which rolls back unless the commit is under way.
                outcome_unknown: is_committing.load(Ordering::Acquire) && !batch.is_read_only(),
                ..DriverError::new(Category::Timeout, message)
            })
        })
}

async fn run(
    server: &Server,
    batch: &Batch,
    tables: Vec<TableRef>,
    is_committing: &AtomicBool,
) -> Result<BatchOutcome, DriverError> {
    if batch.steps.is_empty() {
        return Ok(BatchOutcome::Committed(Vec::new()));
    }
    let mut lease = server.pool.get().await?;
    let session = lease.session()?;
    let planned = plan(server, session, batch, tables).await;
    let result = match planned {
        Ok(planned) => in_session(session, batch, &planned, is_committing).await,
        Err(error) => Err(error),
    };
    lease.give_back();
    result
}

async fn plan(
    server: &Server,
    session: &mut Session,
    batch: &Batch,
    tables: Vec<TableRef>,
) -> Result<Vec<Planned>, DriverError> {
    let known = server.tables.known(session, tables.clone()).await?;
    if let Ok(planned) = plan::batch(batch, &known) {
        return Ok(planned);
    }
    // What is remembered may be out of date: only the tables as they are now refuse a value.
    server.tables.forget();
    let known = server.tables.known(session, tables).await?;
    plan::batch(batch, &known)
}

async fn in_session(
    session: &mut Session,
    batch: &Batch,
    planned: &[Planned],
    is_committing: &AtomicBool,
) -> Result<BatchOutcome, DriverError> {
    if matches!(batch.steps.as_slice(), [Step::Read { .. }]) {
        return steps(session, batch, planned).await;
    }
    session.begin().await?;
    let outcome = steps(session, batch, planned).await;
    if matches!(outcome, Ok(BatchOutcome::Committed(_))) {
        is_committing.store(true, Ordering::Release);
        session.commit().await.map_err(|error| DriverError {
            outcome_unknown: error.connection_lost && !batch.is_read_only(),
            ..error
        })?;
    } else {
        session.roll_back().await;
    }
    outcome
}

async fn steps(
    session: &mut Session,
    batch: &Batch,
    planned: &[Planned],
) -> Result<BatchOutcome, DriverError> {
    let mut done = Vec::with_capacity(planned.len());
    for (at, (step, planned)) in batch.steps.iter().zip(planned).enumerate() {
        let outcome = one(session, step, planned)
            .await
            .map_err(|error| error.at_step(at))?;
        let found = outcome.found;
        done.push(outcome);
        if !planned.expect.holds(found) {
            return Ok(BatchOutcome::Refused {
                step: u32::try_from(at).unwrap_or(u32::MAX),
                found,
                done,
            });
        }
    }
    Ok(BatchOutcome::Committed(done))
}

async fn one(
    session: &mut Session,
    step: &Step,
    planned: &Planned,
) -> Result<StepOutcome, DriverError> {
    let mut outcome = StepOutcome::default();
    for part in &planned.parts {
        let is_read = matches!(step, Step::Read { .. } | Step::Check { .. });
        let mut answered = session.run(&part.statement, is_read).await?;
        if let (Wanted::Rows, Step::Read { select, .. }) = (part.wanted, step) {
            let rows = rows(select, &mut answered).await?;
            outcome.found = rows.rows.len() as u64;
            outcome.rows = Some(rows);
            continue;
        }
        let number = answered.number().await?;
        match part.wanted {
            Wanted::AllOf(all) | Wanted::Alone(all) if number != all => {
                return Err(duplicate());
            }
            Wanted::Alone(_) => {}
            Wanted::Rows | Wanted::Counted | Wanted::AllOf(_) => outcome.found += number,
        }
    }
    Ok(outcome)
}

async fn rows(select: &Select, answered: &mut Answered) -> Result<RowSet, DriverError> {
    let (columns, kinds) = stream::shape(select, answered);
    let mut rows = RowBuffer::new(kinds.len());
    while let Some(piece) = answered.next().await? {
        for row in &piece {
            stream::append(&kinds, row, &mut rows);
        }
    }
    Ok(RowSet { columns, rows })
}

/// The statements of a batch, for people. Keys are looked for in what is known of the tables at the moment.
///
/// # Errors
/// `Unsupported` where a step cannot be expressed.
pub(crate) fn render(server: &Server, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
    let mut batch = batch.clone();
    let tables = crate::names::qualify(&mut batch, &server.schema).into_iter();
    let known = tables.filter_map(|table| {
        let found = server.tables.remembered(&table)?;
        Some((table, found))
    });
    let planned = plan::batch(&batch, &known.collect())?;
    let mut rendered = Vec::new();
    for (at, step) in planned.into_iter().enumerate() {
        for part in step.parts {
            let params = part.statement.values.into_iter().map(Into::into);
            rendered.push(RenderedStep {
                step: u32::try_from(at).unwrap_or(u32::MAX),
                statement: Rendered {
                    sql: part.statement.sql,
                    params: params.collect(),
                },
            });
        }
    }
    Ok(rendered)
}
