//! Every form of statement as text, compared with `tests/golden/statements.sql`; `QUILLBACK_BLESS=1` writes it anew.

use std::fmt::Write as _;
use std::sync::Arc;

use quillback_plugin_api::civil::Date;
use quillback_plugin_api::sql::{
    Assignment, ColumnDef, Compare, CreateTable, Ddl, Delete, Direction, Insert, Lock, Order,
    TextMatch, Update,
};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::value::Decimal;
use quillback_plugin_api::{Ident, RowBuffer};

use super::*;
use crate::tables::Table;

fn name(text: &'static str) -> Ident {
    Ident::literal(text)
}

fn table(text: &'static str) -> TableRef {
    TableRef::in_schema(Some(name("shop")), name(text))
}

fn known() -> Known {
    let json = r#"[{"name":"id","type":"INTEGER","mode":"REQUIRED"},{"name":"t","type":"STRING"},
        {"name":"d","type":"NUMERIC"},{"name":"b","type":"BYTES"},{"name":"at","type":"TIMESTAMP"},{"name":"j","type":"JSON"}]"#;
    let described = |key: Vec<Ident>| {
        Arc::new(Table {
            fields: serde_json::from_str(json).unwrap(),
            primary_key: key,
            kind: "TABLE".into(),
        })
    };
    Known::from_iter([
        (table("keyed"), described(vec![name("id")])),
        (table("plain"), described(Vec::new())),
    ])
}

fn insert(into: &'static str, rows: usize) -> Step {
    let row = |at: usize| {
        let id = Value::I64(i64::try_from(at).unwrap());
        vec![
            id,
            "x".into(),
            Value::Null,
            Value::Bytes(vec![1]),
            Value::Null,
            Value::Json("{}".into()),
        ]
    };
    let rows: Vec<_> = (0..rows).map(row).collect();
    let columns = ["id", "t", "d", "b", "at", "j"].map(name);
    Step::Write {
        statement: Statement::Insert(Insert {
            table: table(into),
            columns: columns.to_vec(),
            rows: RowBuffer::from_rows(6, &rows).unwrap(),
            returning: Vec::new(),
        }),
        expect: Expect::Rows(rows.len() as u64),
    }
}

fn filter() -> Expr {
    let like = |how, ignore_case, text: &str| Expr::Match {
        column: name("t"),
        how,
        ignore_case,
        text: text.into(),
    };
    Expr::And(vec![
        Expr::compare(&name("id"), Compare::Ge, 1),
        Expr::Or(vec![
            Expr::compare(&name("t"), Compare::Ne, "o'k"),
            Expr::In {
                column: name("id"),
                values: vec![1.into(), Value::Null],
            },
            Expr::Same {
                column: name("d"),
                value: Value::Decimal(Decimal::new("1.50").unwrap()),
            },
            Expr::Same {
                column: name("d"),
                value: Value::Null,
            },
            Expr::eq(&name("j"), Value::Json("[]".into())),
            Expr::Not(Box::new(Expr::IsNull(name("b")))),
        ]),
        like(TextMatch::Contains, true, "50%_"),
        like(TextMatch::StartsWith, false, "a\\"),
        like(TextMatch::Contains, false, ""),
        Expr::InSelect {
            column: name("id"),
            select: Box::new(Select::columns(table("plain"), [name("id")], Expr::True)),
        },
    ])
}

fn select() -> Select {
    let order = |column, direction| Order {
        column: name(column),
        direction,
        nullable: true,
    };
    Select {
        order: vec![order("at", Direction::Desc), order("id", Direction::Asc)],
        limit: Some(20),
        offset: 40,
        lock: Lock::Update,
        ..Select::columns(
            table("keyed"),
            ["id", "t", "d", "b", "at", "j"].map(name),
            filter(),
        )
    }
}

fn writes() -> Vec<Step> {
    let update = |filter| Step::Write {
        statement: Statement::Update(Update {
            table: table("keyed"),
            set: vec![
                Assignment::set(&name("t"), "y"),
                Assignment::set(&name("at"), Value::Null),
                Assignment {
                    column: name("id"),
                    to: SetTo::Plus(1.into()),
                },
            ],
            filter,
        }),
        expect: Expect::Rows(1),
    };
    let delete = |filter| Step::Write {
        statement: Statement::Delete(Delete {
            table: table("plain"),
            filter,
        }),
        expect: Expect::AtMost(5),
    };
    vec![
        insert("plain", 2),
        insert("keyed", 2),
        update(Expr::eq(&name("id"), 7)),
        update(Expr::True),
        delete(Expr::eq(
            &name("t"),
            Value::Date(Date {
                year: 2024,
                month: 2,
                day: 29,
            }),
        )),
        delete(Expr::True),
    ]
}

