//! Rights on own rows only, and the conditions "allow edit when" and "allow add when", for every row of a change.

use quillback_core::admin::preview::{self, PreviewCommand, Who};
use quillback_core::admin::schemas::{self, PolicyDraft, SchemaDraft};
use quillback_core::cx::Cx;
use quillback_core::ids::{ChangeId, GroupId};
use quillback_core::policy::{Action, Operand, Operator, Rights, Rule};
use quillback_core::schema::Conditions;
use quillback_core::write::{
    self, BulkEditCommand, BulkValue, RollBackCommand, RowStatus, WriteOutcome, WriteState,
};
use quillback_core::{Error, Result};
use serde_json::{Value as Json, json};

use crate::support::target::{Target, add, delete, draft_of, edit, faults, fields, on_each_target};

fn rule(field: &str, operator: Operator, values: Vec<Json>) -> Rule {
    Rule {
        field: field.into(),
        operator,
        operand: Operand::Values(values),
    }
}

async fn conditions(target: &Target, edit: Vec<Rule>, add: Vec<Rule>) {
    let conditions = Conditions { edit, add };
    schemas::set_conditions(&target.admin, &target.test.app, target.id(), conditions)
        .await
        .unwrap();
}

async fn grant(target: &Target, permissions: Vec<(GroupId, Rights)>) -> Result<()> {
    schemas::set_permissions(&target.admin, &target.test.app, target.id(), permissions)
        .await
        .map(|_| ())
}

/// Changes the schema so that it says who added a row.
async fn with_owner(target: &Target) {
    let app = &target.test.app;
    let found = schemas::get(&target.admin, app, target.id()).await.unwrap();
    let draft = SchemaDraft {
        owner: Some("added_by".into()),
        ..draft_of(&target.connection, "Forecast", "forecast", fields())
    };
    schemas::update(
        &target.admin,
        app,
        target.id(),
        found.schema.revision,
        draft,
    )
    .await
    .unwrap();
}

async fn user(target: &Target, name: &str, groups: &[GroupId]) -> Cx {
    target.test.add_user(name, &[], groups).await;
    target.test.as_user(name).await
}

fn own() -> Rights {
    Rights {
        own_only: true,
        ..Rights::all()
    }
}

#[track_caller]
fn statuses(outcome: &WriteOutcome) -> Vec<(RowStatus, Option<&str>)> {
    let rows = outcome.rows.iter();
    rows.map(|row| (row.status, row.code.as_deref())).collect()
}

#[tokio::test]
async fn a_right_on_own_rows_leaves_the_rows_of_others_alone() {
    on_each_target(async |target| {
        with_owner(&target).await;
        let group = target.test.add_group("north").await;
        grant(&target, vec![(group.clone(), own())]).await.unwrap();
        let nora = user(&target, "nora", std::slice::from_ref(&group)).await;
        let olaf = user(&target, "olaf", &[group]).await;
        let hers = target.add(&nora, json!({ "region": "a" })).await;
        let his = target.add(&olaf, json!({ "region": "b" })).await;
        let page = target.rows(&nora, None).await;
        assert_eq!(page.total, Some(2), "what is seen is not limited");
        let mut owners: Vec<_> = page
            .rows
            .iter()
            .map(|row| row.values()["added_by"].clone())
            .collect();
        owners.sort_by_key(ToString::to_string);
        assert_eq!(owners, [json!("nora"), json!("olaf")]);
        for change in [
            edit(&his, json!({ "region": "c" }), json!({ "region": "b" })),
            delete(&his, json!({ "region": "b" })),
        ] {
            let mine = edit(&hers, json!({ "region": "c" }), json!({ "region": "a" }));
            let outcome = target.write(&nora, vec![mine, change]).await.unwrap();
            assert_eq!(
                statuses(&outcome),
                [
                    (RowStatus::NotApplied, None),
                    (RowStatus::Locked, Some("NOT_OWN_ROW"))
                ]
            );
            assert_eq!(outcome.rows[1].row.as_ref().unwrap()["region"], "b");
        }
        let mine = edit(&hers, json!({ "region": "c" }), json!({ "region": "a" }));
        let outcome = target.write(&nora, vec![mine]).await.unwrap();
        assert_eq!(outcome.state, WriteState::Applied);
        let outcome = target
            .write(&nora, vec![delete(&hers, json!({ "region": "c" }))])
            .await
            .unwrap();
        assert_eq!(outcome.state, WriteState::Applied);
    })
    .await;
}

#[tokio::test]
async fn nobody_claims_a_row_by_writing_its_owner() {
    on_each_target(async |target| {
        with_owner(&target).await;
        let key = target.add(&target.admin, json!({ "region": "a" })).await;
        for change in [
            add(json!({ "region": "b", "added_by": "nora" })),
            edit(
                &key,
                json!({ "added_by": "nora" }),
                json!({ "region": "a" }),
            ),
        ] {
            let error = target.write(&target.admin, vec![change]).await.unwrap_err();
            assert_eq!(
                faults(&error),
                [("changes.0.values.added_by".to_owned(), "READ_ONLY")]
            );
        }
    })
    .await;
}

