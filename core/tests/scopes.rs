//! Managers within their groups (SEC-16): what is outside answers like what does not exist.

mod people;

use quillback_core::admin::connections::{self, ConnectionDraft};
use quillback_core::admin::people::groups::{self};
use quillback_core::admin::people::users::{self};
use quillback_core::admin::schemas::{self, SchemaDraft};
use quillback_core::cx::{Cx, Role};
use quillback_core::field::FieldKind;
use quillback_core::ids::{ConnectionId, GroupId, SchemaId};
use quillback_core::policy::{Action, Rights};
use quillback_core::repo::groups as stored;
use quillback_core::{App, Error, Result};

use crate::support::target::{Target, draft_of, faults, field, on_each_target};
use crate::support::{Kind, TestApp};

fn code<T>(answer: Result<T>) -> &'static str {
    answer.map_or_else(|error| error.code(), |_| "OK")
}

fn fault<T>(answer: Result<T>) -> (String, &'static str) {
    let error = answer.err().unwrap();
    faults(&error).pop().unwrap_or((error.code().into(), ""))
}

/// A request of a new user with one role, in these groups.
async fn manager(test: &TestApp, name: &str, role: Role, groups: &[GroupId]) -> Cx {
    test.add_user(name, &[role], groups).await;
    test.as_user(name).await
}

fn connection(kind: Kind, target: &Target, name: &str) -> ConnectionDraft {
    ConnectionDraft {
        name: name.into(),
        driver: kind.driver().info().id.clone(),
        options: target.database.options(),
        marker: true,
        groups: None,
    }
}

fn named(draft: &ConnectionDraft, groups: &[&GroupId]) -> ConnectionDraft {
    ConnectionDraft {
        groups: Some(groups.iter().map(|group| (*group).clone()).collect()),
        ..draft.clone()
    }
}

fn view() -> Rights {
    Rights {
        actions: vec![Action::View],
        ..Rights::default()
    }
}

/// Looks into the connection, and plans a schema on it.
async fn looks_and_plans(cx: &Cx, app: &App, id: &ConnectionId, (looks, plans): (&str, &str)) {
    assert_eq!(code(schemas::database_schemas(cx, app, id).await), looks);
    let page = (0, 10);
    let tables = schemas::tables(cx, app, id, None, String::new(), page).await;
    assert_eq!(code(tables), looks);
    let table = schemas::table(cx, app, id, None, "forecast".into()).await;
    assert_eq!(code(table), looks);
    let draft = draft_of(id, "New", "new_table", crate::support::target::fields());
    assert_eq!(code(schemas::plan(cx, app, None, draft).await), plans);
}

#[tokio::test]
async fn a_connection_is_managed_by_its_groups() {
    for kind in Kind::at_hand() {
        let target = Target::on(kind).await;
        let (test, app) = (&target.test, &target.test.app);
        let (sales, hr) = (test.add_group("Sales").await, test.add_group("HR").await);
        let role = Role::ConnectionManager;
        let alice = manager(test, "alice", role, std::slice::from_ref(&sales)).await;
        let bob = manager(test, "bob", role, std::slice::from_ref(&hr)).await;
        let designer = manager(
            test,
            "designer",
            Role::SchemaManager,
            std::slice::from_ref(&sales),
        )
        .await;
        let outsider = manager(
            test,
            "outsider",
            Role::SchemaManager,
            std::slice::from_ref(&hr),
        )
        .await;

        let draft = connection(kind, &target, "of sales");
        let made = connections::create(&alice, app, draft.clone())
            .await
            .unwrap();
        for (who, cx, sees, manages) in [
            ("alice", &alice, "OK", "OK"),
            ("bob", &bob, "NOT_FOUND", "NOT_FOUND"),
            ("designer", &designer, "OK", "FORBIDDEN"),
            ("outsider", &outsider, "NOT_FOUND", "FORBIDDEN"),
            ("admin", &target.admin, "OK", "OK"),
        ] {
            let listed = connections::list(cx, app).await.unwrap();
            assert_eq!(
                listed.iter().any(|one| one.id == made.id),
                sees == "OK",
                "{who} lists"
            );
            assert_eq!(
                code(connections::get(cx, app, &made.id).await),
                sees,
                "{who} gets"
            );
            let tested = connections::test_stored(cx, app, &made.id).await;
            assert_eq!(code(tested), manages, "{who} tests");
            let tested = connections::test_draft(cx, app, Some(&made.id), draft.clone()).await;
            assert_eq!(code(tested), manages, "{who} tests a draft");
            let version = connections::get(&alice, app, &made.id)
                .await
                .unwrap()
                .version;
            let edited = connections::update(cx, app, &made.id, version, draft.clone()).await;
            assert_eq!(code(edited), manages, "{who} edits");
        }
        // The connection of the administrator belongs to nobody else.
        assert_eq!(
            code(connections::get(&alice, app, &target.connection).await),
            "NOT_FOUND"
        );
        looks_and_plans(&designer, app, &made.id, ("OK", "OK")).await;
        looks_and_plans(&outsider, app, &made.id, ("NOT_FOUND", "INVALID_INPUT")).await;
        assert_eq!(
            code(connections::delete(&bob, app, &made.id, made.version).await),
            "NOT_FOUND"
        );
        let version = connections::get(&alice, app, &made.id)
            .await
            .unwrap()
            .version;
        assert_eq!(
            code(connections::delete(&alice, app, &made.id, version).await),
            "OK"
        );
        // What is gone does not hold its group.
        test.add_user("free", &[], &[]).await;
        assert_eq!(
            code(groups::delete(&target.admin, app, &sales, 1).await),
            "OK"
        );
    }
}

