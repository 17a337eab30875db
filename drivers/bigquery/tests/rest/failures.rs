//! Overload, quotas, errors in successes, lost answers, slow jobs, and pages.

use std::sync::atomic::{AtomicUsize, Ordering};

use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect};
use quillback_plugin_api::driver::{Instance as _, RowStream as _};
use quillback_plugin_api::sql::{Delete, Expr, Select, Statement};
use quillback_plugin_api::{Category, Ident, RowBuffer, TableRef, Value};
use serde_json::json;

use crate::server::{Reply, Server, error, page};

fn table() -> TableRef {
    TableRef::new(Ident::literal("t"))
}

fn write() -> Batch {
    let mut batch = Batch::default();
    let delete = Delete {
        table: table(),
        filter: Expr::eq(&Ident::literal("id"), 1),
    };
    batch.write(Statement::Delete(delete), Expect::Rows(1));
    batch
}

fn select() -> Select {
    Select::columns(table(), [Ident::literal("c0")], Expr::True)
}

fn read() -> Batch {
    let mut batch = Batch::default();
    batch.read(select());
    batch
}

#[tokio::test]
async fn an_overloaded_service_is_asked_again() {
    let server = Server::start(|asked, before| match before {
        0 if asked.is("GET", "/datasets/d") => Some(Reply::Json(503, json!({}))),
        1 if asked.is("GET", "/datasets/d") => Some(error(403, "rateLimitExceeded", "slow down")),
        _ => None,
    })
    .await;
    server.open(json!({})).await.unwrap();
    assert_eq!(server.count("GET", "/datasets/d"), 3);
}

#[tokio::test]
async fn a_used_up_quota_is_told_at_once() {
    let server = Server::start(|asked, _| {
        asked
            .is("GET", "/datasets/d")
            .then(|| error(403, "quotaExceeded", "Quota exceeded: hush"))
    })
    .await;
    let error = server.open(json!({})).await.err().unwrap();
    assert_eq!(error.category, Category::Resource);
    assert_eq!(error.origin.vendor_code.as_deref(), Some("quotaExceeded"));
    assert!(!error.message.contains("hush"));
    assert_eq!(server.count("GET", "/datasets/d"), 1);
}

#[tokio::test]
async fn an_error_inside_a_success_is_an_error_and_a_warning_is_none() {
    let server = Server::start(|asked, before| {
        if asked.is("POST", "/queries") {
            let mut page = page(&[&["x"]]);
            page["errors"] = json!([{ "reason": "invalidQuery", "message": "Syntax error" }]);
            page["jobReference"]["jobId"] = json!(if before == 0 { "bad" } else { "fine" });
            return Some(Reply::Json(200, page));
        }
        if asked.is("GET", "/jobs/bad") {
            let result = json!({ "reason": "invalidQuery", "message": "Syntax error: hush" });
            return Some(Reply::Json(
                200,
                json!({ "status": { "state": "DONE", "errorResult": result } }),
            ));
        }
        let fine = asked.is("GET", "/jobs/fine");
        fine.then(|| Reply::Json(200, json!({ "status": { "state": "DONE" } })))
    })
    .await;
    let instance = server.open(json!({})).await.unwrap();
    let error = instance.apply(read()).await.unwrap_err();
    assert_eq!((error.category, error.step), (Category::Syntax, Some(0)));
    assert!(!error.message.contains("hush"));
    let BatchOutcome::Committed(done) = instance.apply(read()).await.unwrap() else {
        panic!("refused")
    };
    assert_eq!(done[0].found, 1);
}

#[tokio::test]
async fn a_request_whose_answer_is_lost_is_sent_again_under_the_same_name() {
    let server = Server::start(|asked, before| match before {
        0 if asked.is("POST", "/jobs") => Some(Reply::Break),
        1 if asked.is("POST", "/jobs") => Some(error(409, "duplicate", "Already Exists: Job")),
        _ => None,
    })
    .await;
    let instance = server.open(json!({})).await.unwrap();
    let outcome = instance.apply(write()).await.unwrap();
    assert!(matches!(outcome, BatchOutcome::Committed(_)), "{outcome:?}");
    let sent: Vec<_> = server
        .asked()
        .into_iter()
        .filter(|a| a.is("POST", "/jobs"))
        .collect();
    assert_eq!(sent.len(), 2);
    assert_eq!(
        sent[0].json()["jobReference"],
        sent[1].json()["jobReference"]
    );
    assert_eq!(sent[0].json()["jobReference"]["location"], "EU");
}

