//! Rows are written whole or not at all, and every answer is true.

use quillback_core::audit::history::{self, HistoryCommand};
use quillback_core::ids::ChangeId;
use quillback_core::write::{RowStatus, Seen, WriteChange, WriteState};
use serde_json::{Value as Json, json};

use crate::support::target::{add, delete, edit, faults, full_row, on_each_target};

#[tokio::test]
async fn a_row_comes_back_as_it_was_written() {
    on_each_target(async |target| {
        let admin = &target.admin;
        let key = target.add(admin, full_row()).await;
        let page = target.rows(admin, None).await;
        assert_eq!(page.total, Some(1));
        assert_eq!(page.rows[0].key(), key);
        assert_eq!(page.rows[0].values(), full_row());
    })
    .await;
}

#[tokio::test]
async fn many_changes_take_effect_together() {
    on_each_target(async |target| {
        let admin = &target.admin;
        let first = target
            .add(admin, json!({ "region": "a", "units": 1 }))
            .await;
        let second = target
            .add(admin, json!({ "region": "b", "units": 2 }))
            .await;
        let changes = vec![
            edit(&first, json!({ "units": 10 }), json!({ "units": 1 })),
            delete(&second, json!({ "region": "b" })),
            add(json!({ "region": "c" })),
            add(json!({ "region": "d", "amount": "1.5" })),
        ];
        let outcome = target.write(admin, changes).await.unwrap();
        assert_eq!(outcome.state, WriteState::Applied);
        assert!(
            outcome
                .rows
                .iter()
                .all(|row| row.status == RowStatus::Applied)
        );
        let rows = target.rows(admin, None).await.rows;
        let mut regions: Vec<String> = rows
            .iter()
            .map(|row| row.values()["region"].as_str().unwrap().to_owned())
            .collect();
        regions.sort_unstable();
        assert_eq!(regions, ["a", "c", "d"]);
        let edited = rows.iter().find(|row| row.key() == first).unwrap();
        assert_eq!(edited.values()["units"], 10);
    })
    .await;
}

#[tokio::test]
async fn a_row_changed_meanwhile_is_a_conflict_that_shows_theirs_and_writes_nothing() {
    on_each_target(async |target| {
        let admin = &target.admin;
        let key = target
            .add(admin, json!({ "region": "a", "units": 1 }))
            .await;
        let other = target
            .add(admin, json!({ "region": "b", "units": 1 }))
            .await;
        let theirs = edit(&key, json!({ "units": 2 }), json!({ "units": 1 }));
        target.write(admin, vec![theirs]).await.unwrap();
        let mine = vec![
            edit(&other, json!({ "units": 5 }), json!({ "units": 1 })),
            edit(&key, json!({ "units": 3 }), json!({ "units": 1 })),
        ];
        let outcome = target.write(admin, mine).await.unwrap();
        assert_eq!(outcome.state, WriteState::Rejected);
        assert_eq!(outcome.rows[0].status, RowStatus::NotApplied);
        assert_eq!(outcome.rows[1].status, RowStatus::Conflict);
        assert_eq!(outcome.rows[1].row.as_ref().unwrap()["units"], 2);
        let rows = target.rows(admin, None).await.rows;
        assert_eq!(
            rows.iter().find(|row| row.key() == other).unwrap().values()["units"],
            1
        );
    })
    .await;
}

#[tokio::test]
async fn a_version_notices_a_change_of_any_field() {
    on_each_target(async |target| {
        let admin = &target.admin;
        let key = target.add(admin, full_row()).await;
        let version = target.rows(admin, None).await.rows[0].version();
        let change = |version: &str, units: i64| WriteChange::Edit {
            key: key.clone(),
            values: json!({ "units": units }).as_object().unwrap().clone(),
            seen: Seen::Version(version.to_owned()),
        };
        let outcome = target
            .write(admin, vec![change(&version, 1)])
            .await
            .unwrap();
        assert_eq!(outcome.state, WriteState::Applied);
        let newer = outcome.rows[0].version.clone().unwrap();
        let outcome = target
            .write(admin, vec![change(&version, 2)])
            .await
            .unwrap();
        assert_eq!(outcome.rows[0].status, RowStatus::Conflict);
        assert_eq!(outcome.rows[0].row.as_ref().unwrap()["units"], 1);
        let outcome = target.write(admin, vec![change(&newer, 3)]).await.unwrap();
        assert_eq!(outcome.state, WriteState::Applied);
    })
    .await;
}

