//! The SQL that is printed, word for word.

use quillback_plugin_api::batch::{Batch, Expect, Step};
use quillback_plugin_api::dialect::{self, select as print};
use quillback_plugin_api::sql::{
    Assignment, ColumnDef, Compare, CreateTable, Ddl, Delete, Direction, Expr, Index, Insert, Lock,
    Order, Select, SetTo, Statement, TextMatch, Update,
};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Category, Ident, RowBuffer, TableRef, Value};

use super::Postgres;
use crate::FLAVOR;
use quillback_family_postgres::Printer as _;
use quillback_family_postgres::plan::{Ending, Means, Plan};

fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap()
}

fn table() -> TableRef {
    TableRef::in_schema(Some(ident("s\"x")), ident("Order"))
}

fn printed(change: &Ddl) -> Vec<String> {
    let rendered = dialect::ddl(&Postgres::default(), change).unwrap();
    rendered
        .into_iter()
        .map(|statement| statement.sql)
        .collect()
}

#[test]
fn selects_quote_names_order_nulls_and_lock() {
    let order = |name: &str, direction, nullable| Order {
        column: ident(name),
        direction,
        nullable,
    };
    let select = Select {
        order: vec![
            order("a", Direction::Asc, true),
            order("b", Direction::Desc, true),
            order("c", Direction::Desc, false),
        ],
        limit: Some(10),
        offset: 20,
        lock: Lock::Update,
        ..Select::columns(table(), [ident("a"), ident("b")], Expr::eq(&ident("a"), 1))
    };
    assert_eq!(
        dialect::select(&Postgres::default(), &select).unwrap().sql,
        "SELECT \"a\", \"b\" FROM \"s\"\"x\".\"Order\" WHERE \"a\" = $1 \
         ORDER BY \"a\" NULLS FIRST, \"b\" DESC NULLS LAST, \"c\" DESC LIMIT 10 OFFSET 20 FOR UPDATE"
    );
}

#[test]
fn conditions_keep_null_and_search_literally() {
    let find = |how, ignore_case| Expr::Match {
        column: ident("a"),
        how,
        ignore_case,
        text: "50%".into(),
    };
    let same = |value| Expr::Same {
        column: ident("a"),
        value,
    };
    for (condition, sql) in [
        (same(1.into()), "\"a\" IS NOT DISTINCT FROM $1"),
        (
            Expr::LastKey {
                table: table(),
                column: ident("a"),
            },
            "\"a\" = currval(pg_get_serial_sequence($1, $2))",
        ),
        (
            same(Value::Json("1".into())),
            "\"a\"::jsonb IS NOT DISTINCT FROM $1::jsonb",
        ),
        (
            find(TextMatch::Contains, false),
            "strpos(\"a\"::text COLLATE \"C\", $1::text COLLATE \"C\") > 0",
        ),
        (
            find(TextMatch::StartsWith, true),
            "starts_with(lower(\"a\"::text COLLATE \"default\"), lower($1::text COLLATE \"default\"))",
        ),
        (
            Expr::all([
                Expr::compare(&ident("a"), Compare::Le, 1),
                Expr::IsNull(ident("b")).negate(),
            ]),
            "(\"a\" <= $1 AND NOT (\"b\" IS NULL))",
        ),
        (Expr::Or(vec![]), "FALSE"),
        (
            Expr::In {
                column: ident("a"),
                values: vec![1.into(), 2.into()],
            },
            "\"a\" IN ($1, $2)",
        ),
    ] {
        assert_eq!(
            dialect::condition(&Postgres::default(), &condition)
                .unwrap()
                .sql,
            sql
        );
    }
}

