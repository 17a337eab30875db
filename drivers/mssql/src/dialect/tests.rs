//! Every form of statement as text, compared with `tests/golden/statements.sql`; `QUILLBACK_BLESS=1` writes it anew.
//!
//! A parser of T-SQL reads them too. It takes much that the server refuses, so that a list of foreign spellings stands
//! beside it.

use quillback_conformance::sqlparser::dialect::MsSqlDialect;
use quillback_conformance::sqlparser::parser::Parser;
use quillback_plugin_api::RowBuffer;
use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::sql::{
    Assignment, Compare, CreateTable, Ddl, Delete, Expr, SelectItem, SetTo, Statement, Update,
};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::value::Decimal;

use super::*;
use crate::{define, execute};

/// Forms that the parser does not know, though Microsoft documents them.
const UNPARSED: &[&str] = &[
    "EXEC sp_rename",
    "DECLARE @drop",
    "IF OBJECT_ID(",
    " ALTER COLUMN ",
    " ADD DEFAULT ",
];
/// Spellings of other databases.
const FOREIGN: &[&str] = &[
    " LIMIT ",
    "RETURNING",
    "::",
    "ILIKE",
    "TRUE",
    "FALSE",
    "`",
    "\"",
    " || ",
    "FOR UPDATE",
    "IF NOT EXISTS",
];

fn ident(name: &'static str) -> Ident {
    Ident::literal(name)
}

