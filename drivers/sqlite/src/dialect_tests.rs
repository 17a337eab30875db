//! Golden SQL.

use quillback_plugin_api::RowBuffer;
use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::dialect::{condition, select as print_select};
use quillback_plugin_api::sql::{
    Aggregate, Compare, CreateTable, Ddl, Delete, Index, SelectItem, Statement,
};
use quillback_plugin_api::types::LogicalType;

use super::*;
use crate::{define, plan};

fn name(text: &str) -> Ident {
    Ident::new(text).unwrap()
}

fn table(text: &str) -> TableRef {
    TableRef::new(name(text))
}

#[test]
fn conditions() {
    let c = name("c");
    let matches = |how, ignore_case| Expr::Match {
        column: c.clone(),
        how,
        ignore_case,
        text: "50%_\\".into(),
    };
    for (expr, sql) in [
        (Expr::eq(&c, 1), r#""c" = ?1"#),
        (
            Expr::eq(&c, "a"),
            r#"("c" = ?1 AND "c" COLLATE BINARY = ?1)"#,
        ),
        (
            Expr::In {
                column: c.clone(),
                values: vec!["a".into(), "b".into()],
            },
            r#"("c" IN (?1, ?2) AND "c" COLLATE BINARY IN (?1, ?2))"#,
        ),
        (
            Expr::Same {
                column: c.clone(),
                value: "a".into(),
            },
            r#""c" IS ?1 COLLATE BINARY"#,
        ),
        (
            Expr::Same {
                column: c.clone(),
                value: Value::Null,
            },
            r#""c" IS ?1"#,
        ),
        (
            Expr::In {
                column: c.clone(),
                values: vec![1.into(), 2.into()],
            },
            r#""c" IN (?1, ?2)"#,
        ),
        (
            Expr::In {
                column: c.clone(),
                values: vec![],
            },
            "0",
        ),
        (Expr::And(vec![]), "1"),
        (matches(TextMatch::Contains, false), r#"instr("c", ?1) > 0"#),
        (
            matches(TextMatch::StartsWith, false),
            r#"instr("c", ?1) = 1"#,
        ),
        (
            matches(TextMatch::Contains, true),
            r#"instr(quillback_fold("c"), quillback_fold(?1)) > 0"#,
        ),
        (
            Expr::Or(vec![
                Expr::IsNull(c.clone()),
                Expr::compare(&c, Compare::Ge, 5).negate(),
            ]),
            r#"("c" IS NULL OR NOT ("c" >= ?1))"#,
        ),
        (
            Expr::InSelect {
                column: c.clone(),
                select: Box::new(Select::columns(
                    table("x"),
                    [name("y")],
                    Expr::eq(&name("z"), 2),
                )),
            },
            r#""c" IN (SELECT "y" FROM "x" WHERE "z" = ?1)"#,
        ),
    ] {
        assert_eq!(condition(&Sqlite, &expr).unwrap().sql, sql);
    }
}

#[test]
fn selects() {
    let mut select = Select::columns(
        table("weird \"name\""),
        [name("a"), name("select")],
        Expr::True,
    );
    assert_eq!(
        print_select(&Sqlite, &select).unwrap().sql,
        r#"SELECT "a", "select" FROM "weird ""name""""#
    );
    select.distinct = true;
    select.lock = Lock::Update;
    select.offset = 20;
    select.order = vec![
        Order {
            column: name("a"),
            direction: Direction::Asc,
            nullable: true,
        },
        Order {
            column: name("b"),
            direction: Direction::Desc,
            nullable: true,
        },
    ];
    assert_eq!(
        print_select(&Sqlite, &select).unwrap().sql,
        r#"SELECT DISTINCT "a", "select" FROM "weird ""name""" ORDER BY "a", "b" DESC LIMIT -1 OFFSET 20"#
    );
    select.limit = Some(u64::MAX);
    select.items = vec![
        SelectItem::CountRows,
        SelectItem::Aggregate(Aggregate::Max, name("a")),
    ];
    assert_eq!(
        print_select(&Sqlite, &select).unwrap().sql,
        r#"SELECT DISTINCT COUNT(*), MAX("a") FROM "weird ""name""" ORDER BY "a", "b" DESC LIMIT 9223372036854775807 OFFSET 20"#
    );
}

fn written(statement: Statement) -> Vec<(String, Vec<Value>)> {
    let mut batch = Batch::default();
    batch.write(statement, Expect::Any);
    let steps = plan::render(&batch).unwrap();
    steps
        .into_iter()
        .map(|step| (step.statement.sql, step.statement.params))
        .collect()
}

#[test]
fn writes() {
    let insert = |returning: Vec<Ident>| {
        Statement::Insert(Insert {
            table: table("t"),
            columns: vec![name("a"), name("b")],
            rows: RowBuffer::from_rows(
                2,
                &[vec![1.into(), "x".into()], vec![2.into(), Value::Null]],
            )
            .unwrap(),
            returning,
        })
    };
    let sql = r#"INSERT INTO "t" ("a", "b") VALUES (?1, ?2)"#;
    assert_eq!(
        written(insert(vec![])),
        [
            (sql.to_owned(), vec![1.into(), "x".into()]),
            (sql.to_owned(), vec![2.into(), Value::Null])
        ]
    );
    assert_eq!(
        written(insert(vec![name("id")]))[0].0,
        format!(r#"{sql} RETURNING "id""#)
    );
    let update = |to| {
        Statement::Update(Update {
            table: table("t"),
            set: vec![
                Assignment::set(&name("a"), 1),
                Assignment {
                    column: name("n"),
                    to,
                },
            ],
            filter: Expr::eq(&name("id"), 9),
        })
    };
    assert_eq!(
        written(update(SetTo::Plus(5.into()))),
        [(
            r#"UPDATE "t" SET "a" = ?1, "n" = quillback_plus("n", ?2) WHERE "id" = ?3"#.to_owned(),
            vec![1.into(), 5.into(), 9.into()]
        )]
    );
    assert_eq!(
        written(update(SetTo::Value(5.into())))[0].0,
        r#"UPDATE "t" SET "a" = ?1, "n" = ?2 WHERE "id" = ?3"#
    );
    let delete = Statement::Delete(Delete {
        table: table("t"),
        filter: Expr::True,
    });
    assert_eq!(written(delete)[0].0, r#"DELETE FROM "t""#);
}

fn defined(change: Ddl) -> String {
    let statements = define::render(&[change]).unwrap();
    assert_eq!(statements.len(), 1);
    statements.into_iter().next().unwrap()
}

#[test]
fn tables() {
    let mut id = ColumnDef::required(name("id"), LogicalType::INT64);
    id.identity = true;
    let mut flag = ColumnDef::required(name("flag"), LogicalType::Bool);
    flag.default = Some(Value::Bool(true));
    let create = CreateTable {
        table: table("t"),
        columns: vec![
            id,
            flag,
            ColumnDef::optional(name("note"), LogicalType::text(10)),
        ],
        primary_key: vec![name("id")],
        if_not_exists: true,
    };
    assert_eq!(
        defined(Ddl::CreateTable(create.clone())),
        "CREATE TABLE IF NOT EXISTS \"t\" (\"id\" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, \
         \"flag\" BOOLEAN CHECK (typeof(\"flag\") = 'integer' AND \"flag\" IN (0, 1)) DEFAULT 1 NOT NULL, \
         \"note\" VARCHAR(10) CHECK (typeof(\"note\") IN ('text', 'null') AND length(\"note\") <= 10 \
         AND length(CAST(\"note\" AS BLOB)) <= 40) NULL)"
    );
    let mut composite = create;
    composite.primary_key.push(name("flag"));
    let refused = define::render(&[Ddl::CreateTable(composite)]).unwrap_err();
    assert_eq!(
        refused.category,
        quillback_plugin_api::Category::Unsupported
    );
}

#[test]
fn changes_of_tables() {
    let column = ColumnDef::optional(name("n"), LogicalType::INT64);
    let t = table("t");
    assert_eq!(
        defined(Ddl::AddColumn { table: t.clone(), column: column.clone() }),
        "ALTER TABLE \"t\" ADD COLUMN \"n\" BIGINT CHECK (typeof(\"n\") IN ('integer', 'null') ) NULL"
            .replace(" )", ")")
    );
    assert_eq!(
        defined(Ddl::RenameColumn {
            table: t.clone(),
            from: name("a"),
            to: name("b")
        }),
        r#"ALTER TABLE "t" RENAME COLUMN "a" TO "b""#
    );
    assert_eq!(
        defined(Ddl::DropColumn {
            table: t.clone(),
            column: name("a")
        }),
        r#"ALTER TABLE "t" DROP COLUMN "a""#
    );
    assert_eq!(defined(Ddl::DropTable(t.clone())), r#"DROP TABLE "t""#);
    let index = Index {
        name: name("i"),
        columns: vec![name("a"), name("b")],
        unique: true,
    };
    let main = TableRef::in_schema(Some(name("main")), name("t"));
    assert_eq!(
        defined(Ddl::CreateIndex { table: main, index }),
        r#"CREATE UNIQUE INDEX "i" ON "t" ("a", "b")"#
    );
    assert_eq!(
        defined(Ddl::AlterColumn {
            table: t,
            from: column.clone(),
            to: ColumnDef {
                nullable: false,
                ..column
            }
        }),
        "-- makes \"t\" anew with the column \"n\" BIGINT CHECK (typeof(\"n\") = 'integer') NOT NULL"
    );
}

#[test]
fn defaults_are_literals() {
    for (value, literal) in [
        (Value::Bool(false), "0"),
        (Value::I64(-5), "-5"),
        (Value::U64(u64::MAX), "'18446744073709551615'"),
        (Value::F64(1.0), "1.0"),
        (
            Value::Decimal("1.10".to_owned().try_into().unwrap()),
            "'1.10'",
        ),
        (Value::Text("it's".into()), "'it''s'"),
    ] {
        assert_eq!(Sqlite.literal(&value).unwrap(), literal);
    }
    assert!(Sqlite.literal(&Value::Text("a\0b".into())).is_err());
    assert!(Sqlite.literal(&Value::F64(f64::INFINITY)).is_err());
}
