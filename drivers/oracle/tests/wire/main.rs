//! What becomes of a connection when the other side refuses, hangs up or says nothing: with sockets, without a server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod peer;

use std::time::{Duration, Instant};

use quillback_driver_oracle::Oracle;
use quillback_plugin_api::driver::{Context, Driver};
use quillback_plugin_api::{Category, DriverError};
use serde_json::json;

use peer::{Manner, Peer};

const SECRET: &str = "hunter2-is-secret";

async fn open(peer: &Peer, patience_ms: u32) -> DriverError {
    let driver = Oracle::new(Context::default()).unwrap();
    let options = json!({
        "host": "127.0.0.1", "port": peer.port, "service": "FREEPDB1", "user": "SCOTT", "password": SECRET,
        "connect_timeout_ms": patience_ms,
    });
    let error = driver.open(options).await.err().unwrap();
    assert!(!format!("{error:?} {error}").contains(SECRET), "{error}");
    assert!(error.connection_lost, "{error}");
    error
}

#[tokio::test]
async fn a_listener_that_does_not_know_the_service_is_told_by_its_option() {
    let peer = Peer::start(Manner::Refuse(12_514));
    let error = open(&peer, 60_000).await;
    assert_eq!(error.category, Category::Config, "{error}");
    assert!(error.message.contains("`service`"), "{error}");
    assert_eq!(error.origin.vendor_code.as_deref(), Some("ORA-12514"));
}

#[tokio::test]
async fn another_refusal_keeps_its_number() {
    let peer = Peer::start(Manner::Refuse(12_520));
    let error = open(&peer, 60_000).await;
    assert_eq!(error.category, Category::Connect, "{error}");
    assert!(error.message.contains("ora-12520"), "{error}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_in_time() {
    let peer = Peer::start(Manner::Silent);
    let since = Instant::now();
    let error = open(&peer, 1_000).await;
    assert_eq!(error.category, Category::Timeout, "{error}");
    assert!(error.message.contains("`connect_timeout_ms`"), "{error}");
    assert!(since.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_server_that_hangs_up_is_out_of_reach() {
    let peer = Peer::start(Manner::HangUp);
    let error = open(&peer, 60_000).await;
    assert_eq!(error.category, Category::Connect, "{error}");
}

#[tokio::test]
async fn what_is_no_listener_is_not_understood() {
    let peer = Peer::start(Manner::Chatter);
    let error = open(&peer, 60_000).await;
    assert!(
        matches!(
            error.category,
            Category::Connect | Category::Protocol | Category::Internal
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_port_where_nothing_listens_is_out_of_reach() {
    let error = open(&Peer::nobody(), 60_000).await;
    assert_eq!(error.category, Category::Connect, "{error}");
}
