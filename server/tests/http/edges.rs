//! Health, metrics, request ids and the headers of every answer.

use hyper::StatusCode;
use quillback_server::config::{SecretSource, SecretText};

use crate::support::{Draft, TestServer, post, raw, send};

#[tokio::test]
async fn health_and_readiness_are_told_apart() {
    let server = TestServer::start().await;
    let status = async |path: &str| send(server.address, Draft::get(path)).await.status;
    assert_eq!(status("/healthz").await, StatusCode::OK);
    assert_eq!(status("/readyz").await, StatusCode::OK);
    *server.gates.away.lock().unwrap() = Some("the repository at secret-host".to_owned());
    assert_eq!(status("/healthz").await, StatusCode::OK);
    let reply = send(server.address, Draft::get("/readyz")).await;
    assert_eq!(
        (reply.status, reply.text().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    );
    *server.gates.away.lock().unwrap() = None;
    server.lifecycle.begin_stopping();
    assert_eq!(status("/healthz").await, StatusCode::OK);
    assert_eq!(status("/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_operations_by_outcome() {
    let server = TestServer::start().await;
    server.query("{hello}").await;
    server.query("{nothing}").await;
    send(server.address, Draft::get("/no/such/secret-path")).await;
    send(server.address, Draft::method("BREW", "/graphql")).await;
    let text = send(server.address, Draft::get("/metrics")).await.text();
    for line in [
        r#"quillback_http_requests_total{method="POST",route="/graphql",status="200"}"#,
        r#"quillback_http_requests_total{method="GET",route="unknown",status="404"}"#,
        r#"quillback_http_requests_total{method="OTHER",route="/graphql",status="405"}"#,
        r#"quillback_graphql_operations_total{kind="query",outcome="ok"}"#,
        r#"quillback_graphql_operations_total{kind="query",outcome="error"}"#,
        "quillback_http_request_duration_seconds_bucket",
        "quillback_http_connections",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("secret-path"), "{text}");
}

#[tokio::test]
async fn metrics_are_for_this_machine_or_for_holders_of_the_token() {
    let open = TestServer::start().await;
    let proxied = Draft::get("/metrics").header("x-forwarded-for", "203.0.113.9");
    assert_eq!(
        send(open.address, proxied).await.status,
        StatusCode::UNAUTHORIZED
    );
    let closed = TestServer::with(|config| {
        config.server.metrics_token = Some(SecretSource::Literal(SecretText::new("abc")));
    })
    .await;
    for (authorization, status) in [
        (None, 401),
        (Some("Bearer abd"), 401),
        (Some("Basic abc"), 401),
        (Some("Bearer abc"), 200),
    ] {
        let mut request = Draft::get("/metrics");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        assert_eq!(
            send(closed.address, request).await.status.as_u16(),
            status,
            "{authorization:?}"
        );
    }
}

/// NET-12: the same headers on every answer, also on errors.
#[tokio::test]
async fn net_12_every_answer_has_the_security_headers() {
    let server = TestServer::with(|config| {
        config.server.public_url = Some("https://own.example".parse().unwrap());
        config.limits.deadline_ms = 1_000;
    })
    .await;
    let body = |query: &str| post(&serde_json::json!({ "query": query }).to_string());
    for (request, status) in [
        (Draft::get("/healthz"), 200),
        (Draft::get("/readyz"), 200),
        (Draft::get("/metrics"), 200),
        (Draft::get("/nothing"), 404),
        (Draft::method("POST", "/healthz"), 405),
        (Draft::get("/graphql"), 400),
        (Draft::method("PUT", "/graphql"), 405),
        (body("{hello}"), 200),
        (body("{nothing}"), 400),
        (body("{panicking}"), 500),
        (body("{slow}"), 503),
        (body("{hello}").header("content-type", "text/plain"), 415),
        (
            body("{hello}").header("origin", "https://evil.example"),
            403,
        ),
    ] {
        let reply = send(server.address, request).await;
        assert_eq!(reply.status.as_u16(), status);
        for (name, value) in [
            (
                "content-security-policy",
                "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            ),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(reply.header(name), value, "{name} of status {status}");
        }
        assert!(!reply.header("permissions-policy").is_empty());
        assert!(!reply.header("x-request-id").is_empty());
        assert_eq!(reply.header("server"), "");
    }
}

#[tokio::test]
async fn plain_http_promises_no_https() {
    let server = TestServer::start().await;
    assert_eq!(
        server
            .query("{hello}")
            .await
            .header("strict-transport-security"),
        ""
    );
}

#[tokio::test]
async fn request_ids_of_clients_are_taken_over_only_if_harmless() {
    let server = TestServer::start().await;
    let with_id = |id: &str| Draft::get("/healthz").header("x-request-id", id);
    assert_eq!(
        send(server.address, with_id("abc-1"))
            .await
            .header("x-request-id"),
        "abc-1"
    );
    for id in ["a b", "<script>", "\"", &"a".repeat(65)] {
        let reply = send(server.address, with_id(id)).await;
        let answered = reply.header("x-request-id");
        assert!(!answered.is_empty() && answered != id, "{id}: {answered}");
    }
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused() {
    let server = TestServer::start().await;
    let headers: String = (0..200).map(|n| format!("x-{n}: y\r\n")).collect();
    let long = "a".repeat(100_000);
    for (request, status) in [
        (
            format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{headers}\r\n"),
            "431",
        ),
        (format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n"), "414"),
        (
            format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx: {long}{long}\r\n\r\n"),
            "431",
        ),
        (
            "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"
                .to_owned(),
            "400",
        ),
        ("nonsense\r\n\r\n".to_owned(), "400"),
    ] {
        let answer = raw(server.address, request.as_bytes()).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{status}: {answer}"
        );
    }
}