#[test]
fn tables_are_made_of_types_that_keep_what_is_put_in() {
    let int = |bits, unsigned| LogicalType::Int { bits, unsigned };
    for (ty, sql) in [
        (LogicalType::Bool, "boolean"),
        (int(8, true), "smallint"),
        (int(16, true), "integer"),
        (int(32, true), "bigint"),
        (int(64, true), "numeric(20,0)"),
        (LogicalType::decimal(18, 4), "numeric(18,4)"),
        (
            LogicalType::Decimal {
                precision: None,
                scale: None,
            },
            "numeric",
        ),
        (LogicalType::Float { bits: 32 }, "real"),
        (LogicalType::text(255), "varchar(255)"),
        (
            LogicalType::Text {
                length: Some(20_000_000),
            },
            "text",
        ),
        (LogicalType::Json, "jsonb"),
        (LogicalType::Bytes { length: Some(16) }, "bytea"),
        (LogicalType::INSTANT, "timestamp(6) with time zone"),
        (LogicalType::Timestamp { precision: 0 }, "timestamp(0)"),
        (
            LogicalType::OffsetTime { precision: 3 },
            "time(3) with time zone",
        ),
        (LogicalType::Interval, "interval"),
        (
            LogicalType::List {
                element: Box::new(LogicalType::text(9)),
            },
            "varchar(9)[]",
        ),
        (
            LogicalType::Enum {
                labels: vec!["a".into(), "it's".into()],
            },
            "text CHECK (\"c\" IN ('a', 'it''s'))",
        ),
    ] {
        let add = Ddl::AddColumn {
            table: table(),
            column: ColumnDef::optional(ident("c"), ty),
        };
        assert_eq!(
            printed(&add),
            [format!(
                "ALTER TABLE \"s\"\"x\".\"Order\" ADD COLUMN \"c\" {sql} NULL"
            )]
        );
    }
    for ty in [
        LogicalType::Other,
        LogicalType::OffsetInstant { precision: 3 },
        LogicalType::Timestamp { precision: 9 },
        LogicalType::decimal(2_000, 0),
        LogicalType::Enum { labels: vec![] },
    ] {
        let add = Ddl::AddColumn {
            table: table(),
            column: ColumnDef::optional(ident("c"), ty.clone()),
        };
        assert!(dialect::ddl(&Postgres::default(), &add).is_err(), "{ty:?}");
    }
}

#[test]
fn tables_keys_and_indexes_are_made() {
    let id = ColumnDef {
        identity: true,
        ..ColumnDef::required(ident("id"), LogicalType::INT64)
    };
    let code = ColumnDef {
        exact_text: true,
        default: Some("it's \\ ok".into()),
        ..ColumnDef::required(ident("code"), LogicalType::text(10))
    };
    let create = Ddl::CreateTable(CreateTable {
        table: TableRef::new(ident("t")),
        columns: vec![id, code],
        primary_key: vec![ident("id")],
        if_not_exists: true,
    });
    assert_eq!(
        printed(&create),
        [
            "CREATE TABLE IF NOT EXISTS \"t\" (\"id\" bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL, \
          \"code\" varchar(10) COLLATE \"C\" DEFAULT 'it''s \\ ok' NOT NULL, PRIMARY KEY (\"id\"))"
        ]
    );
    let index = Ddl::CreateIndex {
        table: TableRef::new(ident("t")),
        index: Index {
            name: ident("i"),
            columns: vec![ident("code")],
            unique: true,
        },
    };
    assert_eq!(
        printed(&index),
        ["CREATE UNIQUE INDEX \"i\" ON \"t\" (\"code\")"]
    );
}

#[test]
fn columns_change_in_one_statement_and_are_cast_without_loss() {
    let from = ColumnDef {
        default: Some("1".into()),
        ..ColumnDef::optional(ident("c"), LogicalType::text(20))
    };
    let to = ColumnDef {
        default: Some(1.into()),
        ..ColumnDef::required(ident("c"), LogicalType::decimal(18, 4))
    };
    let alter = |from: &ColumnDef, to: &ColumnDef| Ddl::AlterColumn {
        table: TableRef::new(ident("t")),
        from: from.clone(),
        to: to.clone(),
    };
    assert_eq!(
        printed(&alter(&from, &to)),
        ["ALTER TABLE \"t\" ALTER COLUMN \"c\" DROP DEFAULT, \
          ALTER COLUMN \"c\" TYPE numeric(18,4) USING \"c\"::numeric, \
          ALTER COLUMN \"c\" SET DEFAULT 1, ALTER COLUMN \"c\" SET NOT NULL"]
    );
    assert!(printed(&alter(&from, &from)).is_empty());
}