#[tokio::test]
async fn a_change_sent_again_answers_with_the_first_outcome() {
    on_each_target(async |target| {
        let admin = &target.admin;
        let id = ChangeId::from(admin.new_id());
        let changes = vec![add(json!({ "region": "once" }))];
        let first = target.send(admin, &id, changes.clone()).await.unwrap();
        let again = target
            .send(admin, &id, changes)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(again.repeated && !first.repeated);
        assert_eq!(again.rows[0].status, first.rows[0].status);
        assert_eq!(target.rows(admin, None).await.total, Some(1));
        let other = target
            .send(admin, &id, vec![add(json!({ "region": "twice" }))])
            .await
            .unwrap_err();
        assert_eq!(
            faults(&other),
            [("changeId".to_owned(), "CHANGE_ID_REUSED")]
        );
    })
    .await;
}

#[tokio::test]
async fn a_change_that_names_a_version_does_not_conflict_with_itself() {
    on_each_target(async |target| {
        let admin = &target.admin;
        let key = target.add(admin, full_row()).await;
        let version = target.rows(admin, None).await.rows[0].version();
        let changes = vec![WriteChange::Edit {
            key,
            values: json!({ "units": 1 }).as_object().unwrap().clone(),
            seen: Seen::Version(version),
        }];
        let id = ChangeId::from(admin.new_id());
        let first = target.send(admin, &id, changes.clone()).await.unwrap();
        let again = target.send(admin, &id, changes.clone()).await.unwrap();
        assert_eq!(first.state, WriteState::Applied);
        assert!(again.repeated);
        assert_eq!(again.rows[0].status, RowStatus::Applied);
        assert_eq!(again.rows[0].version, first.rows[0].version);
        // Under another id it is another change, and the version is an old one.
        let other = target.write(admin, changes).await.unwrap();
        assert_eq!(other.rows[0].status, RowStatus::Conflict);
    })
    .await;
}

#[tokio::test]
async fn a_row_that_is_gone_is_not_found() {
    on_each_target(async |target| {
        let admin = &target.admin;
        let key = json!({ "id": "0190a4c8-0000-7000-8000-000000000000" });
        let outcome = target
            .write(
                admin,
                vec![edit(&key, json!({ "units": 1 }), json!({ "units": 0 }))],
            )
            .await;
        assert_eq!(outcome.unwrap().rows[0].status, RowStatus::NotFound);
        let outcome = target
            .write(admin, vec![delete(&key, json!({ "units": 0 }))])
            .await;
        assert_eq!(outcome.unwrap().rows[0].status, RowStatus::NotFound);
    })
    .await;
}

#[tokio::test]
async fn a_key_that_exists_is_a_duplicate() {
    on_each_target(async |target| {
        let admin = &target.admin;
        let key = target.add(admin, json!({ "region": "a" })).await;
        let values = json!({ "region": "b" }).as_object().unwrap().clone();
        let outcome = target
            .write(
                admin,
                vec![WriteChange::Add {
                    key: Some(key),
                    values,
                }],
            )
            .await
            .unwrap();
        assert_eq!(outcome.state, WriteState::Rejected);
        assert_eq!(outcome.rows[0].status, RowStatus::Duplicate);
        assert_eq!(target.rows(admin, None).await.total, Some(1));
    })
    .await;
}

