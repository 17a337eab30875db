//! The list of changes, and changes that an admin settles by hand.

use quillback_core::Result;
use quillback_core::admin::schemas;
use quillback_core::audit::events::{self, EventFilter};
use quillback_core::audit::history::{self, HistoryCommand};
use quillback_core::cx::{Cx, Role};
use quillback_core::ids::ChangeId;
use quillback_core::journal::{self, Recovered, Verdict, list, stuck_before};
use quillback_core::plugin_api::batch::{Batch, Expect};
use quillback_core::plugin_api::sql::{Assignment, Expr, Statement, Update};
use quillback_core::plugin_api::{Ident, TableRef};
use quillback_core::policy::{Action, Rights};
use quillback_core::repo::change_list::ChangeFilter;
use quillback_core::repo::changes::State;
use quillback_core::repo::commit;
use quillback_core::repo::outbox::list_deliveries;
use serde_json::json;

use crate::recovering::forget_the_answer;
use crate::support::target::{Target, add, faults, on_each_target};

/// A change of one row whose answer was lost, on a connection that writes no marker.
async fn unknown(target: &Target) -> ChangeId {
    let id = ChangeId::from(target.admin.new_id());
    let changes = vec![add(json!({ "region": "a", "units": 7 }))];
    target.send(&target.admin, &id, changes).await.unwrap();
    forget_the_answer(target, &id).await;
    let unmark = Update {
        table: TableRef::new(Ident::literal("_changes")),
        set: vec![Assignment::set(&Ident::literal("marked"), false)],
        filter: Expr::eq(&Ident::literal("id"), &id),
    };
    let mut batch = Batch::default();
    batch.write(Statement::Update(unmark), Expect::Rows(1));
    commit(&target.test.app.repo, &batch, "change")
        .await
        .unwrap();
    target.test.clock.advance(120);
    let recovered = journal::recover(&target.test.nobody(), &target.test.app, 60_000).await;
    let one = Recovered {
        unknown: 1,
        ..Recovered::default()
    };
    assert_eq!(recovered.unwrap(), one);
    id
}

async fn ids(target: &Target, cx: &Cx, filter: ChangeFilter) -> Vec<ChangeId> {
    let page = list(cx, &target.test.app, filter, None, 50).await.unwrap();
    page.changes.into_iter().map(|change| change.id).collect()
}

#[tokio::test]
async fn pages_of_changes_are_the_newest_first_and_complete() {
    on_each_target(async |target| {
        let (admin, app) = (&target.admin, &target.test.app);
        let mut sent = Vec::new();
        for round in 0..7 {
            // Some at the same moment: then the id decides.
            target.test.clock.advance(round % 2);
            let id = ChangeId::from(admin.new_id());
            target
                .send(admin, &id, vec![add(json!({ "region": "a" }))])
                .await
                .unwrap();
            sent.push((target.test.clock_now(), id));
        }
        sent.sort();
        sent.reverse();
        let mut after = None;
        let mut found = Vec::new();
        loop {
            let page = list(admin, app, ChangeFilter::default(), after.as_ref(), 2)
                .await
                .unwrap();
            assert_eq!(page.changes.len(), if page.more { 2 } else { 1 });
            assert!(
                page.changes
                    .iter()
                    .all(|change| change.state == State::Applied
                        && change.row_count == 1
                        && change.marked
                        && change.schema == *target.id())
            );
            found.extend(
                page.changes
                    .into_iter()
                    .map(|change| (change.opened_at, change.id)),
            );
            after = found.last().map(|(_, id)| id.clone());
            if !page.more {
                break;
            }
        }
        assert_eq!(found, sent);
        let middle = sent[3].0;
        let since = ChangeFilter {
            since: Some(middle),
            ..ChangeFilter::default()
        };
        let until = ChangeFilter {
            until: Some(middle),
            ..ChangeFilter::default()
        };
        let (since, until) = (
            ids(&target, admin, since).await,
            ids(&target, admin, until).await,
        );
        let all: Vec<ChangeId> = sent.into_iter().map(|(_, id)| id).collect();
        assert_eq!([since, until].concat(), all);
    })
    .await;
}

