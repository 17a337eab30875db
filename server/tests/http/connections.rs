//! Stalled and broken connections, and shutting down.

use std::{process::Command, sync::atomic::Ordering};

use hyper::StatusCode;
use quillback_server::{
    config::Environment,
    http::{Bound, Stopped, stop_signals},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Draft, Gates, TestServer, config, raw, send, soon};

/// The bytes of a GraphQL request.
fn request(document: &str) -> String {
    let body = serde_json::json!({ "query": document }).to_string();
    let length = body.len();
    format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

#[tokio::test]
async fn half_sent_headers_are_dropped() {
    let server = TestServer::with(|config| config.limits.header_arrival_ms = 100).await;
    for head in [
        "",
        "GET /hea",
        "GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ",
    ] {
        let answer = raw(server.address, head.as_bytes()).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
}

/// REL-13: stalled connections do not keep others out for longer than their time-out.
#[tokio::test]
async fn stalled_connections_make_room_for_others() {
    let server = TestServer::with(|config| {
        config.limits.header_arrival_ms = 200;
        config.limits.connections = 20;
    })
    .await;
    let mut stalled = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        stalled.push(stream);
    }
    assert_eq!(
        send(server.address, Draft::get("/healthz")).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn idle_connections_are_closed() {
    let server = TestServer::with(|config| config.limits.header_arrival_ms = 100).await;
    let answer = raw(server.address, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn a_query_is_stopped_when_its_caller_goes_away() {
    let server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(request("{slow}").as_bytes())
        .await
        .unwrap();
    Gates::take(&server.gates.waiting).await;
    drop(stream);
    Gates::take(&server.gates.dropped).await;
    soon(server.lifecycle.idle()).await;
}

/// REL-07: the cancellation rule.
#[tokio::test]
async fn a_mutation_is_finished_when_its_caller_goes_away() {
    let server = TestServer::with(|config| config.limits.connections = 1).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(request("mutation{change}").as_bytes())
        .await
        .unwrap();
    Gates::take(&server.gates.waiting).await;
    drop(stream);
    // There is room for one connection only, so this is answered after the server noticed that the caller has gone.
    assert_eq!(
        send(server.address, Draft::get("/healthz")).await.status,
        StatusCode::OK
    );
    assert_eq!(server.lifecycle.running(), 1);
    server.gates.release.add_permits(1);
    soon(server.lifecycle.idle()).await;
    assert_eq!(server.gates.changes.load(Ordering::SeqCst), 1);
    assert_eq!(server.gates.dropped.available_permits(), 0);
}

/// REL-16: nothing that was begun is lost, and nothing new is begun.
#[tokio::test]
async fn shutting_down_finishes_a_running_mutation() {
    let server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(request("mutation{change}").as_bytes())
        .await
        .unwrap();
    Gates::take(&server.gates.waiting).await;
    server.stop.send(()).await.unwrap();
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(server.lifecycle.is_stopping());
    assert!(!server.ended.is_finished());
    server.gates.release.add_permits(1);
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains(r#"{"change":1}"#), "{answer}");
    assert_eq!(soon(server.ended).await.unwrap(), Stopped::Drained);
}

#[tokio::test]
async fn shutting_down_waits_for_mutations_without_a_caller() {
    let server = TestServer::with(|config| config.limits.deadline_ms = 10).await;
    assert_eq!(
        server.query("mutation{change}").await.code(),
        "OUTCOME_UNKNOWN"
    );
    server.stop.send(()).await.unwrap();
    while !server.lifecycle.is_stopping() {
        tokio::task::yield_now().await;
    }
    assert!(!server.ended.is_finished());
    server.gates.release.add_permits(1);
    assert_eq!(soon(server.ended).await.unwrap(), Stopped::Drained);
    assert_eq!(server.gates.changes.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn shutting_down_does_not_wait_for_ever() {
    let server = TestServer::with(|config| config.limits.drain_ms = 50).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(request("mutation{change}").as_bytes())
        .await
        .unwrap();
    Gates::take(&server.gates.waiting).await;
    server.stop.send(()).await.unwrap();
    assert_eq!(soon(server.ended).await.unwrap(), Stopped::TimedOut);
}

#[tokio::test]
async fn a_second_signal_stops_at_once() {
    let server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(request("mutation{change}").as_bytes())
        .await
        .unwrap();
    Gates::take(&server.gates.waiting).await;
    server.stop.send(()).await.unwrap();
    server.stop.send(()).await.unwrap();
    assert_eq!(soon(server.ended).await.unwrap(), Stopped::Forced);
}

#[tokio::test]
async fn idle_connections_do_not_delay_the_shutdown() {
    let server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    server.stop.send(()).await.unwrap();
    assert_eq!(soon(server.ended).await.unwrap(), Stopped::Drained);
}

/// A real signal, sent to this process.
#[cfg(unix)]
#[tokio::test]
async fn sigterm_is_a_request_to_stop() {
    let mut stop = stop_signals().unwrap();
    let process = std::process::id().to_string();
    for signal in ["-TERM", "-INT"] {
        let sent = Command::new("kill")
            .args([signal, &process])
            .status()
            .unwrap();
        assert!(sent.success());
        assert_eq!(soon(stop.recv()).await, Some(()));
    }
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let server = TestServer::start().await;
    let mut config = config();
    config.server.listen = server.address;
    let error = Bound::new(&config, &Environment::default())
        .await
        .unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains(&server.address.to_string()) && message.contains("--listen"),
        "{message}"
    );
}