fn table() -> TableRef {
    TableRef::in_schema(Some(ident("dbo")), ident("odd]name"))
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn compare(op: Compare, value: Value) -> Expr {
    Expr::Compare {
        column: ident("n"),
        op,
        value,
    }
}

fn select(filter: Expr) -> Select {
    let order = Order {
        column: ident("id"),
        direction: Direction::Desc,
        nullable: false,
    };
    Select {
        order: vec![order],
        ..Select::columns(table(), [ident("id"), ident("n")], filter)
    }
}

fn matches(how: TextMatch, ignore_case: bool, needle: &str) -> Expr {
    Expr::Match {
        column: ident("n"),
        how,
        ignore_case,
        text: text(needle),
    }
}

fn reads() -> Vec<(&'static str, Select)> {
    let page = |limit, offset| Select {
        limit,
        offset,
        ..select(Expr::True)
    };
    vec![
        ("all rows", select(Expr::True)),
        ("no rows", select(Expr::False)),
        ("the first page", page(Some(50), 0)),
        ("a later page", page(Some(50), 100)),
        ("the rest", page(None, 100)),
        ("a page of nothing", page(Some(0), 100)),
        (
            "a later page without an order",
            Select {
                order: Vec::new(),
                ..page(Some(5), 5)
            },
        ),
        (
            "rows to change",
            Select {
                lock: Lock::Update,
                ..select(compare(Compare::Eq, 7_i64.into()))
            },
        ),
        (
            "distinct values",
            Select {
                distinct: true,
                limit: Some(9),
                ..select(Expr::True)
            },
        ),
        (
            "the largest",
            Select {
                items: vec![SelectItem::Aggregate(
                    quillback_plugin_api::sql::Aggregate::Max,
                    ident("n"),
                )],
                order: Vec::new(),
                ..select(Expr::True)
            },
        ),
        ("a count", Select::count(table(), Expr::IsNull(ident("n")))),
    ]
}

fn conditions() -> Vec<(&'static str, Select)> {
    let same = |value| {
        select(Expr::Same {
            column: ident("n"),
            value,
        })
    };
    let number = Value::Decimal(Decimal::new("-0012.50").unwrap());
    vec![
        ("equal texts", select(compare(Compare::Eq, text("a")))),
        ("unequal texts", select(compare(Compare::Ne, text("a")))),
        (
            "one of several texts",
            select(Expr::In {
                column: ident("n"),
                values: vec![text("a"), text("b")],
            }),
        ),
        (
            "one of several numbers",
            select(Expr::In {
                column: ident("n"),
                values: vec![1_i64.into(), 2_i64.into()],
            }),
        ),
        ("an exact number", select(compare(Compare::Ge, number))),
        (
            "a large number",
            select(compare(Compare::Lt, Value::U64(u64::MAX))),
        ),
        ("the same text", same(text("a"))),
        ("the same number", same(1_i64.into())),
        ("both are NULL", same(Value::Null)),
        (
            "contains",
            select(matches(TextMatch::Contains, false, "%_[")),
        ),
        (
            "starts with, any case",
            select(matches(TextMatch::StartsWith, true, "ab")),
        ),
        (
            "contains nothing",
            select(matches(TextMatch::Contains, false, "")),
        ),
        (
            "neither",
            select(Expr::Not(Box::new(Expr::Or(vec![
                compare(Compare::Gt, 1_i64.into()),
                Expr::IsNull(ident("id")),
            ])))),
        ),
    ]
}

fn writes() -> Vec<(&'static str, Statement)> {
    let insert = |returning: Vec<Ident>, rows: &[Vec<Value>]| {
        Statement::Insert(Insert {
            table: table(),
            columns: vec![ident("n"), ident("m")],
            rows: RowBuffer::from_rows(2, rows).unwrap(),
            returning,
        })
    };
    let row = vec![text("a"), Value::Null];
    let filter = || compare(Compare::Eq, 7_i64.into());
    let plus = Assignment {
        column: ident("v"),
        to: SetTo::Plus(1_i64.into()),
    };
    vec![
        (
            "an insert of two rows",
            insert(Vec::new(), &[row.clone(), row.clone()]),
        ),
        (
            "an insert that makes a key",
            insert(vec![ident("id")], &[row]),
        ),
        (
            "a guarded update",
            Statement::Update(Update {
                table: table(),
                set: vec![Assignment::set(&ident("n"), text("b")), plus],
                filter: filter(),
            }),
        ),
        (
            "a delete",
            Statement::Delete(Delete {
                table: table(),
                filter: filter(),
            }),
        ),
    ]
}

fn columns() -> Vec<ColumnDef> {
    let types = [
        LogicalType::Bool,
        LogicalType::INT64,
        LogicalType::Int {
            bits: 8,
            unsigned: true,
        },
        LogicalType::decimal(38, 10),
        LogicalType::Float { bits: 64 },
        LogicalType::text(40),
        LogicalType::Text { length: None },
        LogicalType::Json,
        LogicalType::Bytes { length: Some(16) },
        LogicalType::Bytes { length: None },
        LogicalType::Uuid,
        LogicalType::Date,
        LogicalType::Time { precision: 7 },
        LogicalType::Timestamp { precision: 7 },
        LogicalType::INSTANT,
    ];
    let names = [
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o",
    ];
    let mut columns: Vec<_> = names
        .into_iter()
        .zip(types)
        .map(|(name, ty)| ColumnDef::optional(ident(name), ty))
        .collect();
    columns.push(ColumnDef {
        identity: true,
        ..ColumnDef::required(ident("id"), LogicalType::INT64)
    });
    columns
}

fn changes() -> Vec<(&'static str, Ddl)> {
    let columns = columns();
    let create = |if_not_exists| {
        Ddl::CreateTable(CreateTable {
            table: table(),
            columns: columns.clone(),
            primary_key: vec![ident("id")],
            if_not_exists,
        })
    };
    let with = |default: Value| ColumnDef {
        default: Some(default),
        ..ColumnDef::required(ident("n"), LogicalType::text(5))
    };
    vec![
        ("a new table", create(false)),
        ("a table that may be there", create(true)),
        ("a dropped table", Ddl::DropTable(table())),
        (
            "a new column",
            Ddl::AddColumn {
                table: table(),
                column: with(text("it's")),
            },
        ),
        (
            "a dropped column",
            Ddl::DropColumn {
                table: table(),
                column: ident("n"),
            },
        ),
        (
            "a renamed column",
            Ddl::RenameColumn {
                table: table(),
                from: ident("it's"),
                to: ident("n]"),
            },
        ),
        (
            "a changed column",
            Ddl::AlterColumn {
                table: table(),
                from: with(text("a")),
                to: with(text("b")),
            },
        ),
        (
            "an index",
            Ddl::CreateIndex {
                table: table(),
                index: Index {
                    name: ident("i"),
                    columns: vec![ident("n")],
                    unique: true,
                },
            },
        ),
    ]
}

/// Every form, with what it is.
fn forms() -> Vec<(&'static str, String)> {
    let mut forms = Vec::new();
    for (what, select) in reads().into_iter().chain(conditions()) {
        let mut batch = Batch::default();
        batch.read(select);
        forms.extend(
            execute::render(&batch)
                .unwrap()
                .into_iter()
                .map(|step| (what, step.statement.sql)),
        );
    }
    for (what, statement) in writes() {
        let mut batch = Batch::default();
        batch.write(statement, Expect::Rows(1));
        forms.extend(
            execute::render(&batch)
                .unwrap()
                .into_iter()
                .map(|step| (what, step.statement.sql)),
        );
    }
    for (what, change) in changes() {
        forms.extend(
            define::print(&[change])
                .unwrap()
                .into_iter()
                .map(|(_, sql)| (what, sql)),
        );
    }
    forms.push((
        "tables of a schema",
        crate::introspect::tables_sql(true, 0, 51),
    ));
    forms
}

#[test]
fn statements_are_as_written_down() {
    let mut printed = String::new();
    for (what, sql) in forms() {
        printed.extend(["-- ", what, "\n", &sql, ";\n\n"]);
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/statements.sql");
    quillback_conformance::compare_reviewed(&printed, path.as_ref()).unwrap();
}

#[test]
fn a_parser_of_tsql_takes_every_statement() {
    let mut parsed = 0;
    for (what, sql) in forms() {
        if UNPARSED.iter().any(|form| sql.contains(form)) {
            continue;
        }
        parsed += 1;
        let read = Parser::parse_sql(&MsSqlDialect {}, &sql);
        assert!(read.is_ok(), "{what}: {sql}: {}", read.unwrap_err());
    }
    assert!(parsed > 30, "{parsed}");
}

#[test]
fn no_statement_is_spelled_as_another_database_would() {
    for (what, sql) in forms() {
        for foreign in FOREIGN {
            assert!(!sql.contains(foreign), "{what} has `{foreign}`: {sql}");
        }
    }
}

#[test]
fn a_bracket_in_a_name_is_doubled() {
    let mut out = String::new();
    Tsql.quote(&mut out, "a]; DROP TABLE t --");
    assert_eq!(out, "[a]]; DROP TABLE t --]");
    assert_eq!(literal_text("it's"), "N'it''s'");
}

#[test]
fn what_this_database_lacks_is_refused_before_anything_is_sent() {
    for ty in [
        LogicalType::Interval,
        LogicalType::OffsetTime { precision: 3 },
        LogicalType::decimal(39, 0),
        LogicalType::Decimal {
            precision: None,
            scale: None,
        },
        LogicalType::Timestamp { precision: 9 },
        LogicalType::List {
            element: Box::new(LogicalType::Bool),
        },
    ] {
        assert!(create::to_create(&ty).is_err(), "{ty:?}");
    }
}
