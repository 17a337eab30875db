//! A change is taken back whole, guarded by what it left, under the rights and rules of whoever does it.

mod journey;
mod rights;

use quillback_core::admin::schemas::{self, FieldDraft, SchemaDraft};
use quillback_core::field::{FieldKind, Rules};
use quillback_core::ids::ChangeId;
use quillback_core::journal;
use quillback_core::plugin_api::sql::{ColumnDef, CreateTable, Ddl};
use quillback_core::plugin_api::types::LogicalType;
use quillback_core::plugin_api::{Ident, TableRef};
use quillback_core::schema::{KeyMaker, Module};
use quillback_core::write::{self, RollBackCommand, RowStatus, Seen, WriteChange, WriteState};
use serde_json::{Value as Json, json};

use self::journey::{Journey, status};
use crate::recovering::forget_the_answer;
use crate::support::target::{
    Target, add, delete, draft_of, edit, faults, field, fields, full_row, on_each_target,
};

#[tokio::test]
async fn a_whole_change_is_taken_back_and_that_too() {
    on_each_target(async |target| {
        let journey = Journey {
            target: &target,
            cx: &target.admin,
        };
        let (_, keys) = journey
            .change(vec![
                add(full_row()),
                add(json!({ "region": "go", "units": 2 })),
            ])
            .await;
        let before = journey.rows().await;
        let (change, _) = journey
            .change(vec![
                edit(
                    &keys[0],
                    json!({ "amount": "1.00", "note": null }),
                    json!({ "region": "Nord 'Ost'" }),
                ),
                delete(&keys[1], json!({ "units": 2 })),
                add(json!({ "region": "new" })),
            ])
            .await;
        let after = journey.rows().await;
        let preview = journey.preview(&change).await;
        assert_eq!(
            (preview.preview.state, preview.preview.count()),
            (WriteState::Applied, 3)
        );
        let edited = &preview.preview.rows[0];
        assert_eq!(edited.before.as_ref().unwrap()["amount"], "1.00");
        assert_eq!(edited.outcome.row.as_ref().unwrap(), &full_row());
        assert_eq!(journey.rows().await, after, "a preview changes nothing");

        let back = journey.back(&change).await;
        assert_eq!(back.outcome.state, WriteState::Applied, "{back:?}");
        assert_eq!(
            journey.rows().await,
            before,
            "the removed row has its own key again"
        );
        let again = journey.back(&back.outcome.change).await;
        assert_eq!(again.outcome.state, WriteState::Applied, "{again:?}");
        assert_eq!(journey.rows().await, after);
    })
    .await;
}

#[tokio::test]
async fn the_same_roll_back_sent_again_is_answered_and_not_done_again() {
    on_each_target(async |target| {
        let journey = Journey {
            target: &target,
            cx: &target.admin,
        };
        let (_, keys) = journey
            .change(vec![add(json!({ "region": "a", "units": 1 }))])
            .await;
        let (change, _) = journey
            .change(vec![edit(
                &keys[0],
                json!({ "units": 2 }),
                json!({ "units": 1 }),
            )])
            .await;
        let command = journey.command(&change);
        let first = journey.undo(command.clone()).await.unwrap();
        let (_, _) = journey
            .change(vec![edit(
                &keys[0],
                json!({ "units": 7 }),
                json!({ "units": 1 }),
            )])
            .await;
        let again = journey.undo(command.clone()).await.unwrap();
        assert!(again.outcome.repeated && !first.outcome.repeated);
        assert_eq!(again.outcome.rows, first.outcome.rows);
        assert_eq!(journey.row(&keys[0]).await.unwrap()["units"], 7);
        let other = RollBackCommand {
            overwrite: true,
            ..command
        };
        let other = journey.undo(other).await.unwrap_err();
        assert_eq!(
            faults(&other),
            [("changeId".to_owned(), "CHANGE_ID_REUSED")]
        );
        let known = quillback_core::repo::changes::find_change(
            &target.test.app.repo,
            &first.outcome.change,
        )
        .await
        .unwrap()
        .unwrap();
        assert_eq!(known.purpose, write::Purpose::RollBack { reverts: change });
    })
    .await;
}

