//! Batches: what takes effect, what does not, and when it is answered.

use crate::support::*;
use quillback_plugin_api::Category;
use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect};
use quillback_plugin_api::driver::Instance as _;
use quillback_plugin_api::sql::{Expr, Select};

#[tokio::test]
async fn what_is_written_is_read() {
    let db = database().await;
    db.instance.define(vec![notes()]).await.unwrap();
    done(db.instance.apply(note(1, "one")).await.unwrap());
    let read = rows(&db.instance, select("notes", &["id", "note"])).await;
    assert_eq!(read, [vec![1.into(), "one".into()]]);
    assert_eq!(db.instance.ping().await.unwrap().product, "SQLite");
    db.instance.close().await;
    let late = db.instance.apply(note(2, "two")).await.unwrap_err();
    assert_eq!(late.category, Category::Unavailable);
    assert!(
        !std::fs::exists(format!("{}-wal", db.path())).unwrap(),
        "the log was not merged"
    );
}

#[tokio::test]
async fn a_refused_batch_leaves_nothing() {
    let db = database().await;
    db.instance.define(vec![notes()]).await.unwrap();
    let mut batch = note(1, "one");
    batch.write(set_note(2, "x"), Expect::Rows(1));
    let outcome = db.instance.apply(batch).await.unwrap();
    assert!(
        matches!(
            outcome,
            BatchOutcome::Refused {
                step: 1,
                found: 0,
                ..
            }
        ),
        "{outcome:?}"
    );
    assert_eq!(count(&db.instance, "notes").await, 0);
}

#[tokio::test]
async fn a_failing_step_is_named() {
    let db = database().await;
    db.instance.define(vec![notes()]).await.unwrap();
    let mut batch = note(1, "one");
    batch.check(table("notes"), Expr::True, Expect::Rows(1));
    batch.steps.extend(note(1, "again").steps);
    let error = db.instance.apply(batch).await.unwrap_err();
    assert_eq!((error.category, error.step), (Category::Unique, Some(2)));
    assert_eq!(error.origin.column.as_deref(), Some("id"));
    assert_eq!(count(&db.instance, "notes").await, 0);
    let mut reads = Batch::default();
    reads
        .read(select("notes", &["id"]))
        .read(select("notes", &["nothing"]));
    let error = db.instance.apply(reads).await.unwrap_err();
    assert_eq!((error.category, error.step), (Category::NotFound, Some(1)));
    assert_eq!(
        rows(&db.instance, Select::count(table("notes"), Expr::True))
            .await
            .len(),
        1
    );
}