#[tokio::test]
async fn a_connection_belongs_to_own_groups_only() {
    for kind in Kind::at_hand() {
        let target = Target::on(kind).await;
        let (test, app) = (&target.test, &target.test.app);
        let (sales, hr) = (test.add_group("Sales").await, test.add_group("HR").await);
        let third = test.add_group("Third").await;
        let everyone = stored::find_everyone(&app.repo).await.unwrap().unwrap().id;
        let role = Role::ConnectionManager;
        let lost = manager(test, "lost", role, &[]).await;
        let alice = manager(test, "alice", role, std::slice::from_ref(&sales)).await;
        let both = manager(test, "both", role, &[sales.clone(), third.clone()]).await;
        let base = connection(kind, &target, "one");
        let create = async |cx: &Cx, draft: ConnectionDraft| {
            connections::create(cx, app, draft)
                .await
                .map(|made| made.id)
        };
        assert_eq!(
            fault(create(&lost, base.clone()).await),
            ("groups".into(), "NO_GROUP")
        );
        assert_eq!(
            fault(create(&both, base.clone()).await),
            ("groups".into(), "REQUIRED")
        );
        for group in [&hr, &everyone] {
            assert_eq!(
                code(create(&alice, named(&base, &[group])).await),
                "NOT_FOUND"
            );
        }
        assert_eq!(
            code(create(&alice, named(&base, &[&sales, &hr])).await),
            "NOT_FOUND"
        );
        let id = create(&both, named(&base, &[&sales])).await.unwrap();

        // An administrator lends it to another group; its managers neither see nor lose that.
        let owners = async |cx: &Cx| -> Vec<GroupId> {
            let all = connections::groups_of(cx, app, std::slice::from_ref(&id))
                .await
                .unwrap();
            let mut groups: Vec<_> = all.into_iter().map(|(_, group)| group).collect();
            groups.sort();
            groups
        };
        let update = async |cx: &Cx, draft: ConnectionDraft| {
            let now = connections::get(&target.admin, app, &id)
                .await
                .unwrap()
                .version;
            code(connections::update(cx, app, &id, now, draft).await)
        };
        assert_eq!(
            update(&target.admin, named(&base, &[&sales, &hr])).await,
            "OK"
        );
        assert_eq!(owners(&alice).await, std::slice::from_ref(&sales));
        assert_eq!(update(&both, named(&base, &[&third])).await, "OK");
        let mut now = vec![hr.clone(), third.clone()];
        now.sort();
        assert_eq!(owners(&target.admin).await, now);
        assert_eq!(update(&both, base.clone()).await, "OK");
        assert_eq!(owners(&target.admin).await, now);
        assert_eq!(update(&alice, base.clone()).await, "NOT_FOUND");
        assert_eq!(update(&both, named(&base, &[])).await, "INVALID_INPUT");
        // Offered to everyone, all may build on it and still only its groups and administrators change it.
        assert_eq!(
            update(&target.admin, named(&base, &[&everyone])).await,
            "OK"
        );
        assert_eq!(code(connections::get(&alice, app, &id).await), "OK");
        assert_eq!(update(&alice, base.clone()).await, "NOT_FOUND");
    }
}