#[tokio::test]
async fn a_concurrent_change_is_a_conflict_that_may_be_sent_again() {
    let server = Server::start(|asked, _| {
        let message =
            "Transaction is aborted due to concurrent update against table p:d.t at [5:1]";
        asked
            .is("GET", "/queries/")
            .then(|| error(400, "invalidQuery", message))
    })
    .await;
    let instance = server.open(json!({})).await.unwrap();
    let error = instance.apply(write()).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert_eq!(error.step, Some(0));
}

#[tokio::test]
async fn whether_a_broken_job_committed_is_left_open() {
    let server = Server::start(|asked, _| {
        asked
            .is("GET", "/queries/")
            .then(|| error(400, "internalError", "An internal error occurred"))
    })
    .await;
    let instance = server.open(json!({})).await.unwrap();
    let error = instance.apply(write()).await.unwrap_err();
    assert!(error.outcome_unknown, "{error:?}");
    let error = instance
        .apply(Batch {
            deadline_ms: 1,
            ..write()
        })
        .await
        .unwrap_err();
    assert_ne!(error.category, Category::Internal);
}

#[tokio::test]
async fn a_refused_expectation_is_an_outcome() {
    let server = Server::start(|asked, _| {
        let answer = page(&[&["refused", "0,"]]);
        asked
            .is("GET", "/queries/")
            .then_some(Reply::Json(200, answer))
    })
    .await;
    let instance = server.open(json!({})).await.unwrap();
    let outcome = instance.apply(write()).await.unwrap();
    assert!(
        matches!(
            outcome,
            BatchOutcome::Refused {
                step: 0,
                found: 0,
                ..
            }
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_dropped_batch_is_stopped_on_the_service() {
    let server =
        Server::start(|asked, _| asked.is("GET", "/queries/").then_some(Reply::Never)).await;
    let instance = server.open(json!({})).await.unwrap();
    let waiting = tokio::spawn(async move { instance.apply(write()).await });
    server.wait_for("GET", "/queries/").await;
    waiting.abort();
    let job = server.wait_for("POST", "/jobs").await.json()["jobReference"]["jobId"].clone();
    server
        .wait_for("POST", &format!("/jobs/{}/cancel", job.as_str().unwrap()))
        .await;
}

#[tokio::test]
async fn a_deadline_stops_a_slow_batch_and_leaves_its_end_open() {
    let server =
        Server::start(|asked, _| asked.is("GET", "/queries/").then_some(Reply::Never)).await;
    let instance = server.open(json!({})).await.unwrap();
    let error = instance
        .apply(Batch {
            deadline_ms: 300,
            ..write()
        })
        .await
        .unwrap_err();
    assert_eq!(error.category, Category::Timeout);
    assert!(error.outcome_unknown);
    server.wait_for("POST", "/cancel").await;
}

#[tokio::test]
async fn a_read_that_nobody_waits_for_is_stopped_as_soon_as_it_has_a_name() {
    let seen = std::sync::Arc::new(AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&seen);
    let server = Server::start(move |asked, _| {
        asked
            .is("POST", "/queries")
            .then(|| {
                count.fetch_add(1, Ordering::Relaxed);
                let mut page = page(&[]);
                page["jobComplete"] = json!(false);
                Reply::Json(200, page)
            })
            .or_else(|| asked.is("GET", "/queries/").then_some(Reply::Never))
    })
    .await;
    let instance = server.open(json!({})).await.unwrap();
    let waiting = tokio::spawn(async move { instance.apply(read()).await });
    server.wait_for("POST", "/queries").await;
    waiting.abort();
    server.wait_for("POST", "/jobs/j1/cancel").await;
    assert_eq!(seen.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn pages_follow_each_other_until_there_is_no_token() {
    let server = Server::start(|asked, _| {
        let mut first = page(&[&["a"], &["b"]]);
        if asked.is("POST", "/queries") {
            first["pageToken"] = json!("next/1");
            return Some(Reply::Json(200, first));
        }
        let second = asked.is("GET", "pageToken=next%2F1");
        second.then(|| Reply::Json(200, page(&[&["c"]])))
    })
    .await;
    let instance = server.open(json!({})).await.unwrap();
    let mut stream = instance.stream(select()).await.unwrap();
    let mut rows = RowBuffer::new(1);
    while stream.next(&mut rows).await.unwrap() {}
    let wanted: Vec<Vec<Value>> = ["a", "b", "c"].map(|text| vec![text.into()]).into();
    assert_eq!(rows.to_rows(), wanted);
}
