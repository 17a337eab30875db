//! Options of fields: offered out of data, under the rights of whoever chooses, and demanded when rows are written.

use quillback_core::admin::schemas::{self, FieldDraft, PolicyDraft};
use quillback_core::cx::Cx;
use quillback_core::field::{FieldKind, Given, OptionSource, OptionsFrom};
use quillback_core::options::{self, OptionPage, OptionsCommand};
use quillback_core::plugin_api::{Ident, TableRef};
use quillback_core::policy::{Operand, Operator, Rights, Rule};
use quillback_core::schema::Schema;
use quillback_core::write::{self, Seen, WriteChange};
use quillback_core::{Error, Result};
use serde_json::{Value as Json, json};

use crate::support::target::{Target, add, draft_of, edit, faults, field, fields, on_each_target};

fn table() -> OptionsFrom {
    OptionsFrom::Table {
        connection: None,
        table: TableRef::new(Ident::new("forecast").unwrap()),
    }
}

fn source(from: OptionsFrom, value: &str, given: &[(&str, &str)]) -> OptionSource {
    OptionSource {
        from,
        value: value.into(),
        label: None,
        order: None,
        given: given
            .iter()
            .map(|(field, column)| Given {
                field: (*field).into(),
                column: (*column).into(),
            })
            .collect(),
    }
}

fn chosen(name: &str, source: OptionSource) -> FieldDraft {
    let mut drafted = field(name, FieldKind::Dropdown { length: 40 });
    drafted.rules.source = Some(source);
    drafted
}

/// A schema "Orders" whose region and product come from the rows of "Forecast".
async fn orders(target: Target, from: OptionsFrom) -> (Target, Schema) {
    for (region, product) in [
        ("north", "apple"),
        ("north", "pear"),
        ("south", "fig"),
        ("south", "apple"),
    ] {
        let values = json!({ "region": region, "product": product });
        target.add(&target.admin, values.clone()).await;
        target.add(&target.admin, values).await;
    }
    let drafted = vec![
        chosen("area", source(from.clone(), "region", &[])),
        chosen("item", source(from, "product", &[("area", "region")])),
        field("note", FieldKind::Paragraph),
    ];
    let draft = draft_of(&target.connection, "Orders", "orders", drafted);
    let schema = schemas::create(&target.admin, &target.test.app, draft)
        .await
        .unwrap();
    let forecast = target.schema.clone();
    (Target { schema, ..target }, forecast)
}

async fn ask(
    target: &Target,
    cx: &Cx,
    field: &str,
    given: Json,
    rest: (Option<&str>, u32, Option<String>),
) -> Result<OptionPage> {
    let (search, first, after) = rest;
    let command = OptionsCommand {
        schema: target.id().clone(),
        field: field.into(),
        search: search.map(Into::into),
        given: given.as_object().unwrap().clone(),
        first,
        after,
    };
    options::page(cx, &target.test.app, command).await
}

fn labels(page: &OptionPage) -> Vec<&str> {
    page.options
        .iter()
        .map(|option| option.label.as_str())
        .collect()
}

