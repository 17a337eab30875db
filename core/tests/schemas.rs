//! Schemas and their tables are made, changed and removed together.

use quillback_core::admin::connections;
use quillback_core::admin::schemas::{self, FieldDraft, KeyDraft, SchemaDraft};
use quillback_core::field::FieldKind;
use quillback_core::schema::{KeyMaker, Module};
use quillback_core::write::{RowStatus, WriteChange, WriteState};
use quillback_core::{Error, Result};
use serde_json::json;

use crate::support::target::{Target, draft_of, faults, field, fields, on_each_target, required};

fn correction(target: &Target) -> SchemaDraft {
    let draft = draft_of(&target.connection, "Correction", "forecast", Vec::new());
    SchemaDraft {
        module: Module::DataCorrection,
        ..draft
    }
}

async fn change(target: &Target, fields: Vec<FieldDraft>, allow_data_loss: bool) -> Result<()> {
    let app = &target.test.app;
    let revision = schemas::get(&target.admin, app, target.id())
        .await?
        .schema
        .revision;
    let draft = draft_of(&target.connection, "Forecast", "forecast", fields);
    let draft = SchemaDraft {
        allow_data_loss,
        ..draft
    };
    schemas::update(&target.admin, app, target.id(), revision, draft)
        .await
        .map(|_| ())
}

#[tokio::test]
async fn a_plan_shows_the_statements_and_changes_nothing() {
    on_each_target(async |target| {
        let app = &target.test.app;
        let draft = draft_of(&target.connection, "New", "brand new \"table\"", fields());
        for _ in 0..2 {
            let plan = schemas::plan(&target.admin, app, None, draft.clone())
                .await
                .unwrap();
            assert_eq!(plan.statements.len(), 1);
            assert!(
                plan.statements[0].starts_with("CREATE TABLE"),
                "{:?}",
                plan.statements
            );
            assert_eq!(plan.warnings, Vec::<String>::new());
        }
        schemas::create(&target.admin, app, draft.clone())
            .await
            .unwrap();
        let error = schemas::plan(&target.admin, app, None, draft)
            .await
            .unwrap_err();
        assert_eq!(faults(&error), [("table".to_owned(), "TABLE_EXISTS")]);
    })
    .await;
}

#[tokio::test]
async fn an_existing_table_is_detected_and_corrected() {
    on_each_target(async |target| {
        target
            .add(
                &target.admin,
                json!({ "region": "a", "units": 1, "amount": "1.50" }),
            )
            .await;
        let schema = schemas::create(&target.admin, &target.test.app, correction(&target))
            .await
            .unwrap();
        let definition = &schema.definition;
        assert!(!definition.managed);
        assert_eq!(definition.key.len(), 1);
        assert_eq!(
            (definition.key[0].name.as_str(), definition.key[0].maker),
            ("id", KeyMaker::Server)
        );
        let kinds: Vec<_> = definition
            .fields
            .iter()
            .map(|field| (field.name.as_str(), &field.kind))
            .collect();
        assert!(
            kinds.contains(&(
                "amount",
                &FieldKind::Decimal {
                    precision: 12,
                    scale: 2
                }
            )),
            "{kinds:?}"
        );
        assert!(kinds.contains(&("units", &FieldKind::Integer)), "{kinds:?}");
        assert!(
            kinds.contains(&("region", &FieldKind::Text { length: 20 })),
            "{kinds:?}"
        );
        let through = Target { schema, ..target };
        let row = through.rows(&through.admin, None).await.rows.remove(0);
        assert_eq!(
            (&row.values()["units"], &row.values()["amount"]),
            (&json!(1), &json!("1.50"))
        );
    })
    .await;
}

#[tokio::test]
async fn a_changed_schema_changes_its_table() {
    on_each_target(async |target| {
        target
            .add(
                &target.admin,
                json!({ "region": "a", "product": "p", "units": 1 }),
            )
            .await;
        let mut changed = fields();
        changed[0].kind = Some(FieldKind::Text { length: 60 });
        changed[1].column = Some("article".into());
        changed.push(field("comment", FieldKind::Paragraph));
        change(&target, changed.clone(), false).await.unwrap();
        let row = target.rows(&target.admin, None).await.rows.remove(0);
        assert_eq!(
            (&row.values()["product"], &row.values()["comment"]),
            (&json!("p"), &json!(null))
        );
        target
            .add(
                &target.admin,
                json!({ "region": "b".repeat(60), "comment": "c" }),
            )
            .await;
        changed.remove(3);
        let error = change(&target, changed.clone(), false).await.unwrap_err();
        assert_eq!(faults(&error), [("fields".to_owned(), "DATA_LOSS")]);
        assert!(
            error.public_message().contains("in 1 rows"),
            "{}",
            error.public_message()
        );
        change(&target, changed, true).await.unwrap();
        assert!(
            target.rows(&target.admin, None).await.rows[0]
                .values()
                .get("units")
                .is_none()
        );
    })
    .await;
}

