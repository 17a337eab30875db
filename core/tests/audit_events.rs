//! The administrative audit trail.

use quillback_core::admin::people::users::{self, UserChange};
use quillback_core::audit::events::{EventFilter, list_events};
use quillback_core::cx::Role;
use quillback_core::ids::EventId;

use crate::support::{TestApp, on_each};

#[tokio::test]
async fn every_action_has_an_entry_with_who_and_what() {
    on_each(async |test| {
        let admin = test.admin().await;
        let id = test.add_user("ada", &[Role::UserManager], &[]).await;
        test.clock.advance(60);
        let change = UserChange {
            display_name: Some("Countess".into()),
            ..UserChange::default()
        };
        users::update(&admin, &test.app, &id, 1, change)
            .await
            .unwrap();

        let filter = EventFilter {
            subject_id: Some(id.to_string()),
            ..EventFilter::default()
        };
        let events = list_events(&admin, &test.app, &filter, None, 10)
            .await
            .unwrap();
        let actions: Vec<_> = events.iter().map(|event| event.action.as_str()).collect();
        assert_eq!(actions, ["user.update", "user.create"]);
        let update = &events[0];
        assert_eq!(update.user.as_ref(), Some(&admin.principal().unwrap().user));
        assert_eq!(update.at, admin.now());
        assert_eq!(update.details["before"]["displayName"], "ada");
        assert_eq!(update.details["after"]["displayName"], "Countess");
    })
    .await;
}

#[tokio::test]
async fn what_is_refused_leaves_no_entry() {
    let test = TestApp::new().await;
    let admin = test.admin().await;
    let id = test.add_user("ada", &[], &[]).await;
    let before = list_events(&admin, &test.app, &EventFilter::default(), None, 100)
        .await
        .unwrap()
        .len();
    users::update(&admin, &test.app, &id, 7, UserChange::default())
        .await
        .unwrap_err();
    let taken = UserChange {
        username: Some("admin".into()),
        ..UserChange::default()
    };
    users::update(&admin, &test.app, &id, 1, taken)
        .await
        .unwrap_err();
    let after = list_events(&admin, &test.app, &EventFilter::default(), None, 100)
        .await
        .unwrap()
        .len();
    assert_eq!(before, after);
}

#[tokio::test]
async fn entries_are_paged_the_latest_first() {
    on_each(async |test| {
        let admin = test.admin().await;
        for number in 0..12 {
            test.clock.advance(1);
            test.add_group(&format!("Group {number}")).await;
        }
        let filter = EventFilter {
            subject_type: Some("group".into()),
            ..EventFilter::default()
        };
        let (mut seen, mut before): (Vec<EventId>, Option<EventId>) = (Vec::new(), None);
        loop {
            let page = list_events(&admin, &test.app, &filter, before.as_ref(), 5)
                .await
                .unwrap();
            seen.extend(page.iter().map(|event| event.id.clone()));
            before = seen.last().cloned();
            if page.len() < 5 {
                break;
            }
        }
        assert_eq!(seen.len(), 12);
        assert!(seen.windows(2).all(|pair| pair[0] > pair[1]));
        let nobody = EventFilter {
            user: Some(test.user("admin").await.id),
            subject_id: Some("none".into()),
            ..filter
        };
        assert!(
            list_events(&admin, &test.app, &nobody, None, 5)
                .await
                .unwrap()
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn only_an_admin_reads_the_trail() {
    let test = TestApp::new().await;
    test.add_user(
        "ada",
        &[
            Role::UserManager,
            Role::SchemaManager,
            Role::ConnectionManager,
        ],
        &[],
    )
    .await;
    let error = list_events(
        &test.as_user("ada").await,
        &test.app,
        &EventFilter::default(),
        None,
        5,
    )
    .await
    .unwrap_err();
    assert_eq!(error.code(), "FORBIDDEN");
}

#[tokio::test]
async fn no_hash_is_in_the_trail() {
    let test = TestApp::new().await;
    let admin = test.admin().await;
    let id = test.add_user("ada", &[], &[]).await;
    users::set_password(&admin, &test.app, &id, crate::support::hash())
        .await
        .unwrap();
    let events = list_events(&admin, &test.app, &EventFilter::default(), None, 100)
        .await
        .unwrap();
    assert!(
        events
            .iter()
            .any(|event| event.action == "user.set_password")
    );
    assert!(
        events
            .iter()
            .all(|event| !event.details.to_string().contains("argon2"))
    );
}
