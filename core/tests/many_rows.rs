//! Many rows at once: bulk edit of a filter, gaps filled between known values, and changes of 10,000 rows taken back.

use quillback_core::admin::schemas;
use quillback_core::cx::Cx;
use quillback_core::ids::ChangeId;
use quillback_core::policy::{Action, Rights};
use quillback_core::read::{Filter, FilterOp};
use quillback_core::write::{
    self, BulkEditCommand, BulkValue, GapReason, InterpolateCommand, Preview, RollBackCommand,
    RowStatus, WriteOutcome, WriteState,
};
use quillback_core::{Error, Result};
use serde_json::{Value as Json, json};

use crate::support::target::{Target, add, delete, edit, faults, on_each_target};

fn is(name: &str, value: Json) -> Filter {
    Filter::Field {
        name: name.into(),
        op: FilterOp::Eq,
        value,
    }
}

fn bulk(target: &Target, filter: Filter, set: Vec<(&str, BulkValue)>) -> BulkEditCommand {
    BulkEditCommand {
        change: ChangeId::from(target.admin.new_id()),
        schema: target.id().clone(),
        filter: Some(filter),
        set: set
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}

async fn preview(target: &Target, cx: &Cx, command: &BulkEditCommand) -> Result<Preview> {
    write::preview_bulk_edit(cx, &target.test.app, command.clone()).await
}

async fn run(
    target: &Target,
    cx: &Cx,
    command: BulkEditCommand,
    expected: u64,
) -> Result<WriteOutcome> {
    target.test.clock.advance(1);
    write::bulk_edit(cx, &target.test.app, command, expected).await
}

async fn undo(target: &Target, change: &ChangeId) -> WriteOutcome {
    target.test.clock.advance(1);
    let command = RollBackCommand {
        change: ChangeId::from(target.admin.new_id()),
        reverts: change.clone(),
        key: None,
        overwrite: false,
    };
    let back = write::roll_back(&target.admin, &target.test.app, command).await;
    back.unwrap().outcome
}

/// A field of all rows, in the order of `units`.
async fn column(target: &Target, field: &str) -> Vec<Json> {
    let page = target.rows(&target.admin, None).await;
    let mut rows: Vec<Json> = page.rows.into_iter().map(|row| row.values()).collect();
    rows.sort_by_key(|row| row["units"].as_i64());
    rows.into_iter().map(|row| row[field].clone()).collect()
}

async fn four_rows(target: &Target) -> Vec<Json> {
    let rows = [
        json!({ "region": "a", "units": 1, "amount": "10.05" }),
        json!({ "region": "a", "units": 2, "amount": null }),
        json!({ "region": "b", "units": 3, "amount": "-10.05" }),
        json!({ "region": "a", "units": 4, "amount": "0.50", "note": "sold" }),
    ];
    let adds = rows.into_iter().map(add).collect();
    let outcome = target.write(&target.admin, adds).await.unwrap();
    outcome.rows.into_iter().filter_map(|row| row.key).collect()
}

#[tokio::test]
async fn a_bulk_edit_is_previewed_confirmed_and_taken_back_whole() {
    on_each_target(async |target| {
        four_rows(&target).await;
        let admin = &target.admin;
        let set = vec![
            ("note", BulkValue::To(json!("sold"))),
            ("amount", BulkValue::Times(json!("1.5"))),
        ];
        let command = bulk(&target, is("region", json!("a")), set);
        let preview = preview(&target, admin, &command).await.unwrap();
        assert_eq!((preview.state, preview.count()), (WriteState::Applied, 3));
        let amounts = |row: &write::PreviewRow| {
            let before = row.before.as_ref().unwrap()["amount"].clone();
            (before, row.outcome.row.as_ref().unwrap()["amount"].clone())
        };
        let mut changed: Vec<_> = preview.rows.iter().map(amounts).collect();
        changed.sort_by_key(|pair| pair.0.to_string());
        let expected = [
            (json!("0.50"), json!("0.75")),
            (json!("10.05"), json!("15.08")),
            (Json::Null, Json::Null),
        ];
        assert_eq!(changed, expected, "half a cent goes away from zero");
        assert_eq!(
            column(&target, "note").await,
            [Json::Null, Json::Null, Json::Null, json!("sold")],
            "a preview changes nothing"
        );

        let wrong = run(&target, admin, command.clone(), 2).await.unwrap_err();
        assert_eq!(
            faults(&wrong),
            [("expectedCount".to_owned(), "COUNT_CHANGED")]
        );
        let outcome = run(&target, admin, command.clone(), 3).await.unwrap();
        assert_eq!(outcome.state, WriteState::Applied);
        assert_eq!(
            column(&target, "amount").await,
            [json!("15.08"), Json::Null, json!("-10.05"), json!("0.75")]
        );
        let again = run(&target, admin, command, 3).await.unwrap();
        assert!(again.repeated, "and not multiplied a second time");
        assert_eq!(
            undo(&target, &outcome.change).await.state,
            WriteState::Applied
        );
        assert_eq!(
            column(&target, "amount").await,
            [json!("10.05"), Json::Null, json!("-10.05"), json!("0.50")]
        );
        assert_eq!(column(&target, "note").await[3], "sold");
    })
    .await;
}

#[tokio::test]
async fn a_bulk_edit_leaves_rows_alone_that_have_the_values_already() {
    on_each_target(async |target| {
        four_rows(&target).await;
        let set = vec![("note", BulkValue::To(json!("sold")))];
        let command = bulk(&target, is("region", json!("a")), set);
        let found = preview(&target, &target.admin, &command).await.unwrap();
        assert_eq!(found.count(), 2);
        run(&target, &target.admin, command.clone(), 2)
            .await
            .unwrap();
        let command = BulkEditCommand {
            change: ChangeId::from(target.admin.new_id()),
            ..command
        };
        let found = preview(&target, &target.admin, &command).await.unwrap();
        assert_eq!(found.count(), 0);
        let error = run(&target, &target.admin, command, 0).await.unwrap_err();
        assert_eq!(
            faults(&error),
            [("expectedCount".to_owned(), "NOTHING_TO_DO")]
        );
    })
    .await;
}

#[tokio::test]
async fn faults_of_a_bulk_edit_name_their_place() {
    let target = Target::on(crate::support::Kind::Sqlite).await;
    four_rows(&target).await;
    let large = BulkValue::Times(json!("99999999999999"));
    let cases = [
        (vec![], ("set", "REQUIRED")),
        (
            vec![("nome", BulkValue::To(json!(1)))],
            ("set.0.field", "UNKNOWN_FIELD"),
        ),
        (
            vec![("units", BulkValue::To(json!("many")))],
            ("set.0.to", "WRONG_TYPE"),
        ),
        (
            vec![("region", BulkValue::To(Json::Null))],
            ("set.0.to", "REQUIRED"),
        ),
        (
            vec![("note", BulkValue::Plus(json!(1)))],
            ("set.0.plus", "WRONG_TYPE"),
        ),
        (
            vec![("amount", BulkValue::Times(json!(1.5)))],
            ("set.0.times", "WRONG_TYPE"),
        ),
        (
            vec![
                ("units", BulkValue::Plus(json!(1))),
                ("units", BulkValue::Plus(json!(1))),
            ],
            ("set.1.field", "TWICE"),
        ),
        (
            vec![("units", BulkValue::Plus(json!("9223372036854775807")))],
            ("set.0", "OUT_OF_RANGE"),
        ),
        (
            vec![("amount", large)],
            ("rows.0.values.amount", "OUT_OF_RANGE"),
        ),
    ];
    for (set, (path, code)) in cases {
        let command = bulk(&target, is("units", json!(1)), set);
        let error = preview(&target, &target.admin, &command).await.unwrap_err();
        assert_eq!(faults(&error), [(path.to_owned(), code)], "{command:?}");
    }
    assert_eq!(column(&target, "units").await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn many_rows_need_their_own_rights_and_reach_only_visible_rows_and_fields() {
    on_each_target(async |target| {
        four_rows(&target).await;
        let group = target.test.add_group("north").await;
        let groups = std::slice::from_ref(&group);
        target.test.add_user("nora", &[], groups).await;
        let give = async |actions: &[Action]| {
            let rights = Rights {
                actions: actions.to_vec(),
                hidden: vec!["note".into()],
                read_only: vec!["amount".into()],
                ..Rights::default()
            };
            let permissions = vec![(group.clone(), rights)];
            schemas::set_permissions(&target.admin, &target.test.app, target.id(), permissions)
                .await
                .unwrap();
        };
        give(&[Action::View, Action::Edit, Action::Interpolate]).await;
        let nora = target.test.as_user("nora").await;
        let units = |filter| bulk(&target, filter, vec![("units", BulkValue::Plus(json!(10)))]);
        let all = || is("region", json!("a"));
        let refused = preview(&target, &nora, &units(all())).await;
        assert!(
            matches!(refused, Err(Error::Denied(_))),
            "to edit is not to edit in bulk"
        );
        give(&[Action::View, Action::BulkEdit]).await;
        let hidden = preview(&target, &nora, &units(is("note", json!("sold")))).await;
        assert_eq!(faults(&hidden.unwrap_err())[0].1, "UNKNOWN_FIELD");
        for (field, code) in [("note", "UNKNOWN_FIELD"), ("amount", "READ_ONLY")] {
            let command = bulk(&target, all(), vec![(field, BulkValue::To(Json::Null))]);
            let error = preview(&target, &nora, &command).await.unwrap_err();
            assert_eq!(faults(&error), [("set.0.field".to_owned(), code)]);
        }
        let outcome = run(&target, &nora, units(all()), 3).await.unwrap();
        assert_eq!(outcome.state, WriteState::Applied);
        assert!(
            outcome
                .rows
                .iter()
                .all(|row| row.row.as_ref().unwrap().get("note").is_none())
        );
        let command = gaps(&target, "amount");
        let refused = write::preview_interpolation(&nora, &target.test.app, command).await;
        assert!(matches!(refused, Err(Error::Denied(_))));
    })
    .await;
}

fn gaps(target: &Target, field: &str) -> InterpolateCommand {
    InterpolateCommand {
        change: ChangeId::from(target.admin.new_id()),
        schema: target.id().clone(),
        field: field.into(),
        order_by: "units".into(),
        partition_by: vec!["region".into()],
        filter: None,
        replace: None,
    }
}

async fn sensors(target: &Target) {
    let row = |region: &str, units: i64, amount: Option<&str>, due: Option<&str>| {
        add(json!({ "region": region, "units": units, "amount": amount, "due": due }))
    };
    let rows = vec![
        row("a", 0, None, None),
        row("a", 1, Some("1.00"), Some("2026-01-01")),
        row("a", 2, None, None),
        row("a", 4, Some("1.10"), Some("2026-01-08")),
        row("a", 5, Some("99.00"), None),
        row("a", 6, Some("1.20"), None),
        row("b", 7, Some("5.00"), None),
        row("b", 8, None, None),
    ];
    target.write(&target.admin, rows).await.unwrap();
}

#[tokio::test]
async fn gaps_between_known_values_are_filled_and_taken_back_whole() {
    on_each_target(async |target| {
        sensors(&target).await;
        let before = column(&target, "amount").await;
        let command = InterpolateCommand {
            replace: Some(is("amount", json!("99.00"))),
            ..gaps(&target, "amount")
        };
        let app = &target.test.app;
        let found = write::preview_interpolation(&target.admin, app, command.clone())
            .await
            .unwrap();
        assert_eq!(
            (found.preview.state, found.preview.count()),
            (WriteState::Applied, 2)
        );
        let told: Vec<_> = found
            .gaps
            .iter()
            .map(|gap| (gap.reason, gap.count))
            .collect();
        assert_eq!(told, [(GapReason::Leading, 1), (GapReason::Trailing, 1)]);
        assert_eq!(column(&target, "amount").await, before);
        target.test.clock.advance(1);
        let done = write::interpolate(&target.admin, app, command.clone(), 2)
            .await
            .unwrap();
        assert_eq!(done.outcome.state, WriteState::Applied);
        let expected = [
            Json::Null,
            json!("1.00"),
            json!("1.03"),
            json!("1.10"),
            json!("1.15"),
            json!("1.20"),
            json!("5.00"),
            Json::Null,
        ];
        assert_eq!(column(&target, "amount").await, expected);
        let again = write::interpolate(&target.admin, app, command, 2)
            .await
            .unwrap();
        assert!(again.outcome.repeated);
        assert_eq!(
            undo(&target, &done.outcome.change).await.state,
            WriteState::Applied
        );
        assert_eq!(column(&target, "amount").await, before);
    })
    .await;
}

#[tokio::test]
async fn dates_are_filled_and_what_is_no_number_is_refused() {
    on_each_target(async |target| {
        sensors(&target).await;
        let app = &target.test.app;
        let dates = gaps(&target, "due");
        let done = write::interpolate(&target.admin, app, dates, 1)
            .await
            .unwrap();
        let told: Vec<_> = done
            .gaps
            .iter()
            .map(|gap| (gap.reason, gap.count))
            .collect();
        let expected = [
            (GapReason::Leading, 1),
            (GapReason::Trailing, 2),
            (GapReason::NoneKnown, 2),
        ];
        assert_eq!(told, expected);
        assert_eq!(column(&target, "due").await[2], "2026-01-03");
        for (command, path) in [
            (gaps(&target, "note"), "field"),
            (
                InterpolateCommand {
                    order_by: "note".into(),
                    ..gaps(&target, "amount")
                },
                "orderBy",
            ),
            (
                InterpolateCommand {
                    order_by: "amount".into(),
                    ..gaps(&target, "amount")
                },
                "orderBy",
            ),
        ] {
            let error = write::preview_interpolation(&target.admin, app, command).await;
            assert_eq!(
                faults(&error.unwrap_err()),
                [(path.to_owned(), "UNSUPPORTED")]
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_change_of_ten_thousand_rows_is_taken_back_in_one() {
    const MANY: i64 = 10_000;
    // The other databases do it over HTTP.
    let target = Target::on(crate::support::Kind::Sqlite).await;
    let admin = &target.admin;
    let adds = (0..MANY)
        .map(|units| add(json!({ "region": "bulk", "units": units, "note": units.to_string() })));
    let added = target.write(admin, adds.collect()).await.unwrap();
    let keys: Vec<Json> = added.rows.into_iter().filter_map(|row| row.key).collect();

    target.test.clock.advance(1);
    let removals = keys
        .iter()
        .enumerate()
        .map(|(units, key)| delete(key, json!({ "units": units })));
    let removed = target.write(admin, removals.collect()).await.unwrap();
    assert_eq!(removed.state, WriteState::Applied);
    let back = undo(&target, &removed.change).await;
    assert_eq!(back.state, WriteState::Applied);
    assert!(back.rows.iter().all(|row| row.status == RowStatus::Applied));
    let first = is("units", json!(4_321));
    let page = target.rows(admin, Some(first)).await;
    assert_eq!(
        (&page.rows[0].key(), &page.rows[0].values()["note"]),
        (&keys[4_321], &json!("4321"))
    );
    assert_eq!(
        undo(&target, &added.change).await.state,
        WriteState::Applied
    );
    assert_eq!(target.rows(admin, None).await.total, Some(0));
}

#[tokio::test]
async fn a_row_that_changed_since_it_was_chosen_is_not_edited_unawares() {
    on_each_target(async |target| {
        let keys = four_rows(&target).await;
        let command = bulk(
            &target,
            is("region", json!("a")),
            vec![("note", BulkValue::To(json!("x")))],
        );
        let found = preview(&target, &target.admin, &command).await.unwrap();
        assert_eq!(found.count(), 3);
        let moved = edit(&keys[0], json!({ "region": "c" }), json!({ "units": 1 }));
        target.write(&target.admin, vec![moved]).await.unwrap();
        let error = run(&target, &target.admin, command, 3).await.unwrap_err();
        assert_eq!(
            faults(&error),
            [("expectedCount".to_owned(), "COUNT_CHANGED")]
        );
        assert_eq!(column(&target, "note").await[0], Json::Null);
    })
    .await;
}