/// A schema "Mine" that alice of "Sales" has made on a connection that everyone may build on; bob is in "HR".
struct Lent<'a> {
    target: &'a Target,
    sales: GroupId,
    hr: GroupId,
    everyone: GroupId,
    alice: Cx,
    bob: Cx,
    made: SchemaId,
}

impl<'a> Lent<'a> {
    async fn new(target: &'a Target) -> Self {
        let (test, app) = (&target.test, &target.test.app);
        let (sales, hr) = (test.add_group("Sales").await, test.add_group("HR").await);
        let everyone = stored::find_everyone(&app.repo).await.unwrap().unwrap().id;
        let role = Role::SchemaManager;
        let alice = manager(test, "alice", role, std::slice::from_ref(&sales)).await;
        let bob = manager(test, "bob", role, std::slice::from_ref(&hr)).await;
        let known = connections::get(&target.admin, app, &target.connection);
        let known = known.await.unwrap();
        let lend = ConnectionDraft {
            name: known.name,
            driver: known.driver,
            options: target.database.options(),
            marker: true,
            groups: Some(vec![sales.clone(), everyone.clone()]),
        };
        connections::update(&target.admin, app, &target.connection, 1, lend)
            .await
            .unwrap();
        let made = schemas::create(&alice, app, mine(target)).await.unwrap();
        Self {
            target,
            sales,
            hr,
            everyone,
            alice,
            bob,
            made: made.id,
        }
    }

    fn app(&self) -> &App {
        &self.target.test.app
    }

    async fn revision(&self) -> i64 {
        let seen = schemas::get(&self.target.admin, self.app(), &self.made).await;
        seen.unwrap().schema.revision
    }

    async fn lists(&self, cx: &Cx) -> bool {
        let all = schemas::list(cx, self.app()).await.unwrap();
        all.iter().any(|schema| schema.id == self.made)
    }

    /// The answers to a plan, a change, new policies and new permissions.
    async fn change(&self, cx: &Cx) -> [&'static str; 4] {
        let (app, id, now) = (self.app(), &self.made, self.revision().await);
        let draft = || mine(self.target);
        [
            code(schemas::plan(cx, app, Some(id), draft()).await),
            code(schemas::update(cx, app, id, now, draft()).await),
            code(schemas::set_policies(cx, app, id, Vec::new()).await),
            code(schemas::set_permissions(cx, app, id, Vec::new()).await),
        ]
    }

    async fn give(&self, cx: &Cx, group: &GroupId, rights: Rights) -> Result<Option<String>> {
        let permissions = vec![(group.clone(), rights)];
        schemas::set_permissions(cx, self.app(), &self.made, permissions).await
    }
}

fn mine(target: &Target) -> SchemaDraft {
    let fields = vec![field("name", FieldKind::Text { length: 20 })];
    draft_of(&target.connection, "Mine", "mine", fields)
}

#[tokio::test]
async fn a_schema_is_managed_by_the_groups_with_rights_on_it() {
    on_each_target(async |target| {
        let lent = Lent::new(&target).await;
        let (app, id) = (lent.app(), &lent.made);
        let lost = manager(&target.test, "lost", Role::SchemaManager, &[]).await;
        assert_eq!(
            fault(schemas::create(&lost, app, mine(&target)).await),
            ("groups".into(), "NO_GROUP")
        );
        let groups = Some(vec![lent.hr.clone()]);
        let foreign = schemas::create_in(&lent.alice, app, mine(&target), groups).await;
        assert_eq!(code(foreign), "NOT_FOUND");
        // The maker manages it and sees no rows yet; nobody else knows of it.
        let seen = schemas::get(&lent.alice, app, id).await.unwrap();
        assert!(seen.actions.is_empty());
        assert!(lent.lists(&lent.alice).await && !lent.lists(&lent.bob).await);
        assert_eq!(lent.change(&lent.bob).await, ["NOT_FOUND"; 4]);
        assert_eq!(code(schemas::get(&lent.bob, app, id).await), "NOT_FOUND");
        let deleted = schemas::delete(&lent.bob, app, id, 1, false).await;
        assert_eq!(code(deleted), "NOT_FOUND");
        assert_eq!(lent.change(&lent.alice).await, ["OK"; 4]);
        let now = lent.revision().await;
        let deleted = schemas::delete(&lent.alice, app, id, now, true).await;
        assert_eq!(code(deleted), "OK");
    })
    .await;
}

