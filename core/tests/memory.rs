//! What is remembered of a repository that a server has to itself, and what ends that.

use std::future::Future as _;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Waker};

use quillback_core::admin::schemas::{self, PolicyDraft};
use quillback_core::catalog;
use quillback_core::cx::Cx;
use quillback_core::plugin_api::batch::{Batch, Expect};
use quillback_core::plugin_api::sql::{Assignment, Expr, Statement, Update};
use quillback_core::plugin_api::{Ident, TableRef, Value};
use quillback_core::repo::{Remembered, Stamp, commit};
use serde_json::json;

use crate::support::target::{Target, add};
use crate::support::{Kind, TestApp};

/// Gives every schema another revision.
fn another_revision() -> Batch {
    let set = Assignment::set(&Ident::literal("revision"), Value::I64(77));
    let update = Update {
        table: TableRef::new(Ident::literal("_schemas")),
        set: vec![set],
        filter: Expr::True,
    };
    let mut batch = Batch::default();
    batch.write(Statement::Update(update), Expect::Any);
    batch
}

async fn revision(target: &Target, cx: &Cx) -> i64 {
    let principal = cx.principal.clone().unwrap();
    let found = catalog::find(&target.test.app, target.id(), &principal)
        .await
        .unwrap();
    found.loaded.whole.schema.revision
}

#[tokio::test]
async fn a_schema_is_served_from_memory_until_somebody_writes() {
    let target = Target::on(Kind::Sqlite).await;
    let first = revision(&target, &target.admin).await;
    // Behind the server's back, which only a program can do that tells of it.
    let app = &target.test.app;
    app.repo.apply(&another_revision()).await.unwrap();
    assert_eq!(revision(&target, &target.admin).await, first);
    target.test.visits.store(2, Ordering::SeqCst);
    assert_eq!(revision(&target, &target.admin).await, 77);
}

#[tokio::test]
async fn rights_and_policies_hold_at_once() {
    let target = Target::on(Kind::Sqlite).await;
    target
        .add(&target.admin, json!({ "region": "north" }))
        .await;
    let seen = async || target.rows(&target.admin, None).await.rows.len();
    assert_eq!(seen().await, 1);
    let policy =
        PolicyDraft {
            name: "nobody".into(),
            rules: vec![serde_json::from_value(
            json!({ "field": "region", "operator": "eq", "operand": { "values": ["south"] } }),
        )
        .unwrap()],
        };
    schemas::set_policies(&target.admin, &target.test.app, target.id(), vec![policy])
        .await
        .unwrap();
    assert_eq!(seen().await, 0);
}

#[tokio::test]
async fn books_end_no_memory_and_other_writes_do() {
    let target = Target::on(Kind::Sqlite).await;
    let stamp = || target.test.app.repo.stamp().unwrap();
    let before = stamp();
    target
        .write(&target.admin, vec![add(json!({ "region": "north" }))])
        .await
        .unwrap();
    assert_eq!(stamp(), before);
    target.test.add_group("north").await;
    assert_ne!(stamp(), before);
}

#[tokio::test]
async fn nothing_is_remembered_while_a_write_is_under_way_or_was_given_up() {
    let test = TestApp::new().await;
    let batch = another_revision();
    let mut waiting = Context::from_waker(Waker::noop());
    // The thread of the database may have written before it is looked at: then nothing is given up.
    let was_given_up = (0..1_000).any(|_| {
        let mut write = pin!(commit(&test.app.repo, &batch, "schema"));
        let is_under_way = write.as_mut().poll(&mut waiting).is_pending();
        if is_under_way {
            assert_eq!(test.app.repo.stamp(), None, "under way");
        }
        is_under_way
    });
    assert!(was_given_up);
    assert_eq!(test.app.repo.stamp(), None, "given up");
}

#[tokio::test]
async fn a_server_that_shares_its_repository_remembers_nothing() {
    let test = TestApp::new().await;
    assert!(test.app.repo.stamp().is_some());
    let other = test.another(&test.keys).await;
    assert_eq!(test.app.repo.stamp(), None);
    assert_eq!(other.repo.stamp(), None);
}

#[tokio::test]
async fn no_more_is_kept_than_there_is_room_for() {
    let test = TestApp::new().await;
    let stamp = test.app.repo.stamp();
    let memory: Remembered<u8, u8> = Remembered::new(2);
    let kept = |now: Option<Stamp>| (0..4).filter(|key| memory.get(now, key).is_some()).count();
    for key in 0..4 {
        memory.put(stamp, key, key);
        assert_eq!(memory.get(stamp, &key), Some(key));
        assert!(kept(stamp) <= 2);
    }
    test.add_group("another state").await;
    assert_eq!(kept(test.app.repo.stamp()), 0);
    assert_eq!(kept(None), 0);
}