#[tokio::test]
async fn later_work_is_a_conflict_unless_it_shall_be_overwritten() {
    on_each_target(async |target| {
        let journey = Journey {
            target: &target,
            cx: &target.admin,
        };
        let (added, keys) = journey
            .change(vec![
                add(json!({ "region": "a", "units": 1 })),
                add(json!({ "region": "b", "units": 1 })),
            ])
            .await;
        let both = |units: i64, seen: i64| {
            let one = |key| edit(key, json!({ "units": units }), json!({ "units": seen }));
            vec![one(&keys[0]), one(&keys[1])]
        };
        let (change, _) = journey.change(both(2, 1)).await;
        journey
            .change(vec![edit(
                &keys[1],
                json!({ "units": 3, "note": "mine" }),
                json!({ "units": 2 }),
            )])
            .await;
        let back = journey.back(&change).await;
        assert_eq!(back.outcome.state, WriteState::Rejected);
        assert_eq!(back.outcome.rows[0].status, RowStatus::NotApplied);
        let conflict = &back.outcome.rows[1];
        assert_eq!(conflict.status, RowStatus::Conflict);
        assert_eq!(conflict.row.as_ref().unwrap()["units"], 3, "theirs");
        assert_eq!(conflict.wanted, Some(json!({ "units": 1 })), "ours");
        let preview = journey.preview(&change).await.preview;
        assert_eq!(preview.state, WriteState::Rejected);
        assert_eq!(
            preview.clone().sample(1)[0].outcome.status,
            RowStatus::Conflict
        );
        assert_eq!(preview.rows[1].outcome.wanted, Some(json!({ "units": 1 })));
        assert_eq!(
            journey.row(&keys[0]).await.unwrap()["units"],
            2,
            "nothing of it"
        );

        let removed = journey.back(&added).await;
        assert_eq!(
            removed.outcome.state,
            WriteState::Rejected,
            "rows that were edited since stay"
        );

        let one = RollBackCommand {
            key: Some(keys[0].clone()),
            ..journey.command(&change)
        };
        assert_eq!(
            status(&journey.undo(one).await.unwrap()),
            (WriteState::Applied, RowStatus::Applied)
        );
        let over = RollBackCommand {
            overwrite: true,
            ..journey.command(&change)
        };
        assert_eq!(
            journey.undo(over).await.unwrap().outcome.state,
            WriteState::Applied
        );
        let row = journey.row(&keys[1]).await.unwrap();
        assert_eq!((&row["units"], &row["note"]), (&json!(1), &json!("mine")));
    })
    .await;
}

#[tokio::test]
async fn a_row_is_brought_back_to_any_version_and_from_the_dead() {
    on_each_target(async |target| {
        let journey = Journey {
            target: &target,
            cx: &target.admin,
        };
        let (first, keys) = journey
            .change(vec![add(json!({ "region": "a", "units": 1 }))])
            .await;
        let key = &keys[0];
        let step = |units: i64| {
            edit(
                key,
                json!({ "units": units, "note": units.to_string() }),
                json!({ "units": units - 1 }),
            )
        };
        let (second, _) = journey.change(vec![step(2)]).await;
        journey.change(vec![step(3)]).await;
        let version = target.rows(&target.admin, None).await.rows[0].version();
        let unseen = journey.restore(key, &first, None).await.unwrap();
        assert_eq!(status(&unseen), (WriteState::Rejected, RowStatus::Conflict));
        let back = journey
            .restore(key, &first, Some(Seen::Version(version.clone())))
            .await
            .unwrap();
        assert_eq!(
            status(&back),
            (WriteState::Applied, RowStatus::Applied),
            "{back:?}"
        );
        let row = journey.row(key).await.unwrap();
        assert_eq!((&row["units"], &row["note"]), (&json!(1), &Json::Null));
        let stale = journey
            .restore(key, &second, Some(Seen::Version(version)))
            .await
            .unwrap();
        assert_eq!(status(&stale), (WriteState::Rejected, RowStatus::Conflict));
        let nothing = journey
            .restore(key, &first, Some(Seen::Anything))
            .await
            .unwrap_err();
        assert_eq!(faults(&nothing)[0].1, "NOTHING_TO_DO");

        let (removal, _) = journey
            .change(vec![delete(key, json!({ "units": 1 }))])
            .await;
        let alive = journey.restore(key, &second, None).await.unwrap();
        assert_eq!(status(&alive), (WriteState::Applied, RowStatus::Applied));
        let row = journey.row(key).await.unwrap();
        assert_eq!((&row["units"], &row["note"]), (&json!(2), &json!("2")));
        let gone = journey
            .restore(key, &removal, Some(Seen::Anything))
            .await
            .unwrap();
        assert_eq!(status(&gone), (WriteState::Applied, RowStatus::Applied));
        assert_eq!(journey.row(key).await, None);
    })
    .await;
}

#[tokio::test]
async fn fields_that_are_gone_are_named_and_new_ones_keep_their_values() {
    on_each_target(async |target| {
        let journey = Journey {
            target: &target,
            cx: &target.admin,
        };
        let (_, keys) = journey
            .change(vec![
                add(json!({ "region": "a", "units": 1, "product": "old" })),
                add(json!({ "region": "b" })),
            ])
            .await;
        let (change, _) = journey
            .change(vec![
                edit(
                    &keys[0],
                    json!({ "units": 2, "product": "new" }),
                    json!({ "units": 1 }),
                ),
                delete(&keys[1], json!({ "region": "b" })),
            ])
            .await;
        let mut kept: Vec<FieldDraft> = fields()
            .into_iter()
            .filter(|field| field.name != "product")
            .collect();
        let rules = Rules {
            max: Some(json!(0)),
            read_only: true,
            ..Rules::default()
        };
        for field in kept.iter_mut().filter(|field| field.name == "units") {
            field.rules = rules.clone();
        }
        kept.push(field("colour", FieldKind::Text { length: 10 }));
        let mut draft = draft_of(&target.connection, "Forecast", "forecast", kept);
        draft.allow_data_loss = true;
        schemas::update(
            &target.admin,
            &target.test.app,
            target.id(),
            target.schema.revision,
            draft,
        )
        .await
        .unwrap();
        journey
            .change(vec![edit(
                &keys[0],
                json!({ "colour": "red" }),
                json!({ "units": 2 }),
            )])
            .await;
        let back = journey.back(&change).await;
        assert_eq!(back.outcome.state, WriteState::Applied, "{back:?}");
        assert_eq!(back.dropped, ["product"]);
        let row = journey.row(&keys[0]).await.unwrap();
        assert_eq!(
            (&row["units"], &row["colour"], row.get("product")),
            (&json!(1), &json!("red"), None),
            "rules of today do not stop values that were good once"
        );
        assert_eq!(journey.row(&keys[1]).await.unwrap()["region"], "b");
    })
    .await;
}