#[tokio::test]
async fn a_schema_is_shared_with_own_groups_and_everyone_with_a_warning() {
    on_each_target(async |target| {
        let lent = Lent::new(&target).await;
        let (app, id) = (lent.app(), &lent.made);
        let (alice, bob) = (&lent.alice, &lent.bob);
        assert_eq!(code(lent.give(alice, &lent.hr, view()).await), "NOT_FOUND");
        assert_eq!(
            fault(lent.give(alice, &lent.sales, Rights::default()).await),
            ("permissions".into(), "LAST_GROUP")
        );
        assert_eq!(lent.give(alice, &lent.sales, view()).await.unwrap(), None);
        let warning = lent.give(alice, &lent.everyone, view()).await.unwrap();
        assert!(warning.as_ref().unwrap().contains("may see its rows"));
        let shown = schemas::get(alice, app, id).await.unwrap().public_warning;
        assert_eq!(shown, warning);
        // Everybody sees it now, and that makes nobody its manager.
        assert!(lent.lists(bob).await);
        assert_eq!(lent.change(bob).await, ["NOT_FOUND"; 4]);
        let seen = schemas::get(bob, app, id).await.unwrap();
        assert_eq!((seen.public_warning, seen.permissions.len()), (None, 0));
        let may_change = Rights {
            actions: vec![Action::View, Action::Edit],
            ..Rights::default()
        };
        let warning = lent.give(alice, &lent.everyone, may_change).await.unwrap();
        assert!(warning.unwrap().contains("may see and change"));
        // An administrator shares it with another group, whose managers manage it then.
        lent.give(&target.admin, &lent.hr, view()).await.unwrap();
        assert_eq!(lent.change(bob).await, ["OK"; 4]);
    })
    .await;
}

#[tokio::test]
async fn rights_without_view_list_no_schema() {
    let target = Target::on(Kind::Sqlite).await;
    let (test, app) = (&target.test, &target.test.app);
    let sales = test.add_group("Sales").await;
    test.add_user("ann", &[], std::slice::from_ref(&sales))
        .await;
    let ann = test.as_user("ann").await;
    let add = Rights {
        actions: vec![Action::Add],
        ..Rights::default()
    };
    for (rights, count) in [(add, 0), (view(), 1)] {
        let permissions = vec![(sales.clone(), rights)];
        schemas::set_permissions(&target.admin, app, target.id(), permissions)
            .await
            .unwrap();
        assert_eq!(schemas::list(&ann, app).await.unwrap().len(), count);
    }
}

#[tokio::test]
async fn a_request_limited_to_some_schemas_reaches_no_other_and_administers_nothing() {
    on_each_target(async |target| {
        let (test, app) = (&target.test, &target.test.app);
        let limited = |only: Vec<_>| {
            let mut principal = (**target.admin.principal().unwrap()).clone();
            principal.only_schemas = Some(only);
            test.cx(Some(principal))
        };
        let here = limited(vec![target.id().clone()]);
        let elsewhere = limited(Vec::new());
        assert_eq!(target.rows(&here, None).await.rows.len(), 0);
        assert_eq!(schemas::list(&here, app).await.unwrap().len(), 1);
        assert_eq!(schemas::list(&elsewhere, app).await.unwrap().len(), 0);
        let page = target.page(&elsewhere, None, Vec::new(), 10, None).await;
        assert!(matches!(page, Err(Error::NotFound(_))), "{page:?}");
        assert_eq!(
            code(schemas::get(&elsewhere, app, target.id()).await),
            "NOT_FOUND"
        );
        let seen = schemas::get(&here, app, target.id()).await.unwrap();
        assert_eq!(
            (seen.permissions.len(), seen.actions.is_empty()),
            (0, false)
        );
        assert_eq!(
            code(schemas::set_policies(&here, app, target.id(), vec![]).await),
            "FORBIDDEN"
        );
        assert_eq!(code(connections::list(&here, app).await), "FORBIDDEN");
        assert_eq!(
            code(users::list(&here, app, "", None, 1).await),
            "FORBIDDEN"
        );
    })
    .await;
}
