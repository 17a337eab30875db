//! A database in memory.

use quillback_plugin_api::Category;
use quillback_plugin_api::RowBuffer;
use quillback_plugin_api::driver::{Instance as _, RowStream as _};
use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn memory_must_be_asked_for() {
    let error = open(json!({ "path": ":memory:" })).await.unwrap_err();
    assert_eq!(error.category, Category::Config);
    assert!(error.message.contains("`memory`"), "{}", error.message);
}

#[tokio::test]
async fn all_calls_see_the_same_memory() {
    let instance = open(json!({ "memory": true })).await.unwrap();
    instance.define(vec![notes()]).await.unwrap();
    for id in 0..2_500 {
        done(instance.apply(note(id, "x")).await.unwrap());
    }
    assert_eq!(count(&instance, "notes").await, 2_500);
    let mut stream = instance.stream(select("notes", &["id"])).await.unwrap();
    assert_eq!(stream.columns()[0].native, "BIGINT");
    done(
        instance
            .apply(note(9_999, "beside a stream"))
            .await
            .unwrap(),
    );
    let mut all = RowBuffer::new(1);
    while stream.next(&mut all).await.unwrap() {}
    assert_eq!(all.len(), 2_500);
    instance.close().await;
    assert_eq!(
        instance.ping().await.unwrap_err().category,
        Category::Unavailable
    );
}

#[tokio::test]
async fn two_memories_are_apart() {
    let (one, two) = (json!({ "memory": true }), json!({ "memory": true }));
    let (one, two) = (open(one).await.unwrap(), open(two).await.unwrap());
    one.define(vec![notes()]).await.unwrap();
    two.define(vec![notes()]).await.unwrap();
    done(one.apply(note(1, "x")).await.unwrap());
    assert_eq!(count(&two, "notes").await, 0);
}
