//! Schemas leave one server and come into another one as they were.

use quillback_core::Error;
use quillback_core::admin::connections::{self, ConnectionDraft};
use quillback_core::admin::schemas::{
    self, FieldDraft, GroupState, IdPolicy, Import, ImportMode, PolicyDraft,
};
use quillback_core::cx::Cx;
use quillback_core::field::{FieldKind, Given, OptionSource, OptionsFrom};
use quillback_core::plugin_api::{Ident, TableRef};
use quillback_core::policy::{Action, Operand, Operator, Rights, Rule};
use serde_json::{Value as Json, json};

use crate::support::target::{Target, draft_of, faults, field, fields, on_each_target};
use crate::support::{Kind, Repository, TestApp};

/// A second server with an empty target database under the same name.
struct Other {
    test: TestApp,
    admin: Cx,
    _database: Repository,
}

impl Other {
    async fn like(target: &Target) -> Self {
        let kind = target.database.kind();
        let test = TestApp::on(kind).await;
        let admin = test.admin().await;
        let database = Repository::fresh(kind);
        let draft = ConnectionDraft {
            name: "Target".into(),
            driver: kind.driver().info().id.clone(),
            options: database.options(),
            marker: true,
            groups: None,
        };
        connections::create(&admin, &test.app, draft).await.unwrap();
        Self {
            test,
            admin,
            _database: database,
        }
    }
}

fn import(document: &Json) -> Import {
    Import {
        document: document.clone(),
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
    }
}

fn secured(kind: u64) -> Vec<PolicyDraft> {
    let rule = |operator, operand| Rule {
        field: "f0".into(),
        operator,
        operand,
    };
    let policy = |name: &str, rules| PolicyDraft {
        name: name.into(),
        rules,
    };
    match kind % 3 {
        0 => Vec::new(),
        1 => vec![policy("mine", vec![rule(Operator::Eq, Operand::Username)])],
        _ => vec![
            policy("z", vec![rule(Operator::IsNull, Operand::Values(vec![]))]),
            policy("a", vec![rule(Operator::In, Operand::Property("p".into()))]),
        ],
    }
}

/// A random field of a table that Quillback makes, with rules of its type.
fn random_field(position: usize, next: &mut impl FnMut() -> u64) -> FieldDraft {
    let name = format!("f{position}");
    let small = |number: u64| u32::try_from(number % 30).unwrap();
    let mut drafted = match next() % 7 {
        _ if position == 0 => field(&name, FieldKind::Text { length: 36 }),
        0 => field(&name, FieldKind::Paragraph),
        1 => field(&name, FieldKind::Integer),
        2 => {
            let scale = small(next());
            let precision = scale + 1 + small(next());
            field(&name, FieldKind::Decimal { precision, scale })
        }
        3 => field(&name, FieldKind::Boolean),
        4 => field(&name, FieldKind::Date),
        5 => field(
            &name,
            FieldKind::DateTime {
                zoned: next().is_multiple_of(2),
            },
        ),
        _ => {
            let mut drafted = field(&name, FieldKind::Dropdown { length: 20 });
            drafted.rules.options = Some(vec!["a \"b\"".into(), "ö🚀".into()]);
            drafted
        }
    };
    if next().is_multiple_of(2) {
        drafted.label = Some(format!("Label {}", next() % 100));
    }
    if drafted.kind == Some(FieldKind::Integer) {
        drafted.rules.min = Some(json!(small(next())));
        drafted.rules.max = Some(json!("9223372036854775807"));
        drafted.rules.default = Some(json!(30));
    }
    if drafted.kind == Some(FieldKind::Paragraph) {
        drafted.rules.pattern = Some("[a-z]+".into());
        drafted.rules.pattern_message = Some("Lower case, please.".into());
        drafted.rules.max_length = Some(40);
    }
    drafted.required = next().is_multiple_of(3);
    drafted.rules.read_only = next().is_multiple_of(5);
    drafted
}

