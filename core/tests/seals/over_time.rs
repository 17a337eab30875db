//! Seals over time: keys that change, records from before and records that grow old, several servers.

use quillback_core::admin::people::groups;
use quillback_core::audit::events::{EventFilter, list_events};
use quillback_core::audit::{retention, sealing};
use quillback_core::cx::Random;
use quillback_core::keyring::Keyring;
use quillback_core::plugin_api::Value;
use quillback_core::plugin_api::sql::Expr;

use super::forge::{copy, delete, is, rows, run, set};
use super::{change, check, in_change, newest_event, through, told};
use crate::support::Kind;
use crate::support::target::{Target, on_each_target};

#[tokio::test]
async fn hashes_outlive_the_change_of_the_key_and_not_its_loss() {
    on_each_target(async |target| {
        let app = &target.test.app;
        change(&target).await;
        sealing::seal(app).await.unwrap();
        let random: &dyn Random = &*app.surroundings.random;
        let keys = Keyring::add_key(&target.test.keys, random).unwrap();
        let rotated = target.test.another(&keys).await;
        let cx = through(&rotated, &target.admin);
        groups::create(&cx, &rotated, "new").await.unwrap();
        sealing::seal(&rotated).await.unwrap();
        let found = check(&rotated).await;
        assert_eq!(told(&found), [""; 0]);
        assert!(
            found
                .newest
                .unwrap()
                .starts_with(&format!("2:{}.", rotated.keyring.active_id()))
        );

        let found = check(app).await;
        let faults: Vec<_> = told(&found);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(
            faults.iter().all(|fault| fault.starts_with("UNKNOWN_KEY ")),
            "{faults:?}"
        );
        assert!(
            found.faults[0]
                .to_string()
                .contains(rotated.keyring.active_id())
        );
    })
    .await;
}

#[tokio::test]
async fn records_from_before_there_were_hashes_are_told_apart() {
    on_each_target(async |target| {
        let app = &target.test.app;
        let old = change(&target).await;
        let event = newest_event(&target).await;
        let mut forget: Vec<_> = ["_changes", "_audit_rows", "_audit_events"]
            .map(|name| set(name, "mac", Value::Null, Expr::True))
            .into();
        forget.push(set("_changes", "audited", Value::Null, Expr::True));
        run(app, forget).await;
        let found = check(app).await;
        assert_eq!(told(&found), [""; 0]);
        assert_eq!(found.before, found.changes + found.events);
        let new = change(&target).await;
        let made = sealing::seal(app).await.unwrap();
        assert_eq!(made.len(), 2, "the old records have a seal of their own");
        let found = check(app).await;
        assert_eq!(told(&found), [""; 0]);
        assert_eq!(found.before, 1 + made[0].events);

        for (statement, expected) in [
            (
                set("_audit_rows", "after", "{}", in_change(&old, 0)),
                format!("ALTERED change {old}"),
            ),
            (
                set("_audit_events", "details", "{}", is("id", event.as_str())),
                format!("ALTERED event {event}"),
            ),
            (
                set("_audit_rows", "mac", Value::Null, in_change(&new, 0)),
                format!("NO_HASH row 0 of change {new}"),
            ),
        ] {
            let whole = copy(app).await;
            run(app, vec![statement]).await;
            assert_eq!(told(&check(app).await), [expected]);
            run(app, whole).await;
        }
    })
    .await;
}

#[tokio::test]
async fn two_servers_make_one_chain() {
    on_each_target(async |target| {
        let app = &target.test.app;
        let other = target.test.another(&target.test.keys).await;
        for _ in 0..3 {
            change(&target).await;
            let both = tokio::join!(sealing::seal(app), sealing::seal(&other));
            let made = both.0.unwrap().len() + both.1.unwrap().len();
            assert!(made <= 1, "what is sealed is not sealed again");
            sealing::seal(app).await.unwrap();
        }
        let found = check(app).await;
        assert_eq!(told(&found), [""; 0]);
        assert_eq!((found.changes, found.seals, found.unsealed), (3, 3, 0));
    })
    .await;
}

#[tokio::test]
async fn old_records_are_removed_with_their_seals_and_the_rest_verifies() {
    const DAY: i64 = 86_400;
    on_each_target(async |target| {
        let app = &target.test.app;
        let old = change(&target).await;
        sealing::seal(app).await.unwrap();
        target.test.clock.advance(40 * DAY);
        let new = change(&target).await;
        sealing::seal(app).await.unwrap();
        assert_eq!(
            retention::remove_old(app, 41).await.unwrap(),
            retention::Removed::default()
        );

        // Evidence is kept.
        let whole = copy(app).await;
        run(app, vec![delete("_audit_rows", in_change(&old, 0))]).await;
        assert_eq!(retention::remove_old(app, 30).await.unwrap().seals, 0);
        assert_eq!(
            told(&check(app).await),
            [format!("REMOVED row 0 of change {old}")]
        );
        run(app, whole).await;

        let removed = retention::remove_old(app, 30).await.unwrap();
        assert_eq!((removed.seals, removed.changes, removed.rows), (1, 1, 3));
        assert_eq!(retention::remove_old(app, 30).await.unwrap().seals, 0);
        let found = check(app).await;
        assert_eq!(told(&found), [""; 0]);
        assert_eq!(
            (found.seals, found.retired, found.changes, found.rows),
            (2, 1, 1, 3)
        );
        let filter = EventFilter::default();
        let events = list_events(&target.admin, app, &filter, None, 500)
            .await
            .unwrap();
        assert_eq!(events[0].action, "audit.retire");
        assert_eq!(events[0].details["rows"], 3);
        assert_eq!(events.len(), 1, "the others were older");

        let whole = copy(app).await;
        for (what, expected) in [
            (
                set("_audit_seals", "retired_at", Value::Null, is("seq", 1)),
                "ALTERED seal 1".to_owned(),
            ),
            (
                set("_audit_seals", "contents", "{}", is("seq", 1)),
                "ALTERED seal 1".to_owned(),
            ),
            (
                set("_changes", "seal", 1, is("id", &new)),
                format!("ADDED change {new}"),
            ),
        ] {
            run(app, vec![what]).await;
            let told = told(&check(app).await);
            assert!(told.contains(&expected), "{expected} is not in {told:?}");
            run(app, whole.clone()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_planned_is_forgotten_when_it_is_settled() {
    let target = Target::on(Kind::Sqlite).await;
    let id = change(&target).await;
    let plan = rows(&target.test.app, "_changes", &["plan"], is("id", &id)).await;
    assert_eq!(plan, [[Value::from("null")]]);
}