#[tokio::test]
async fn every_fault_of_the_input_is_named_and_nothing_is_written() {
    on_each_target(async |target| {
        let admin = &target.admin;
        let changes = vec![
            add(json!({ "region": "x".repeat(21), "units": "9223372036854775808", "amount": 1.5, "nope": 1 })),
            add(json!({ "region": null, "due": "2026-02-30", "amount": "1.005" })),
            add(json!({ "product": "p" })),
        ];
        let error = target.write(admin, changes).await.unwrap_err();
        let expected = [
            ("changes.0.values.amount", "WRONG_TYPE"),
            ("changes.0.values.nope", "UNKNOWN_FIELD"),
            ("changes.0.values.region", "TOO_LONG"),
            ("changes.0.values.units", "WRONG_TYPE"),
            ("changes.1.values.amount", "OUT_OF_RANGE"),
            ("changes.1.values.due", "WRONG_TYPE"),
            ("changes.1.values.region", "REQUIRED"),
            ("changes.2.values.region", "REQUIRED"),
        ];
        assert_eq!(faults(&error), expected.map(|(path, code)| (path.to_owned(), code)));
        assert_eq!(target.rows(admin, None).await.total, Some(0));
    })
    .await;
}

#[tokio::test]
async fn the_same_row_twice_in_a_change_is_refused() {
    on_each_target(async |target| {
        let admin = &target.admin;
        let key = target.add(admin, json!({ "region": "a" })).await;
        let changes = vec![
            edit(&key, json!({ "units": 1 }), json!({ "region": "a" })),
            delete(&key, json!({ "region": "a" })),
        ];
        let error = target.write(admin, changes).await.unwrap_err();
        assert_eq!(faults(&error), [("changes.1.key".to_owned(), "TWICE")]);
    })
    .await;
}

#[tokio::test]
async fn the_history_holds_every_change_with_before_and_after() {
    on_each_target(async |target| {
        let admin = &target.admin;
        let key = target
            .add(admin, json!({ "region": "a", "units": 1 }))
            .await;
        target.test.clock.advance(1);
        let change = edit(&key, json!({ "units": 2 }), json!({ "units": 1 }));
        target.write(admin, vec![change]).await.unwrap();
        target.test.clock.advance(1);
        target
            .write(admin, vec![delete(&key, json!({ "units": 2 }))])
            .await
            .unwrap();
        let command = HistoryCommand {
            key: Some(key.clone()),
            ..HistoryCommand::newest(target.id().clone(), 10)
        };
        let history = history::history(admin, &target.test.app, command)
            .await
            .unwrap();
        let units = |values: &Option<Json>| values.as_ref().map(|values| values["units"].clone());
        let story: Vec<_> = history
            .entries
            .iter()
            .map(|entry| {
                (
                    entry.action.as_str(),
                    units(&entry.before),
                    units(&entry.after),
                )
            })
            .collect();
        let expected = [
            ("delete", Some(json!(2)), None),
            ("edit", Some(json!(1)), Some(json!(2))),
            ("add", None, Some(json!(1))),
        ];
        assert_eq!(story, expected);
        assert!(
            history
                .entries
                .iter()
                .all(|entry| entry.key == key && entry.user == admin.principal().unwrap().user)
        );
    })
    .await;
}

#[tokio::test]
async fn a_thousand_rows_are_added_edited_and_deleted_in_one_change() {
    on_each_target(async |target| {
        let admin = &target.admin;
        let adds = (0..1_000)
            .map(|units| add(json!({ "region": "bulk", "units": units })))
            .collect();
        let added = target.write(admin, adds).await.unwrap();
        let keys: Vec<Json> = added
            .rows
            .iter()
            .map(|row| row.key.clone().unwrap())
            .collect();
        let edits = keys
            .iter()
            .enumerate()
            .map(|(units, key)| edit(key, json!({ "note": "edited" }), json!({ "units": units })));
        let edited = target.write(admin, edits.collect()).await.unwrap();
        assert_eq!(edited.state, WriteState::Applied);
        let removals = keys
            .iter()
            .map(|key| delete(key, json!({ "note": "edited" })));
        let removed = target.write(admin, removals.collect()).await.unwrap();
        assert_eq!(removed.state, WriteState::Applied);
        assert_eq!(target.rows(admin, None).await.total, Some(0));
    })
    .await;
}
