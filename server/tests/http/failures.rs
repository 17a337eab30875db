//! GQL-12 to GQL-14: slow and panicking resolvers, and what clients see of errors.

use std::{
    io::Write,
    sync::{Arc, Mutex, atomic::Ordering},
};

use hyper::StatusCode;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Gates, TestServer, soon};

#[tokio::test]
async fn gql_12_a_query_is_stopped_at_its_deadline() {
    let server = TestServer::with(|config| config.limits.deadline_ms = 50).await;
    let reply = server.query("{slow}").await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "TIMEOUT")
    );
    Gates::take(&server.gates.dropped).await;
    soon(server.lifecycle.idle()).await;
}

#[tokio::test]
async fn gql_12_a_mutation_is_finished_after_its_deadline() {
    let server = TestServer::with(|config| config.limits.deadline_ms = 50).await;
    let reply = server.query("mutation{change}").await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "OUTCOME_UNKNOWN")
    );
    assert_eq!(server.gates.changes.load(Ordering::SeqCst), 0);
    server.gates.release.add_permits(1);
    soon(server.lifecycle.idle()).await;
    assert_eq!(server.gates.changes.load(Ordering::SeqCst), 1);
    assert_eq!(server.gates.dropped.available_permits(), 0);
}

#[tokio::test]
async fn requests_above_the_limit_are_told_to_come_back() {
    let server = TestServer::with(|config| config.limits.requests = 1).await;
    let slow = server.query("{slow}");
    let other = async {
        Gates::take(&server.gates.waiting).await;
        let reply = server.query("{hello}").await;
        server.gates.release.add_permits(1);
        reply
    };
    let (slow, other) = tokio::join!(slow, other);
    assert_eq!(
        (other.status, other.header("retry-after")),
        (StatusCode::SERVICE_UNAVAILABLE, "1")
    );
    assert_eq!(other.code(), "UNAVAILABLE");
    assert_eq!(slow.status, StatusCode::OK);
    assert_eq!(server.query("{hello}").await.status, StatusCode::OK);
}

/// Everything logged on this thread while it lives.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn start(&self) -> tracing::subscriber::DefaultGuard {
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(self.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Captured {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn gql_13_a_panic_is_answered_and_the_server_lives() {
    let captured = Captured::default();
    let _logging = captured.start();
    quillback_server::logging::install_panic_hook();
    let server = TestServer::start().await;
    let reply = server.query("{panicking}").await;
    let _ = std::panic::take_hook();
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL")
    );
    assert!(!reply.text().contains("hunter2"), "{}", reply.text());
    let json = reply.json();
    let incident = json["errors"][0]["extensions"]["incident"]
        .as_str()
        .unwrap();
    let logged = captured.text();
    assert!(
        logged
            .lines()
            .any(|line| line.contains(incident) && line.contains("panicked")),
        "{logged}"
    );
    assert_eq!(server.query("{hello}").await.status, StatusCode::OK);
    soon(server.lifecycle.idle()).await;
}

#[tokio::test]
async fn gql_14_inner_errors_are_masked_and_logged() {
    let captured = Captured::default();
    let _logging = captured.start();
    let server = TestServer::start().await;
    for document in [
        "{plainError}",
        "{ioError}",
        "{guarded}",
        "{item{broken}}",
        "{items(first:2){children(first:2){broken}}}",
        "{maybe}",
    ] {
        let reply = server.query(document).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (StatusCode::OK, "INTERNAL"),
            "{document}"
        );
        assert!(!reply.text().contains("hunter2"), "{}", reply.text());
        let json = reply.json();
        assert!(json.get("data").is_some(), "{json}");
        assert!(json["errors"][0]["path"].is_array(), "{json}");
        let incident = json["errors"][0]["extensions"]["incident"]
            .as_str()
            .unwrap();
        let logged = captured.text();
        assert!(logged.contains(incident), "{incident} is not in {logged}");
    }
    // One incident, whose log does not grow with the rows.
    let reply = server.query("{items(first:100){maybeBroken}}").await;
    let json = reply.json();
    let errors = json["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 100);
    let incident = errors[0]["extensions"]["incident"].as_str().unwrap();
    assert_eq!(errors[99]["extensions"]["incident"], incident);
    let logged = captured.text();
    assert_eq!(
        logged
            .lines()
            .filter(|line| line.contains(incident))
            .count(),
        10,
        "{logged}"
    );
}

#[tokio::test]
async fn errors_made_for_clients_are_shown() {
    let server = TestServer::start().await;
    let reply = server.query("{codedError}").await;
    let json = reply.json();
    assert_eq!(
        json["errors"][0]["message"],
        "somebody else changed the row"
    );
    assert_eq!(reply.code(), "CONFLICT");
}