#[tokio::test]
async fn options_are_read_in_order_searched_and_paged() {
    on_each_target(async |target| {
        let (target, _) = orders(target, table()).await;
        let admin = &target.admin;
        let all = ask(&target, admin, "area", json!({}), (None, 10, None))
            .await
            .unwrap();
        assert_eq!((labels(&all), all.more), (vec!["north", "south"], false));
        let first = ask(&target, admin, "area", json!({}), (None, 1, None))
            .await
            .unwrap();
        assert_eq!((labels(&first), first.more), (vec!["north"], true));
        let after = Some(first.options[0].cursor.clone());
        let second = ask(&target, admin, "area", json!({}), (None, 1, after))
            .await
            .unwrap();
        assert_eq!((labels(&second), second.more), (vec!["south"], false));
        let found = ask(&target, admin, "area", json!({}), (Some("OUT"), 10, None))
            .await
            .unwrap();
        assert_eq!(labels(&found), ["south"]);
        let none = ask(&target, admin, "item", json!({}), (None, 10, None))
            .await
            .unwrap();
        assert_eq!(labels(&none), Vec::<&str>::new());
        let some = ask(
            &target,
            admin,
            "item",
            json!({ "area": "north" }),
            (None, 10, None),
        )
        .await
        .unwrap();
        assert_eq!(labels(&some), ["apple", "pear"]);
        let error = ask(&target, admin, "note", json!({}), (None, 10, None))
            .await
            .unwrap_err();
        assert_eq!(faults(&error), [("field".to_owned(), "NO_OPTIONS")]);
        let error = ask(
            &target,
            admin,
            "area",
            json!({}),
            (None, 10, Some("zz".into())),
        )
        .await
        .unwrap_err();
        assert_eq!(faults(&error), [("after".to_owned(), "CURSOR")]);
    })
    .await;
}

