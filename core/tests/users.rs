//! Who may make and change users and roles (SEC-16, SEC-17), and what keeps two edits from mixing.

use quillback_core::Result;
use quillback_core::admin::people::users::{UserChange, UserDraft};
use quillback_core::admin::people::{roles, users};
use quillback_core::cx::{Cx, Role};
use quillback_core::ids::{GroupId, UserId};
use quillback_core::repo::{groups, people};

use crate::support::{Kind, TestApp, hash, on_each};

fn draft(username: &str, roles: &[Role]) -> UserDraft {
    UserDraft {
        username: username.into(),
        roles: roles.to_vec(),
        ..UserDraft::default()
    }
}

fn code<T>(answer: Result<T>) -> &'static str {
    answer.map_or_else(|error| error.code(), |_| "OK")
}

async fn version(test: &TestApp, id: &UserId) -> i64 {
    people::get_user(&test.app.repo, id).await.unwrap().version
}

async fn update(test: &TestApp, cx: &Cx, id: &UserId, change: UserChange) -> &'static str {
    code(users::update(cx, &test.app, id, version(test, id).await, change).await)
}

async fn set_roles(test: &TestApp, cx: &Cx, id: &UserId, wanted: &[Role]) -> &'static str {
    code(roles::set(cx, &test.app, id, version(test, id).await, wanted.to_vec()).await)
}

fn rename(name: &str) -> UserChange {
    UserChange {
        display_name: Some(name.into()),
        ..UserChange::default()
    }
}

fn switched(active: bool) -> UserChange {
    UserChange {
        active: Some(active),
        ..UserChange::default()
    }
}

#[tokio::test]
async fn a_user_is_stored_as_drafted_and_trimmed() {
    on_each(async |test| {
        let admin = test.admin().await;
        let group = test.add_group("Sales").await;
        let everyone = groups::find_everyone(&test.app.repo)
            .await
            .unwrap()
            .unwrap()
            .id;
        let draft = UserDraft {
            username: "  Ada  ".into(),
            display_name: "Ada 🚀 Lovelace".into(),
            email: Some("ada@example.com".into()),
            roles: vec![Role::SchemaManager, Role::SchemaManager],
            groups: vec![group.clone(), group.clone(), everyone],
        };
        let made = users::create(&admin, &test.app, draft, Some(hash()))
            .await
            .unwrap();
        let found = people::find_user_by_name(&test.app.repo, "ADA")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found, made);
        assert_eq!(
            (found.username.as_str(), found.email.as_deref()),
            ("Ada", Some("ada@example.com"))
        );
        assert!(found.must_change_password && found.active);
        let roles = users::get(&admin, &test.app, &made.id).await.unwrap().roles;
        assert_eq!(roles, [Role::SchemaManager]);
        let names: Vec<_> = groups::list_groups_of(&test.app.repo, &made.id)
            .await
            .unwrap();
        assert_eq!(
            names
                .iter()
                .map(|group| group.name.as_str())
                .collect::<Vec<_>>(),
            ["everyone", "Sales"]
        );
    })
    .await;
}

