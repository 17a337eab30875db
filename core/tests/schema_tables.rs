//! A schema and its table find together again, whatever came between the change of one and of the other.

use quillback_core::admin::schemas::{
    self, FieldDraft, IdPolicy, Import, ImportMode, PolicyDraft, SchemaDraft,
};
use quillback_core::field::FieldKind;
use quillback_core::policy::{Operand, Operator, Rule};
use quillback_core::schema::Schema;
use quillback_core::write::WriteState;
use quillback_core::{Error, Result};
use serde_json::json;

use crate::support::Kind;
use crate::support::target::{
    Target, add, draft_of, faults, field, fields, on_each_target, required,
};

async fn revision(target: &Target) -> i64 {
    let found = schemas::get(&target.admin, &target.test.app, target.id()).await;
    found.unwrap().schema.revision
}

async fn save_at(target: &Target, revision: i64, fields: Vec<FieldDraft>) -> Result<Schema> {
    let draft = draft_of(&target.connection, "Forecast", "forecast", fields);
    let draft = SchemaDraft {
        allow_data_loss: true,
        ..draft
    };
    schemas::update(
        &target.admin,
        &target.test.app,
        target.id(),
        revision,
        draft,
    )
    .await
}

async fn save(target: &Target, fields: Vec<FieldDraft>) -> Result<Schema> {
    save_at(target, revision(target).await, fields).await
}

async fn findings(target: &Target) -> Vec<&'static str> {
    let health = schemas::health(&target.admin, &target.test.app, target.id()).await;
    let findings = health.unwrap().findings;
    findings.iter().map(|finding| finding.code).collect()
}

/// One of everything: wider, renamed, added and dropped.
fn changed() -> Vec<FieldDraft> {
    let mut changed = fields();
    changed[0].kind = Some(FieldKind::Text { length: 60 });
    changed[1].column = Some("article".into());
    changed.remove(6);
    changed.push(field("comment", FieldKind::Paragraph));
    changed.push(field("seen_at", FieldKind::DateTime { zoned: true }));
    changed.push(field("checked", FieldKind::Boolean));
    changed
}

#[tokio::test]
async fn a_change_that_the_books_have_not_seen_is_completed_by_saving_again() {
    on_each_target(async |target| {
        let repository = &target.test.repository;
        let row = json!({ "region": "a", "product": "p", "due": "2026-01-31" });
        target.add(&target.admin, row).await;
        let before = revision(&target).await;
        repository.run(match repository.kind() {
            Kind::Mssql => "SELECT * INTO saved FROM _schemas",
            _ => "CREATE TABLE saved AS SELECT * FROM _schemas",
        });
        save(&target, changed()).await.unwrap();
        // What a server that ended between the table and the books leaves behind.
        repository.run(
            "UPDATE _schemas SET definition = (SELECT definition FROM saved), revision = (SELECT revision FROM saved)",
        );
        assert_eq!(revision(&target).await, before);
        assert!(findings(&target).await.contains(&"COLUMN_MISSING"));
        save(&target, changed()).await.unwrap();
        assert_eq!(findings(&target).await, [""; 0]);
        let row = target.rows(&target.admin, None).await.rows.remove(0);
        assert_eq!(row.values()["product"], json!("p"));
        let row = json!({ "region": "b".repeat(60), "comment": "c", "checked": true });
        target.add(&target.admin, row).await;
    })
    .await;
}

#[tokio::test]
async fn a_change_that_stopped_half_way_is_completed_by_saving_again() {
    on_each_target(async |target| {
        let row = json!({ "region": "a", "product": "p" });
        target.add(&target.admin, row).await;
        target.database.run(match target.database.kind() {
            Kind::Mssql => "EXEC sp_rename 'forecast.product', 'article', 'COLUMN'",
            _ => "ALTER TABLE forecast RENAME COLUMN product TO article",
        });
        target.database.run("ALTER TABLE forecast DROP COLUMN due");
        save(&target, changed()).await.unwrap();
        assert_eq!(findings(&target).await, [""; 0]);
        let row = target.rows(&target.admin, None).await.rows.remove(0);
        assert_eq!(row.values()["product"], json!("p"));
    })
    .await;
}

#[tokio::test]
async fn a_table_that_is_missing_is_made_anew() {
    on_each_target(async |target| {
        target.database.run("DROP TABLE forecast");
        assert_eq!(findings(&target).await, ["TABLE_MISSING"]);
        save(&target, fields()).await.unwrap();
        assert_eq!(findings(&target).await, [""; 0]);
        target.add(&target.admin, json!({ "region": "a" })).await;
    })
    .await;
}