/// What is in a row stays when the option goes, as long as it is not edited.
async fn keeps_what_is_no_option_any_more(target: Target, forecast: Schema, key: &Json) {
    let through = Target {
        schema: forecast,
        ..target
    };
    let rows = through.rows(&through.admin, None).await.rows;
    let gone = rows.iter().filter(|row| row.values()["product"] == "pear");
    let gone = gone.map(|row| WriteChange::Delete {
        key: row.key(),
        seen: Seen::Anything,
    });
    through.write(&through.admin, gone.collect()).await.unwrap();
    let orders = schemas::list(&through.admin, &through.test.app)
        .await
        .unwrap();
    let schema = orders
        .into_iter()
        .find(|schema| schema.label == "Orders")
        .unwrap();
    let target = Target { schema, ..through };
    let same = edit(
        key,
        json!({ "item": "pear", "note": "n" }),
        json!({ "item": "pear", "area": "north" }),
    );
    let outcome = target.write(&target.admin, vec![same]).await.unwrap();
    assert_eq!(outcome.state, write::WriteState::Applied);
    let again = target
        .write(
            &target.admin,
            vec![add(json!({ "area": "north", "item": "pear" }))],
        )
        .await;
    assert!(matches!(again, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn a_value_that_is_no_option_is_refused() {
    on_each_target(async |target| {
        let (target, forecast) = orders(target, table()).await;
        let admin = &target.admin;
        let wrong = vec![
            add(json!({ "area": "north", "item": "pear" })),
            add(json!({ "area": "west" })),
            add(json!({ "area": "south", "item": "pear" })),
            add(json!({ "item": "apple" })),
            add(json!({ "area": "NORTH" })),
            add(json!({ "note": "nothing chosen" })),
        ];
        let error = target.write(admin, wrong).await.unwrap_err();
        let expected = [
            "changes.1.values.area",
            "changes.2.values.item",
            "changes.3.values.item",
            "changes.4.values.area",
        ];
        assert_eq!(
            faults(&error),
            expected.map(|path| (path.to_owned(), "NOT_AN_OPTION"))
        );
        let key = target
            .add(admin, json!({ "area": "north", "item": "pear" }))
            .await;
        // The other field decides too, whether the client names what it saw or not.
        for seen in [
            json!({ "area": "north", "item": "pear" }),
            json!({ "area": "north" }),
        ] {
            let moved = edit(&key, json!({ "area": "south" }), seen);
            let error = target.write(admin, vec![moved]).await.unwrap_err();
            assert_eq!(
                faults(&error),
                [("changes.0.values.item".to_owned(), "NOT_AN_OPTION")]
            );
        }
        let blind = WriteChange::Edit {
            key: key.clone(),
            values: json!({ "item": "fig" }).as_object().unwrap().clone(),
            seen: Seen::Anything,
        };
        let error = target.write(admin, vec![blind]).await.unwrap_err();
        assert_eq!(
            faults(&error),
            [("changes.0.values.item".to_owned(), "NOT_AN_OPTION")]
        );
        keeps_what_is_no_option_any_more(target, forecast, &key).await;
    })
    .await;
}

#[tokio::test]
async fn options_out_of_a_schema_obey_its_rights_and_row_rules() {
    on_each_target(async |target| {
        let from = OptionsFrom::Schema(target.id().clone());
        let (target, forecast) = orders(target, from).await;
        let app = &target.test.app;
        let group = target.test.add_group("sales").await;
        target
            .test
            .add_user("nora", &[], std::slice::from_ref(&group))
            .await;
        let nora = target.test.as_user("nora").await;
        let give = async |id, rights| {
            schemas::set_permissions(&target.admin, app, id, vec![(group.clone(), rights)])
                .await
                .unwrap();
        };
        give(target.id(), Rights::all()).await;
        let offered = async || {
            ask(&target, &nora, "area", json!({}), (None, 10, None))
                .await
                .unwrap()
        };
        assert_eq!(labels(&offered().await), Vec::<&str>::new());
        let unseen = target
            .write(&nora, vec![add(json!({ "area": "north" }))])
            .await
            .unwrap_err();
        assert_eq!(
            faults(&unseen),
            [("changes.0.values.area".to_owned(), "NOT_AN_OPTION")]
        );
        give(&forecast.id, Rights::all()).await;
        assert_eq!(labels(&offered().await), ["north", "south"]);
        let rule = Rule {
            field: "region".into(),
            operator: Operator::Eq,
            operand: Operand::Values(vec![json!("south")]),
        };
        let policy = PolicyDraft {
            name: "south".into(),
            rules: vec![rule],
        };
        schemas::set_policies(&target.admin, app, &forecast.id, vec![policy])
            .await
            .unwrap();
        assert_eq!(labels(&offered().await), ["south"]);
        assert!(
            target
                .write(&nora, vec![add(json!({ "area": "north" }))])
                .await
                .is_err()
        );
        target
            .add(&nora, json!({ "area": "south", "item": "fig" }))
            .await;
        let hidden = Rights {
            hidden: vec!["region".into()],
            ..Rights::all()
        };
        give(&forecast.id, hidden).await;
        assert_eq!(labels(&offered().await), Vec::<&str>::new());
        let used =
            schemas::delete(&target.admin, app, &forecast.id, forecast.revision, false).await;
        assert!(matches!(used, Err(Error::InUse(message)) if message.contains("Orders")));
    })
    .await;
}

#[tokio::test]
async fn a_source_that_cannot_serve_is_refused_when_the_schema_is_saved() {
    on_each_target(async |target| {
        let nowhere = OptionsFrom::Table {
            connection: None,
            table: TableRef::new(Ident::new("nowhere").unwrap()),
        };
        let mut both = chosen("both", source(table(), "region", &[]));
        both.rules.options = Some(vec!["x".into()]);
        let drafted = vec![
            chosen("a", source(nowhere, "region", &[])),
            chosen("b", source(table(), "colour", &[])),
            chosen("c", source(table(), "units", &[])),
            chosen("d", source(table(), "region", &[("nothing", "region")])),
            chosen("e", source(table(), "region", &[("e", "region")])),
            both,
        ];
        let draft = draft_of(
            &target.connection,
            "Bad",
            "bad",
            [fields(), drafted].concat(),
        );
        let error = schemas::create(&target.admin, &target.test.app, draft)
            .await
            .unwrap_err();
        let expected = [
            ("fields.10.source.value", "OTHER_TYPE"),
            ("fields.11.source.given.0.field", "UNKNOWN_FIELD"),
            ("fields.12.source.given.0.field", "CIRCLE"),
            ("fields.13.source", "CONTRADICTION"),
            ("fields.8.source.table", "TABLE_MISSING"),
            ("fields.9.source.value", "COLUMN_MISSING"),
        ];
        assert_eq!(
            faults(&error),
            expected.map(|(path, code)| (path.to_owned(), code))
        );
    })
    .await;
}