#[tokio::test]
async fn bad_drafts_are_refused_by_field() {
    let test = TestApp::new().await;
    let admin = test.admin().await;
    let cases = [
        (draft(" ", &[]), "username", "REQUIRED"),
        (draft(&"x".repeat(256), &[]), "username", "TOO_LONG"),
        (draft("a\nb", &[]), "username", "CHARACTERS"),
        (draft("ADMIN", &[]), "username", "TAKEN"),
        (
            UserDraft {
                email: Some("nobody".into()),
                ..draft("a", &[])
            },
            "email",
            "FORMAT",
        ),
        (
            UserDraft {
                email: Some("a b@c".into()),
                ..draft("a", &[])
            },
            "email",
            "FORMAT",
        ),
        (
            UserDraft {
                display_name: "x".repeat(256),
                ..draft("a", &[])
            },
            "displayName",
            "TOO_LONG",
        ),
    ];
    for (draft, path, rule) in cases {
        let error = users::create(&admin, &test.app, draft, None)
            .await
            .unwrap_err();
        let problem = &error.problems()[0];
        assert_eq!(
            (problem.path.as_str(), problem.code),
            (path, rule),
            "{error}"
        );
    }
    let nowhere = GroupId::from(test.app.surroundings.new_id());
    let lost = UserDraft {
        groups: vec![nowhere],
        ..draft("a", &[])
    };
    assert_eq!(
        code(users::create(&admin, &test.app, lost, None).await),
        "NOT_FOUND"
    );
    assert_eq!(
        people::list_users(&test.app.repo, "", None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn an_edit_of_an_old_version_changes_nothing() {
    on_each(async |test| {
        let admin = test.admin().await;
        let id = test.add_user("ada", &[], &[]).await;
        users::update(&admin, &test.app, &id, 1, rename("First"))
            .await
            .unwrap();
        assert_eq!(
            code(users::update(&admin, &test.app, &id, 1, rename("Second")).await),
            "STALE"
        );
        assert_eq!(
            code(roles::set(&admin, &test.app, &id, 1, vec![Role::UserManager]).await),
            "STALE"
        );
        // Two who read the same version: one of them comes second.
        let (one, two) = tokio::join!(
            users::update(&admin, &test.app, &id, 2, rename("One")),
            users::update(&admin, &test.app, &id, 2, rename("Two")),
        );
        let mut codes = [code(one), code(two)];
        codes.sort_unstable();
        assert_eq!(codes, ["OK", "STALE"]);
        assert_eq!(version(&test, &id).await, 3);
    })
    .await;
}

#[tokio::test]
async fn names_are_unique_whatever_the_case_also_when_changed() {
    on_each(async |test| {
        let admin = test.admin().await;
        test.add_user("ada", &[], &[]).await;
        let id = test.add_user("bob", &[], &[]).await;
        let taken = UserChange {
            username: Some("ADA".into()),
            ..UserChange::default()
        };
        assert_eq!(update(&test, &admin, &id, taken).await, "ALREADY_EXISTS");
        let own = UserChange {
            username: Some("Bob".into()),
            email: Some(String::new()),
            ..UserChange::default()
        };
        assert_eq!(update(&test, &admin, &id, own).await, "OK");
        assert_eq!(test.user("bob").await.username, "Bob");
    })
    .await;
}

#[tokio::test]
async fn sec_16_only_user_managers_and_admins_reach_users() {
    let test = TestApp::new().await;
    let target = test.add_user("target", &[], &[]).await;
    test.add_user("plain", &[], &[]).await;
    test.add_user("connections", &[Role::ConnectionManager], &[])
        .await;
    test.add_user("schemas", &[Role::SchemaManager], &[]).await;
    test.add_user("users", &[Role::UserManager], &[]).await;
    for (username, changes, sees) in [
        ("plain", "FORBIDDEN", "FORBIDDEN"),
        ("connections", "FORBIDDEN", "OK"),
        ("schemas", "FORBIDDEN", "OK"),
        ("users", "OK", "OK"),
        ("admin", "OK", "OK"),
    ] {
        let cx = test.as_user(username).await;
        let made = users::create(&cx, &test.app, draft(&format!("by {username}"), &[]), None).await;
        assert_eq!(code(made), changes, "{username} creates");
        assert_eq!(
            update(&test, &cx, &target, rename(username)).await,
            changes,
            "{username} updates"
        );
        assert_eq!(
            code(users::set_password(&cx, &test.app, &target, hash()).await),
            changes,
            "{username} sets"
        );
        assert_eq!(
            code(users::list(&cx, &test.app, "", None, 10).await),
            sees,
            "{username} lists"
        );
        assert_eq!(
            code(users::get(&cx, &test.app, &target).await),
            sees,
            "{username} gets"
        );
    }
    let plain = test.as_user("plain").await;
    let own = plain.principal().unwrap().user.clone();
    assert_eq!(code(users::get(&plain, &test.app, &own).await), "OK");
    assert_eq!(
        code(users::list(&test.nobody(), &test.app, "", None, 10).await),
        "UNAUTHENTICATED"
    );
}

#[tokio::test]
async fn sec_16_a_user_manager_does_not_become_more() {
    let test = TestApp::new().await;
    let admin_id = test.user("admin").await.id;
    let schemas = test.add_user("schemas", &[Role::SchemaManager], &[]).await;
    let plain = test.add_user("plain", &[], &[]).await;
    test.add_user("manager", &[Role::UserManager], &[]).await;
    let manager = test.as_user("manager").await;
    let own = manager.principal().unwrap().user.clone();

    for role in [Role::Admin, Role::SchemaManager, Role::ConnectionManager] {
        let made = users::create(&manager, &test.app, draft("puppet", &[role]), Some(hash())).await;
        assert_eq!(code(made), "FORBIDDEN", "creates {role:?}");
        assert_eq!(
            set_roles(&test, &manager, &plain, &[role]).await,
            "FORBIDDEN",
            "gives {role:?}"
        );
        let both = [Role::UserManager, role];
        assert_eq!(
            set_roles(&test, &manager, &own, &both).await,
            "FORBIDDEN",
            "takes {role:?}"
        );
    }
    assert_eq!(
        set_roles(&test, &manager, &plain, &[Role::UserManager]).await,
        "OK"
    );
    assert_eq!(set_roles(&test, &manager, &own, &[]).await, "FORBIDDEN");
    assert_eq!(set_roles(&test, &manager, &schemas, &[]).await, "FORBIDDEN");

    assert_eq!(
        update(&test, &manager, &admin_id, rename("Fool")).await,
        "FORBIDDEN"
    );
    assert_eq!(
        update(&test, &manager, &admin_id, switched(false)).await,
        "FORBIDDEN"
    );
    assert_eq!(
        set_roles(&test, &manager, &admin_id, &[]).await,
        "FORBIDDEN"
    );
    assert_eq!(
        code(users::set_password(&manager, &test.app, &admin_id, hash()).await),
        "FORBIDDEN"
    );
    // Signing in as somebody with another role would be a way to have it.
    assert_eq!(
        code(users::set_password(&manager, &test.app, &schemas, hash()).await),
        "FORBIDDEN"
    );
    assert_eq!(
        update(&test, &manager, &schemas, rename("Schema Person")).await,
        "OK"
    );
}

#[tokio::test]
async fn sec_17_the_last_active_admin_stays() {
    on_each(async |test| {
        let admin = test.admin().await;
        let first = test.user("admin").await.id;
        let second = test.add_user("second", &[Role::Admin], &[]).await;
        let off = test.add_user("off", &[Role::Admin], &[]).await;
        assert_eq!(update(&test, &admin, &off, switched(false)).await, "OK");
        assert_eq!(set_roles(&test, &admin, &second, &[]).await, "OK");
        // The one who is switched off does not count.
        assert_eq!(
            update(&test, &admin, &first, switched(false)).await,
            "IN_USE"
        );
        assert_eq!(
            set_roles(&test, &admin, &first, &[Role::SchemaManager]).await,
            "IN_USE"
        );
        assert_eq!(set_roles(&test, &admin, &off, &[]).await, "OK");
        assert_eq!(
            set_roles(&test, &admin, &second, &[Role::Admin]).await,
            "OK"
        );
        assert_eq!(update(&test, &admin, &first, switched(false)).await, "OK");
    })
    .await;
}

#[tokio::test]
async fn sec_17_two_admins_who_remove_each_other_at_once_do_not_both_succeed() {
    for kind in Kind::at_hand() {
        let test = TestApp::on(kind).await;
        let first = test.user("admin").await.id;
        let second = test.add_user("second", &[Role::Admin], &[]).await;
        let (by_first, by_second) = (test.admin().await, test.as_user("second").await);
        for round in 0..10 {
            let change = |active| switched(active);
            let versions = (version(&test, &first).await, version(&test, &second).await);
            let (one, two) = tokio::join!(
                users::update(&by_first, &test.app, &second, versions.1, change(false)),
                roles::set(&by_second, &test.app, &first, versions.0, vec![]),
            );
            let codes = [code(one), code(two)];
            assert_ne!(codes, ["OK", "OK"], "{kind:?} round {round}");
            for refused in codes.iter().filter(|code| **code != "OK") {
                assert!(["STALE", "IN_USE"].contains(refused), "{kind:?} {refused}");
            }
            // Whoever was removed comes back, by the hand of the other.
            if codes[0] == "OK" {
                assert_eq!(
                    update(&test, &by_first, &second, switched(true)).await,
                    "OK"
                );
            }
            if codes[1] == "OK" {
                assert_eq!(
                    set_roles(&test, &by_second, &first, &[Role::Admin]).await,
                    "OK"
                );
            }
        }
    }
}

#[tokio::test]
async fn lists_are_paged_and_searched_by_name() {
    on_each(async |test| {
        let admin = test.admin().await;
        for name in ["Carol", "bob", "eve", "Dan_iel", "mal%lory"] {
            test.add_user(name, &[], &[]).await;
        }
        let names = async |search: &str, after: Option<&str>, limit| {
            let page = users::list(&admin, &test.app, search, after, limit)
                .await
                .unwrap();
            (
                page.users
                    .into_iter()
                    .map(|user| user.username)
                    .collect::<Vec<_>>(),
                page.has_more,
            )
        };
        let all = ["admin", "bob", "Carol", "Dan_iel", "eve", "mal%lory"].map(String::from);
        assert_eq!(names("", None, 3).await, (all[..3].to_vec(), true));
        assert_eq!(
            names("", Some("CAROL"), 3).await,
            (all[3..].to_vec(), false)
        );
        assert_eq!(names("AR", None, 10).await, (vec!["Carol".into()], false));
        assert_eq!(names("_", None, 10).await, (vec!["Dan_iel".into()], false));
        assert_eq!(names("%", None, 10).await, (vec!["mal%lory".into()], false));
        assert_eq!(names("", None, 0).await.0.len(), 1);
        assert_eq!(names("a\0", None, 10).await, (vec![], false));
    })
    .await;
}
