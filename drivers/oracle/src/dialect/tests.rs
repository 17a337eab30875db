//! Every form of statement as text, compared with `tests/golden/statements.sql`; `QUILLBACK_BLESS=1` writes it anew.

use std::fmt::Write as _;

use quillback_conformance::sqlparser::dialect::OracleDialect as ParserDialect;
use quillback_conformance::sqlparser::parser::Parser;
use quillback_plugin_api::batch::{Batch, Expect, Step};
use quillback_plugin_api::sql::{
    Assignment, Compare, CreateTable, Ddl, Delete, Direction, Expr, Index, SetTo, Statement, Update,
};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Category, RowBuffer};

use super::*;

fn name(text: &'static str) -> Ident {
    Ident::literal(text)
}

fn table(text: &'static str) -> TableRef {
    TableRef::in_schema(Some(name("SHOP")), name(text))
}

fn filter() -> Expr {
    let matches = |how, ignore_case, text: &str| Expr::Match {
        column: name("t"),
        how,
        ignore_case,
        text: text.into(),
    };
    Expr::And(vec![
        Expr::compare(&name("id"), Compare::Ge, 1),
        Expr::Or(vec![
            Expr::compare(&name("t"), Compare::Ne, "x"),
            Expr::In {
                column: name("id"),
                values: vec![1.into(), 2.into()],
            },
            Expr::In {
                column: name("t"),
                values: vec!["a".into(), "b".into()],
            },
            Expr::Same {
                column: name("t"),
                value: "x".into(),
            },
            Expr::Same {
                column: name("t"),
                value: "".into(),
            },
            Expr::IsNull(name("at")).negate(),
            Expr::False,
        ]),
        matches(TextMatch::Contains, true, "a%b"),
        matches(TextMatch::StartsWith, false, "a"),
        matches(TextMatch::StartsWith, false, ""),
        Expr::InSelect {
            column: name("id"),
            select: Box::new(Select::columns(table("Keys"), [name("id")], Expr::True)),
        },
    ])
}

fn reads() -> Vec<Select> {
    let columns = || ["id", "t", "at"].map(name);
    let order = |column, direction, nullable| Order {
        column: name(column),
        direction,
        nullable,
    };
    vec![
        Select {
            order: vec![
                order("at", Direction::Desc, true),
                order("t", Direction::Asc, true),
                order("id", Direction::Asc, false),
            ],
            limit: Some(20),
            offset: 40,
            ..Select::columns(table("Items"), columns(), filter())
        },
        Select {
            distinct: true,
            limit: Some(5),
            ..Select::columns(table("Items"), [name("t")], Expr::True)
        },
        Select {
            lock: Lock::Update,
            ..Select::columns(table("Items"), columns(), Expr::eq(&name("id"), 1))
        },
        Select::count(table("Items"), Expr::eq(&name("t"), "x")),
    ]
}

fn insert(rows: usize, returning: &[&'static str]) -> Step {
    let row = vec![Value::from("x"), Value::Null];
    let rows: Vec<_> = std::iter::repeat_n(row, rows).collect();
    Step::Write {
        statement: Statement::Insert(Insert {
            table: table("Items"),
            columns: ["t", "at"].map(name).to_vec(),
            rows: RowBuffer::from_rows(2, &rows).unwrap(),
            returning: returning.iter().map(|column| name(column)).collect(),
        }),
        expect: Expect::Any,
    }
}

fn writes() -> Vec<Step> {
    let update = Update {
        table: table("Items"),
        set: vec![
            Assignment::set(&name("t"), "x"),
            Assignment {
                column: name("n"),
                to: SetTo::Plus(1.into()),
            },
        ],
        filter: Expr::eq(&name("id"), 1),
    };
    let delete = Delete {
        table: table("Items"),
        filter: Expr::eq(&name("id"), 1),
    };
    let write = |statement| Step::Write {
        statement,
        expect: Expect::Rows(1),
    };
    vec![
        insert(2, &[]),
        insert(1, &["id"]),
        write(Statement::Update(update)),
        write(Statement::Delete(delete)),
    ]
}

fn changes() -> Vec<Ddl> {
    let required = |column, ty| ColumnDef::required(name(column), ty);
    let key = ColumnDef {
        identity: true,
        ..required("id", LogicalType::INT64)
    };
    let text = ColumnDef {
        default: Some("it's".into()),
        ..ColumnDef::optional(name("t"), LogicalType::text(40))
    };
    let alter = |from: &ColumnDef, to: ColumnDef| Ddl::AlterColumn {
        table: table("Items"),
        from: from.clone(),
        to,
    };
    vec![
        Ddl::CreateTable(CreateTable {
            table: table("Items"),
            columns: vec![
                key,
                text.clone(),
                ColumnDef::optional(name("at"), LogicalType::INSTANT),
                ColumnDef::optional(name("b"), LogicalType::Bool),
                ColumnDef::optional(name("long"), LogicalType::Text { length: None }),
            ],
            primary_key: vec![name("id")],
            if_not_exists: true,
        }),
        Ddl::AddColumn {
            table: table("Items"),
            column: ColumnDef::optional(name("n"), LogicalType::decimal(18, 4)),
        },
        alter(
            &text,
            ColumnDef {
                ty: LogicalType::text(80),
                ..text.clone()
            },
        ),
        alter(
            &text,
            ColumnDef {
                nullable: false,
                ..text.clone()
            },
        ),
        alter(
            &text,
            ColumnDef {
                default: None,
                ..text.clone()
            },
        ),
        Ddl::RenameColumn {
            table: table("Items"),
            from: name("n"),
            to: name("Number of"),
        },
        Ddl::DropColumn {
            table: table("Items"),
            column: name("Number of"),
        },
        Ddl::CreateIndex {
            table: table("Items"),
            index: Index {
                name: name("Items_t"),
                columns: vec![name("t"), name("id")],
                unique: true,
            },
        },
        Ddl::DropTable(table("Items")),
    ]
}

fn statements() -> Vec<String> {
    let mut steps: Vec<_> = reads()
        .into_iter()
        .map(|select| Step::Read {
            select,
            expect: Expect::Any,
        })
        .collect();
    steps.extend(writes());
    let rendered = crate::execute::render(&Batch::of(steps)).unwrap();
    let changed = crate::define::print(&changes()).unwrap();
    let sent = rendered.into_iter().map(|step| step.statement.sql);
    sent.chain(changed.into_iter().map(|change| change.sql))
        .collect()
}

#[test]
fn every_form_of_statement_is_as_reviewed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/statements.sql");
    let mut text = String::new();
    for sql in statements() {
        let _ = writeln!(text, "{sql};");
    }
    quillback_conformance::compare_reviewed(&text, path.as_ref()).unwrap();
}

