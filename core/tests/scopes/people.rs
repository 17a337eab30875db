//! Users and groups as the managers of users reach them.

use quillback_core::admin::people::groups::{self, MemberChange};
use quillback_core::admin::people::users::{self, UserChange, UserDraft};
use quillback_core::admin::schemas::{self, PolicyDraft};
use quillback_core::cx::Role;
use quillback_core::ids::{GroupId, UserId};
use quillback_core::policy::{Operand, Operator, Rule};

use super::{code, manager};
use crate::support::target::on_each_target;
use crate::support::{hash, on_each};

#[tokio::test]
async fn a_user_manager_reaches_users_of_own_groups() {
    on_each(async |test| {
        let app = &test.app;
        let (sales, hr) = (test.add_group("Sales").await, test.add_group("HR").await);
        let inside = test
            .add_user("inside", &[], std::slice::from_ref(&sales))
            .await;
        let outside = test
            .add_user("outside", &[], std::slice::from_ref(&hr))
            .await;
        let shared = test
            .add_user("shared", &[], &[sales.clone(), hr.clone()])
            .await;
        let free = test.add_user("free", &[], &[]).await;
        let boss = test
            .add_user("boss", &[Role::Admin], std::slice::from_ref(&sales))
            .await;
        let cx = manager(
            &test,
            "manager",
            Role::UserManager,
            std::slice::from_ref(&sales),
        )
        .await;
        let own = cx.principal().unwrap().user.clone();

        let page = users::list(&cx, app, "", None, 50).await.unwrap();
        let names: Vec<_> = page
            .users
            .iter()
            .map(|user| user.username.as_str())
            .collect();
        assert_eq!(
            names,
            ["admin", "boss", "free", "inside", "manager", "shared"]
        );
        let rename = |name: &str| UserChange {
            display_name: Some(name.into()),
            ..UserChange::default()
        };
        let username = |name: &str| UserChange {
            username: Some(name.into()),
            ..UserChange::default()
        };
        let update = async |id: &UserId, change: UserChange| {
            let version = users::get(&test.admin().await, app, id)
                .await
                .unwrap()
                .user
                .version;
            code(users::update(&cx, app, id, version, change).await)
        };
        for (id, sees, edits, name, password) in [
            (&inside, "OK", "OK", "OK", "OK"),
            (&free, "OK", "OK", "OK", "OK"),
            // Whoever signs in as them would reach the other group's rows.
            (&shared, "OK", "OK", "FORBIDDEN", "FORBIDDEN"),
            (&boss, "OK", "FORBIDDEN", "FORBIDDEN", "FORBIDDEN"),
            (&own, "OK", "OK", "FORBIDDEN", "OK"),
            (&outside, "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND"),
        ] {
            assert_eq!(code(users::get(&cx, app, id).await), sees, "{id} is seen");
            assert_eq!(update(id, rename("Renamed")).await, edits, "{id} is edited");
            let new = format!("user {}", &id.as_str()[24..]);
            assert_eq!(update(id, username(&new)).await, name, "{id} is renamed");
            let set = users::set_password(&cx, app, id, hash()).await;
            assert_eq!(code(set), password, "{id} gets a password");
        }
        let create = async |groups: &[GroupId]| {
            let draft = UserDraft {
                username: test.app.surroundings.new_id().to_string(),
                groups: groups.to_vec(),
                ..UserDraft::default()
            };
            code(users::create(&cx, app, draft, None).await)
        };
        assert_eq!(create(std::slice::from_ref(&sales)).await, "OK");
        assert_eq!(create(&[]).await, "OK");
        assert_eq!(create(&[sales, hr]).await, "NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn a_user_manager_reaches_own_groups_and_widens_nothing() {
    on_each(async |test| {
        let app = &test.app;
        let (sales, hr) = (test.add_group("Sales").await, test.add_group("HR").await);
        let free = test.add_user("free", &[], &[]).await;
        let outside = test
            .add_user("outside", &[], std::slice::from_ref(&hr))
            .await;
        let boss = test.add_user("boss", &[Role::Admin], &[]).await;
        let cx = manager(
            &test,
            "manager",
            Role::UserManager,
            std::slice::from_ref(&sales),
        )
        .await;
        let own = cx.principal().unwrap().user.clone();
        let add = async |group: &GroupId, user: &UserId| {
            let change = MemberChange {
                add: vec![user.clone()],
                remove: vec![],
            };
            code(groups::change_members(&cx, app, group, change).await)
        };
        assert_eq!(add(&sales, &free).await, "OK");
        assert_eq!(add(&hr, &free).await, "NOT_FOUND");
        assert_eq!(add(&hr, &own).await, "FORBIDDEN");
        assert_eq!(add(&sales, &outside).await, "NOT_FOUND");
        assert_eq!(add(&sales, &boss).await, "FORBIDDEN");
        let names: Vec<_> = groups::list(&cx, app).await.unwrap();
        let names: Vec<_> = names.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["everyone", "Sales"]);
        let both = [sales.clone(), hr.clone()];
        let members = groups::list_members(&cx, app, &both).await.unwrap();
        assert!(
            members.iter().all(|(group, _)| *group == sales),
            "{members:?}"
        );
        assert_eq!(
            code(groups::rename(&cx, app, &hr, 1, "Other").await),
            "NOT_FOUND"
        );
        assert_eq!(code(groups::delete(&cx, app, &hr, 1).await), "NOT_FOUND");
        // A group that the manager makes is the manager's own from then on.
        let made = groups::create(&cx, app, "Interns").await.unwrap();
        let cx = test.as_user("manager").await;
        assert_eq!(
            code(groups::rename(&cx, app, &made.id, 1, "Trainees").await),
            "OK"
        );
        assert_eq!(code(groups::delete(&cx, app, &made.id, 2).await), "OK");
        assert_eq!(
            code(groups::rename(&cx, app, &sales, 1, "Sales 2").await),
            "OK"
        );
    })
    .await;
}

#[tokio::test]
async fn only_an_admin_names_groups_while_row_rules_compare_with_their_names() {
    on_each_target(async |target| {
        let (test, app) = (&target.test, &target.test.app);
        let sales = test.add_group("Sales").await;
        let cx = manager(
            test,
            "manager",
            Role::UserManager,
            std::slice::from_ref(&sales),
        )
        .await;
        let policy = |operand| PolicyDraft {
            name: "own region".into(),
            rules: vec![Rule {
                field: "region".into(),
                operator: Operator::Eq,
                operand,
            }],
        };
        // A text that only looks like it is none.
        let literal = Operand::Values(vec![r#""operand":"groups""#.into()]);
        schemas::set_policies(&target.admin, app, target.id(), vec![policy(literal)])
            .await
            .unwrap();
        assert_eq!(code(groups::create(&cx, app, "North").await), "OK");
        let policies = vec![policy(Operand::Groups)];
        schemas::set_policies(&target.admin, app, target.id(), policies)
            .await
            .unwrap();
        assert_eq!(code(groups::create(&cx, app, "South").await), "FORBIDDEN");
        assert_eq!(
            code(groups::rename(&cx, app, &sales, 1, "South").await),
            "FORBIDDEN"
        );
        assert_eq!(
            code(groups::rename(&target.admin, app, &sales, 1, "South").await),
            "OK"
        );
    })
    .await;
}
