//! The administrative audit trail.

use quillback_core::admin::people::groups;
use quillback_core::admin::people::users::{self, UserChange};
use quillback_core::admin::{connections, schemas};
use quillback_core::app::{App, Drivers};
use quillback_core::audit::events::{EventFilter, list_events};
use quillback_core::cx::Role;
use quillback_core::field::FieldKind;
use quillback_core::ids::EventId;
use quillback_core::policy::Rights;
use serde_json::{Value as Json, json};

use crate::support::target::{Target, draft_of, field, fields};
use crate::support::{Kind, TestApp, on_each};

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

/// Details of the newest entry of this action.
async fn details(target: &Target, action: &str) -> Json {
    let filter = EventFilter {
        action: Some(action.into()),
        ..EventFilter::default()
    };
    let events = list_events(&target.admin, &target.test.app, &filter, None, 1)
        .await
        .unwrap();
    events[0].details.clone()
}

#[tokio::test]
async fn an_entry_tells_what_there_was_and_what_there_is_and_no_secret() {
    let target = Target::on(Kind::Sqlite).await;
    let (admin, app) = (&target.admin, &target.test.app);
    let mut more = fields();
    more.push(field("extra", FieldKind::Integer));
    let draft = draft_of(&target.connection, "Budget", "forecast", more);
    let revision = target.schema.revision;
    schemas::update(admin, app, target.id(), revision, draft)
        .await
        .unwrap();
    let told = details(&target, "schema.update").await;
    assert_eq!(told["before"]["label"], "Forecast");
    assert_eq!(told["after"]["label"], "Budget");
    assert_eq!(
        told["after"]["module"],
        Json::Null,
        "what is the same is left out"
    );
    let fields = |side: &str| told[side]["definition"]["fields"].as_array().unwrap().len();
    assert_eq!(fields("after"), fields("before") + 1);

    let group = target.test.add_group("north").await;
    let permissions = vec![(group, Rights::all())];
    schemas::set_permissions(admin, app, target.id(), permissions)
        .await
        .unwrap();
    let told = details(&target, "schema.permissions").await;
    assert_eq!(told["before"], json!([]));
    assert_eq!(told["after"].as_array().unwrap().len(), 1);

    let policy = schemas::PolicyDraft {
        name: "all".into(),
        rules: Vec::new(),
    };
    for (policies, before, after) in [(vec![policy], 0, 1), (Vec::new(), 1, 0)] {
        schemas::set_policies(admin, app, target.id(), policies)
            .await
            .unwrap();
        let told = details(&target, "schema.policies").await;
        assert_eq!(told["before"].as_array().unwrap().len(), before);
        assert_eq!(told["after"].as_array().unwrap().len(), after);
        target.test.clock.advance(1);
    }
}

#[tokio::test]
async fn an_edited_connection_tells_that_its_secrets_changed_and_not_what_they_are() {
    let test = TestApp::new().await;
    let admin = test.admin().await;
    let draft = |name: &str, password: Option<&str>| {
        let mut options = json!({ "host": "db.example", "database": "d", "user": "u" });
        if let Some(password) = password {
            options["password"] = json!(password);
        }
        connections::ConnectionDraft {
            name: name.into(),
            driver: "postgres".into(),
            options: options.as_object().unwrap().clone(),
            ..connections::ConnectionDraft::default()
        }
    };
    let app = App {
        drivers: Drivers::new(vec![Kind::Postgres.driver()]),
        ..test.app.clone()
    };
    let first = draft("one", Some("secret-one"));
    let made = connections::create(&admin, &app, first).await.unwrap();
    for (version, next, expected) in [
        (1, draft("two", None), Json::Null),
        (2, draft("two", Some("secret-two")), json!("changed")),
    ] {
        test.clock.advance(1);
        connections::update(&admin, &app, &made.id, version, next)
            .await
            .unwrap();
        let filter = EventFilter {
            action: Some("connection.".into()),
            ..EventFilter::default()
        };
        let events = list_events(&admin, &app, &filter, None, 5).await.unwrap();
        assert_eq!(events[0].action, "connection.update");
        assert_eq!(events[0].details["after"]["secrets"], expected);
        assert!(!format!("{events:?}").contains("secret-"));
    }
}

#[tokio::test]
async fn everybody_reads_what_they_did_themselves() {
    let test = TestApp::new().await;
    let id = test.add_user("ada", &[Role::UserManager], &[]).await;
    let ada = test.as_user("ada").await;
    groups::create(&ada, &test.app, "hers").await.unwrap();
    let own = EventFilter {
        user: Some(id),
        ..EventFilter::default()
    };
    let events = list_events(&ada, &test.app, &own, None, 10).await.unwrap();
    let actions: Vec<_> = events.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(actions, ["group.create"]);
    let others = EventFilter {
        user: Some(test.user("admin").await.id),
        ..EventFilter::default()
    };
    let denied = list_events(&ada, &test.app, &others, None, 10).await;
    assert_eq!(denied.unwrap_err().code(), "FORBIDDEN");
}
