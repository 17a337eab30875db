//! The history of rows: filters, pages, and what row rules leave of it.

use quillback_core::admin::schemas::{self, PolicyDraft};
use quillback_core::audit::history::{self, History, HistoryCommand, HistoryFilter};
use quillback_core::cx::{Cx, Role};
use quillback_core::ids::ChangeId;
use quillback_core::policy::{Operand, Operator, Rights, Rule};
use quillback_core::write::{WriteChange, WriteState};
use serde_json::{Value as Json, json};

use crate::support::target::{Target, add, delete, edit, faults, on_each_target};

async fn read(target: &Target, cx: &Cx, command: HistoryCommand) -> History {
    history::history(cx, &target.test.app, command)
        .await
        .unwrap()
}

fn newest(target: &Target, first: u32) -> HistoryCommand {
    HistoryCommand::newest(target.id().clone(), first)
}

/// Somebody who sees the rows of "north" when the row rules are on.
async fn nora(target: &Target) -> Cx {
    let group = target.test.add_group("north").await;
    let groups = std::slice::from_ref(&group);
    target.test.add_user("nora", &[], groups).await;
    let (admin, app) = (&target.admin, &target.test.app);
    schemas::set_permissions(admin, app, target.id(), vec![(group, Rights::all())])
        .await
        .unwrap();
    target.test.as_user("nora").await
}

async fn rules(target: &Target, policies: Vec<PolicyDraft>) {
    let (admin, app) = (&target.admin, &target.test.app);
    schemas::set_policies(admin, app, target.id(), policies)
        .await
        .unwrap();
}

/// Reads while only rows of "north" are in sight. Row rules bind admins too: they are on for the reading alone.
async fn limited(target: &Target, cx: &Cx, command: HistoryCommand) -> History {
    let rule = Rule {
        field: "region".into(),
        operator: Operator::Eq,
        operand: Operand::Values(vec![json!("north")]),
    };
    let policy = PolicyDraft {
        name: "north".into(),
        rules: vec![rule],
    };
    rules(target, vec![policy]).await;
    let history = read(target, cx, command).await;
    rules(target, Vec::new()).await;
    history
}

/// Does one thing, a second later.
async fn step(target: &Target, change: WriteChange) {
    target.test.clock.advance(1);
    let outcome = target.write(&target.admin, vec![change]).await.unwrap();
    assert_eq!(outcome.state, WriteState::Applied);
}

/// Action, region before, region after, and whether something is hidden.
fn story(history: &History) -> Vec<(String, Json, Json, bool)> {
    let region = |values: &Option<Json>| {
        values
            .as_ref()
            .map_or(Json::Null, |values| values["region"].clone())
    };
    history
        .entries
        .iter()
        .map(|entry| {
            (
                entry.action.clone(),
                region(&entry.before),
                region(&entry.after),
                entry.is_partial,
            )
        })
        .collect()
}

#[tokio::test]
async fn pages_of_the_history_join_to_the_whole() {
    on_each_target(async |target| {
        let admin = &target.admin;
        for round in 0..3 {
            target.test.clock.advance(1);
            let rows = (0..4).map(|at| add(json!({ "region": "r", "units": round * 4 + at })));
            target.write(admin, rows.collect()).await.unwrap();
        }
        let whole = read(&target, admin, newest(&target, 500)).await;
        assert_eq!((whole.entries.len(), whole.more), (12, false));
        let units = |history: &History| -> Vec<i64> {
            let entries = history.entries.iter();
            entries
                .map(|entry| entry.after.as_ref().unwrap()["units"].as_i64().unwrap())
                .collect()
        };
        assert_eq!(units(&whole), [8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3]);
        let (mut seen, mut command) = (Vec::new(), newest(&target, 5));
        loop {
            let page = read(&target, admin, command.clone()).await;
            seen.extend(units(&page));
            command.after.clone_from(&page.end);
            if !page.more {
                break;
            }
            assert_eq!(page.entries.len(), 5);
        }
        assert_eq!(seen, units(&whole));
        assert!(
            whole
                .entries
                .iter()
                .all(|entry| entry.verified && !entry.is_recovered)
        );

        // A cursor is good for whoever got it, and for this history.
        target.test.add_user("bob", &[Role::Admin], &[]).await;
        let bob = target.test.as_user("bob").await;
        for after in [command.after.unwrap(), "x".into()] {
            let command = HistoryCommand {
                after: Some(after),
                ..newest(&target, 5)
            };
            let wrong = history::history(&bob, &target.test.app, command)
                .await
                .unwrap_err();
            assert_eq!(faults(&wrong), [("after".to_owned(), "CURSOR")]);
        }
    })
    .await;
}