#[tokio::test]
async fn everybody_lists_the_own_changes_and_managers_those_of_their_schemas() {
    on_each_target(async |target| {
        let id = ChangeId::from(target.admin.new_id());
        target
            .send(&target.admin, &id, vec![add(json!({ "region": "a" }))])
            .await
            .unwrap();
        let test = &target.test;
        test.add_user("reader", &[], &[]).await;
        test.add_user("users", &[Role::UserManager], &[]).await;
        let (here, there) = (test.add_group("Here").await, test.add_group("There").await);
        let rights = Rights {
            actions: vec![Action::View],
            ..Rights::default()
        };
        let permissions = vec![(here.clone(), rights)];
        schemas::set_permissions(&target.admin, &test.app, target.id(), permissions)
            .await
            .unwrap();
        test.add_user("schemas", &[Role::SchemaManager], &[here])
            .await;
        test.add_user("others", &[Role::SchemaManager], &[there])
            .await;
        let of_admin = ChangeFilter {
            user: Some(test.user("admin").await.id),
            ..ChangeFilter::default()
        };
        for (name, sees) in [
            ("admin", true),
            ("schemas", true),
            ("others", false),
            ("users", false),
            ("reader", false),
        ] {
            let cx = test.as_user(name).await;
            for filter in [ChangeFilter::default(), of_admin.clone()] {
                let expected = if sees { vec![id.clone()] } else { Vec::new() };
                assert_eq!(ids(&target, &cx, filter).await, expected, "{name}");
            }
            let found = journal::find(&cx, &test.app, &id).await;
            assert_eq!(found.is_ok(), sees, "{name}");
            let after = list(&cx, &test.app, ChangeFilter::default(), Some(&id), 5).await;
            assert_eq!(after.is_ok(), sees, "{name}");
        }
        let nobody = list(&test.nobody(), &test.app, ChangeFilter::default(), None, 5).await;
        assert_eq!(nobody.unwrap_err().code(), "UNAUTHENTICATED");
    })
    .await;
}

#[tokio::test]
async fn what_needs_attention_is_unknown_or_open_for_too_long() {
    on_each_target(async |target| {
        let (admin, app) = (&target.admin, &target.test.app);
        let lost = unknown(&target).await;
        let open = ChangeId::from(admin.new_id());
        target
            .send(admin, &open, vec![add(json!({ "region": "a" }))])
            .await
            .unwrap();
        forget_the_answer(&target, &open).await;
        let stuck = || ChangeFilter {
            stuck_before: Some(stuck_before(admin, app)),
            ..ChangeFilter::default()
        };
        assert_eq!(
            ids(&target, admin, stuck()).await,
            std::slice::from_ref(&lost)
        );
        target.test.clock.advance(600);
        assert_eq!(ids(&target, admin, stuck()).await, [open, lost.clone()]);
        let states = ChangeFilter {
            states: vec![State::Unknown],
            ..ChangeFilter::default()
        };
        assert_eq!(ids(&target, admin, states).await, [lost]);
    })
    .await;
}

async fn settle(target: &Target, cx: &Cx, id: &ChangeId, verdict: Verdict) -> Result<()> {
    journal::settle(cx, &target.test.app, id, verdict).await
}

#[tokio::test]
async fn an_admin_settles_an_unknown_change_as_applied() {
    on_each_target(async |target| {
        let id = unknown(&target).await;
        target
            .test
            .add_user("schemas", &[Role::SchemaManager], &[])
            .await;
        let manager = target.test.as_user("schemas").await;
        let denied = settle(&target, &manager, &id, Verdict::Applied).await;
        assert_eq!(denied.unwrap_err().code(), "FORBIDDEN");
        let (admin, app) = (&target.admin, &target.test.app);
        settle(&target, admin, &id, Verdict::Applied).await.unwrap();
        assert_eq!(
            journal::find(admin, app, &id).await.unwrap().state,
            State::Applied
        );
        let command = HistoryCommand::newest(target.id().clone(), 10);
        let history = history::history(admin, app, command).await.unwrap();
        assert_eq!(history.entries.len(), 1);
        assert_eq!(history.entries[0].after.as_ref().unwrap()["units"], 7);
        let news = list_deliveries(&app.repo, &id).await.unwrap();
        assert_eq!(news.len(), 1);
        let again = target
            .send(admin, &id, vec![add(json!({ "region": "a", "units": 7 }))])
            .await;
        assert!(again.unwrap().repeated);
        for verdict in [Verdict::Applied, Verdict::Abandoned] {
            let twice = settle(&target, admin, &id, verdict).await.unwrap_err();
            assert_eq!(faults(&twice), [("id".to_owned(), "NOT_UNKNOWN")]);
        }
        let filter = EventFilter {
            subject_id: Some(id.to_string()),
            ..EventFilter::default()
        };
        let events = events::list_events(admin, app, &filter, None, 10)
            .await
            .unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(
            (events[0].action.as_str(), &events[0].details["state"]),
            ("change.settle", &json!("applied"))
        );
    })
    .await;
}

#[tokio::test]
async fn an_admin_settles_an_unknown_change_as_abandoned() {
    on_each_target(async |target| {
        let id = unknown(&target).await;
        let (admin, app) = (&target.admin, &target.test.app);
        settle(&target, admin, &id, Verdict::Abandoned)
            .await
            .unwrap();
        assert_eq!(
            journal::find(admin, app, &id).await.unwrap().state,
            State::Abandoned
        );
        assert_eq!(list_deliveries(&app.repo, &id).await.unwrap(), []);
        let again = target
            .send(admin, &id, vec![add(json!({ "region": "a", "units": 7 }))])
            .await;
        assert_eq!(
            faults(&again.unwrap_err()),
            [("changeId".to_owned(), "CHANGE_ABANDONED")]
        );
    })
    .await;
}
