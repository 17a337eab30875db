//! The outermost layer of every route: request id, client address, log record, metrics, security headers, panics.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use hyper::{Method, header::HeaderValue};
use tracing::{Instrument, Level};

use super::{
    Peer, PublicError, RequestContext,
    client_address::client_address,
    metrics,
    request::{REQUEST_ID, request_id},
    security_headers,
};
use crate::{config::Network, logging};

/// Settings of the outermost layer.
#[derive(Debug, Clone)]
pub(super) struct Outer {
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Arc<[Network]>,
    /// Whether people reach the server over HTTPS.
    pub https: bool,
}

/// Handles one request inside the layer.
pub(super) async fn handle(
    State(outer): State<Outer>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let Some(Peer(peer)) = request.extensions().get::<Peer>().copied() else {
        // Only a router that is not served by our connection loop gets here.
        return PublicError::internal(&logging::incident_of_panic()).into_response();
    };
    let context = RequestContext {
        request_id: request_id(request.headers()),
        client_address: client_address(peer, request.headers(), &outer.trusted_proxies),
    };
    let id = HeaderValue::try_from(&context.request_id).ok();
    let method = method_name(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unknown", MatchedPath::as_str);
    let span = tracing::info_span!("http.request", request.id = %context.request_id);
    request.extensions_mut().insert(context);

    let answered = AssertUnwindSafe(next.run(request))
        .catch_unwind()
        .instrument(span.clone())
        .await;
    let mut response = answered
        .unwrap_or_else(|_| PublicError::internal(&logging::incident_of_panic()).into_response());
    security_headers::add(response.headers_mut(), outer.https);
    if let Some(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let _entered = span.enter();
    report(method, route, response.status().as_u16(), started);
    response
}

fn report(method: &'static str, route: &str, status: u16, started: Instant) {
    let took = started.elapsed();
    metrics::record_request(method, route, status, took);
    let duration_ms = took.as_secs_f64() * 1_000.0;
    // Probes come every few seconds and would drown the rest.
    if matches!(route, "/healthz" | "/readyz" | "/metrics") {
        tracing::event!(Level::DEBUG, method, route, status, duration_ms, "answered");
    } else {
        tracing::event!(Level::INFO, method, route, status, duration_ms, "answered");
    }
}

/// The method for logs and metrics; names made up by clients would fill both.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "OTHER",
    }
}