#[tokio::test]
async fn what_was_exported_and_imported_is_exported_the_same() {
    on_each_target(async |target| {
        let other = Other::like(&target).await;
        let app = &target.test.app;
        let group = target.test.add_group("Sales \"North\"").await;
        let mut next = || {
            let mut bytes = [0; 8];
            app.surroundings.random.fill(&mut bytes);
            u64::from_le_bytes(bytes) >> 8
        };
        for round in 0..8_u64 {
            let count = 1 + usize::try_from(next() % 9).unwrap();
            let drafted = (0..count).map(|at| random_field(at, &mut next)).collect();
            let name = format!("random {round}");
            let draft = draft_of(&target.connection, &name, &name, drafted);
            let made = schemas::create(&target.admin, app, draft).await.unwrap();
            let rights = Rights {
                actions: vec![Action::View, Action::Edit],
                read_only: vec!["f0".into()],
                ..Rights::default()
            };
            let permissions = vec![(group.clone(), rights)];
            schemas::set_permissions(&target.admin, app, &made.id, permissions)
                .await
                .unwrap();
            schemas::set_policies(&target.admin, app, &made.id, secured(next()))
                .await
                .unwrap();
            let mut document = schemas::export(&target.admin, app, &made.id, false)
                .await
                .unwrap();
            schemas::import(&other.admin, &other.test.app, import(&document))
                .await
                .unwrap();
            let again = schemas::export(&other.admin, &other.test.app, &made.id, false)
                .await
                .unwrap();
            assert_eq!(document["connection"]["name"], "target");
            document["connection"]["name"] = json!("Target");
            assert_eq!(again, document);
            let health = schemas::health(&other.admin, &other.test.app, &made.id).await;
            assert_eq!(health.unwrap().findings, []);
        }
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_tells_everything_and_does_nothing() {
    on_each_target(async |target| {
        let app = &target.test.app;
        let group = target.test.add_group("Planners").await;
        schemas::set_permissions(
            &target.admin,
            app,
            target.id(),
            vec![(group, Rights::all())],
        )
        .await
        .unwrap();
        let document = schemas::export(&target.admin, app, target.id(), false)
            .await
            .unwrap();
        let other = Other::like(&target).await;
        for _ in 0..2 {
            let dry = Import {
                dry_run: true,
                ..import(&document)
            };
            let report = schemas::import(&other.admin, &other.test.app, dry)
                .await
                .unwrap();
            assert_eq!(report.problems, []);
            assert_eq!(report.schema, None);
            assert_eq!(report.statements.len(), 1);
            assert!(report.statements[0].starts_with("CREATE TABLE"));
            let groups: Vec<_> = report.groups.iter().map(|group| group.state).collect();
            assert_eq!(groups, [GroupState::Made]);
        }
        // The same id is here already, and so are its label and its table.
        let dry = Import {
            dry_run: true,
            ..import(&document)
        };
        let report = schemas::import(&target.admin, app, dry).await.unwrap();
        let codes: Vec<_> = report
            .problems
            .iter()
            .map(|one| (one.path.as_str(), one.code))
            .collect();
        assert_eq!(
            codes,
            [
                ("document.id", "ID_EXISTS"),
                ("label", "TAKEN"),
                ("document.table", "TABLE_EXISTS")
            ]
        );
        let copy = Import {
            ids: IdPolicy::New,
            label: Some("Copy".into()),
            table: Some("copy".into()),
            ..import(&document)
        };
        let copied = schemas::import(&target.admin, app, copy).await.unwrap();
        assert_ne!(copied.schema.unwrap().id, *target.id());
    })
    .await;
}

#[tokio::test]
async fn a_second_import_changes_the_schema_and_its_table() {
    on_each_target(async |target| {
        let app = &target.test.app;
        let before = schemas::export(&target.admin, app, target.id(), false)
            .await
            .unwrap();
        let mut wider = before.clone();
        let new = json!({ "name": "new", "label": "New", "column": "new", "kind": { "type": "date" }, "required": false, "rules": {} });
        wider["fields"].as_array_mut().unwrap().push(new);
        wider["policies"] = json!([{ "name": "none", "rules": [{ "field": "region", "operator": "eq", "operand": "username" }] }]);
        let replace = |document: &Json, mode| Import {
            mode,
            ..import(document)
        };
        let structure = replace(&wider, ImportMode::StructureOnly);
        let done = schemas::import(&target.admin, app, structure).await.unwrap();
        assert!(done.replaces);
        assert_eq!(done.statements.len(), 1, "{:?}", done.statements);
        let now = schemas::export(&target.admin, app, target.id(), false)
            .await
            .unwrap();
        assert_eq!((&now["fields"], &now["policies"]), (&wider["fields"], &json!([])));
        target.add(&target.admin, json!({ "region": "a", "new": "2026-01-01" })).await;
        let error = schemas::import(&target.admin, app, replace(&before, ImportMode::Replace))
            .await
            .unwrap_err();
        assert_eq!(faults(&error), [("document.fields".to_owned(), "DATA_LOSS")]);
        schemas::import(&target.admin, app, replace(&wider, ImportMode::Replace))
            .await
            .unwrap();
        let now = schemas::export(&target.admin, app, target.id(), false)
            .await
            .unwrap();
        assert_eq!(now, wider);
    })
    .await;
}

/// Where to put what into a good document, and the fault that it is.
fn hostile() -> Vec<(&'static str, Json, &'static str, &'static str)> {
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    vec![
        ("/format", json!("other"), "document.format", "FORMAT"),
        ("/version", json!(2), "document.version", "NEWER_VERSION"),
        ("/version", json!(-1), "document.version", "VERSION"),
        ("/id", json!("../etc"), "document.id", "ID"),
        ("/labell", json!("x"), "document.labell", "UNKNOWN_KEY"),
        (
            "/fields/0/requird",
            json!(true),
            "document.fields.0.requird",
            "UNKNOWN_KEY",
        ),
        (
            "/fields/0/rules",
            json!({ "minn": 1 }),
            "document.fields.0.rules.minn",
            "UNKNOWN_KEY",
        ),
        (
            "/fields/0/kind/size",
            json!(5),
            "document.fields.0.kind.size",
            "UNKNOWN_KEY",
        ),
        (
            "/fields/1/column",
            json!("a\0b"),
            "document.fields.1",
            "WRONG_TYPE",
        ),
        (
            "/fields/1/kind",
            json!({ "type": "money" }),
            "document.fields.1",
            "WRONG_TYPE",
        ),
        ("/policies", json!({}), "document.policies", "WRONG_TYPE"),
        (
            "/policies",
            json!([{ "name": "p", "rules": [{ "field": "x", "operator": "eq", "operand": "username" }] }]),
            "document.policies.0.rules.0.field",
            "UNKNOWN_FIELD",
        ),
        (
            "/permissions",
            json!([{ "group": "", "actions": [] }]),
            "document.permissions.0.group",
            "REQUIRED",
        ),
        (
            "/label",
            json!("x".repeat(2 << 20)),
            "document",
            "TOO_LARGE",
        ),
        ("/fields", deep, "document", "TOO_DEEP"),
    ]
}

#[tokio::test]
async fn a_hostile_document_is_refused_with_the_path_of_its_fault() {
    let target = Target::on(Kind::Sqlite).await;
    let app = &target.test.app;
    let good = schemas::export(&target.admin, app, target.id(), false)
        .await
        .unwrap();
    for (pointer, value, path, code) in hostile() {
        let mut bad = good.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        bad.pointer_mut(parent).unwrap()[key] = value;
        let attempt = Import {
            ids: IdPolicy::New,
            label: Some("Bad".into()),
            table: Some("bad".into()),
            ..import(&bad)
        };
        let attempt = if pointer == "/label" {
            Import {
                label: None,
                ..attempt
            }
        } else {
            attempt
        };
        let error = schemas::import(&target.admin, app, attempt)
            .await
            .unwrap_err();
        assert_eq!(faults(&error), [(path.to_owned(), code)], "{pointer}");
    }
    let misspelt = {
        let mut bad = good.clone();
        bad["labell"] = json!(null);
        schemas::import(&target.admin, app, import(&bad))
            .await
            .unwrap_err()
    };
    assert!(
        matches!(&misspelt, Error::Invalid(all) if all[0].message.contains("Did you mean `label`?")),
        "{misspelt}"
    );
}

#[tokio::test]
async fn connections_of_options_are_named_and_no_secret_leaves() {
    let target = Target::on(Kind::Sqlite).await;
    let app = &target.test.app;
    let mut cascading = field("city", FieldKind::Dropdown { length: 40 });
    cascading.rules.source = Some(OptionSource {
        from: OptionsFrom::Table {
            connection: Some(target.connection.clone()),
            table: TableRef::new(Ident::new("forecast").unwrap()),
        },
        value: "product".into(),
        label: None,
        order: None,
        given: vec![Given {
            field: "region".into(),
            column: "region".into(),
        }],
    });
    let mut all = fields();
    all.push(cascading);
    let draft = draft_of(&target.connection, "Cities", "cities", all);
    let made = schemas::create(&target.admin, app, draft).await.unwrap();
    let document = schemas::export(&target.admin, app, &made.id, false)
        .await
        .unwrap();
    let source = &document["fields"][8]["rules"]["source"];
    assert_eq!(
        source["from"]["table"]["connection"], "target",
        "{source:#}"
    );
    let text = document.to_string();
    assert!(
        !text.contains(target.connection.as_str()) && !text.contains(".sqlite"),
        "{text}"
    );
    let copy = Import {
        ids: IdPolicy::New,
        label: Some("Copy".into()),
        table: Some("copy".into()),
        ..import(&document)
    };
    let copied = schemas::import(&target.admin, app, copy)
        .await
        .unwrap()
        .schema
        .unwrap();
    assert_eq!(copied.definition.fields, made.definition.fields);
    let mut elsewhere = document.clone();
    elsewhere["fields"][8]["rules"]["source"]["from"]["table"]["connection"] = json!("nowhere");
    let error = schemas::import(
        &target.admin,
        app,
        Import {
            ids: IdPolicy::New,
            label: Some("C".into()),
            table: Some("c".into()),
            ..import(&elsewhere)
        },
    )
    .await
    .unwrap_err();
    let path = "document.fields.8.rules.source.from.table.connection";
    assert!(
        faults(&error).contains(&(path.to_owned(), "UNKNOWN_CONNECTION")),
        "{error}"
    );
}