#[tokio::test]
async fn a_column_that_is_there_already_is_taken_where_it_fits() {
    on_each_target(async |target| {
        target.add(&target.admin, json!({ "region": "a" })).await;
        let database = &target.database;
        database.run(match database.kind() {
            Kind::Mssql => "ALTER TABLE forecast ADD weight DECIMAL(10, 2)",
            _ => "ALTER TABLE forecast ADD COLUMN weight DECIMAL(10, 2)",
        });
        let with = |field| {
            let mut more = fields();
            more.push(field);
            more
        };
        let error = save(&target, with(field("weight", FieldKind::Date))).await;
        let expected = [("fields.8.column".to_owned(), "COLUMN_EXISTS")];
        assert_eq!(faults(&error.unwrap_err()), expected);
        let decimal = FieldKind::Decimal {
            precision: 10,
            scale: 2,
        };
        let error = save(&target, with(required("weight", decimal.clone()))).await;
        let expected = [("fields.8.required".to_owned(), "REQUIRED")];
        assert_eq!(faults(&error.unwrap_err()), expected);
        let before = revision(&target).await;
        save(&target, with(field("weight", decimal))).await.unwrap();
        assert_eq!(revision(&target).await, before + 1, "the table stayed");
        let row = json!({ "region": "b", "weight": "1.25" });
        target.add(&target.admin, row).await;
        let mut renamed = fields();
        renamed[1].column = Some("note".into());
        renamed[4].column = Some("product".into());
        let error = save(&target, renamed).await.unwrap_err();
        let codes: Vec<_> = faults(&error).into_iter().map(|(_, code)| code).collect();
        assert_eq!(codes, ["COLUMN_EXISTS", "COLUMN_EXISTS"]);
    })
    .await;
}

#[tokio::test]
async fn a_field_without_values_may_get_any_type() {
    on_each_target(async |target| {
        target
            .add(&target.admin, json!({ "region": "a", "units": 1 }))
            .await;
        let mut other = fields();
        other[2].kind = Some(FieldKind::Text { length: 5 });
        other[3].kind = Some(FieldKind::Date);
        let error = save(&target, other.clone()).await.unwrap_err();
        let expected = [("fields.3.type".to_owned(), "DATA_LOSS")];
        assert_eq!(faults(&error), expected);
        other[3].kind = Some(FieldKind::Integer);
        save(&target, other).await.unwrap();
        assert_eq!(findings(&target).await, [""; 0]);
        let row = json!({ "region": "b", "amount": "text" });
        target.add(&target.admin, row).await;
    })
    .await;
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_refused_before_it_touches_the_table() {
    on_each_target(async |target| {
        let before = revision(&target).await;
        let with = |name: &str| {
            let mut more = fields();
            more.push(field(name, FieldKind::Integer));
            more
        };
        let (one, two) = tokio::join!(
            save_at(&target, before, with("one")),
            save_at(&target, before, with("two"))
        );
        let refused = [one, two].into_iter().filter_map(Result::err);
        let refused: Vec<Error> = refused.collect();
        assert!(
            matches!(refused.as_slice(), [Error::Stale("schema")]),
            "{refused:?}"
        );
        assert_eq!(findings(&target).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_table_that_refuses_leaves_the_schema_as_it_was() {
    on_each_target(async |target| {
        let before = revision(&target).await;
        let mut refused = fields();
        refused.push(field("twice", FieldKind::Integer));
        let draft = draft_of(&target.connection, "Forecast", "forecast", refused);
        target.database.run(match target.database.kind() {
            Kind::Mssql => "EXEC sp_rename 'forecast', 'elsewhere', 'OBJECT'",
            _ => "ALTER TABLE forecast RENAME TO elsewhere",
        });
        target
            .database
            .run("CREATE VIEW forecast AS SELECT * FROM elsewhere");
        let app = &target.test.app;
        let error = schemas::update(&target.admin, app, target.id(), before, draft).await;
        assert!(matches!(error, Err(Error::Target(_))), "{error:?}");
        assert_eq!(revision(&target).await, before);
    })
    .await;
}

/// Revisions begin anew where a schema comes back under its identifier.
#[tokio::test]
async fn a_schema_that_comes_back_is_not_taken_for_the_one_that_went() {
    on_each_target(async |target| {
        let (app, admin, id) = (&target.test.app, &target.admin, target.id());
        let before = revision(&target).await;
        target.rows(admin, None).await;
        let rule = Rule {
            field: "region".into(),
            operator: Operator::Eq,
            operand: Operand::Values(vec![json!("north")]),
        };
        let policy = PolicyDraft {
            name: "north".into(),
            rules: vec![rule],
        };
        let set = schemas::set_policies(admin, app, id, vec![policy]).await;
        set.unwrap();
        let document = schemas::export(admin, app, id, false).await.unwrap();
        target.test.clock.advance(1);
        schemas::delete(admin, app, id, before + 1, true)
            .await
            .unwrap();
        let import = Import {
            document,
            connection: None,
            label: None,
            table: None,
            table_schema: None,
            ids: IdPolicy::Keep,
            mode: ImportMode::Create,
            groups: None,
            make_groups: true,
            allow_data_loss: false,
            dry_run: false,
        };
        schemas::import(admin, app, import).await.unwrap();
        let outcome = target.write(admin, vec![add(json!({ "region": "south" }))]);
        assert_eq!(outcome.await.unwrap().state, WriteState::Rejected);
        assert_eq!(revision(&target).await, before);
    })
    .await;
}
