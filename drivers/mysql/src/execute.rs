//! Batches: one transaction each, within its deadline, and never left open.

use std::future::Future;
use std::time::Duration;

use mysql_async::prelude::Queryable as _;
use quillback_plugin_api::batch::{Batch, BatchOutcome, Isolation, RenderedStep, Step};
use quillback_plugin_api::run::{self, Limits, Planned, Tally, Verdict};
use quillback_plugin_api::sql::Statement;
use quillback_plugin_api::{Category, DriverError};
use tokio::time::Instant;

use crate::Server;
use crate::capabilities;
use crate::connect::{NO_LIMIT, Session};
use crate::errors::from_client;
use crate::names;
use crate::pool::Lease;
use crate::statement;

/// Runs a batch.
///
/// # Errors
/// What the server says, with the step that failed; `Timeout` after the deadline.
pub(crate) async fn apply(server: &Server, batch: Batch) -> Result<BatchOutcome, DriverError> {
    let planned = plan(server, &batch)?;
    let deadline = Deadline::of(&batch);
    let mut lease = deadline
        .hold(server.pool.lease())
        .await
        .ok_or_else(too_late)??;
    let mut tally = Tally::new(&batch);
    if batch.is_read_only() && planned.len() == 1 {
        let work = read_once(server, &mut lease, &batch, &planned, &mut tally);
        return match deadline.hold(work).await {
            Some(result) => lease.settle(result).map(|verdict| outcome(tally, verdict)),
            None => Err(stop(lease).await),
        };
    }
    let work = async {
        begin(&mut lease, &batch).await?;
        steps(server, lease.session()?, &batch, &planned, &mut tally).await
    };
    match deadline.hold(work).await {
        None => Err(stop(lease).await),
        Some(Err(error)) => {
            roll_back(lease, &deadline).await;
            Err(error)
        }
        Some(Ok(Verdict::Refuse)) => {
            roll_back(lease, &deadline).await;
            Ok(tally.refused())
        }
        Some(Ok(Verdict::GoOn)) => commit(lease, &deadline).await.map(|()| tally.committed()),
    }
}

fn outcome(tally: Tally<'_>, verdict: Verdict) -> BatchOutcome {
    match verdict {
        Verdict::GoOn => tally.committed(),
        Verdict::Refuse => tally.refused(),
    }
}

fn plan<'b>(server: &Server, batch: &'b Batch) -> Result<Vec<Planned<'b>>, DriverError> {
    let planned = run::plan(batch, &server.dialect, limits(server, batch))?;
    for Planned { step, action } in &planned {
        if let Some(sent) = action.statement() {
            names::check_sql(&sent.sql).map_err(|error| error.at_step(*step))?;
        }
    }
    Ok(planned)
}

/// The statements of a batch, for people.
///
/// # Errors
/// `Unsupported` where a step cannot be expressed.
pub(crate) fn render(server: &Server, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
    plan(server, batch)?;
    run::render(batch, &server.dialect, limits(server, batch))
}

/// Chunks of inserts keep within the largest packet of the server as well as within its number of parameters.
fn limits(server: &Server, batch: &Batch) -> Limits {
    let limits = Limits::of(&capabilities::best());
    // Half of it is left for the text, and for encodings that take more room than ours.
    let room = server.greeting.max_packet / 2;
    let most = batch.steps.iter().filter_map(|step| match step {
        Step::Write {
            statement: Statement::Insert(insert),
            ..
        } => Some(&insert.rows),
        _ => None,
    });
    let fitting = most.filter(|rows| rows.bytes().len() > room).map(|rows| {
        let largest = rows
            .iter()
            .map(|row| row.filter_map(Result::ok).map(size).sum::<usize>())
            .max();
        room / largest.unwrap_or(1).max(1)
    });
    let max_insert_rows = fitting
        .min()
        .unwrap_or(usize::MAX)
        .clamp(1, limits.max_insert_rows);
    Limits {
        max_insert_rows,
        ..limits
    }
}

fn size(value: quillback_plugin_api::ValueRef<'_>) -> usize {
    use quillback_plugin_api::ValueRef as V;
    match value {
        V::Text(text) | V::Json(text) | V::Decimal(text) | V::Special(_, text) => text.len() + 16,
        V::Bytes(bytes) => bytes.len() + 16,
        _ => 48,
    }
}

/// When a batch must be done.
struct Deadline(Option<Instant>);

impl Deadline {
    fn of(batch: &Batch) -> Self {
        let limit = Duration::from_millis(batch.deadline_ms.into());
        Self((batch.deadline_ms > 0).then(|| Instant::now() + limit))
    }