/// Statements that Oracle takes by its documentation and the parser does not, by what they have in them.
const FAULTS_OF_THE_PARSER: &[(&str, &str)] = &[
    (" RETURNING ", "the parser knows no INTO after RETURNING"),
    (
        " MODIFY (",
        "the parser knows MODIFY without parentheses only",
    ),
];

#[test]
fn a_parser_for_oracle_takes_every_statement() {
    for sql in statements() {
        let parsed = Parser::parse_sql(&ParserDialect {}, &sql);
        let fault = FAULTS_OF_THE_PARSER
            .iter()
            .find(|(form, _)| sql.contains(form));
        match (parsed, fault) {
            (Ok(parsed), None) => assert_eq!(parsed.len(), 1, "{sql}"),
            (Err(error), None) => panic!("{error}: {sql}"),
            (Ok(_), Some((form, why))) => {
                panic!("{form} is taken now, so it is no longer that {why}")
            }
            (Err(_), Some(_)) => {}
        }
    }
}

#[test]
fn no_statement_has_what_oracle_does_not_take() {
    for sql in statements() {
        for foreign in [
            " LIMIT ",
            "::",
            " ILIKE ",
            " TRUE",
            " FALSE",
            "), (",
            " AS ",
            "ON CONFLICT",
            " TOP ",
            "?",
            "\"\"",
        ] {
            // The clause that numbers rows is the one place where AS stands.
            let sql = sql.replace(" AS IDENTITY", "");
            assert!(!sql.contains(foreign), "{foreign}: {sql}");
        }
        assert!(
            !sql.contains(" RETURNING ") || sql.contains(" INTO :"),
            "{sql}"
        );
        if sql.starts_with("UPDATE ") || sql.starts_with("DELETE ") {
            assert!(sql.contains(" WHERE "), "{sql}");
        }
    }
}

#[test]
fn long_lists_are_cut_into_lists_of_a_thousand() {
    let values = (0..2_001).map(Value::I64).collect();
    let column = name("id");
    let printed =
        quillback_plugin_api::dialect::condition(&OracleDialect, &Expr::In { column, values });
    let printed = printed.unwrap();
    assert_eq!(printed.params.len(), 2_001);
    assert_eq!(printed.sql.matches(" IN (").count(), 3);
    assert!(printed.sql.starts_with('(') && printed.sql.ends_with("))"));
    assert!(printed.sql.contains(":1000) OR \"id\" IN (:1001"));
}

#[test]
fn what_oracle_cannot_do_is_refused_before_anything_is_sent() {
    let locked = Select {
        lock: Lock::Update,
        limit: Some(1),
        ..Select::columns(table("Items"), [name("id")], Expr::True)
    };
    let quoted = Select::columns(table("Items"), [name("a\"b")], Expr::True);
    for (what, step) in [
        ("a limit on locked rows", read(locked)),
        ("a name with a quote", read(quoted)),
        ("two generated columns", insert(1, &["id", "n"])),
        ("generated keys of two rows", insert(2, &["id"])),
    ] {
        let error = crate::execute::render(&Batch::of(vec![step])).unwrap_err();
        assert_eq!(
            (error.category, error.step),
            (Category::Unsupported, Some(0)),
            "{what}"
        );
    }
}

fn read(select: Select) -> Step {
    Step::Read {
        select,
        expect: Expect::Any,
    }
}
