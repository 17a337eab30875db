//! Groups and their members.

use quillback_core::admin::people::groups::{self, MemberChange};
use quillback_core::cx::Role;
use quillback_core::ids::{GroupId, UserId};
use quillback_core::plugin_api::batch::{Batch, Expect};
use quillback_core::plugin_api::sql::{Insert, Statement};
use quillback_core::plugin_api::{Ident, RowBuffer, TableRef, Value};
use quillback_core::repo::groups as stored;
use quillback_core::{App, Result};

use crate::support::{TestApp, on_each};

fn code<T>(answer: Result<T>) -> &'static str {
    answer.map_or_else(|error| error.code(), |_| "OK")
}

fn add(users: &[&UserId]) -> MemberChange {
    MemberChange {
        add: users.iter().map(|user| (*user).clone()).collect(),
        remove: vec![],
    }
}

fn remove(users: &[&UserId]) -> MemberChange {
    MemberChange {
        add: vec![],
        remove: users.iter().map(|user| (*user).clone()).collect(),
    }
}

async fn members(test: &TestApp, group: &GroupId) -> Vec<UserId> {
    let listed = stored::list_members(&test.app.repo, std::slice::from_ref(group))
        .await
        .unwrap();
    listed.into_iter().map(|(_, user)| user).collect()
}

async fn insert(app: &App, table: &'static str, cells: &[(&'static str, Value)]) {
    let columns = cells.iter().map(|(name, _)| Ident::literal(name)).collect();
    let rows = RowBuffer::from_rows(
        cells.len(),
        &[cells.iter().map(|(_, value)| value.clone()).collect()],
    )
    .unwrap();
    let table = TableRef::new(Ident::literal(table));
    let mut batch = Batch::default();
    batch.write(
        Statement::Insert(Insert {
            table,
            columns,
            rows,
            returning: vec![],
        }),
        Expect::Rows(1),
    );
    app.repo.apply(&batch).await.unwrap();
}

