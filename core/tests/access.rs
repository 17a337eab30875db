//! Effective access: every right with the groups it comes from, and to whom it is told.

use quillback_core::admin::access::{self, Origin, SchemaAccess};
use quillback_core::admin::connections::{self, ConnectionDraft};
use quillback_core::admin::schemas;
use quillback_core::cx::{Cx, Role};
use quillback_core::ids::GroupId;
use quillback_core::policy::Action::{self, Add, Edit, History, View};
use quillback_core::policy::Rights;
use serde_json::json;

use crate::support::target::{Target, on_each_target};

fn rights(actions: &[Action], hidden: &[&str], read_only: &[&str]) -> Rights {
    let rights = json!({ "actions": actions, "hidden": hidden, "read_only": read_only });
    serde_json::from_value(rights).unwrap()
}

fn names(origin: &Origin) -> Vec<&str> {
    let groups = origin.groups.iter();
    groups.map(|group| group.name.as_str()).collect()
}

fn origins(schema: &SchemaAccess) -> Vec<(Action, Vec<&str>)> {
    let actions = schema.actions.iter();
    actions
        .map(|access| (access.action, names(&access.from)))
        .collect()
}

struct World {
    target: Target,
    sales: GroupId,
    audit: GroupId,
}

/// "Sales" adds and edits without seeing notes, "Audit" sees everything and its history, everyone sees regions.
async fn world(target: Target) -> World {
    let sales = target.test.add_group("Sales").await;
    let audit = target.test.add_group("Audit").await;
    let everyone = quillback_core::repo::groups::find_everyone(&target.test.app.repo)
        .await
        .unwrap()
        .unwrap()
        .id;
    let few = [
        "product", "amount", "units", "note", "approved", "due", "updated",
    ];
    let permissions = vec![
        (
            sales.clone(),
            rights(&[View, Add, Edit], &["note"], &["amount"]),
        ),
        (audit.clone(), rights(&[View, History], &[], &[])),
        (everyone, rights(&[View], &few, &[])),
    ];
    schemas::set_permissions(&target.admin, &target.test.app, target.id(), permissions)
        .await
        .unwrap();
    let sales_in = std::slice::from_ref(&sales);
    let both = [sales.clone(), audit.clone()];
    for (name, roles, groups) in [
        ("ann", &[][..], &both[..]),
        ("bob", &[], sales_in),
        ("eve", &[], &[]),
        ("manager", &[Role::UserManager], sales_in),
        ("designer", &[Role::SchemaManager], sales_in),
    ] {
        target.test.add_user(name, roles, groups).await;
    }
    World {
        target,
        sales,
        audit,
    }
}

#[tokio::test]
async fn every_right_is_told_with_its_groups_and_is_what_the_user_has() {
    on_each_target(async |target| {
        let World { target, .. } = world(target).await;
        let (test, app) = (&target.test, &target.test.app);
        let everybody = [
            (
                "ann",
                vec![
                    (View, vec!["Audit", "everyone", "Sales"]),
                    (Add, vec!["Sales"]),
                    (Edit, vec!["Sales"]),
                    (History, vec!["Audit"]),
                ],
            ),
            (
                "bob",
                vec![
                    (View, vec!["everyone", "Sales"]),
                    (Add, vec!["Sales"]),
                    (Edit, vec!["Sales"]),
                ],
            ),
            ("eve", vec![(View, vec!["everyone"])]),
        ];
        for (name, expected) in everybody {
            let cx = test.as_user(name).await;
            let told = access::effective(&cx, app, None).await.unwrap();
            assert!(!told.partial && told.connections.is_empty());
            let [schema] = told.schemas.as_slice() else {
                panic!("{name}: {told:?}")
            };
            assert_eq!(origins(schema), expected, "{name}");
            // It is what the user meets.
            let met = schemas::get(&cx, app, target.id()).await.unwrap();
            let actions: Vec<_> = schema.actions.iter().map(|access| access.action).collect();
            assert_eq!(actions, met.actions, "{name}");
            let fields = |flag: &dyn Fn(&access::FieldAccess) -> bool| -> Vec<bool> {
                schema.fields.iter().map(flag).collect()
            };
            assert_eq!(fields(&|field| field.visible), met.visible, "{name}");
            assert_eq!(fields(&|field| field.writable), met.writable, "{name}");
            // And what an administrator is told.
            let id = cx.principal().unwrap().user.clone();
            let by_admin = access::effective(&target.admin, app, Some(&id))
                .await
                .unwrap();
            assert_eq!(by_admin, told, "{name}");
        }
        let admin = access::effective(&target.admin, app, None).await.unwrap();
        assert!(
            admin.schemas[0]
                .actions
                .iter()
                .all(|access| access.from.admin)
        );
        assert!(admin.connections[0].manages.as_ref().unwrap().admin);
    })
    .await;
}

#[tokio::test]
async fn others_are_told_to_user_managers_as_far_as_they_share_groups() {
    on_each_target(async |target| {
        let World {
            target,
            sales,
            audit,
        } = world(target).await;
        let (test, app) = (&target.test, &target.test.app);
        test.add_user("auditor", &[], std::slice::from_ref(&audit))
            .await;
        let asks = async |who: &str, about: &str| {
            let id = test.user(about).await.id;
            access::effective(&test.as_user(who).await, app, Some(&id)).await
        };
        let code = |answer: &quillback_core::Result<_>| {
            answer.as_ref().err().map_or("OK", |error| error.code())
        };
        for (who, about, answer) in [
            ("bob", "bob", "OK"),
            ("bob", "ann", "FORBIDDEN"),
            ("designer", "ann", "FORBIDDEN"),
            ("manager", "ann", "OK"),
            ("manager", "eve", "OK"),
            ("manager", "auditor", "NOT_FOUND"),
        ] {
            assert_eq!(code(&asks(who, about).await), answer, "{who} about {about}");
        }
        // The history comes from a group that the manager is not in.
        let shared = asks("manager", "ann").await.unwrap();
        assert!(shared.partial);
        let told = origins(&shared.schemas[0]);
        assert!(
            told.iter().all(|(action, _)| *action != History),
            "{told:?}"
        );
        assert!(!asks("manager", "bob").await.unwrap().partial);
        let nobody = access::effective(&test.nobody(), app, None).await;
        assert_eq!(code(&nobody), "UNAUTHENTICATED");

        // Managers: what they see and what they change.
        let draft = |kind: &quillback_core::repo::connections::Connection| ConnectionDraft {
            name: kind.name.clone(),
            driver: kind.driver.clone(),
            options: target.database.options(),
            marker: true,
            groups: Some(vec![sales.clone()]),
        };
        let stored = connections::get(&target.admin, app, &target.connection)
            .await
            .unwrap();
        connections::update(
            &target.admin,
            app,
            &target.connection,
            stored.version,
            draft(&stored),
        )
        .await
        .unwrap();
        let designer: Cx = test.as_user("designer").await;
        let told = access::effective(&designer, app, None).await.unwrap();
        assert_eq!(names(told.schemas[0].manages.as_ref().unwrap()), ["Sales"]);
        let [connection] = told.connections.as_slice() else {
            panic!("{told:?}")
        };
        assert_eq!(names(&connection.from), ["Sales"]);
        assert_eq!(connection.manages, None);
    })
    .await;
}
