//! The GraphQL endpoint: every step between an HTTP request and the schema, for any schema.
//!
//! Order of a request: form of the answer, method, credentials and origin, content type, body, parameters, gate, task
//! with deadline, masking. Subscriptions have a folder of their own, `live`, with the same gate in front.

mod budget;
mod cost;
mod envelope;
mod gate;
mod lexer;
mod live;
mod mask;
mod media;
mod respond;
mod run;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_graphql::{Executor, parser::types::OperationType};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::any,
};
use futures_util::future::BoxFuture;
use hyper::{
    Method, StatusCode,
    header::{self, HeaderValue},
    http::request::Parts,
};
use tokio::sync::Semaphore;

use self::budget::Budgets;
use self::live::Seats;
use self::run::{Done, Job, run};
use super::{
    HttpOptions, Lifecycle, PublicError, RequestContext, RequestMeta, body, credentials, metrics,
    request,
};

pub(super) use self::media::require_json;
pub use self::{
    envelope::Envelope,
    gate::{Admitted, Gate},
    media::Media,
    run::{Finish, Prepared},
};

/// Authenticates a request and gathers what its resolvers need; it runs in the task and within the deadline.
pub type Prepare =
    Arc<dyn Fn(RequestMeta) -> BoxFuture<'static, Result<Prepared, PublicError>> + Send + Sync>;

/// The path of the endpoint.
pub const PATH: &str = "/graphql";

/// A GraphQL endpoint for the schema `E`.
#[derive(Clone)]
pub struct Endpoint<E> {
    executor: E,
    prepare: Prepare,
    gate: Arc<Gate>,
    options: HttpOptions,
    lifecycle: Lifecycle,
    slots: Arc<Semaphore>,
    seats: Arc<Seats>,
    budgets: Arc<Budgets>,
}

impl<E: Executor> Endpoint<E> {
    /// An endpoint that executes with `executor` what `prepare` admits; `single` as for [`Gate::new`].
    pub fn new(
        executor: E,
        prepare: Prepare,
        single: &'static [&'static str],
        options: HttpOptions,
        lifecycle: Lifecycle,
    ) -> Self {
        Self {
            executor,
            prepare,
            gate: Arc::new(Gate::new(options.limits.clone(), single)),
            slots: Arc::new(Semaphore::new(options.limits.requests)),
            seats: Arc::default(),
            budgets: Arc::new(Budgets::new(options.limits.cost_per_minute)),
            options,
            lifecycle,
        }
    }

    /// The route of the endpoint.
    pub fn routes(self) -> Router {
        Router::new()
            .route(PATH, any(handle::<E>))
            .with_state(Arc::new(self))
    }

    async fn answer(
        &self,
        parts: &Parts,
        body: Body,
        media: Media,
    ) -> Result<Response, PublicError> {
        let (envelope, meta) = self.receive(parts, body).await?;
        let slot = Arc::clone(&self.slots).try_acquire_owned().map_err(|_| {
            PublicError::unavailable("the server has too much to do; try again in a moment", 1)
        })?;
        let admitted = self.gate.admit(&envelope)?;
        check_kind(admitted.kind, &parts.method)?;
        let kind = if admitted.kind == OperationType::Mutation {
            "mutation"
        } else {
            "query"
        };
        let started = Instant::now();
        let job = Job {
            executor: self.executor.clone(),
            prepare: Arc::clone(&self.prepare),
            budgets: Arc::clone(&self.budgets),
            meta,
            envelope,
            admitted,
        };
        let ended = run(job, &self.lifecycle, slot).await;
        let answered = ended.and_then(|done| finished(done, media));
        let outcome = match &answered {
            Ok((_, outcome)) => outcome,
            Err(error) if error.status.is_server_error() => "internal",
            Err(_) => "error",
        };
        metrics::record_operation(kind, outcome, started.elapsed());
        answered.map(|(response, _)| response)
    }

    /// Everything before the document: method, caller, content type, body and parameters.
    async fn receive(
        &self,
        parts: &Parts,
        body: Body,
    ) -> Result<(Envelope, RequestMeta), PublicError> {
        let limits = &self.options.limits;
        let headers = &parts.headers;
        if parts.method != Method::GET && parts.method != Method::POST {
            return Err(method_not_allowed(
                "GraphQL requests use POST, or GET for queries",
                "GET, POST",
            ));
        }
        let credentials = credentials(headers, &self.options.cookie, &self.options.origins)?;
        let envelope = if parts.method == Method::GET {
            Envelope::from_query_string(parts.uri.query().unwrap_or_default())?
        } else {
            media::require_json(headers)?;
            let arrival = Duration::from_millis(limits.body_arrival_ms);
            Envelope::from_json(&body::read(headers, body, limits.body_bytes, arrival).await?)?
        };
        let context = parts.extensions.get::<RequestContext>();
        let context = context.ok_or_else(|| PublicError::internal(&crate::ids::incident()))?;
        let meta = RequestMeta {
            request_id: context.request_id.clone(),
            credentials,
            client_address: context.client_address,
            deadline: Instant::now() + Duration::from_millis(limits.deadline_ms),
            user_agent: request::user_agent(headers),
        };
        Ok((envelope, meta))
    }
}