fn changes() -> Vec<Ddl> {
    let column = |text, ty| ColumnDef::optional(name(text), ty);
    let with_default = ColumnDef {
        default: Some("it's".into()),
        ..column("t", LogicalType::text(40))
    };
    let alter = |from, to| Ddl::AlterColumn {
        table: table("made"),
        from,
        to,
    };
    vec![
        Ddl::CreateTable(CreateTable {
            table: TableRef::new(name("made")),
            columns: vec![
                ColumnDef::required(name("id"), LogicalType::INT64),
                with_default.clone(),
                column("d", LogicalType::decimal(38, 20)),
                column("u", LogicalType::Uuid),
                column("at", LogicalType::INSTANT),
            ],
            primary_key: vec![name("id")],
            if_not_exists: true,
        }),
        Ddl::AddColumn {
            table: table("made"),
            column: column("more", LogicalType::Json),
        },
        Ddl::AddColumn {
            table: table("made"),
            column: ColumnDef {
                name: name("t2"),
                ..with_default
            },
        },
        Ddl::RenameColumn {
            table: table("made"),
            from: name("more"),
            to: name("less"),
        },
        alter(
            column("t", LogicalType::text(40)),
            column("t", LogicalType::text(80)),
        ),
        alter(
            ColumnDef::required(name("u"), LogicalType::Date),
            column("u", LogicalType::Date),
        ),
        Ddl::DropColumn {
            table: table("made"),
            column: name("less"),
        },
        Ddl::DropTable(table("made")),
    ]
}

fn everything() -> String {
    let mut text = String::new();
    let read = super::read(&select()).unwrap();
    let _ = writeln!(text, "-- a read of its own\n{};\n", read.sql);
    let mut steps = writes();
    steps.insert(
        0,
        Step::Read {
            select: select(),
            expect: Expect::Rows(1),
        },
    );
    steps.push(Step::Check {
        table: table("keyed"),
        filter: filter(),
        expect: Expect::Rows(3),
    });
    let script = super::batch(&Batch::of(steps), &known()).unwrap();
    let _ = writeln!(text, "-- a batch\n{}", script.text);
    for into in ["plain", "keyed"] {
        let script = super::batch(&Batch::of(vec![insert(into, 60)]), &known()).unwrap();
        let line = script
            .text
            .lines()
            .find(|line| line.contains("UNNEST"))
            .unwrap();
        let _ = writeln!(text, "-- many rows\n{line}\n");
    }
    let _ = writeln!(text, "-- changes of tables");
    for (_, sql) in crate::define::print(&changes(), &name("shop")).unwrap() {
        let _ = writeln!(text, "{sql};");
    }
    text
}

#[test]
fn every_form_of_statement_is_as_reviewed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/statements.sql");
    let text = everything();
    quillback_conformance::compare_reviewed(&text, path.as_ref()).unwrap();
}

#[test]
fn no_statement_has_what_this_database_does_not_take() {
    let text = everything();
    for line in text.lines() {
        for foreign in [
            " RETURNING",
            "ON CONFLICT",
            " TOP ",
            "::",
            " ILIKE ",
            " NULLS ",
            "FOR UPDATE",
            "CREATE INDEX",
        ] {
            assert!(!line.contains(foreign), "{foreign}: {line}");
        }
        if line.starts_with("UPDATE ") || line.starts_with("DELETE ") {
            assert!(line.contains(" WHERE "), "{line}");
        }
    }
}

#[test]
fn lines_lead_to_their_steps_and_parameters_to_their_places() {
    let batch = Batch::of(writes());
    let script = super::batch(&batch, &known()).unwrap();
    for (number, line) in (1..).zip(script.text.lines()) {
        let wanted = [("INSERT", 0), ("MERGE", 1), ("UPDATE", 2)];
        if let Some((_, step)) = wanted.iter().find(|(word, _)| line.starts_with(word)) {
            let found = script.step_at(number).unwrap();
            // Two updates follow each other.
            assert!(found == *step || found == step + 1, "{line}");
        }
    }
    for (given, _) in &script.params {
        assert!(script.text.contains(&format!("@{given}")), "{given}");
    }
    let printed = script.text.matches("@p").count();
    assert_eq!(printed, script.params.len(), "{}", script.text);
}

#[test]
fn two_rows_of_the_same_key_are_refused_before_anything_is_sent() {
    let mut step = insert("keyed", 2);
    if let Step::Write {
        statement: Statement::Insert(insert),
        ..
    } = &mut step
    {
        let row = insert.rows.to_rows().remove(0);
        insert.rows = RowBuffer::from_rows(6, &[row.clone(), row]).unwrap();
    }
    let error = super::batch(&Batch::of(vec![step]), &known()).unwrap_err();
    assert_eq!((error.category, error.step), (Category::Unique, Some(0)));
}
