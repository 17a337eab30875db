//! GQL-04, GQL-10, GQL-15 to GQL-20: methods, types, bodies, parameters and introspection.

use hyper::StatusCode;
use serde_json::json;

use crate::support::{Draft, TestServer, post, raw, send};

const OLD: &str = "application/json";

#[tokio::test]
async fn the_accept_header_decides_status_and_form() {
    let server = TestServer::start().await;
    let valid = r#"{"query":"{hello}"}"#;
    let invalid = r#"{"query":"{nothing}"}"#;
    let broken = r#"{"query":"{"}"#;
    for (accept, body, status, content_type) in [
        (
            "application/graphql-response+json",
            valid,
            200,
            "application/graphql-response+json; charset=utf-8",
        ),
        (
            "application/graphql-response+json",
            invalid,
            400,
            "application/graphql-response+json; charset=utf-8",
        ),
        (
            "application/graphql-response+json",
            broken,
            400,
            "application/graphql-response+json; charset=utf-8",
        ),
        (OLD, valid, 200, "application/json; charset=utf-8"),
        (OLD, invalid, 200, "application/json; charset=utf-8"),
        (OLD, broken, 200, "application/json; charset=utf-8"),
        ("*/*", valid, 200, "application/json; charset=utf-8"),
        ("text/html", valid, 406, "application/json; charset=utf-8"),
    ] {
        let request = post(body).without("accept").header("accept", accept);
        let reply = send(server.address, request).await;
        assert_eq!(reply.status.as_u16(), status, "{accept} {body}");
        assert_eq!(
            reply.header("content-type"),
            content_type,
            "{accept} {body}"
        );
        let json = reply.json();
        assert_eq!(
            json.get("data").is_some(),
            body == valid && status == 200,
            "{accept} {json}"
        );
    }
}

