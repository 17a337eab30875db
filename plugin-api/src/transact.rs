//! Runs a batch on a connection of a [`Pool`]: one transaction, within its deadline, and never left open.
//!
//! For databases that answer one statement after the other. What is sent, and how a transaction begins and ends, is the
//! driver's ([`Transact`]); what becomes of the connection and what is said when nobody knows the outcome is here.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::batch::{Batch, BatchOutcome, Step};
use crate::error::{Category, DriverError};
use crate::pool::{Connector, Lease, Pool};
use crate::run::{Action, Answer, Planned, Tally, Verdict};

/// What one database does for a batch, on a session `S` that nobody else uses.
pub trait Transact<S>: Sync {
    /// Starts the transaction of `batch`.
    ///
    /// # Errors
    /// What the server says.
    fn begin(
        &self,
        session: &mut S,
        batch: &Batch,
    ) -> impl Future<Output = Result<(), DriverError>> + Send;

    /// Sends a planned statement of `step` and reads its answer.
    ///
    /// # Errors
    /// What the server says, and values that do not fit.
    fn send(
        &self,
        session: &mut S,
        step: &Step,
        action: &Action<'_>,
    ) -> impl Future<Output = Result<Answer, DriverError>> + Send;

    /// Commits, and leaves the session as it was before [`Transact::begin`].
    ///
    /// # Errors
    /// What the server says.
    fn commit(
        &self,
        session: &mut S,
        batch: &Batch,
    ) -> impl Future<Output = Result<(), DriverError>> + Send;

    /// Rolls back, also what has rolled back by itself, and leaves the session as it was before [`Transact::begin`].
    ///
    /// # Errors
    /// What the server says.
    fn roll_back(
        &self,
        session: &mut S,
        batch: &Batch,
    ) -> impl Future<Output = Result<(), DriverError>> + Send;
}

/// Runs a batch that was planned.
///
/// # Errors
/// What the server says, with the step that failed; `Timeout` after the deadline. Nothing took effect then unless the
/// error says that the outcome is unknown.
pub async fn apply<C: Connector>(
    pool: &Pool<C>,
    database: &impl Transact<C::Session>,
    batch: &Batch,
    planned: &[Planned<'_>],
) -> Result<BatchOutcome, DriverError> {
    let work = Work {
        database,
        batch,
        planned,
        deadline: Deadline::of(batch),
    };
    let leased = work.deadline.hold(pool.lease()).await;
    let lease = leased.ok_or_else(too_late)??;
    if batch.is_read_only() && planned.len() == 1 {
        work.alone(lease).await
    } else {
        work.together(lease).await
    }
}

struct Work<'a, D> {
    database: &'a D,
    batch: &'a Batch,
    planned: &'a [Planned<'a>],
    deadline: Deadline,
}

impl<D> Work<'_, D> {
    /// One read needs no transaction. A connection that the server closed while it waited is replaced.
    async fn alone<C>(&self, mut lease: Lease<C>) -> Result<BatchOutcome, DriverError>
    where
        C: Connector,
        D: Transact<C::Session>,
    {
        let mut tally = Tally::new(self.batch);
        let reading = async {
            let first = self.steps(lease.session()?, &mut tally).await;
            if is_stale(&first, &lease) {
                lease.renew().await?;
                return self.steps(lease.session()?, &mut tally).await;
            }
            first
        };
        match self.deadline.hold(reading).await {
            None => Err(stop(lease).await),
            Some(read) => lease.settle(read).map(|verdict| match verdict {
                Verdict::GoOn => tally.committed(),
                Verdict::Refuse => tally.refused(),
            }),
        }
    }

    /// All steps in one transaction.
    async fn together<C>(&self, mut lease: Lease<C>) -> Result<BatchOutcome, DriverError>
    where
        C: Connector,
        D: Transact<C::Session>,
    {
        let mut tally = Tally::new(self.batch);
        let working = async {
            self.begin(&mut lease).await?;
            self.steps(lease.session()?, &mut tally).await
        };
        match self.deadline.hold(working).await {
            None => Err(stop(lease).await),
            Some(Err(error)) => {
                self.roll_back(lease).await;
                Err(error)
            }
            Some(Ok(Verdict::Refuse)) => {
                self.roll_back(lease).await;
                Ok(tally.refused())
            }
            Some(Ok(Verdict::GoOn)) => self.commit(lease).await.map(|()| tally.committed()),
        }
    }

    /// Starts the transaction. A connection that the server closed while it waited is replaced: nothing was done on it.
    async fn begin<C>(&self, lease: &mut Lease<C>) -> Result<(), DriverError>
    where
        C: Connector,
        D: Transact<C::Session>,
    {
        let first = self.database.begin(lease.session()?, self.batch).await;
        if is_stale(&first, lease) {
            lease.renew().await?;
            return self.database.begin(lease.session()?, self.batch).await;
        }
        first
    }

    async fn steps<S>(&self, session: &mut S, tally: &mut Tally<'_>) -> Result<Verdict, DriverError>
    where
        D: Transact<S>,
    {
        let mut coming = self.planned.iter().peekable();
        while let Some(Planned { step, action }) = coming.next() {
            let Some(what) = self.batch.steps.get(*step) else {
                continue;
            };
            let answer = self.database.send(session, what, action).await;
            let answer = answer.map_err(|error| error.at_step(*step))?;
            let is_last = coming.peek().is_none_or(|next| next.step != *step);
            if tally.record(*step, is_last, action, answer) == Verdict::Refuse {
                return Ok(Verdict::Refuse);
            }
        }
        Ok(Verdict::GoOn)
    }

    /// Rolls back and gives the connection back; one that cannot even do that is closed, which rolls back too.
    async fn roll_back<C>(&self, mut lease: Lease<C>)
    where
        C: Connector,
        D: Transact<C::Session>,
    {
        let Ok(session) = lease.session() else {
            return lease.discard();
        };
        let rolling_back = self.database.roll_back(session, self.batch);
        match self.deadline.hold(rolling_back).await {
            Some(Ok(())) => lease.give_back(),
            Some(Err(_)) => lease.discard(),
            None => lease.stop().await,
        }
    }

    /// Commits. Until the server answers nobody knows whether it did.
    async fn commit<C>(&self, mut lease: Lease<C>) -> Result<(), DriverError>
    where
        C: Connector,
        D: Transact<C::Session>,
    {
        let committing = self.database.commit(lease.session()?, self.batch);
        let Some(committed) = self.deadline.hold(committing).await else {
            lease.stop().await;
            let message = "the deadline of the batch passed while it was committed";
            return Err(DriverError {
                connection_lost: true,
                outcome_unknown: true,
                ..DriverError::new(Category::Timeout, message)
            });
        };
        match committed {
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
                self.roll_back(lease).await;
                Err(error)
            }
        }
    }
}

/// Whether a call failed only because the server had closed the connection while it waited.
fn is_stale<T, C: Connector>(result: &Result<T, DriverError>, lease: &Lease<C>) -> bool {
    result.as_ref().is_err_and(|error| error.connection_lost) && lease.is_reused()
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
async fn stop<C: Connector>(lease: Lease<C>) -> DriverError {
    lease.stop().await;
    too_late()
}

#[cfg(test)]
mod tests;