fn batch() -> Batch {
    let rows: Vec<_> = (0..3_i64).map(|id| vec![id.into(), "x".into()]).collect();
    let insert = Insert {
        table: TableRef::new(ident("t")),
        columns: vec![ident("id"), ident("v")],
        rows: RowBuffer::from_rows(2, &rows).unwrap(),
        returning: vec![ident("made")],
    };
    let update = Update {
        table: TableRef::new(ident("t")),
        set: vec![Assignment {
            column: ident("v"),
            to: SetTo::Plus(1.into()),
        }],
        filter: Expr::eq(&ident("id"), 1),
    };
    let delete = Delete {
        table: TableRef::new(ident("t")),
        filter: Expr::True,
    };
    let mut batch = Batch::default();
    batch
        .write(Statement::Insert(insert), Expect::Rows(3))
        .write(Statement::Update(update), Expect::AtMost(1))
        .write(Statement::Delete(delete), Expect::Any)
        .check(TableRef::new(ident("t")), Expr::True, Expect::Rows(0));
    batch
}

const ALL: Means = FLAVOR.means;

#[test]
fn a_traceable_batch_checks_itself_and_commits_with_its_flight() {
    let batch = Batch {
        traceable: true,
        ..batch()
    };
    let plan = Plan::of(&batch, &FLAVOR, ALL).unwrap();
    assert_eq!((plan.ending, plan.begin), (Ending::FirstFlight, None));
    let checked = |count: &str, condition: &str| {
        format!(
            "CASE WHEN {count} {condition} THEN {count} ELSE ('quillback found ' || {count})::bigint END"
        )
    };
    let wanted = [
        format!(
            "WITH w(c1) AS (INSERT INTO \"t\" (\"id\", \"v\") VALUES ($1, $2), ($3, $4), ($5, $6) RETURNING \"made\") \
             SELECT c1 FROM (SELECT {} AS n FROM w) AS g LEFT JOIN w ON g.n IS NOT NULL",
            checked("count(*)", "= 3")
        ),
        format!(
            "WITH w AS (UPDATE \"t\" SET \"v\" = \"v\" + $1 WHERE \"id\" = $2 RETURNING 1) SELECT {} FROM w",
            checked("count(*)", "<= 1")
        ),
        "DELETE FROM \"t\"".to_owned(),
        format!(
            "SELECT {} FROM (SELECT COUNT(*) FROM \"t\") AS c(n)",
            checked("c.n", "= 0")
        ),
    ];
    assert_eq!(plan.texts(), wanted);
}

#[test]
fn any_other_batch_that_writes_waits_with_its_commit() {
    let ending = |batch: &Batch, means| {
        let plan = Plan::of(batch, &FLAVOR, means).unwrap();
        (plan.ending, plan.begin)
    };
    let late = (Ending::SecondFlight, Some("BEGIN"));
    assert_eq!(ending(&batch(), ALL), late);
    let mut traceable = Batch {
        traceable: true,
        ..batch()
    };
    let no_guards = Means {
        use_guards: false,
        ..ALL
    };
    assert_eq!(ending(&traceable, no_guards), late);
    let read = |expect| Step::Read {
        select: Select::columns(table(), [ident("a")], Expr::True),
        expect,
    };
    // One row is there or not; which of several are missing is known only when the others are here.
    traceable.steps.push(read(Expect::Rows(1)));
    assert_eq!(ending(&traceable, ALL), (Ending::FirstFlight, None));
    traceable.steps.push(read(Expect::Rows(2)));
    assert_eq!(ending(&traceable, ALL), late);
    let mut reads = Batch::default();
    reads.read(Select::columns(table(), [ident("a")], Expr::True));
    assert_eq!(ending(&reads, ALL), (Ending::FirstFlight, None));
}

#[test]
fn a_name_that_the_server_would_cut_is_refused() {
    let dialect = Postgres::default();
    let name = ident(&"é".repeat(31));
    let select = |name: &Ident| Select::columns(table(), [name.clone()], Expr::True);
    let printed = print(&dialect, &select(&name)).unwrap();
    assert!(dialect.names().checked(printed).is_ok());
    let name = ident(&"é".repeat(32));
    let printed = print(&dialect, &select(&name)).unwrap();
    assert_eq!(
        dialect.names().checked(printed).unwrap_err().category,
        Category::InvalidData
    );
}
