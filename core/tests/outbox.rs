//! What is told of changes: nothing before they took effect, nothing of those that did not, and everything else once.

use quillback_core::ids::ChangeId;
use quillback_core::journal;
use quillback_core::outbox::{self, RowsChanged, Topic};
use quillback_core::repo::outbox::{Delivery, list_deliveries, list_ready};
use serde_json::json;

use crate::recovering::forget_the_answer;
use crate::support::target::{Target, add, delete, edit, on_each_target};

async fn of(target: &Target, change: &ChangeId) -> Vec<Delivery> {
    list_deliveries(&target.test.app.repo, change)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_change_that_took_effect_is_news_once_and_told_without_its_values() {
    on_each_target(async |target| {
        let (admin, app) = (&target.admin, &target.test.app);
        let keys = [
            target
                .add(admin, json!({ "region": "edited", "units": 1 }))
                .await,
            target.add(admin, json!({ "region": "removed" })).await,
        ];
        let id = ChangeId::from(admin.new_id());
        let changes = vec![
            add(json!({ "region": "secret" })),
            edit(&keys[0], json!({ "units": 2 }), json!({ "units": 1 })),
            delete(&keys[1], json!({ "region": "removed" })),
        ];
        target.send(admin, &id, changes.clone()).await.unwrap();
        let [news] = of(&target, &id).await.try_into().unwrap();
        assert_eq!(news.topic, Topic::RowsChanged);
        assert_eq!(&news.schema, target.id());
        assert_eq!(news.ready_at, target.test.clock_now());
        let counted: RowsChanged = serde_json::from_value(news.payload.clone()).unwrap();
        let one_each = RowsChanged {
            added: 1,
            edited: 1,
            deleted: 1,
        };
        assert_eq!(counted, one_each);
        assert!(!news.payload.to_string().contains("secret"));
        // The same change sent again is no news.
        assert!(target.send(admin, &id, changes).await.unwrap().repeated);
        assert_eq!(of(&target, &id).await, std::slice::from_ref(&news));
        let all = list_ready(&app.repo, Topic::RowsChanged, news.ready_at, 10)
            .await
            .unwrap();
        assert_eq!(all.len(), 3);
        assert!(all.contains(&news));
    })
    .await;
}

#[tokio::test]
async fn a_change_that_was_refused_is_no_news() {
    on_each_target(async |target| {
        let key = target
            .add(&target.admin, json!({ "region": "a", "units": 1 }))
            .await;
        let id = ChangeId::from(target.admin.new_id());
        let stale = edit(&key, json!({ "units": 3 }), json!({ "units": 2 }));
        target.send(&target.admin, &id, vec![stale]).await.unwrap();
        assert_eq!(of(&target, &id).await, []);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_told_until_a_lost_answer_is_settled() {
    on_each_target(async |target| {
        let id = ChangeId::from(target.admin.new_id());
        target
            .send(&target.admin, &id, vec![add(json!({ "region": "a" }))])
            .await
            .unwrap();
        forget_the_answer(&target, &id).await;
        let since = target.test.clock_now();
        let app = &target.test.app;
        assert_eq!(
            list_ready(&app.repo, Topic::RowsChanged, since, 10)
                .await
                .unwrap(),
            []
        );
        target.test.clock.advance(120);
        journal::recover(&target.test.nobody(), app, 60_000)
            .await
            .unwrap();
        let [news] = of(&target, &id).await.try_into().unwrap();
        assert_eq!(news.ready_at, target.test.clock_now());
    })
    .await;
}

#[tokio::test]
async fn old_news_are_forgotten() {
    on_each_target(async |target| {
        let id = ChangeId::from(target.admin.new_id());
        target
            .send(&target.admin, &id, vec![add(json!({ "region": "a" }))])
            .await
            .unwrap();
        outbox::sweep(&target.test.app).await.unwrap();
        assert_eq!(of(&target, &id).await.len(), 1);
        target.test.clock.advance(3_600);
        outbox::sweep(&target.test.app).await.unwrap();
        assert_eq!(of(&target, &id).await.len(), 0);
    })
    .await;
}
