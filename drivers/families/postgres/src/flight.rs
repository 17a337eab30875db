//! The flights of one batch: what goes out, what comes back, and how it ends.

use std::sync::Arc;

use postgres_protocol::message::frontend;
use quillback_plugin_api::batch::{Batch, BatchOutcome};
use quillback_plugin_api::run::{Action, Answer, Tally, Verdict};
use quillback_plugin_api::{Category, DriverError, RowBuffer, RowSet};

use crate::connection::Connection;
use crate::errors::{Failed, protocol};
use crate::guard::Shape;
use crate::keys;
use crate::plan::{COMMIT, Ending, Part, Plan, Role};
use crate::statements::{self, Statement};
use crate::types::lookup::Types;

/// A failure, and the step it happened in.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) step: Option<usize>,
    pub(crate) failed: Failed,
}

impl Failure {
    /// The error that the caller gets.
    pub(crate) fn into_error(self) -> DriverError {
        let error = DriverError::from(self.failed);
        match self.step {
            Some(step) => error.at_step(step),
            None => error,
        }
    }
}

impl<F: Into<Failed>> From<F> for Failure {
    fn from(failed: F) -> Self {
        Self {
            step: None,
            failed: failed.into(),
        }
    }
}

/// Takes a plan through a connection: one flight or two, and a roll-back where something failed.
///
/// # Errors
/// What failed, and in which step; nothing took effect then unless the error says that it is unknown.
pub(crate) async fn fly(
    on: &mut Connection,
    plan: &Plan<'_>,
    batch: &Batch,
    types: &Types,
) -> Result<BatchOutcome, Failure> {
    if plan.has_copy() {
        begin_to_copy(on, plan).await?;
    }
    let ready = prepare(on, plan, types).await.and_then(|ready| {
        load(on, plan, &ready, types.money_scale())?;
        Ok(ready)
    });
    let ready = match ready {
        Ok(ready) => ready,
        Err(failure) => {
            roll_back(on).await?;
            return Err(failure);
        }
    };
    let one_flight = plan.ending == Ending::FirstFlight;
    if one_flight && plan.writes {
        on.depart_to_commit();
    } else {
        on.depart();
    }
    let mut tally = Tally::new(batch);
    let answered = answers(on, plan, &ready, &mut tally).await;
    let answered = match answered {
        Ok(Verdict::GoOn) if one_flight && plan.begin.is_some() => on
            .answer_to_commit()
            .await
            .map(|()| Verdict::GoOn)
            .map_err(Failure::from),
        other => other,
    };
    // What failed first says why; a connection that broke has nothing more to say.
    let landed = match &answered {
        Err(Failure {
            failed: Failed::Driver(error),
            ..
        }) if error.connection_lost => Ok(()),
        _ => on.land().await,
    };
    let settled = match (answered, landed) {
        (Ok(verdict), Ok(())) => Ok(verdict),
        // A step after the one that refused failed as well; the refusal came first, and the transaction is still open.
        (Ok(Verdict::Refuse), Err(Failed::Server(_))) if !(one_flight && plan.writes) => {
            Ok(Verdict::Refuse)
        }
        (Ok(_), Err(failed)) => Err(failed.into()),
        (Err(failure), _) => Err(failure),
    };
    match settled {
        Ok(Verdict::GoOn) => {
            if !one_flight {
                commit(on).await?;
            }
            Ok(tally.committed())
        }
        Ok(Verdict::Refuse) if one_flight && plan.writes => Err(slipped().into()),
        Ok(Verdict::Refuse) => {
            roll_back(on).await?;
            Ok(tally.refused())
        }
        Err(mut failure) => {
            if let Failed::Driver(error) = &mut failure.failed {
                error.outcome_unknown |= on.is_committing();
            }
            let rolled_back = roll_back(on).await;
            refused_by_guard(failure, plan, tally, rolled_back)
        }
    }
}

/// Begins the transaction of a batch with a large insert. The types of its columns are asked for inside: what COPY is
/// sent is read as of the types that the columns have then, so that these must not change in between.
async fn begin_to_copy(on: &mut Connection, plan: &Plan<'_>) -> Result<(), Failure> {
    let copies = plan.parts.iter().filter_map(|part| part.copy.as_ref());
    on.forget(copies.map(|copy| copy.probe.as_str()))?;
    let begin = plan.begin.unwrap_or("BEGIN");
    frontend::query(begin, on.out()).map_err(|_| protocol("a command with NUL"))?;
    on.depart_alone();
    Ok(on.land().await?)
}

/// A statement passed its guard on the server and still answered with another count.
fn slipped() -> DriverError {
    let message = "a row count is not the one that the server itself checked";
    let mut error = DriverError::new(Category::Internal, message);
    error.outcome_unknown = true;
    error
}

/// The statements of a plan, prepared.
struct Ready {
    begin: Option<Arc<Statement>>,
    parts: Vec<Arc<Statement>>,
    commit: Option<Arc<Statement>>,
}

async fn prepare(on: &mut Connection, plan: &Plan<'_>, types: &Types) -> Result<Ready, Failure> {
    let statements = plan.statements();
    let texts: Vec<_> = statements.iter().map(|(_, text)| *text).collect();
    let prepared = on.prepare(&texts, types).await;
    let prepared = prepared.map_err(|(position, failed)| Failure {
        step: statements.get(position).and_then(|(step, _)| *step),
        failed,
    })?;
    let mut prepared = prepared.into_iter();
    Ok(Ready {
        begin: plan.begin_in_flight().and_then(|_| prepared.next()),
        parts: prepared.by_ref().take(plan.parts.len()).collect(),
        commit: prepared.next(),
    })
}