#[tokio::test]
async fn a_change_without_effect_or_without_an_image_says_why_it_stays() {
    on_each_target(async |target| {
        let journey = Journey {
            target: &target,
            cx: &target.admin,
        };
        let (_, keys) = journey
            .change(vec![add(json!({ "region": "a", "units": 1 }))])
            .await;
        let refused = ChangeId::from(target.admin.new_id());
        let outcome = target
            .send(
                &target.admin,
                &refused,
                vec![edit(&keys[0], json!({ "units": 2 }), json!({ "units": 9 }))],
            )
            .await
            .unwrap();
        assert_eq!(outcome.state, WriteState::Rejected);
        let error = journey.undo(journey.command(&refused)).await.unwrap_err();
        assert_eq!(faults(&error), [("reverts".to_owned(), "NO_EFFECT")]);

        let (lost, _) = journey
            .change(vec![edit(
                &keys[0],
                json!({ "units": 2 }),
                json!({ "units": 1 }),
            )])
            .await;
        forget_the_answer(&target, &lost).await;
        let error = journey.undo(journey.command(&lost)).await.unwrap_err();
        assert_eq!(
            faults(&error),
            [("reverts".to_owned(), "NOT_SETTLED")],
            "until it is known what came of it"
        );
        target.test.clock.advance(120);
        let nobody = target.test.nobody();
        let recovered = journal::recover(&nobody, &target.test.app, 60_000).await;
        assert_eq!(recovered.unwrap().applied, 1);
        let error = journey.undo(journey.command(&lost)).await.unwrap_err();
        assert_eq!(faults(&error), [("rows.0".to_owned(), "NO_BEFORE_IMAGE")]);
        let error = journey.restore(&keys[0], &lost, Some(Seen::Anything)).await;
        assert_eq!(
            faults(&error.unwrap_err()),
            [("to".to_owned(), "NO_BEFORE_IMAGE")]
        );
        assert_eq!(journey.row(&keys[0]).await.unwrap()["units"], 2);
    })
    .await;
}

#[tokio::test]
async fn a_row_whose_key_the_database_made_comes_back_with_it() {
    on_each_target(async |target| {
        let name = Ident::literal;
        let table = TableRef::new(name("numbered"));
        let id = ColumnDef {
            identity: true,
            ..ColumnDef::required(name("id"), LogicalType::INT64)
        };
        let create = Ddl::CreateTable(CreateTable {
            table,
            columns: vec![id, ColumnDef::optional(name("note"), LogicalType::text(20))],
            primary_key: vec![name("id")],
            if_not_exists: false,
        });
        let (_, database) = target.database.open().await;
        database.define(&[create]).await.unwrap();
        let draft = SchemaDraft {
            module: Module::DataCorrection,
            ..draft_of(&target.connection, "Numbered", "numbered", Vec::new())
        };
        let schema = schemas::create(&target.admin, &target.test.app, draft)
            .await
            .unwrap();
        assert_eq!(schema.definition.key[0].maker, KeyMaker::Database);
        let target = Target { schema, ..target };
        let journey = Journey {
            target: &target,
            cx: &target.admin,
        };
        let mut keys = Vec::new();
        for note in ["one", "two"] {
            keys.extend(journey.change(vec![add(json!({ "note": note }))]).await.1);
        }
        let before = journey.rows().await;
        let (change, _) = journey
            .change(vec![
                delete(&keys[0], json!({ "note": "one" })),
                delete(&keys[1], json!({ "note": "two" })),
            ])
            .await;
        let back = journey.back(&change).await;
        assert_eq!(back.outcome.state, WriteState::Applied, "{back:?}");
        assert_eq!(journey.rows().await, before);
        let (_, new) = journey.change(vec![add(json!({ "note": "three" }))]).await;
        assert!(!keys.contains(&new[0]), "the database goes on counting");
        let chosen = vec![WriteChange::Add {
            key: Some(keys[0].clone()),
            values: write::Values::new(),
        }];
        let error = target.write(&target.admin, chosen).await.unwrap_err();
        assert_eq!(
            faults(&error),
            [("changes.0.key".to_owned(), "KEY")],
            "who adds a row does not choose its number"
        );
    })
    .await;
}
