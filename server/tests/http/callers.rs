//! Credentials, cookies, foreign sites and client addresses, over the wire.

use hyper::StatusCode;
use serde_json::json;

use crate::support::{TestServer, post, send};

const CALLER: &str = r#"{"query":"{caller{token kind address requestId userAgent}}"}"#;
const SIGN_IN: &str = r#"{"query":"mutation{signIn(name:\"ada\")}"}"#;

#[tokio::test]
async fn the_hook_learns_who_calls() {
    let server = TestServer::start().await;
    let request = post(CALLER)
        .header("authorization", "Bearer abc")
        .header("x-request-id", "my-id.1")
        .header("user-agent", "test/1")
        .header("x-forwarded-for", "203.0.113.9");
    let reply = send(server.address, request).await;
    assert_eq!(reply.header("x-request-id"), "my-id.1");
    // NET-01: nobody is trusted, so the header is not believed.
    let expected = json!({"token": "abc", "kind": "bearer", "address": "127.0.0.1", "requestId": "my-id.1", "userAgent": "test/1"});
    assert_eq!(reply.json()["data"]["caller"], expected);
}

#[tokio::test]
async fn net_02_a_trusted_proxy_is_believed() {
    let server = TestServer::with(|config| {
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let request = post(CALLER).header("x-forwarded-for", "192.0.2.1, 203.0.113.9");
    let reply = send(server.address, request).await;
    assert_eq!(reply.json()["data"]["caller"]["address"], "203.0.113.9");
}

#[tokio::test]
async fn a_sign_in_sets_the_cookie_and_a_sign_out_clears_it() {
    let server = TestServer::start().await;
    let reply = send(server.address, post(SIGN_IN)).await;
    let expected = "quillback=token-of-ada; Path=/; Max-Age=60; HttpOnly; SameSite=Lax";
    assert_eq!(reply.header("set-cookie"), expected);
    let reply = server.query("mutation{signOut}").await;
    assert_eq!(
        reply.header("set-cookie"),
        "quillback=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
    );
    assert_eq!(server.query("{hello}").await.header("set-cookie"), "");
}

#[tokio::test]
async fn behind_https_the_cookie_is_bound_to_the_host() {
    let server = TestServer::with(|config| {
        config.server.public_url = Some("https://own.example".parse().unwrap());
    })
    .await;
    let request = post(SIGN_IN).header("origin", "https://own.example");
    let cookie = send(server.address, request)
        .await
        .header("set-cookie")
        .to_owned();
    assert!(
        cookie.starts_with("__Host-quillback=token-of-ada; ") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    let reply = send(
        server.address,
        post(CALLER).header("cookie", "quillback=abc"),
    )
    .await;
    assert_eq!(reply.json()["data"]["caller"]["kind"], "none");
}

#[tokio::test]
async fn a_cookie_that_cannot_be_set_is_an_error() {
    let server = TestServer::start().await;
    let reply = server.query("mutation{signIn(name:\"\\n\")}").await;
    assert_eq!(
        (reply.status, reply.header("set-cookie")),
        (StatusCode::BAD_REQUEST, "")
    );
    assert_eq!(reply.code(), "BAD_REQUEST");
}

/// SES-10 to SES-12.
#[tokio::test]
async fn other_sites_cannot_use_the_cookie() {
    let server = TestServer::start().await;
    let with_cookie = || post(CALLER).header("cookie", "quillback=abc");
    let own = format!("http://127.0.0.1:{}", server.address.port());
    let localhost = format!("http://localhost:{}", server.address.port());
    for (origin, status) in [
        (own.as_str(), 200),
        (&localhost, 200),
        ("null", 403),
        ("https://evil.example", 403),
        ("http://127.0.0.1:1", 403),
    ] {
        let request = with_cookie()
            .header("x-quillback-request", "1")
            .header("origin", origin);
        let reply = send(server.address, request).await;
        assert_eq!(reply.status.as_u16(), status, "{origin}");
        assert_eq!(reply.header("access-control-allow-origin"), "");
    }
    let reply = send(server.address, with_cookie()).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (StatusCode::FORBIDDEN, "CROSS_SITE_REQUEST")
    );
    let request = post(SIGN_IN).header("sec-fetch-site", "cross-site");
    let reply = send(server.address, request).await;
    assert_eq!(
        (reply.status, reply.header("set-cookie")),
        (StatusCode::FORBIDDEN, "")
    );
}