/// Appends the whole first flight, or nothing when a value does not fit.
fn load(
    on: &mut Connection,
    plan: &Plan<'_>,
    ready: &Ready,
    money_scale: u8,
) -> Result<(), Failure> {
    let start = on.out().len();
    let loaded = try_load(on, plan, ready, money_scale);
    if loaded.is_err() {
        on.out().truncate(start);
    }
    loaded
}

fn try_load(
    on: &mut Connection,
    plan: &Plan<'_>,
    ready: &Ready,
    money_scale: u8,
) -> Result<(), Failure> {
    if let Some(begin) = &ready.begin {
        on.bind(begin, &[], money_scale)?;
    }
    for (part, statement) in plan.parts.iter().zip(&ready.parts) {
        let written = match (&part.action, &part.copy) {
            (Action::Bulk(insert), Some(copy)) => {
                copy.write(on, insert, &statement.params, money_scale)
            }
            _ => on.bind(statement, part.params(), money_scale),
        };
        written.map_err(|error| Failure {
            step: Some(part.step),
            failed: error.into(),
        })?;
    }
    if let Some(commit) = &ready.commit {
        on.bind(commit, &[], money_scale)?;
    }
    Ok(())
}

/// Reads the answers of all statements, or up to the first that fails or refuses.
async fn answers(
    on: &mut Connection,
    plan: &Plan<'_>,
    ready: &Ready,
    tally: &mut Tally<'_>,
) -> Result<Verdict, Failure> {
    if ready.begin.is_some() {
        on.answer(|_| None).await?;
    }
    for (part, statement) in plan.parts.iter().zip(&ready.parts) {
        let answer = answer(on, part, &statement.shape)
            .await
            .map_err(|failed| Failure {
                step: Some(part.step),
                failed,
            })?;
        match part.role {
            Role::Own => {}
            Role::Lock => continue,
            Role::Unique if is_zero(&answer) => continue,
            Role::Unique => {
                return Err(Failure {
                    step: Some(part.step),
                    failed: keys::duplicate().into(),
                });
            }
        }
        let verdict = tally.record(part.step, part.last, &part.action, answer);
        if verdict == Verdict::Refuse {
            return Ok(verdict);
        }
    }
    Ok(Verdict::GoOn)
}

/// Whether a count found nothing.
fn is_zero(answer: &Answer) -> bool {
    let Answer::Rows(rows) = answer else {
        return false;
    };
    rows.rows.first().and_then(|cell| cell.to_owned().as_i64()) == Some(0)
}

async fn answer(
    on: &mut Connection,
    part: &Part<'_>,
    shape: &statements::Shape,
) -> Result<Answer, Failed> {
    if matches!(
        (&part.action, part.shape),
        (Action::Execute(_), Shape::Plain) | (Action::Bulk(_), _)
    ) {
        return on.answer(|_| None).await.map(Answer::Affected);
    }
    let mut rows = RowBuffer::new(shape.decodes.len());
    let mut scratch = String::new();
    on.answer(|row| shape.row(row, &mut rows, &mut scratch))
        .await?;
    if part.shape == Shape::Counted {
        let count = rows.first().and_then(|cell| cell.to_owned().as_i64());
        let count = count.and_then(|count| u64::try_from(count).ok());
        return count
            .map(Answer::Affected)
            .ok_or_else(|| protocol("a count of rows").into());
    }
    Ok(Answer::Rows(RowSet {
        columns: shape.columns.clone(),
        rows,
    }))
}

/// Sends the commit by itself, once every answer is as expected.
async fn commit(on: &mut Connection) -> Result<(), Failure> {
    frontend::query(COMMIT, on.out()).map_err(|_| protocol("a command with NUL"))?;
    on.depart_alone_to_commit();
    let answered = on.answer_to_commit().await;
    if answered.as_ref().is_err_and(is_lost) {
        return Ok(answered?);
    }
    let landed = on.land().await;
    Ok(answered.and(landed)?)
}

fn is_lost(failed: &Failed) -> bool {
    matches!(failed, Failed::Driver(error) if error.connection_lost)
}

/// Ends an open transaction; where there is none, does nothing.
async fn roll_back(on: &mut Connection) -> Result<(), Failure> {
    if !on.in_transaction() {
        return Ok(());
    }
    frontend::query("ROLLBACK", on.out()).map_err(|_| protocol("a command with NUL"))?;
    on.depart_alone();
    Ok(on.land().await?)
}

/// Turns the error of a guard into the refusal that it is.
fn refused_by_guard(
    failure: Failure,
    plan: &Plan<'_>,
    mut tally: Tally<'_>,
    rolled_back: Result<(), Failure>,
) -> Result<BatchOutcome, Failure> {
    let (Some(step), Failed::Server(error)) = (failure.step, &failure.failed) else {
        return Err(failure);
    };
    let part = plan
        .parts
        .iter()
        .find(|part| part.step == step && part.is_guarded());
    let (Some(found), Some(part)) = (error.found(), part) else {
        return Err(failure);
    };
    rolled_back?;
    let answer = Answer::Affected(found);
    let verdict = tally.record(step, true, &part.action, answer);
    debug_assert_eq!(verdict, Verdict::Refuse);
    Ok(tally.refused())
}