#[tokio::test]
async fn a_group_is_made_renamed_and_removed() {
    on_each(async |test| {
        let admin = test.admin().await;
        let group = groups::create(&admin, &test.app, " Sales ").await.unwrap();
        assert_eq!(group.name, "Sales");
        assert_eq!(
            code(groups::create(&admin, &test.app, "SALES").await),
            "ALREADY_EXISTS"
        );
        assert_eq!(
            code(groups::create(&admin, &test.app, "").await),
            "INVALID_INPUT"
        );
        let renamed = groups::rename(&admin, &test.app, &group.id, 1, "Verkauf")
            .await
            .unwrap();
        assert_eq!((renamed.name.as_str(), renamed.version), ("Verkauf", 2));
        assert_eq!(
            code(groups::rename(&admin, &test.app, &group.id, 1, "Late").await),
            "STALE"
        );
        assert_eq!(
            code(groups::delete(&admin, &test.app, &group.id, 1).await),
            "STALE"
        );
        assert_eq!(
            code(groups::delete(&admin, &test.app, &group.id, 2).await),
            "OK"
        );
        assert_eq!(
            code(groups::delete(&admin, &test.app, &group.id, 2).await),
            "NOT_FOUND"
        );
        assert_eq!(groups::list(&admin, &test.app).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn everyone_cannot_be_changed() {
    let test = TestApp::new().await;
    let admin = test.admin().await;
    let everyone = stored::find_everyone(&test.app.repo)
        .await
        .unwrap()
        .unwrap();
    let user = test.add_user("ada", &[], &[]).await;
    let app = &test.app;
    assert_eq!(
        code(groups::rename(&admin, app, &everyone.id, everyone.version, "All").await),
        "IN_USE"
    );
    assert_eq!(
        code(groups::delete(&admin, app, &everyone.id, everyone.version).await),
        "IN_USE"
    );
    assert_eq!(
        code(groups::change_members(&admin, app, &everyone.id, add(&[&user])).await),
        "IN_USE"
    );
    assert_eq!(
        code(groups::create(&admin, app, "Everyone").await),
        "ALREADY_EXISTS"
    );
}

#[tokio::test]
async fn members_come_and_go() {
    on_each(async |test| {
        let admin = test.admin().await;
        let group = test.add_group("Sales").await;
        let (ada, bob) = (
            test.add_user("ada", &[], &[]).await,
            test.add_user("bob", &[], &[]).await,
        );
        let change =
            async |change| code(groups::change_members(&admin, &test.app, &group, change).await);
        assert_eq!(change(add(&[&ada, &bob, &ada])).await, "OK");
        assert_eq!(change(add(&[&ada])).await, "OK");
        assert_eq!(members(&test, &group).await.len(), 2);
        assert_eq!(change(remove(&[&ada])).await, "OK");
        assert_eq!(change(remove(&[&ada])).await, "OK");
        assert_eq!(members(&test, &group).await, std::slice::from_ref(&bob));
        let ghost = UserId::from(test.app.surroundings.new_id());
        assert_eq!(change(add(&[&ada, &ghost])).await, "NOT_FOUND");
        assert_eq!(members(&test, &group).await, std::slice::from_ref(&bob));

        let names = |groups: Vec<quillback_core::cx::Group>| {
            groups.into_iter().map(|g| g.name).collect::<Vec<_>>()
        };
        assert_eq!(
            names(stored::list_groups_of(&test.app.repo, &bob).await.unwrap()),
            ["everyone", "Sales"]
        );
        assert_eq!(
            names(stored::list_groups_of(&test.app.repo, &ada).await.unwrap()),
            ["everyone"]
        );
        groups::delete(&admin, &test.app, &group, 1).await.unwrap();
        assert_eq!(
            names(stored::list_groups_of(&test.app.repo, &bob).await.unwrap()),
            ["everyone"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_group_with_rights_stays() {
    on_each(async |test| {
        let admin = test.admin().await;
        let id = || test.app.surroundings.new_id().to_string();
        let with_schema = test.add_group("With schema").await;
        let cells = [
            ("schema_id", id().into()),
            ("group_id", (&with_schema).into()),
            ("rights", "{}".into()),
        ];
        insert(&test.app, "_schema_permissions", &cells).await;
        let with_connection = test.add_group("With connection").await;
        let cells = [
            ("connection_id", id().into()),
            ("group_id", (&with_connection).into()),
        ];
        insert(&test.app, "_connection_groups", &cells).await;
        for group in [with_schema, with_connection] {
            assert_eq!(
                code(groups::delete(&admin, &test.app, &group, 1).await),
                "IN_USE"
            );
        }
        // What an entitlement gives ends with the group.
        let entitled = test.add_group("Entitled").await;
        let cells = [
            ("assignable_type", "group".into()),
            ("assignable_id", (&entitled).into()),
            ("property", "region".into()),
            ("value", "north".into()),
        ];
        insert(&test.app, "_rls_entitlements", &cells).await;
        assert_eq!(
            code(groups::delete(&admin, &test.app, &entitled, 1).await),
            "OK"
        );
    })
    .await;
}

#[tokio::test]
async fn sec_16_a_user_manager_does_not_change_their_own_groups() {
    let test = TestApp::new().await;
    let group = test.add_group("Sales").await;
    test.add_user(
        "manager",
        &[Role::UserManager],
        std::slice::from_ref(&group),
    )
    .await;
    test.add_user("schemas", &[Role::SchemaManager], &[]).await;
    let other = test.add_user("other", &[], &[]).await;
    let manager = test.as_user("manager").await;
    let own = manager.principal().unwrap().user.clone();
    let app = &test.app;
    assert_eq!(
        code(groups::change_members(&manager, app, &group, add(&[&own])).await),
        "FORBIDDEN"
    );
    assert_eq!(
        code(groups::change_members(&manager, app, &group, remove(&[&own])).await),
        "FORBIDDEN"
    );
    assert_eq!(
        code(groups::change_members(&manager, app, &group, add(&[&other])).await),
        "OK"
    );
    let schemas = test.as_user("schemas").await;
    assert_eq!(
        code(groups::change_members(&schemas, app, &group, add(&[&other])).await),
        "FORBIDDEN"
    );
    assert_eq!(
        code(groups::create(&schemas, app, "Mine").await),
        "FORBIDDEN"
    );
    assert_eq!(code(groups::list(&schemas, app).await), "OK");
    assert_eq!(
        code(groups::list(&test.as_user("other").await, app).await),
        "FORBIDDEN"
    );
    let admin = test.admin().await;
    let admin_id = admin.principal().unwrap().user.clone();
    assert_eq!(
        code(groups::change_members(&admin, app, &group, add(&[&admin_id])).await),
        "OK"
    );
}
