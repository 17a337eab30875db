//! Batches: one transaction each, within its deadline, and never left open.

use std::future::Future;
use std::time::Duration;

use quillback_plugin_api::batch::{Batch, BatchOutcome, RenderedStep};
use quillback_plugin_api::run::{self, Action, Limits, Planned, Tally, Verdict};
use quillback_plugin_api::{Category, DriverError};
use tokio::time::Instant;

use crate::Server;
use crate::connect::{self, Session};
use crate::flavor::{Counts, Flavor};
use crate::nulls;
use crate::pool::Lease;
use crate::statement;

/// Runs a batch.
///
/// # Errors
/// What the server says, with the step that failed; `Timeout` after the deadline.
pub(crate) async fn apply(server: &Server, batch: Batch) -> Result<BatchOutcome, DriverError> {
    let planned = plan(server.flavor, &batch)?;
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
        begin(server, &mut lease, &batch).await?;
        steps(server, lease.session()?, &batch, &planned, &mut tally).await
    };
    match deadline.hold(work).await {
        None => Err(stop(lease).await),
        Some(Err(error)) => {
            roll_back(server, &batch, lease, &deadline).await;
            Err(error)
        }
        Some(Ok(Verdict::Refuse)) => {
            roll_back(server, &batch, lease, &deadline).await;
            Ok(tally.refused())
        }
        Some(Ok(Verdict::GoOn)) => commit(server, &batch, lease, &deadline)
            .await
            .map(|()| tally.committed()),
    }
}

fn outcome(tally: Tally<'_>, verdict: Verdict) -> BatchOutcome {
    match verdict {
        Verdict::GoOn => tally.committed(),
        Verdict::Refuse => tally.refused(),
    }
}

/// The statements of a batch, each of which asks in the same breath for what it did.
fn plan<'b>(flavor: &Flavor, batch: &'b Batch) -> Result<Vec<Planned<'b>>, DriverError> {
    let limits = Limits::of(&(flavor.capabilities)());
    let mut planned = run::plan(batch, flavor.dialect, limits)?;
    for Planned { action, .. } in &mut planned {
        match (action, flavor.counts) {
            (Action::Execute(statement), Counts::Asked(question)) => {
                statement.sql.push_str(question);
            }
            (Action::Returning { statement, .. }, _) => {
                statement.sql.push_str(flavor.made_key.unwrap_or_default());
            }
            _ => {}
        }
    }
    Ok(planned)
}

/// The statements of a batch, for people.
///
/// # Errors
/// `Unsupported` where a step cannot be expressed.
pub(crate) fn render(flavor: &Flavor, batch: &Batch) -> Result<Vec<RenderedStep>, DriverError> {
    let mut steps = run::rendered(&plan(flavor, batch)?);
    for step in &mut steps {
        step.statement = nulls::left_out(&step.statement);
    }
    Ok(steps)
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
async fn begin(server: &Server, lease: &mut Lease, batch: &Batch) -> Result<(), DriverError> {
    let first = start(server.flavor, lease.session()?, batch).await;
    if first.as_ref().is_err_and(|error| error.connection_lost) && lease.is_reused() {
        lease.renew().await?;
        return start(server.flavor, lease.session()?, batch).await;
    }
    first
}

/// One round trip.
async fn start(flavor: &Flavor, session: &mut Session, batch: &Batch) -> Result<(), DriverError> {
    let level = set_level(
        flavor,
        session,
        batch,
        (flavor.level)(batch.isolation, &session.greeting),
    );
    let sql = format!("{level}BEGIN TRANSACTION");
    connect::run(&mut session.conn, &sql).await
}

/// Ends a transaction. The level belongs to the session: it goes back to the usual one.
fn end(flavor: &Flavor, session: &Session, batch: &Batch, how: &str) -> String {
    format!(
        "{how}; {}",
        set_level(flavor, session, batch, flavor.usual_level)
    )
}

/// Sets the level where the batch wants another than the usual one.
fn set_level(flavor: &Flavor, session: &Session, batch: &Batch, level: &str) -> String {
    if (flavor.level)(batch.isolation, &session.greeting) == flavor.usual_level {
        String::new()
    } else {
        format!("SET TRANSACTION ISOLATION LEVEL {level}; ")
    }
}

const ROLLBACK: &str = "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION";
const COMMIT: &str = "COMMIT TRANSACTION";

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
        let answer = statement::run(session, server, what, action).await;
        let answer = answer.map_err(|error| error.at_step(*step))?;
        let is_last = coming.peek().is_none_or(|next| next.step != *step);
        if tally.record(*step, is_last, action, answer) == Verdict::Refuse {
            return Ok(Verdict::Refuse);
        }
    }
    Ok(Verdict::GoOn)
}

/// Rolls back and gives the connection back; one that cannot even do that is closed, which rolls back too.
async fn roll_back(server: &Server, batch: &Batch, mut lease: Lease, deadline: &Deadline) {
    let Ok(session) = lease.session() else {
        return lease.discard();
    };
    let sql = end(server.flavor, session, batch, ROLLBACK);
    match deadline.hold(connect::run(&mut session.conn, &sql)).await {
        Some(Ok(())) => lease.give_back(),
        Some(Err(_)) => lease.discard(),
        None => lease.stop().await,
    }
}

/// Commits. Until the server answers nobody knows whether it did.
async fn commit(
    server: &Server,
    batch: &Batch,
    mut lease: Lease,
    deadline: &Deadline,
) -> Result<(), DriverError> {
    let session = lease.session()?;
    let sql = end(server.flavor, session, batch, COMMIT);
    let committing = connect::run(&mut session.conn, &sql);
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
    match result {
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
            roll_back(server, batch, lease, deadline).await;
            Err(error)
        }
    }
}
