//! Prometheus metrics: how they are named, recorded and printed.

use std::time::Duration;

use anyhow::Context;
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

const REQUESTS: &str = "quillback_http_requests_total";
const REQUEST_SECONDS: &str = "quillback_http_request_duration_seconds";
const CONNECTIONS: &str = "quillback_http_connections";
const OPERATIONS: &str = "quillback_graphql_operations_total";
const OPERATION_SECONDS: &str = "quillback_graphql_operation_duration_seconds";

/// Upper bounds of the duration histograms, in seconds.
const BUCKETS: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0,
];

/// Makes the recorder of the process; called once.
///
/// # Errors
/// A recorder exists already.
pub fn install() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new()
        .set_buckets(&BUCKETS)?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).context("metrics are recorded already")?;
    metrics::describe_counter!(REQUESTS, "HTTP requests answered");
    metrics::describe_histogram!(
        REQUEST_SECONDS,
        "Time from the headers of a request to those of its answer"
    );
    metrics::describe_gauge!(CONNECTIONS, "Open HTTP connections");
    metrics::describe_counter!(OPERATIONS, "GraphQL requests by kind and outcome");
    metrics::describe_histogram!(OPERATION_SECONDS, "Time to execute a GraphQL operation");
    Ok(handle)
}

/// Folds recorded durations into their histograms, which would otherwise grow until somebody asks for them.
pub async fn keep_up(handle: PrometheusHandle) {
    let mut interval = tokio::time::interval(Duration::from_secs(5));
    loop {
        interval.tick().await;
        handle.run_upkeep();
    }
}

/// Records an answered request; `route` is the pattern of the route, not the path.
pub(super) fn record_request(method: &'static str, route: &str, status: u16, took: Duration) {
    let route = route.to_owned();
    counter!(REQUESTS, "method" => method, "route" => route.clone(), "status" => status.to_string()).increment(1);
    histogram!(REQUEST_SECONDS, "route" => route).record(took.as_secs_f64());
}

/// Records an executed or refused GraphQL operation.
pub(super) fn record_operation(kind: &'static str, outcome: &'static str, took: Duration) {
    counter!(OPERATIONS, "kind" => kind, "outcome" => outcome).increment(1);
    histogram!(OPERATION_SECONDS, "kind" => kind).record(took.as_secs_f64());
}

/// Counts a connection as open until dropped.
pub(super) struct OpenConnection;

impl OpenConnection {
    pub(super) fn new() -> Self {
        gauge!(CONNECTIONS).increment(1);
        Self
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        gauge!(CONNECTIONS).decrement(1);
    }
}
