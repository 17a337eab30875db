//! Several callers, and other programs beside.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect};
use quillback_plugin_api::driver::Instance as _;
use quillback_plugin_api::{Category, DriverError};
use serde_json::json;

use crate::support::*;

type Call<'a> = Pin<Box<dyn Future<Output = Result<BatchOutcome, DriverError>> + 'a>>;

/// Starts calls without waiting: each is in the queue when this returns.
async fn start(calls: &mut [Call<'_>]) {
    for call in calls {
        poll_fn(|cx| {
            assert!(call.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
    }
}

/// Makes every insert of the row 666 into `notes` run until it is stopped.
fn make_endless(db: &Database) {
    db.beside()
        .execute_batch(
            "CREATE VIEW endless AS WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)
                 SELECT count(*) AS n FROM c;
             CREATE TRIGGER endless AFTER INSERT ON notes WHEN new.id = 666
                 BEGIN UPDATE notes SET note = (SELECT n FROM endless) WHERE id = 666; END;",
        )
        .unwrap();
}

#[tokio::test]
async fn batches_wait_for_another_program_and_go_on_together() {
    let db = database().await;
    db.instance.define(vec![notes()]).await.unwrap();
    let other = db.beside();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut calls: Vec<Call<'_>> = (0..20)
        .map(|id| Box::pin(db.instance.apply(note(id % 10, "x"))) as Call<'_>)
        .collect();
    start(&mut calls).await;
    other
        .execute_batch("INSERT INTO notes VALUES (100, 'theirs'); COMMIT")
        .unwrap();
    let mut outcomes = Vec::new();
    for call in calls {
        outcomes.push(call.await.map(done).map_err(|error| error.category));
    }
    assert!(outcomes[..10].iter().all(Result::is_ok));
    assert!(
        outcomes[10..]
            .iter()
            .all(|outcome| *outcome == Err(Category::Unique))
    );
    assert_eq!(count(&db.instance, "notes").await, 11);
}

#[tokio::test]
async fn a_file_that_stays_locked_is_unavailable_and_recovers() {
    let folder = tempfile::TempDir::new().unwrap();
    let options = json!({ "path": path(&folder), "busy_timeout_ms": 30 });
    let instance = open(options).await.unwrap();
    instance.define(vec![notes()]).await.unwrap();
    let other = rusqlite::Connection::open(path(&folder)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = instance.apply(note(1, "x")).await.unwrap_err();
    assert_eq!(error.category, Category::Unavailable);
    assert!(
        error.message.contains("another process"),
        "{}",
        error.message
    );
    assert_eq!(
        count(&instance, "notes").await,
        0,
        "reads do not wait for writers"
    );
    other.execute_batch("ROLLBACK").unwrap();
    done(instance.apply(note(1, "x")).await.unwrap());
}

#[tokio::test]
async fn a_deadline_ends_the_wait_in_the_queue() {
    let db = database().await;
    db.instance.define(vec![notes()]).await.unwrap();
    let other = db.beside();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut first = [Box::pin(db.instance.apply(note(1, "x"))) as Call<'_>];
    start(&mut first).await;
    // It is behind a batch that waits for the lock, so no thread can tell it that its time is over.
    let late = Batch {
        deadline_ms: 20,
        ..note(2, "x")
    };
    let error = db.instance.apply(late).await.unwrap_err();
    assert_eq!(error.category, Category::Timeout);
    other.execute_batch("ROLLBACK").unwrap();
    let [first] = first;
    done(first.await.unwrap());
    assert_eq!(
        rows(&db.instance, select("notes", &["id"])).await,
        [vec![1.into()]]
    );
}

#[tokio::test]
async fn a_dropped_batch_stops_and_lets_the_next_one_write() {
    let db = database().await;
    db.instance.define(vec![notes()]).await.unwrap();
    make_endless(&db);
    let mut endless = [Box::pin(db.instance.apply(note(666, "x"))) as Call<'_>];
    start(&mut endless).await;
    // It holds the lock once it runs.
    let other = db.beside();
    while other.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok() {
        tokio::task::yield_now().await;
    }
    drop(endless);
    done(db.instance.apply(note(1, "x")).await.unwrap());
    assert_eq!(
        rows(&db.instance, select("notes", &["id"])).await,
        [vec![1.into()]]
    );
}

#[tokio::test]
async fn a_deadline_stops_a_running_read() {
    let db = database().await;
    db.instance.define(vec![notes()]).await.unwrap();
    make_endless(&db);
    let mut batch = Batch {
        deadline_ms: 30,
        ..Batch::default()
    };
    batch.read(select("endless", &["n"]));
    let error = db.instance.apply(batch.clone()).await.unwrap_err();
    assert_eq!((error.category, error.step), (Category::Timeout, Some(0)));
    for _ in 0..10 {
        let error = db.instance.apply(batch.clone()).await.unwrap_err();
        assert_eq!(error.category, Category::Timeout);
    }
    assert_eq!(
        count(&db.instance, "notes").await,
        0,
        "the readers are free again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_never_lose_an_addition() {
    let db = std::sync::Arc::new(database().await);
    db.instance.define(vec![notes()]).await.unwrap();
    done(db.instance.apply(note(0, "0")).await.unwrap());
    let add = || {
        let db = std::sync::Arc::clone(&db);
        tokio::spawn(async move {
            for _ in 0..50 {
                let mut batch = Batch::default();
                batch.write(plus("notes", "id", 1), Expect::Rows(1));
                done(db.instance.apply(batch).await.unwrap());
            }
        })
    };
    let tasks: Vec<_> = (0..8).map(|_| add()).collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(
        rows(&db.instance, select("notes", &["id"])).await,
        [vec![400.into()]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_one_state_in_one_batch() {
    let db = std::sync::Arc::new(database().await);
    db.instance.define(vec![notes()]).await.unwrap();
    let writer = {
        let db = std::sync::Arc::clone(&db);
        tokio::spawn(async move {
            for id in 0..200 {
                done(db.instance.apply(note(id, "x")).await.unwrap());
            }
        })
    };
    while !writer.is_finished() {
        let mut batch = Batch::default();
        for _ in 0..3 {
            batch.read(select("notes", &["id"]));
        }
        let found: Vec<u64> = done(db.instance.apply(batch).await.unwrap())
            .iter()
            .map(|step| step.found)
            .collect();
        assert!(found.iter().all(|rows| *rows == found[0]), "{found:?}");
    }
    writer.await.unwrap();
}