#[tokio::test]
async fn gql_04_batches_are_refused() {
    let server = TestServer::start().await;
    for body in [
        r#"[{"query":"{hello}"}]"#.to_owned(),
        format!("[{}]", vec![r#"{"query":"{hello}"}"#; 1_000].join(",")),
    ] {
        let reply = send(server.address, post(&body)).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (StatusCode::BAD_REQUEST, "BAD_REQUEST")
        );
    }
}

#[tokio::test]
async fn gql_10_large_bodies_are_refused_without_being_read() {
    let server = TestServer::start().await;
    for size in [300 * 1024, 5_000_000, 60_000_000] {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n\r\n{{"
        );
        let answer = raw(server.address, head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(answer.contains("PAYLOAD_TOO_LARGE"), "{answer}");
    }
}

#[tokio::test]
async fn gql_10_large_bodies_of_unknown_length_are_cut_off() {
    let server = TestServer::start().await;
    let mut bytes = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..5 {
        bytes.extend_from_slice(b"10000\r\n");
        bytes.extend_from_slice(&vec![b'#'; 0x10000]);
        bytes.extend_from_slice(b"\r\n");
    }
    let answer = raw(server.address, &bytes).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn gql_10_comments_up_to_the_body_limit_cost_nothing() {
    let server = TestServer::start().await;
    let document = "#\n".repeat(80_000) + "{hello}";
    assert_eq!(server.query(&document).await.status, StatusCode::OK);
    let document = "#\n".repeat(1_000_000) + "{hello}";
    let size = json!({ "query": document }).to_string().len();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n\r\n"
    );
    assert!(
        raw(server.address, head.as_bytes())
            .await
            .starts_with("HTTP/1.1 413 ")
    );
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    let server = TestServer::with(|config| config.limits.body_arrival_ms = 50).await;
    let head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{\"query\"";
    let answer = raw(server.address, head).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("REQUEST_TIMEOUT"), "{answer}");
}

/// GQL-15 and GQL-16: the caller without credentials learns neither the schema nor its names.
#[tokio::test]
async fn gql_15_introspection_is_for_callers_the_hook_allows() {
    let server = TestServer::start().await;
    for document in [
        "{__schema{queryType{name}}}",
        "{__type(name:\"Query\"){name}}",
        "{...F} fragment F on Query{__schema{queryType{name}}}",
        "query A{hello} query B{__type(name:\"Query\"){name}}",
    ] {
        let name = if document.contains("query A") {
            Some("B")
        } else {
            None
        };
        let body = json!({ "query": document, "operationName": name }).to_string();
        let anonymous = send(server.address, post(&body)).await;
        assert_eq!(
            (anonymous.status, anonymous.code().as_str()),
            (StatusCode::BAD_REQUEST, "INTROSPECTION_DISABLED"),
            "{document}"
        );
        let known = send(
            server.address,
            post(&body).header("authorization", "Bearer known"),
        )
        .await;
        assert_eq!(known.status, StatusCode::OK, "{document}");
    }
    let reply = send(server.address, post(r#"{"query":"{__typename}"}"#)).await;
    assert_eq!(reply.json()["data"]["__typename"], "Query");
}

#[tokio::test]
async fn gql_16_suggestions_are_for_callers_that_may_introspect() {
    let server = TestServer::start().await;
    let body = r#"{"query":"{helo}"}"#;
    let anonymous = send(server.address, post(body)).await.text();
    assert!(
        anonymous.contains("helo") && !anonymous.contains("hello"),
        "{anonymous}"
    );
    let known = send(
        server.address,
        post(body).header("authorization", "Bearer known"),
    )
    .await
    .text();
    assert!(
        known.contains("Did you mean") && known.contains("hello"),
        "{known}"
    );
}

#[tokio::test]
async fn gql_17_get_is_for_queries() {
    let server = TestServer::start().await;
    let get = |query: &str| Draft::get(&format!("/graphql?{query}"));
    let reply = send(server.address, get("query=%7Bhello%7D")).await;
    assert_eq!(
        (reply.status, &reply.json()["data"]["hello"]),
        (StatusCode::OK, &json!("Hello world"))
    );
    let variables =
        "query=query(%24n%3AString!)%7Bhello(name%3A%24n)%7D&variables=%7B%22n%22%3A%22you%22%7D";
    assert_eq!(
        send(server.address, get(variables)).await.json()["data"]["hello"],
        "Hello you"
    );
    for mutation in [
        "query=mutation%7BsignOut%7D",
        "query=query%20A%7Bhello%7Dmutation%20B%7BsignOut%7D&operationName=B",
    ] {
        let reply = send(server.address, get(mutation)).await;
        assert_eq!(
            (reply.status, reply.header("allow")),
            (StatusCode::METHOD_NOT_ALLOWED, "POST"),
            "{mutation}"
        );
        assert_eq!(reply.header("set-cookie"), "");
    }
    let query = "query=query%20A%7Bhello%7Dmutation%20B%7BsignOut%7D&operationName=A";
    assert_eq!(
        send(server.address, get(query)).await.status,
        StatusCode::OK
    );
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "BREW"] {
        let reply = send(server.address, Draft::method(method, "/graphql")).await;
        assert_eq!(
            (reply.status, reply.header("allow")),
            (StatusCode::METHOD_NOT_ALLOWED, "GET, POST"),
            "{method}"
        );
        assert_eq!(reply.header("access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn gql_18_only_json_is_read() {
    let server = TestServer::start().await;
    let body = r#"{"query":"mutation{signOut}"}"#;
    for content_type in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/graphql"),
        Some("application/json; charset=utf-16"),
    ] {
        let mut request = post(body).without("content-type");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let reply = send(server.address, request).await;
        assert_eq!(
            reply.status,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{content_type:?}"
        );
        assert_eq!(reply.header("set-cookie"), "");
    }
    let compressed = post(body).header("content-encoding", "gzip");
    assert_eq!(
        send(server.address, compressed).await.status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
}

#[tokio::test]
async fn gql_19_doubtful_json_is_refused() {
    let server = TestServer::start().await;
    for body in [
        r#"{"query":"{hello}","query":"mutation{signOut}"}"#,
        r#"{"query":"{hello}","variables":{"a":1,"a":2}}"#,
        r#"{"query":"{hello}","variables":"{}"}"#,
        r#"{"query":"\ud800"}"#,
        r#"{"query":"{hello}"} x"#,
        "\u{feff}{}",
        "",
    ] {
        let reply = send(server.address, post(body)).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            "{body}"
        );
    }
    let nul = server.query("{hello\0}").await;
    assert_eq!(nul.status, StatusCode::BAD_REQUEST);
    for number in [
        "2147483648",
        "-2147483649",
        "1e10",
        "1.5",
        "18446744073709551616",
        "\"1\"",
        "null",
        "true",
    ] {
        let body =
            format!(r#"{{"query":"query($n:Int!){{number(n:$n)}}","variables":{{"n":{number}}}}}"#);
        let reply = send(server.address, post(&body)).await;
        assert_eq!(reply.code(), "BAD_REQUEST", "{number}: {}", reply.text());
        let literal = server.query(&format!("{{number(n:{number})}}")).await;
        assert_eq!(
            literal.code(),
            "BAD_REQUEST",
            "{number}: {}",
            literal.text()
        );
    }
}

#[tokio::test]
async fn gql_20_the_operation_must_be_clear() {
    let server = TestServer::start().await;
    for (document, name, code) in [
        ("query A{hello}", json!("A"), ""),
        ("query A{hello}", json!(null), ""),
        ("query A{hello}", json!(""), ""),
        ("query A{hello} query B{hello}", json!("B"), ""),
        ("query A{hello} query B{hello}", json!(null), "BAD_REQUEST"),
        ("query A{hello} query B{hello}", json!("C"), "BAD_REQUEST"),
        ("query A{hello}", json!("C"), "BAD_REQUEST"),
        ("{hello}", json!("A"), "BAD_REQUEST"),
        ("subscription{x}", json!(null), "BAD_REQUEST"),
        ("fragment F on Query{hello}", json!(null), "BAD_REQUEST"),
        ("", json!(null), "BAD_REQUEST"),
    ] {
        let body = json!({ "query": document, "operationName": name }).to_string();
        let reply = send(server.address, post(&body)).await;
        assert_eq!(reply.code(), code, "{document} {name}: {}", reply.text());
        let expected = if code.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::BAD_REQUEST
        };
        assert_eq!(reply.status, expected, "{document} {name}");
    }
}

#[tokio::test]
async fn parser_messages_do_not_quote_whole_documents() {
    let server = TestServer::start().await;
    let reply = server
        .query(&format!("{{hello(name:\"{}\"", "x".repeat(100_000)))
        .await;
    assert_eq!(reply.code(), "BAD_REQUEST");
    assert!(reply.body.len() < 1_000, "{}", reply.body.len());
}