#[tokio::test]
async fn a_change_that_rows_do_not_bear_is_refused() {
    on_each_target(async |target| {
        target.add(&target.admin, json!({ "region": "a" })).await;
        let mut narrower = fields();
        narrower[0].kind = Some(FieldKind::Text { length: 1 });
        narrower[1].required = true;
        narrower.push(required("must", FieldKind::Integer));
        let error = change(&target, narrower, false).await.unwrap_err();
        let expected = [
            ("fields.0.type", "DATA_LOSS"),
            ("fields.1.required", "REQUIRED"),
            ("fields.8.required", "REQUIRED"),
        ];
        assert_eq!(
            faults(&error),
            expected.map(|(path, code)| (path.to_owned(), code))
        );
        for problem in error.problems() {
            assert!(problem.message.contains("1 rows"), "{}", problem.message);
        }
        assert_eq!(target.rows(&target.admin, None).await.total, Some(1));
    })
    .await;
}

#[tokio::test]
async fn a_connection_in_use_stays_and_a_removed_schema_frees_it() {
    on_each_target(async |target| {
        let app = &target.test.app;
        let gone = connections::delete(&target.admin, app, &target.connection, 1).await;
        assert!(matches!(gone, Err(Error::InUse(message)) if message.contains("Forecast")));
        schemas::delete(&target.admin, app, target.id(), 1, true)
            .await
            .unwrap();
        let draft = draft_of(&target.connection, "Forecast", "forecast", fields());
        let again = schemas::create(&target.admin, app, draft).await.unwrap();
        schemas::delete(&target.admin, app, &again.id, 1, true)
            .await
            .unwrap();
        connections::delete(&target.admin, app, &target.connection, 1)
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_label_that_is_taken_leaves_no_table_behind() {
    on_each_target(async |target| {
        let app = &target.test.app;
        let draft = draft_of(&target.connection, "FORECAST", "second", fields());
        let error = schemas::create(&target.admin, app, draft)
            .await
            .unwrap_err();
        assert_eq!(faults(&error), [("label".to_owned(), "TAKEN")]);
        let missing = schemas::table(
            &target.admin,
            app,
            &target.connection,
            None,
            "second".into(),
        )
        .await;
        assert!(matches!(missing, Err(Error::NotFound("table"))));
    })
    .await;
}

#[tokio::test]
async fn the_test_of_a_connection_finds_its_rights_and_leaves_nothing_behind() {
    on_each_target(async |target| {
        let app = &target.test.app;
        let before = schemas::tables(
            &target.admin,
            app,
            &target.connection,
            target.database.schema(),
            String::new(),
            (0, 100),
        )
        .await;
        let report = connections::test_stored(&target.admin, app, &target.connection)
            .await
            .unwrap();
        assert!(report.is_ok(), "{report:?}");
        let names: Vec<_> = report.checks.iter().map(|check| check.name).collect();
        assert_eq!(
            names,
            [
                "connect",
                "create_table",
                "insert",
                "update",
                "delete",
                "drop_table",
                "marker"
            ]
        );
        let after = schemas::tables(
            &target.admin,
            app,
            &target.connection,
            target.database.schema(),
            String::new(),
            (0, 100),
        )
        .await;
        assert_eq!(before.unwrap(), after.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_chosen_key_that_the_database_does_not_guard_is_kept_unique() {
    on_each_target(async |target| {
        let key = KeyDraft {
            column: "region".into(),
            maker: KeyMaker::Client,
        };
        let draft = SchemaDraft {
            key: vec![key],
            ..correction(&target)
        };
        let created = schemas::create(&target.admin, &target.test.app, draft).await;
        let schema = created.unwrap();
        assert!(schema.definition.loose_key);
        let through = Target { schema, ..target };
        let row = |region: &str| WriteChange::Add {
            key: Some(json!(region)),
            values: json!({ "id": through.admin.new_id().to_string(), "units": 1 })
                .as_object()
                .unwrap()
                .clone(),
        };
        let first = through.write(&through.admin, vec![row("a")]).await.unwrap();
        assert_eq!(first.state, WriteState::Applied, "{first:?}");
        let second = through
            .write(&through.admin, vec![row("b"), row("a")])
            .await;
        let rows = second.unwrap().rows;
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.status, row.code.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                (RowStatus::NotApplied, None),
                (RowStatus::Duplicate, Some("DUPLICATE_KEY"))
            ]
        );
        assert_eq!(through.rows(&through.admin, None).await.total, Some(1));
    })
    .await;
}
