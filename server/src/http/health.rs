//! `/healthz`, `/readyz` and `/metrics`: what orchestrators and monitoring ask.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::future::BoxFuture;
use hyper::{
    HeaderMap, StatusCode,
    header::{self, HeaderValue},
};
use metrics_exporter_prometheus::PrometheusHandle;
use subtle::ConstantTimeEq;

use super::{Lifecycle, Peer, PublicError};
use crate::config::SecretText;

/// Asks whether requests can be served now; the error says what is away, in words for operators, without secrets.
pub type Readiness = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// What the health routes need.
#[derive(Clone)]
pub struct Health {
    /// State of the server.
    pub lifecycle: Lifecycle,
    /// State of what the server depends on.
    pub readiness: Readiness,
    /// Where the metrics are.
    pub metrics: PrometheusHandle,
    /// Token demanded for the metrics; without it only direct calls from this machine are answered.
    pub metrics_token: Option<SecretText>,
}

/// The routes.
pub(super) fn routes(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health)
}

/// The process answers; says nothing about the databases, so that an outage there does not restart us.
async fn healthy() -> &'static str {
    "ok\n"
}

async fn ready(State(health): State<Health>) -> Response {
    if health.lifecycle.is_stopping() {
        return not_ready();
    }
    match (health.readiness)().await {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => {
            tracing::warn!(reason, "not ready");
            not_ready()
        }
    }
}

/// The reason is for the log only, because anybody may ask.
fn not_ready() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
}

async fn metrics(
    State(health): State<Health>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Response {
    if !may_read(&health, peer, &headers) {
        let message = "metrics need the bearer token of server.metrics_token, or a direct call from the same machine";
        return PublicError::http(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message)
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            .into_response();
    }
    let text = health.metrics.render();
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response()
}

fn may_read(health: &Health, peer: Peer, headers: &HeaderMap) -> bool {
    let Some(token) = &health.metrics_token else {
        // A reverse proxy on this machine is not a direct call.
        let forwarded = ["x-forwarded-for", "forwarded", "via"];
        return peer.0.to_canonical().is_loopback()
            && !forwarded.iter().any(|name| headers.contains_key(*name));
    };
    let sent = headers
        .get(header::AUTHORIZATION)
        .map(HeaderValue::as_bytes);
    let sent = sent.and_then(|line| line.strip_prefix(b"Bearer "));
    sent.is_some_and(|sent| bool::from(sent.ct_eq(token.expose().as_bytes())))
}
