//! Subscriptions over server-sent events, one request each
//! (<https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>, distinct connections mode).

use std::time::Duration;

use async_graphql::Executor;
use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::stream;
use hyper::{
    HeaderMap,
    header::{self, HeaderValue},
};

use super::{Running, next, start};
use crate::http::{
    Lifecycle, PublicError, RequestMeta,
    graphql::{Endpoint, Envelope, respond},
};

/// Time without an event after which a comment shows the connection to be alive, to both ends and all proxies between.
const QUIET: Duration = Duration::from_secs(15);

/// Whether the client wants events.
pub(in crate::http::graphql) fn are_wanted(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).iter();
    lines.filter_map(|line| line.to_str().ok()).any(|line| {
        let mut ranges = line.split(',').filter_map(|range| range.split(';').next());
        ranges.any(|range| range.trim().eq_ignore_ascii_case("text/event-stream"))
    })
}

/// Answers with the events of a subscription.
///
/// # Errors
/// Whatever keeps it from starting.
pub(in crate::http::graphql) async fn answer<E: Executor>(
    endpoint: &Endpoint<E>,
    envelope: Envelope,
    meta: RequestMeta,
) -> Result<Response, PublicError> {
    let running = start(endpoint, envelope, meta).await?;
    let sender = Sender {
        running,
        lifecycle: endpoint.lifecycle.clone(),
        is_over: false,
    };
    let mut response = Response::new(Body::from_stream(stream::unfold(sender, Sender::step)));
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        // Proxies that collect answers would hold events back.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

struct Sender {
    running: Running,
    lifecycle: Lifecycle,
    is_over: bool,
}

impl Sender {
    async fn step(mut self) -> Option<(Result<Bytes, std::convert::Infallible>, Self)> {
        if self.is_over {
            return None;
        }
        let lifecycle = self.lifecycle.clone();
        let text = tokio::select! {
            biased;
            () = lifecycle.stopping() => self.complete(),
            event = next(&mut self.running) => match event {
                Some(Ok(response)) => {
                    let (payload, _) = respond::payload(response, self.running.suggestions);
                    format!("event: next\ndata: {payload}\n\n")
                }
                Some(Err(error)) => {
                    self.is_over = true;
                    format!("event: next\ndata: {}\n\nevent: complete\ndata:\n\n", error.to_json())
                }
                None => self.complete(),
            },
            () = tokio::time::sleep(QUIET) => ":\n\n".to_owned(),
        };
        Some((Ok(Bytes::from(text)), self))
    }

    fn complete(&mut self) -> String {
        self.is_over = true;
        "event: complete\ndata:\n\n".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_sent_to_those_who_name_them() {
        for (accept, wanted) in [
            ("text/event-stream", true),
            ("application/json, Text/Event-Stream;q=0.5", true),
            ("*/*", false),
            ("application/json", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            assert_eq!(are_wanted(&headers), wanted, "{accept}");
        }
        assert!(!are_wanted(&HeaderMap::new()));
    }
}
