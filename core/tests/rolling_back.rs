//! A change is taken back whole, guarded by what it left, under the rights and rules of whoever does it.

use quillback_core::admin::schemas::{self, FieldDraft, PolicyDraft, SchemaDraft};
use quillback_core::cx::Cx;
use quillback_core::field::{FieldKind, Rules};
use quillback_core::ids::ChangeId;
use quillback_core::journal;
use quillback_core::plugin_api::sql::{ColumnDef, CreateTable, Ddl};
use quillback_core::plugin_api::types::LogicalType;
use quillback_core::plugin_api::{Ident, TableRef};
use quillback_core::policy::{Action, Operand, Operator, Rights, Rule};
use quillback_core::schema::{KeyMaker, Module};
use quillback_core::write::{
    self, GoingBack, RestoreCommand, RollBackCommand, RowStatus, Seen, WentBack, WriteChange,
    WriteState,
};
use quillback_core::{Error, Result};
use serde_json::{Value as Json, json};

use crate::recovering::forget_the_answer;
use crate::support::target::{
    Target, add, delete, draft_of, edit, faults, field, fields, full_row, on_each_target,
};

struct Journey<'a> {
    target: &'a Target,
    cx: &'a Cx,
}

impl Journey<'_> {
    /// Writes under a new id, which must be taken; answers the id and the keys.
    async fn change(&self, changes: Vec<WriteChange>) -> (ChangeId, Vec<Json>) {
        let id = ChangeId::from(self.cx.new_id());
        // Each change is at a time of its own, so that the last one is known.
        self.target.test.clock.advance(1);
        let outcome = self.target.send(self.cx, &id, changes).await.unwrap();
        assert_eq!(outcome.state, WriteState::Applied, "{outcome:?}");
        let keys = outcome.rows.into_iter().filter_map(|row| row.key);
        (id, keys.collect())
    }

    fn command(&self, reverts: &ChangeId) -> RollBackCommand {
        RollBackCommand {
            change: ChangeId::from(self.cx.new_id()),
            reverts: reverts.clone(),
            key: None,
            overwrite: false,
        }
    }

    async fn undo(&self, command: RollBackCommand) -> Result<WentBack> {
        self.target.test.clock.advance(1);
        write::roll_back(self.cx, &self.target.test.app, command).await
    }

    async fn back(&self, reverts: &ChangeId) -> WentBack {
        self.undo(self.command(reverts)).await.unwrap()
    }

    async fn preview(&self, reverts: &ChangeId) -> GoingBack {
        let command = self.command(reverts);
        write::preview_roll_back(self.cx, &self.target.test.app, command)
            .await
            .unwrap()
    }

    async fn restore(&self, key: &Json, to: &ChangeId, seen: Option<Seen>) -> Result<WentBack> {
        self.target.test.clock.advance(1);
        let command = RestoreCommand {
            change: ChangeId::from(self.cx.new_id()),
            schema: self.target.id().clone(),
            key: key.clone(),
            to: to.clone(),
            seen,
        };
        write::restore_row(self.cx, &self.target.test.app, command).await
    }

    /// All rows, keys and values.
    async fn rows(&self) -> Vec<(Json, Json)> {
        let page = self.target.rows(&self.target.admin, None).await;
        page.rows
            .into_iter()
            .map(|row| (row.key(), row.values()))
            .collect()
    }

    async fn row(&self, key: &Json) -> Option<Json> {
        let rows = self.rows().await;
        rows.into_iter().find(|row| row.0 == *key).map(|row| row.1)
    }
}

fn status(back: &WentBack) -> (WriteState, RowStatus) {
    (back.outcome.state, back.outcome.rows[0].status)
}

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

async fn nora(target: &Target, rights: Rights, region: Option<&str>) -> Cx {
    let group = target.test.add_group("north").await;
    let groups = std::slice::from_ref(&group);
    target.test.add_user("nora", &[], groups).await;
    let permissions = vec![(group, rights)];
    schemas::set_permissions(&target.admin, &target.test.app, target.id(), permissions)
        .await
        .unwrap();
    if let Some(region) = region {
        let rule = Rule {
            field: "region".into(),
            operator: Operator::Eq,
            operand: Operand::Values(vec![json!(region)]),
        };
        let policy = PolicyDraft {
            name: region.into(),
            rules: vec![rule],
        };
        schemas::set_policies(&target.admin, &target.test.app, target.id(), vec![policy])
            .await
            .unwrap();
    }
    target.test.as_user("nora").await
}

