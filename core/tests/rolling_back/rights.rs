//! Taking back under the rights and row rules of whoever does it.

use quillback_core::Error;
use quillback_core::admin::schemas::{self, PolicyDraft};
use quillback_core::cx::Cx;
use quillback_core::ids::ChangeId;
use quillback_core::policy::{Action, Operand, Operator, Rights, Rule};
use quillback_core::write::{RollBackCommand, RowStatus, WriteState};
use serde_json::{Value as Json, json};

use super::journey::{Journey, status};
use crate::support::target::{Target, add, delete, edit, faults, on_each_target};

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