#[tokio::test]
async fn another_group_without_the_limit_gives_the_right_on_all_rows() {
    on_each_target(async |target| {
        with_owner(&target).await;
        let (limited, editors) = (
            target.test.add_group("limited").await,
            target.test.add_group("editors").await,
        );
        let editing = Rights {
            actions: vec![Action::View, Action::Edit],
            ..Rights::default()
        };
        grant(
            &target,
            vec![(limited.clone(), own()), (editors.clone(), editing)],
        )
        .await
        .unwrap();
        let key = target.add(&target.admin, json!({ "region": "a" })).await;
        let nora = user(&target, "nora", &[limited, editors]).await;
        let change = edit(&key, json!({ "region": "b" }), json!({ "region": "a" }));
        let outcome = target.write(&nora, vec![change]).await.unwrap();
        assert_eq!(outcome.state, WriteState::Applied);
        // The other group gives no right to delete, so that one stays limited.
        let change = delete(&key, json!({ "region": "b" }));
        let outcome = target.write(&nora, vec![change]).await.unwrap();
        assert_eq!(
            statuses(&outcome),
            [(RowStatus::Locked, Some("NOT_OWN_ROW"))]
        );
    })
    .await;
}

#[tokio::test]
async fn the_owner_field_is_demanded_and_kept_while_rights_need_it() {
    on_each_target(async |target| {
        let app = &target.test.app;
        let group = target.test.add_group("north").await;
        let error = grant(&target, vec![(group.clone(), own())])
            .await
            .unwrap_err();
        assert_eq!(
            faults(&error),
            [("permissions.0.ownOnly".to_owned(), "OWNER_REQUIRED")]
        );
        with_owner(&target).await;
        grant(&target, vec![(group, own())]).await.unwrap();
        let revision = async || {
            let found = schemas::get(&target.admin, app, target.id()).await;
            found.unwrap().schema.revision
        };
        let draft = |owner: Option<&str>| SchemaDraft {
            owner: owner.map(Into::into),
            allow_data_loss: true,
            ..draft_of(&target.connection, "Forecast", "forecast", fields())
        };
        for (owner, fault) in [
            (None, ("ownerField", "IN_USE")),
            (Some("units"), ("ownerField", "WRONG_TYPE")),
        ] {
            let revision = revision().await;
            let error = schemas::update(&target.admin, app, target.id(), revision, draft(owner))
                .await
                .unwrap_err();
            assert_eq!(faults(&error), [(fault.0.to_owned(), fault.1)]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_row_is_changed_only_while_the_schema_allows_it() {
    on_each_target(async |target| {
        let open = target
            .add(
                &target.admin,
                json!({ "region": "a", "product": "Current" }),
            )
            .await;
        let closed = target
            .add(&target.admin, json!({ "region": "b", "product": "Closed" }))
            .await;
        let bare = target.add(&target.admin, json!({ "region": "c" })).await;
        let current = rule("product", Operator::Eq, vec![json!("Current")]);
        conditions(&target, vec![current], Vec::new()).await;
        for (key, region) in [(&closed, "b"), (&bare, "c")] {
            for change in [
                edit(key, json!({ "units": 1 }), json!({ "region": region })),
                delete(key, json!({ "region": region })),
            ] {
                let outcome = target.write(&target.admin, vec![change]).await.unwrap();
                assert_eq!(
                    statuses(&outcome),
                    [(RowStatus::Locked, Some("EDIT_CONDITION"))],
                    "administrators are bound too, and no value is not the value"
                );
            }
        }
        // The condition is on the row as it was: a row can be closed, and not be opened again.
        let close = edit(
            &open,
            json!({ "product": "Closed" }),
            json!({ "region": "a" }),
        );
        let outcome = target.write(&target.admin, vec![close]).await.unwrap();
        assert_eq!(outcome.state, WriteState::Applied);
        let reopen = edit(
            &open,
            json!({ "product": "Current" }),
            json!({ "region": "a" }),
        );
        let outcome = target.write(&target.admin, vec![reopen]).await.unwrap();
        assert_eq!(statuses(&outcome)[0].0, RowStatus::Locked);
        // Someone who saw it while it was open is told of the change first.
        let late = edit(
            &open,
            json!({ "units": 1 }),
            json!({ "product": "Current" }),
        );
        let outcome = target.write(&target.admin, vec![late]).await.unwrap();
        assert_eq!(statuses(&outcome)[0].0, RowStatus::Conflict);
    })
    .await;
}

#[tokio::test]
async fn rows_are_added_only_as_the_schema_allows_it_and_each_is_told() {
    on_each_target(async |target| {
        let some = rule("units", Operator::Gt, vec![json!(10)]);
        conditions(&target, Vec::new(), vec![some]).await;
        let rows = [json!(11), json!(10), Json::Null, json!(12)];
        let rows = rows.map(|units| add(json!({ "region": "a", "units": units })));
        let outcome = target.write(&target.admin, rows.to_vec()).await.unwrap();
        let failed = (RowStatus::CheckFailed, Some("ADD_CONDITION"));
        let idle = (RowStatus::NotApplied, None);
        assert_eq!(statuses(&outcome), [idle, failed, failed, idle]);
        assert_eq!(target.rows(&target.admin, None).await.total, Some(0));
        let key = target
            .add(&target.admin, json!({ "region": "a", "units": 11 }))
            .await;
        let change = edit(&key, json!({ "units": 1 }), json!({ "units": 11 }));
        let outcome = target.write(&target.admin, vec![change]).await.unwrap();
        assert_eq!(outcome.state, WriteState::Applied, "for new rows only");
    })
    .await;
}

#[tokio::test]
async fn a_field_that_rules_speak_of_stays() {
    on_each_target(async |target| {
        let app = &target.test.app;
        let current = rule("product", Operator::Eq, vec![json!("Current")]);
        conditions(&target, vec![current.clone()], Vec::new()).await;
        let policy = PolicyDraft {
            name: "p".into(),
            rules: vec![current],
        };
        schemas::set_policies(&target.admin, app, target.id(), vec![policy])
            .await
            .unwrap();
        let found = schemas::get(&target.admin, app, target.id()).await.unwrap();
        let mut kept = fields();
        kept.retain(|field| field.name != "product");
        let draft = SchemaDraft {
            allow_data_loss: true,
            ..draft_of(&target.connection, "Forecast", "forecast", kept)
        };
        let revision = found.schema.revision;
        let error = schemas::update(&target.admin, app, target.id(), revision, draft)
            .await
            .unwrap_err();
        let in_use = || ("fields".to_owned(), "IN_USE");
        assert_eq!(faults(&error), [in_use(), in_use()]);
        let unknown = Conditions {
            edit: vec![rule("nothing", Operator::IsNull, Vec::new())],
            add: vec![rule("units", Operator::Between, vec![json!(1)])],
        };
        let error = schemas::set_conditions(&target.admin, app, target.id(), unknown)
            .await
            .unwrap_err();
        assert_eq!(
            faults(&error),
            [
                ("addWhen.0.operand".to_owned(), "TWO_VALUES"),
                ("editWhen.0.field".to_owned(), "UNKNOWN_FIELD")
            ]
        );
        assert!(matches!(
            target
                .write(&target.test.nobody(), vec![add(json!({ "region": "a" }))])
                .await,
            Err(Error::Unauthenticated)
        ));
    })
    .await;
}

#[tokio::test]
async fn a_bulk_edit_and_a_roll_back_stop_at_rows_that_are_locked() {
    on_each_target(async |target| {
        with_owner(&target).await;
        let (app, group) = (&target.test.app, target.test.add_group("north").await);
        grant(&target, vec![(group.clone(), own())]).await.unwrap();
        let nora = user(&target, "nora", &[group]).await;
        let his = target.add(&target.admin, json!({ "region": "a" })).await;
        let change = ChangeId::from(target.admin.new_id());
        let edits = vec![edit(
            &his,
            json!({ "region": "b" }),
            json!({ "region": "a" }),
        )];
        target.send(&target.admin, &change, edits).await.unwrap();

        let bulk = BulkEditCommand {
            change: ChangeId::from(nora.new_id()),
            schema: target.id().clone(),
            filter: None,
            set: vec![("units".into(), BulkValue::To(json!(7)))],
        };
        let outcome = write::bulk_edit(&nora, app, bulk, 1).await.unwrap();
        let not_hers = [(RowStatus::Locked, Some("NOT_OWN_ROW"))];
        assert_eq!(statuses(&outcome), not_hers);
        let back = |cx: &Cx| RollBackCommand {
            change: ChangeId::from(cx.new_id()),
            reverts: change.clone(),
            key: None,
            overwrite: false,
        };
        let undone = write::roll_back(&nora, app, back(&nora)).await.unwrap();
        assert_eq!(statuses(&undone.outcome), not_hers);

        let told = PreviewCommand {
            schema: target.id().clone(),
            who: Who::Name("nora".into()),
            filter: None,
            first: 1,
            key: Some(his.clone()),
        };
        let told = preview::as_user(&target.admin, app, told).await.unwrap();
        for one in told.row.unwrap().actions {
            let touches = !matches!(one.action, Action::View | Action::History | Action::Export);
            assert_eq!(one.obstacle, touches.then_some("NOT_OWN_ROW"), "{one:?}");
        }

        let open = rule("region", Operator::Eq, vec![json!("a")]);
        conditions(&target, vec![open], Vec::new()).await;
        let undone = write::roll_back(&target.admin, app, back(&target.admin)).await;
        assert_eq!(
            statuses(&undone.unwrap().outcome),
            [(RowStatus::Locked, Some("EDIT_CONDITION"))]
        );
        assert_eq!(
            target.rows(&nora, None).await.rows[0].values()["region"],
            "b"
        );
    })
    .await;
}
