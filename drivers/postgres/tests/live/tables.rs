//! What the catalog answers, and changes of tables.

use quillback_plugin_api::Value;
use quillback_plugin_api::catalog::{Catalog, Introspect, TableInfo, TableKind};
use quillback_plugin_api::driver::Instance as _;
use quillback_plugin_api::sql::{ColumnDef, Ddl};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Category, TableRef};
use serde_json::json;

use crate::support::{Lab, ident, lab, open, table};

async fn describe(lab: &Lab, name: &str) -> Option<TableInfo> {
    let table = TableRef::in_schema(Some(ident(&lab.schema)), ident(name));
    match lab
        .instance
        .introspect(Introspect::Table(table))
        .await
        .unwrap()
    {
        Catalog::Table(info) => info,
        other => panic!("{other:?}"),
    }
}

const SETUP: &str = "CREATE TYPE mood AS ENUM ('sad', 'it''s \"fine\"'); CREATE DOMAIN price AS numeric(8, 2) NOT NULL; \
     CREATE TABLE whole (b integer, a integer, id bigint GENERATED ALWAYS AS IDENTITY, s bigserial, \
       feeling mood DEFAULT 'sad', feelings mood[], cost price, name varchar(40) NOT NULL, fixed char(3), \
       at timestamptz(3), exact numeric(6, -2), twice integer GENERATED ALWAYS AS (a * 2) STORED, \
       spot point, PRIMARY KEY (a, b), UNIQUE (name, a), UNIQUE (s) INCLUDE (b)); \
     CREATE UNIQUE INDEX partial ON whole (b) WHERE b > 0; CREATE UNIQUE INDEX computed ON whole (lower(name)); \
     CREATE VIEW seen AS SELECT a, name FROM whole; CREATE MATERIALIZED VIEW kept AS SELECT a FROM whole; \
     CREATE TABLE parts (id bigint, at date) PARTITION BY RANGE (at); \
     CREATE TABLE parts_old PARTITION OF parts FOR VALUES FROM ('2000-01-01') TO ('2020-01-01'); \
     CREATE TEMPORARY TABLE scratch (id bigint)";

#[tokio::test]
async fn a_table_is_described_in_full() {
    let Some(lab) = lab(SETUP).await else { return };
    let info = describe(&lab, "whole").await.unwrap();
    assert_eq!(info.primary_key, [ident("a"), ident("b")]);
    assert_eq!(
        info.unique_keys,
        [vec![ident("name"), ident("a")], vec![ident("s")]]
    );
    let column = |name: &str| info.column(&ident(name)).unwrap();
    let labels = vec!["sad".to_owned(), "it's \"fine\"".to_owned()];
    let mood = LogicalType::Enum { labels };
    for (name, ty, native) in [
        (
            "a",
            LogicalType::Int {
                bits: 32,
                unsigned: false,
            },
            "integer",
        ),
        ("feeling", mood.clone(), "mood"),
        (
            "feelings",
            LogicalType::List {
                element: Box::new(mood),
            },
            "mood[]",
        ),
        ("cost", LogicalType::decimal(8, 2), "price"),
        ("name", LogicalType::text(40), "character varying(40)"),
        ("fixed", LogicalType::text(3), "character(3)"),
        (
            "at",
            LogicalType::Instant { precision: 3 },
            "timestamp(3) with time zone",
        ),
        ("exact", LogicalType::decimal(6, -2), "numeric(6,-2)"),
        ("spot", LogicalType::Other, "point"),
    ] {
        assert_eq!(column(name).ty, ty, "{name}");
        assert!(
            column(name).native.ends_with(native),
            "{}",
            column(name).native
        );
    }
    let facts = |name| {
        let column = column(name);
        (
            column.nullable,
            column.has_default,
            column.generated,
            column.identity,
        )
    };
    assert_eq!(facts("a"), (false, false, false, false));
    assert_eq!(facts("id"), (false, true, true, true));
    assert_eq!(facts("s"), (false, true, false, true));
    assert_eq!(facts("feeling"), (true, true, false, false));
    assert_eq!(facts("twice"), (true, true, true, false));
    assert_eq!(facts("cost"), (false, false, false, false));
    assert_eq!(describe(&lab, "nothing").await, None);
    lab.end().await;
}

#[tokio::test]
async fn lists_hold_what_can_be_read_and_nothing_twice() {
    let Some(lab) = lab(SETUP).await else { return };
    let list = async |search: &str, offset, limit| {
        let what = Introspect::Tables {
            schema: Some(ident(&lab.schema)),
            search: search.to_owned(),
            offset,
            limit,
        };
        match lab.instance.introspect(what).await.unwrap() {
            Catalog::Tables { tables, more } => {
                let names = tables
                    .iter()
                    .map(|found| (found.table.name.to_string(), found.kind));
                (names.collect::<Vec<_>>(), more)
            }
            other => panic!("{other:?}"),
        }
    };
    let view = |name: &str| (name.to_owned(), TableKind::View);
    let real = |name: &str| (name.to_owned(), TableKind::Table);
    let all = vec![view("kept"), real("parts"), view("seen"), real("whole")];
    assert_eq!(list("", 0, 10).await, (all.clone(), false));
    assert_eq!(list("", 0, 4).await, (all.clone(), false));
    assert_eq!(list("", 1, 2).await, (all[1..3].to_vec(), true));
    assert_eq!(list("HO", 0, 10).await, (vec![real("whole")], false));
    assert_eq!(list("%", 0, 10).await, (vec![], false));
    lab.end().await;
}

