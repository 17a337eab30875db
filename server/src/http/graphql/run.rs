//! Executes a GraphQL request in its own task, with a deadline and shielded from panics.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use async_graphql::{Data, Executor, Request, Response, parser::types::OperationType};
use futures_util::FutureExt;
use hyper::{HeaderMap, StatusCode};
use tokio::task::{AbortHandle, JoinHandle};
use tracing::Instrument;

use super::{Admitted, Envelope, Prepare, budget::Budgets};
use crate::{
    http::{Lifecycle, PublicError, RequestMeta},
    logging,
};

/// Called after the execution with the headers of the answer, for example to set a cookie.
/// Its error is answered in place of what was executed.
pub type Finish = Box<dyn FnOnce(&mut HeaderMap) -> Result<(), PublicError> + Send>;

/// What the hook adds to a request.
#[derive(Default)]
pub struct Prepared {
    /// What resolvers find in their context.
    pub data: Data,
    /// Whether this caller may ask for the schema and gets spelling suggestions.
    pub introspection: bool,
    /// Who calls, if somebody is signed in; limits of subscriptions are counted by it.
    pub caller: Option<String>,
    /// Whose budget of cost it is: the user's, or that of a network from which nobody is signed in.
    pub payer: String,
    /// Completes the headers of the answer.
    pub finish: Option<Finish>,
}

/// What an execution gave.
pub(super) struct Done {
    pub response: Response,
    pub introspection: bool,
    pub finish: Option<Finish>,
}

/// One request, ready to be executed.
pub(super) struct Job<E> {
    pub executor: E,
    pub prepare: Prepare,
    pub budgets: Arc<Budgets>,
    pub meta: RequestMeta,
    pub envelope: Envelope,
    pub admitted: Admitted,
}

/// Executes a request.
///
/// A query is stopped when its caller goes away or the deadline passes. A mutation is never stopped: it runs on in its
/// own task, which the shutdown waits for.
///
/// # Errors
/// What the hook refused; `TIMEOUT` or, for a mutation, `OUTCOME_UNKNOWN` after the deadline; `INTERNAL` after a panic.
pub(super) async fn run<E: Executor>(
    job: Job<E>,
    lifecycle: &Lifecycle,
    slot: impl Send + 'static,
) -> Result<Done, PublicError> {
    let kind = job.admitted.kind;
    let left = job.meta.deadline.saturating_duration_since(Instant::now());
    let shielded = AssertUnwindSafe(execute(job))
        .catch_unwind()
        .map(move |ended| {
            drop(slot);
            ended.unwrap_or_else(|_| Err(PublicError::internal(&logging::incident_of_panic())))
        });
    let mut task = lifecycle.spawn(shielded.instrument(tracing::Span::current()));
    let _stopped_with_caller =
        (kind != OperationType::Mutation).then(|| AbortOnDrop(task.abort_handle()));
    wait(&mut task, left)
        .await
        .unwrap_or_else(|| Err(too_late(kind)))
}

async fn wait(
    task: &mut JoinHandle<Result<Done, PublicError>>,
    left: Duration,
) -> Option<Result<Done, PublicError>> {
    let joined = tokio::time::timeout(left, task).await.ok()?;
    // The task is shielded from panics, so this is the runtime shutting down.
    Some(joined.unwrap_or_else(|_| Err(PublicError::unavailable("the server is stopping", 1))))
}

fn too_late(kind: OperationType) -> PublicError {
    if kind == OperationType::Mutation {
        let message = "the change takes longer than the time for a request; it is being finished, and its outcome can be asked for later";
        return PublicError::http(StatusCode::SERVICE_UNAVAILABLE, "OUTCOME_UNKNOWN", message);
    }
    let message = "the query took longer than the time for a request and was stopped; ask for less";
    PublicError::http(StatusCode::SERVICE_UNAVAILABLE, "TIMEOUT", message)
}

async fn execute<E: Executor>(job: Job<E>) -> Result<Done, PublicError> {
    let Envelope {
        query,
        operation_name,
        variables,
    } = job.envelope;
    let prepared = (job.prepare)(job.meta).await?;
    let cost = job.admitted.cost;
    job.budgets.spend(&prepared.payer, cost, Instant::now())?;
    if job.admitted.introspects && !prepared.introspection {
        return Err(super::introspection_disabled());
    }
    let mut request = Request::new(query).variables(variables);
    request.operation_name = operation_name.filter(|name| !name.is_empty());
    request.data = prepared.data;
    request.set_parsed_query(Arc::unwrap_or_clone(job.admitted.document));
    let response = job.executor.execute(request).await;
    Ok(Done {
        response,
        introspection: prepared.introspection,
        finish: prepared.finish,
    })
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