async fn handle<E: Executor>(
    State(endpoint): State<Arc<Endpoint<E>>>,
    request: Request,
) -> Response {
    let (mut parts, body) = request.into_parts();
    if live::socket::is_wanted(&parts.headers) {
        let upgraded = live::socket::upgrade(endpoint, &mut parts).await;
        return upgraded.unwrap_or_else(IntoResponse::into_response);
    }
    if live::events::are_wanted(&parts.headers) {
        let answered = match endpoint.receive(&parts, body).await {
            Ok((envelope, meta)) => live::events::answer(&endpoint, envelope, meta).await,
            Err(error) => Err(error),
        };
        return answered.unwrap_or_else(|error| respond::refused(error, Media::GraphqlResponse));
    }
    let media = match Media::negotiate(&parts.headers) {
        Ok(media) => media,
        Err(error) => return respond::refused(error, Media::Json),
    };
    match endpoint.answer(&parts, body, media).await {
        Ok(response) => response,
        Err(error) => respond::refused(error, media),
    }
}

/// Writes the answer and lets the hook complete its headers.
fn finished(done: Done, media: Media) -> Result<(Response, &'static str), PublicError> {
    let (mut response, outcome) = respond::executed(done.response, media, done.introspection);
    if let Some(finish) = done.finish {
        finish(response.headers_mut())?;
    }
    Ok((response, outcome))
}

/// GET requests can be sent by any page and are repeated by proxies, so they must not change anything.
fn check_kind(kind: OperationType, method: &Method) -> Result<(), PublicError> {
    match kind {
        OperationType::Query => Ok(()),
        OperationType::Mutation if method == Method::POST => Ok(()),
        OperationType::Mutation => Err(method_not_allowed("mutations use POST", "POST")),
        OperationType::Subscription => Err(PublicError::graphql(
            "BAD_REQUEST",
            "subscriptions need a WebSocket (graphql-transport-ws) or Accept: text/event-stream",
        )),
    }
}

fn introspection_disabled() -> PublicError {
    let message =
        "the schema is not shown here; see graphql.introspection in the server's configuration";
    PublicError::graphql("INTROSPECTION_DISABLED", message)
}

fn method_not_allowed(message: &str, allow: &'static str) -> PublicError {
    PublicError::http(
        StatusCode::METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        message,
    )
    .header(header::ALLOW, HeaderValue::from_static(allow))
}

fn limit_exceeded(limit: &'static str, maximum: usize) -> PublicError {
    let message =
        format!("the document exceeds limits.{limit}, which is {maximum}; ask for less at a time");
    PublicError::graphql("LIMIT_EXCEEDED", message)
        .detail("limit", limit)
        .detail("maximum", maximum)
}