#[tokio::test]
async fn what_the_account_may_not_see_is_not_there() {
    let Some(lab) =
        lab("CREATE TABLE open (a integer, b integer); CREATE TABLE shut (a integer)").await
    else {
        return;
    };
    let Some(admin) = crate::support::variable("QUILLBACK_TEST_POSTGRES_ADMIN_URL") else {
        return lab.end().await;
    };
    let role = format!("guest_{}", lab.schema);
    let url = lab.options["url"].as_str().unwrap();
    let (_, database) = url.rsplit_once('/').unwrap();
    let (front, _) = admin.rsplit_once('/').unwrap();
    let admin = crate::support::client(&format!("{front}/{database}")).await;
    let grant = format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'p'; GRANT USAGE ON SCHEMA {0} TO {role}; \
         GRANT SELECT (a) ON {0}.open TO {role}",
        lab.schema
    );
    admin.batch_execute(&grant).await.unwrap();
    let mut options = lab.with("user", json!(role));
    options["password"] = json!("p");
    let guest = open(options).await.unwrap();
    let what = Introspect::Tables {
        schema: Some(ident(&lab.schema)),
        search: String::new(),
        offset: 0,
        limit: 10,
    };
    let Catalog::Tables { tables, .. } = guest.introspect(what).await.unwrap() else {
        panic!("no tables");
    };
    let names: Vec<_> = tables
        .iter()
        .map(|found| found.table.name.as_str())
        .collect();
    assert_eq!(names, ["open"]);
    for (name, columns) in [("open", Some(1)), ("shut", None)] {
        let Catalog::Table(info) = guest
            .introspect(Introspect::Table(table(name)))
            .await
            .unwrap()
        else {
            panic!("no table");
        };
        assert_eq!(info.map(|info| info.columns.len()), columns, "{name}");
    }
    guest.close().await;
    admin
        .batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"))
        .await
        .unwrap();
    lab.end().await;
}

#[tokio::test]
async fn columns_change_without_losing_anything() {
    let setup = "CREATE TABLE item (id bigint PRIMARY KEY, v varchar(10) DEFAULT 'x'); \
         INSERT INTO item VALUES (1, 'abcdef'), (2, '12')";
    let Some(lab) = lab(setup).await else { return };
    let column = |ty, default: Option<Value>| ColumnDef {
        default,
        ..ColumnDef::optional(ident("v"), ty)
    };
    let alter = |from: &ColumnDef, to: &ColumnDef| {
        lab.instance.define(vec![Ddl::AlterColumn {
            table: table("item"),
            from: from.clone(),
            to: to.clone(),
        }])
    };
    let start = column(LogicalType::text(10), Some("x".into()));
    let short = column(LogicalType::text(3), Some("x".into()));
    let error = alter(&start, &short).await.unwrap_err();
    assert_eq!(
        (error.category, error.step),
        (Category::InvalidData, Some(0))
    );
    let number = column(LogicalType::INT64, Some(5.into()));
    assert_eq!(
        alter(&start, &number).await.unwrap_err().category,
        Category::InvalidData
    );
    lab.client
        .batch_execute("DELETE FROM item WHERE id = 1")
        .await
        .unwrap();
    alter(&start, &number).await.unwrap();
    let required = ColumnDef {
        nullable: false,
        default: None,
        ..number.clone()
    };
    alter(&number, &required).await.unwrap();
    assert_eq!(
        lab.rows("item", &["id", "v"]).await,
        [[Value::I64(2), Value::I64(12)]]
    );
    let info = describe(&lab, "item").await.unwrap();
    let v = info.column(&ident("v")).unwrap();
    assert_eq!(
        (&v.ty, v.nullable, v.has_default),
        (&LogicalType::INT64, false, false)
    );
    lab.end().await;
}

#[tokio::test]
async fn names_that_would_be_cut_short_are_refused() {
    let Some(lab) = lab("").await else { return };
    let long = "ä".repeat(32);
    let add = Ddl::AddColumn {
        table: table("item"),
        column: ColumnDef::optional(ident(&long), LogicalType::INT64),
    };
    for error in [
        lab.instance.define(vec![add.clone()]).await.unwrap_err(),
        lab.instance.render_ddl(&[add]).unwrap_err(),
    ] {
        assert_eq!(error.category, Category::InvalidData);
        assert!(error.message.contains("63 bytes"), "{error:?}");
    }
    lab.end().await;
}

#[tokio::test]
async fn a_schema_that_is_not_there_is_named() {
    let Some(lab) = lab("").await else { return };
    let error = open(lab.with("schema", json!("no_such_schema")))
        .await
        .unwrap_err();
    assert_eq!(error.category, Category::Config);
    assert!(error.message.contains("option schema"), "{error:?}");
    lab.end().await;
}