#[tokio::test]
async fn the_right_to_roll_back_is_needed_and_enough() {
    on_each_target(async |target| {
        let admins = Journey {
            target: &target,
            cx: &target.admin,
        };
        let (_, keys) = admins
            .change(vec![add(json!({ "region": "a", "units": 1, "note": "x" }))])
            .await;
        let (units, _) = admins
            .change(vec![edit(
                &keys[0],
                json!({ "units": 2 }),
                json!({ "units": 1 }),
            )])
            .await;
        let (note, _) = admins
            .change(vec![edit(
                &keys[0],
                json!({ "note": "y" }),
                json!({ "units": 2 }),
            )])
            .await;
        let (secret, _) = admins
            .change(vec![edit(
                &keys[0],
                json!({ "approved": true }),
                json!({ "units": 2 }),
            )])
            .await;
        let rights = Rights {
            actions: vec![Action::View, Action::RollBack],
            hidden: vec!["approved".into()],
            read_only: vec!["note".into()],
            ..Rights::default()
        };
        let cx = nora(&target, rights, None).await;
        let journey = Journey {
            target: &target,
            cx: &cx,
        };
        assert_eq!(
            status(&journey.back(&units).await),
            (WriteState::Applied, RowStatus::Applied)
        );
        for refused in [&note, &secret] {
            let error = journey.undo(journey.command(refused)).await.unwrap_err();
            assert_eq!(faults(&error), [("rows.0".to_owned(), "FIELD_RIGHTS")]);
            assert!(
                !format!("{error:?}").contains("approved"),
                "a hidden field is not named"
            );
        }
        let plain = vec![edit(&keys[0], json!({ "units": 9 }), json!({ "units": 1 }))];
        assert!(matches!(
            target.write(&cx, plain).await,
            Err(Error::Denied(_))
        ));

        let missing = ChangeId::from(cx.new_id());
        let error = journey.undo(journey.command(&missing)).await.unwrap_err();
        assert!(matches!(error, Error::NotFound("change")));
        target.test.add_user("olga", &[], &[]).await;
        let olga = target.test.as_user("olga").await;
        let stranger = Journey {
            target: &target,
            cx: &olga,
        };
        let error = stranger.undo(stranger.command(&units)).await.unwrap_err();
        assert!(
            matches!(error, Error::NotFound("change")),
            "as if there were none"
        );
    })
    .await;
}

#[tokio::test]
async fn row_rules_bind_what_comes_back_and_what_is_told() {
    on_each_target(async |target| {
        let admins = Journey {
            target: &target,
            cx: &target.admin,
        };
        let (_, keys) = admins
            .change(vec![
                add(json!({ "region": "north", "units": 1 })),
                add(json!({ "region": "south", "units": 1 })),
                add(json!({ "region": "north", "units": 5 })),
                add(json!({ "region": "south", "units": 5 })),
            ])
            .await;
        let to = |key, values: Json| edit(key, values, json!({ "units": 1 }));
        let (mixed, _) = admins
            .change(vec![
                to(&keys[0], json!({ "note": "n" })),
                to(&keys[1], json!({ "note": "s" })),
            ])
            .await;
        let (enters, _) = admins
            .change(vec![to(&keys[1], json!({ "region": "north" }))])
            .await;
        let (leaves, _) = admins
            .change(vec![to(&keys[0], json!({ "region": "south" }))])
            .await;
        let (removed, _) = admins
            .change(vec![
                delete(&keys[2], json!({ "units": 5 })),
                delete(&keys[3], json!({ "units": 5 })),
            ])
            .await;
        let cx = nora(&target, Rights::all(), Some("north")).await;
        let journey = Journey {
            target: &target,
            cx: &cx,
        };
        // The row is north now and was south: it would leave what she sees, and what it was is not told.
        let back = journey.back(&enters).await;
        assert_eq!(
            status(&back),
            (WriteState::Rejected, RowStatus::CheckFailed)
        );
        let preview = journey.preview(&enters).await;
        assert!(!format!("{preview:?}").contains("south"), "{preview:?}");
        // The row is south now: for her there is no such change.
        let error = journey.undo(journey.command(&leaves)).await.unwrap_err();
        assert!(matches!(error, Error::NotFound("change")));
        // Of two removed rows the northern one is hers.
        let back = journey.back(&removed).await;
        assert_eq!(back.outcome.rows.len(), 1, "{back:?}");
        assert_eq!(back.outcome.rows[0].key.as_ref(), Some(&keys[2]));
        assert_eq!(journey.row(&keys[2]).await.unwrap()["region"], "north");
        assert_eq!(journey.row(&keys[3]).await, None);
        // Of two edited rows one was hers and went out of her sight since: it is not found, and stops the whole.
        let back = journey.back(&mixed).await;
        let statuses: Vec<_> = back.outcome.rows.iter().map(|row| row.status).collect();
        assert_eq!(statuses, [RowStatus::NotFound, RowStatus::NotApplied]);
        assert!(back.outcome.rows.iter().all(|row| row.row.is_none()));
        let one = RollBackCommand {
            key: Some(keys[1].clone()),
            ..journey.command(&mixed)
        };
        let back = journey.undo(one).await.unwrap();
        assert_eq!(status(&back), (WriteState::Applied, RowStatus::Applied));
        assert_eq!(journey.row(&keys[1]).await.unwrap()["note"], Json::Null);
        // Without rules everybody sees that the others are as they were.
        schemas::set_policies(&target.admin, &target.test.app, target.id(), Vec::new())
            .await
            .unwrap();
        assert_eq!(journey.row(&keys[0]).await.unwrap()["note"], "n");
        assert_eq!(journey.row(&keys[3]).await, None);
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
