//! Subscriptions over WebSocket and over server-sent events, behind the same gate as every other document.

pub(super) mod events;
mod protocol;
mod seats;
pub(super) mod socket;

use std::{sync::Arc, time::Instant};

use async_graphql::{Executor, Request, Response, parser::types::OperationType};
use futures_util::stream::BoxStream;

use self::seats::Seat;
pub(super) use self::seats::Seats;
use super::{Endpoint, Envelope};
use crate::http::{PublicError, RequestMeta, metrics};

/// A subscription that runs.
pub(super) struct Running {
    /// Its events.
    pub(super) responses: BoxStream<'static, Response>,
    /// Whether the caller gets spelling suggestions.
    pub(super) suggestions: bool,
    /// Counts it for as long as it runs.
    _seat: Seat,
}

/// Starts the subscription of a document.
///
/// # Errors
/// What the gate or the hook refused, `UNAUTHENTICATED` for callers who are not signed in, `LIMIT_EXCEEDED` for those
/// who have enough subscriptions.
pub(super) async fn start<E: Executor>(
    endpoint: &Endpoint<E>,
    envelope: Envelope,
    meta: RequestMeta,
) -> Result<Running, PublicError> {
    let started = Instant::now();
    let answered = begin(endpoint, envelope, meta).await;
    let outcome = match &answered {
        Ok(_) => "ok",
        Err(error) if error.status.is_server_error() => "internal",
        Err(_) => "error",
    };
    metrics::record_operation("subscription", outcome, started.elapsed());
    answered
}

async fn begin<E: Executor>(
    endpoint: &Endpoint<E>,
    envelope: Envelope,
    meta: RequestMeta,
) -> Result<Running, PublicError> {
    let limits = &endpoint.options.limits;
    let admitted = endpoint.gate.admit(&envelope)?;
    if admitted.kind != OperationType::Subscription {
        let message = "only subscriptions are offered here; send queries and mutations with POST";
        return Err(PublicError::graphql("BAD_REQUEST", message));
    }
    let prepared = (endpoint.prepare)(meta).await?;
    let budgets = &endpoint.budgets;
    budgets.spend(&prepared.payer, admitted.cost, Instant::now())?;
    if admitted.introspects && !prepared.introspection {
        return Err(super::introspection_disabled());
    }
    let caller = prepared.caller.ok_or_else(signed_out)?;
    let seat = Seats::take(&endpoint.seats, caller, limits.subscriptions)?;
    let Envelope {
        query,
        operation_name,
        variables,
    } = envelope;
    let mut request = Request::new(query).variables(variables);
    request.operation_name = operation_name.filter(|name| !name.is_empty());
    request.data = prepared.data;
    request.set_parsed_query(Arc::unwrap_or_clone(admitted.document));
    Ok(Running {
        responses: endpoint.executor.execute_stream(request, None),
        suggestions: prepared.introspection,
        _seat: seat,
    })
}

fn signed_out() -> PublicError {
    PublicError::graphql(
        "UNAUTHENTICATED",
        "Sign in first: there is no session, or it has ended.",
    )
}

/// Waits for the next event; a panic in it is an error like any other.
async fn next(running: &mut Running) -> Option<Result<Response, PublicError>> {
    use futures_util::{FutureExt, StreamExt};
    let next = std::panic::AssertUnwindSafe(running.responses.next()).catch_unwind();
    match next.await {
        Ok(response) => response.map(Ok),
        Err(_) => Some(Err(PublicError::internal(
            &crate::logging::incident_of_panic(),
        ))),
    }
}

type Shared<E> = Arc<Endpoint<E>>;