#[tokio::test]
async fn the_history_is_filtered_by_who_what_and_when() {
    on_each_target(async |target| {
        let admin = &target.admin;
        target.test.add_user("bob", &[Role::Admin], &[]).await;
        let bob = target.test.as_user("bob").await;
        let key = target
            .add(admin, json!({ "region": "a", "units": 1 }))
            .await;
        target.test.clock.advance(10);
        let noon = admin.now();
        let id = ChangeId::from(admin.new_id());
        let change = edit(&key, json!({ "units": 2 }), json!({ "units": 1 }));
        target.send(&bob, &id, vec![change]).await.unwrap();
        target.test.clock.advance(10);
        step(&target, delete(&key, json!({ "units": 2 }))).await;
        let bob_id = bob.principal().unwrap().user.clone();
        for (filter, expected) in [
            (HistoryFilter::default(), vec!["delete", "edit", "add"]),
            (
                HistoryFilter {
                    user: Some(bob_id),
                    ..HistoryFilter::default()
                },
                vec!["edit"],
            ),
            (
                HistoryFilter {
                    action: Some("add".into()),
                    ..HistoryFilter::default()
                },
                vec!["add"],
            ),
            (
                HistoryFilter {
                    change: Some(id),
                    ..HistoryFilter::default()
                },
                vec!["edit"],
            ),
            (
                HistoryFilter {
                    since: Some(noon),
                    ..HistoryFilter::default()
                },
                vec!["delete", "edit"],
            ),
            (
                HistoryFilter {
                    until: Some(noon),
                    ..HistoryFilter::default()
                },
                vec!["add"],
            ),
        ] {
            let command = HistoryCommand {
                filter,
                ..newest(&target, 10)
            };
            let found = read(&target, admin, command).await;
            let actions: Vec<_> = found
                .entries
                .iter()
                .map(|entry| entry.action.as_str())
                .collect();
            assert_eq!(actions, expected);
        }
    })
    .await;
}

fn of(target: &Target, key: &Json) -> HistoryCommand {
    HistoryCommand {
        key: Some(key.clone()),
        ..newest(target, 10)
    }
}

#[tokio::test]
async fn row_rules_hide_what_a_row_was_out_of_sight() {
    on_each_target(async |target| {
        let admin = &target.admin;
        let south = json!({ "region": "south", "units": 1 });
        let moved_in = target.add(admin, south).await;
        let north = json!({ "region": "north", "units": 2 });
        let moved_out = target.add(admin, north).await;
        let nora = nora(&target).await;
        let moved = edit(
            &moved_in,
            json!({ "region": "north" }),
            json!({ "units": 1 }),
        );
        step(&target, moved).await;
        let edited = edit(&moved_in, json!({ "units": 7 }), json!({ "units": 1 }));
        step(&target, edited).await;
        let seen = limited(&target, &nora, of(&target, &moved_in)).await;
        let north = json!("north");
        assert_eq!(
            story(&seen),
            [
                ("edit".into(), north.clone(), north.clone(), false),
                ("edit".into(), Json::Null, north, true),
            ],
            "what it was in the south is hidden"
        );
        assert!(!format!("{:?}", seen.entries).contains("south"));
        assert!(seen.entries.iter().all(|entry| !entry.is_recovered));

        let moved = edit(
            &moved_out,
            json!({ "region": "south" }),
            json!({ "units": 2 }),
        );
        step(&target, moved).await;
        let seen = limited(&target, &nora, of(&target, &moved_out)).await;
        assert_eq!(story(&seen), []);
    })
    .await;
}

#[tokio::test]
async fn a_removed_row_is_in_sight_if_it_was_until_then() {
    on_each_target(async |target| {
        let admin = &target.admin;
        let gone = target
            .add(admin, json!({ "region": "north", "units": 3 }))
            .await;
        let left = target
            .add(admin, json!({ "region": "north", "units": 4 }))
            .await;
        let nora = nora(&target).await;
        step(&target, delete(&gone, json!({ "units": 3 }))).await;
        let north = json!("north");
        let seen = limited(&target, &nora, of(&target, &gone)).await;
        assert_eq!(
            story(&seen),
            [
                ("delete".into(), north.clone(), Json::Null, false),
                ("add".into(), Json::Null, north, false),
            ]
        );
        let moved = edit(&left, json!({ "region": "south" }), json!({ "units": 4 }));
        step(&target, moved).await;
        step(&target, delete(&left, json!({ "units": 4 }))).await;
        let seen = limited(&target, &nora, of(&target, &left)).await;
        assert_eq!(story(&seen), [], "it had left before it was removed");
        let all = limited(&target, &nora, newest(&target, 50)).await;
        assert_eq!(all.entries.len(), 2);
        assert_eq!(
            read(&target, admin, newest(&target, 50))
                .await
                .entries
                .len(),
            5
        );
    })
    .await;
}

#[tokio::test]
async fn pages_are_full_whatever_is_hidden_between_their_entries() {
    on_each_target(async |target| {
        let admin = &target.admin;
        target.test.clock.advance(1);
        let mut rows = vec![add(json!({ "region": "north", "units": 0 }))];
        rows.extend((0..130).map(|_| add(json!({ "region": "south" }))));
        rows.push(add(json!({ "region": "north", "units": 1 })));
        rows.extend((0..70).map(|_| add(json!({ "region": "south" }))));
        rows.push(add(json!({ "region": "north", "units": 2 })));
        target.write(admin, rows).await.unwrap();
        let nora = nora(&target).await;
        let first = limited(&target, &nora, newest(&target, 2)).await;
        assert_eq!((first.entries.len(), first.more), (2, true));
        let command = HistoryCommand {
            after: first.end,
            ..newest(&target, 2)
        };
        let second = limited(&target, &nora, command).await;
        assert_eq!((second.entries.len(), second.more), (1, false));
        assert_eq!(second.entries[0].after.as_ref().unwrap()["units"], 2);
        let all = limited(&target, &nora, newest(&target, 3)).await;
        assert_eq!((all.entries.len(), all.more), (3, false));
    })
    .await;
}