    /// The answer of `work`, or nothing when it takes too long.
    async fn hold<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        match self.0 {
            Some(deadline) => tokio::time::timeout_at(deadline, work).await.ok(),
            None => Some(work.await),
        }
    }
}

fn too_late() -> DriverError {
    DriverError::new(
        Category::Timeout,
        "the deadline of the batch passed; nothing took effect",
    )
}

/// Ends what runs on the connection, on the server too, and says why.
async fn stop(lease: Lease) -> DriverError {
    lease.stop().await;
    too_late()
}

/// One read needs no transaction. A connection that the server closed while it waited is replaced.
async fn read_once(
    server: &Server,
    lease: &mut Lease,
    batch: &Batch,
    planned: &[Planned<'_>],
    tally: &mut Tally<'_>,
) -> Result<Verdict, DriverError> {
    let first = steps(server, lease.session()?, batch, planned, tally).await;
    if first.as_ref().is_err_and(|error| error.connection_lost) && lease.is_reused() {
        lease.renew().await?;
        return steps(server, lease.session()?, batch, planned, tally).await;
    }
    first
}

/// Starts the transaction. A connection that the server closed while it waited is replaced: nothing was done on it.
async fn begin(lease: &mut Lease, batch: &Batch) -> Result<(), DriverError> {
    let first = start(lease.session()?, batch).await;
    if first.as_ref().is_err_and(|error| error.connection_lost) && lease.is_reused() {
        lease.renew().await?;
        return start(lease.session()?, batch).await;
    }
    first
}

/// One round trip, whatever has to be set.
async fn start(session: &mut Session, batch: &Batch) -> Result<(), DriverError> {
    let mut sql = String::new();
    // Longer than the deadline, which ends the wait first and exactly; this is for the case that nobody is left to.
    let lock_wait = match batch.deadline_ms {
        0 => NO_LIMIT,
        limit => limit.div_ceil(1_000) + 1,
    };
    if session.lock_wait != lock_wait {
        sql = format!("SET SESSION innodb_lock_wait_timeout = {lock_wait};");
    }
    sql.push_str(match batch.isolation {
        Isolation::Default => "",
        Isolation::RepeatableRead => "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;",
        Isolation::Serializable => "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;",
    });
    sql.push_str(if batch.is_read_only() {
        "START TRANSACTION READ ONLY"
    } else {
        "START TRANSACTION"
    });
    session.conn.query_drop(sql).await.map_err(from_client)?;
    session.lock_wait = lock_wait;
    Ok(())
}

async fn steps(
    server: &Server,
    session: &mut Session,
    batch: &Batch,
    planned: &[Planned<'_>],
    tally: &mut Tally<'_>,
) -> Result<Verdict, DriverError> {
    let mut coming = planned.iter().peekable();
    while let Some(Planned { step, action }) = coming.next() {
        let Some(what) = batch.steps.get(*step) else {
            continue;
        };
        let answer = statement::run(session, &server.tables, what, action).await;
        let answer = answer.map_err(|error| error.at_step(*step))?;
        let is_last = coming.peek().is_none_or(|next| next.step != *step);
        if tally.record(*step, is_last, action, answer) == Verdict::Refuse {
            return Ok(Verdict::Refuse);
        }
    }
    Ok(Verdict::GoOn)
}

/// Rolls back and gives the connection back; one that cannot even do that is closed, which rolls back too.
async fn roll_back(mut lease: Lease, deadline: &Deadline) {
    let Ok(session) = lease.session() else {
        return lease.discard();
    };
    match deadline.hold(session.conn.query_drop("ROLLBACK")).await {
        Some(Ok(())) => lease.give_back(),
        Some(Err(_)) => lease.discard(),
        None => lease.stop().await,
    }
}

/// Commits. Until the server answers nobody knows whether it did.
async fn commit(mut lease: Lease, deadline: &Deadline) -> Result<(), DriverError> {
    let committing = lease.session()?.conn.query_drop("COMMIT");
    let Some(result) = deadline.hold(committing).await else {
        lease.stop().await;
        let message = "the deadline of the batch passed while it was committed";
        let error = DriverError::new(Category::Timeout, message);
        return Err(DriverError {
            connection_lost: true,
            outcome_unknown: true,
            ..error
        });
    };
    match result.map_err(from_client) {
        Ok(()) => {
            lease.give_back();
            Ok(())
        }
        Err(error) if error.connection_lost => {
            lease.discard();
            Err(DriverError {
                outcome_unknown: true,
                ..error
            })
        }
        Err(error) => {
            roll_back(lease, deadline).await;
            Err(error)
        }
    }
}
